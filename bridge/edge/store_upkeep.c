/* store_upkeep - what time does to the spool: expiry, retention, and the look at its size. */
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "bridge/base/text.h"
#include "bridge/edge/store_internal.h"
#include "bridge/rule/retry.h"

enum { MO_BATCH = 200, OLDEST_STEPS = 10, MO_MARGIN_MS = 2 * 60 * 60 * 1000 /* lists overlap by an hour */ };
enum { POLL_WAIT_MAX_MS = 7 * STORE_DAY_MS }; /* the most of reconcile.poll_after */

struct upkeep_args {
	struct store *store;
	int64_t now_ms;
	bool more;
};

/* ---- deadlines ------------------------------------------------------------------------------------ */

static int64_t expire(struct store *store, int64_t now_ms)
{
	struct store_row row;
	int64_t expired = 0;
	struct sql_statement *statement = store_statement(store, SQL_EXPIRED_NEXT);
	for (; expired < STORE_EXPIRE_BATCH; expired++) {
		sql_put(statement, 1, now_ms);
		if (!sql_step(statement))
			break;
		store_row_read(store, statement, &row);
		sql_reset(statement);
		store_row_move(store, &row, EVENT_TIME_OVER, now_ms);
	}
	return expired;
}

/* Nothing is ever put off for longer than the longest wait that the API may ask for. A due time
 * beyond that is from before the clock was set back. */
static void clamp_due_times(struct store *store, int64_t now_ms)
{
	for (int priority = PRIORITY_HIGH; priority <= PRIORITY_LOW; priority++) {
		struct sql_statement *statement = store_statement(store, SQL_TAKE_CLAMP);
		sql_put(statement, 1, priority);
		sql_put(statement, 2, now_ms + RETRY_AFTER_MAX_MS);
		sql_put(statement, 3, now_ms);
		if (sql_run(statement) > 0)
			store->staged.work[STORE_WORK_COMMANDS] = true;
	}
	struct sql_statement *statement = store_statement(store, SQL_UNKNOWN_CLAMP);
	sql_put(statement, 1, now_ms + RETRY_AFTER_MAX_MS);
	sql_put(statement, 2, now_ms);
	if (sql_run(statement) > 0)
		store->staged.work[STORE_WORK_UNKNOWN] = true;
	statement = store_statement(store, SQL_SILENT_CLAMP);
	sql_put(statement, 1, now_ms + POLL_WAIT_MAX_MS);
	sql_put(statement, 2, now_ms);
	sql_put(statement, 3, STORE_NEVER_MS);
	sql_run(statement);
}

/* ---- retention ------------------------------------------------------------------------------------- */

struct old_rows {
	int64_t seqs[STORE_RETENTION_BATCH];
	int64_t count, last_seen;
	bool reached_young;
};

/* Rows lie in the order in which they came, so the first young one ends the search. The very last
 * is kept: the next sequence number is made from it. */
static void find_old_rows(struct store *store, int64_t now_ms, struct old_rows *ret)
{
	int64_t before = now_ms - store->options.retention_ms;
	struct sql_statement *statement = store_statement(store, SQL_RETENTION_NEXT);
	int64_t seen = 0;
	*ret = (struct old_rows){.last_seen = store->retention_seq};
	sql_put(statement, 1, store->retention_seq);
	sql_put(statement, 2, STORE_RETENTION_BATCH);
	while (sql_step(statement)) {
		int64_t seq = sql_column(statement, 0);
		enum command_state state = (enum command_state)sql_column(statement, 1);
		int64_t created_ms = sql_column(statement, 2);
		bool ended = lifecycle_is_final(state) || state == STATE_UNCONFIRMED;
		/* One from the future was written under a wrong clock and says nothing about the others. */
		ret->reached_young = created_ms >= before && created_ms <= now_ms + STORE_DAY_MS;
		if (ret->reached_young)
			break;
		if (ended && created_ms < before && sql_column(statement, 3) < before && seq != store->next_seq - 1)
			ret->seqs[ret->count++] = seq;
		ret->last_seen = seq;
		seen++;
	}
	sql_reset(statement);
	ret->reached_young = ret->reached_young || seen < STORE_RETENTION_BATCH;
}

/* True: there are more. */
static bool forget_old_rows(struct store *store, int64_t now_ms)
{
	struct old_rows old;
	struct sql_statement *statement = store_statement(store, SQL_ROW_DELETE);
	find_old_rows(store, now_ms, &old);
	for (int64_t i = 0; i < old.count; i++) {
		sql_put(statement, 1, old.seqs[i]);
		sql_run(statement);
	}
	store->retention_seq = old.reached_young ? 0 : old.last_seen;
	return !old.reached_young;
}

/* What the next list may show again is remembered, for as long as the API remembers it (30 days). */
static int64_t shown_since(struct store *store, int64_t now_ms)
{
	int64_t listed_ms = store_number(store, STORE_VALUE STORE_MO_LISTED);
	int64_t from_ms = listed_ms > 0 ? listed_ms - MO_MARGIN_MS : store_number(store, STORE_VALUE STORE_MO_SINCE);
	int64_t forgotten_ms = now_ms - (int64_t)31 * STORE_DAY_MS;
	return from_ms > forgotten_ms ? from_ms : from_ms > 0 ? forgotten_ms : INT64_MAX;
}

static bool forget_old_mo(struct store *store, int64_t now_ms)
{
	struct sql_statement *statement = store_statement(store, SQL_MO_RETENTION);
	int64_t old_ms = now_ms - store->options.retention_ms, shown_ms = shown_since(store, now_ms);
	sql_put(statement, 1, old_ms < shown_ms ? old_ms : shown_ms);
	sql_put(statement, 2, MO_BATCH);
	return sql_run(statement) == MO_BATCH;
}

static void forget_old_budgets(struct store *store, int64_t now_ms)
{
	struct sql_statement *statement = store_statement(store, SQL_BUDGET_CLEAR);
	sql_put(statement, 1, now_ms / STORE_DAY_MS);
	sql_run(statement);
}

/* ---- measuring ------------------------------------------------------------------------------------- */

/* Sequence numbers grow with age, and a command that is not open any more never is again: so the
 * oldest open one only moves forward, and the walk goes on where it ended. */
static int64_t oldest_created(struct store *store)
{
	int64_t created_ms = 0;
	struct sql_statement *statement = store_statement(store, SQL_OLDEST);
	if (store_open_commands(store) <= 0)
		return 0;
	for (int step = 0; step < OLDEST_STEPS; step++) {
		sql_put(statement, 1, store->oldest_seq);
		while (sql_step(statement)) {
			store->oldest_seq = sql_column(statement, 0);
			created_ms = sql_column(statement, 2);
			if (lifecycle_is_open((enum command_state)sql_column(statement, 1))) {
				sql_reset(statement);
				return created_ms;
			}
		}
	}
	return created_ms; /* not found yet: it is younger than this */
}

static int64_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

void store_upkeep_measure(struct store *store)
{
	char log[4096];
	int64_t bytes = size_of(store->path);
	if (text_format(log, sizeof(log), "%s-wal", store->path))
		bytes += size_of(log);
	int64_t oldest_ms = oldest_created(store);
	pthread_mutex_lock(&store->writer.lock);
	store->writer.stats.oldest_ms = oldest_ms;
	store->writer.stats.file_bytes = bytes;
	pthread_mutex_unlock(&store->writer.lock);
}

/* ---- the step --------------------------------------------------------------------------------------- */

static void run_upkeep(struct store *store, void *job)
{
	struct upkeep_args *args = job;
	bool more = expire(store, args->now_ms) == STORE_EXPIRE_BATCH;
	clamp_due_times(store, args->now_ms);
	forget_old_budgets(store, args->now_ms);
	more |= forget_old_rows(store, args->now_ms);
	more |= forget_old_mo(store, args->now_ms);
	more |= store_silent_sooner(store, args->now_ms);
	args->more = more;
	store_upkeep_measure(store);
	store_mark_again(store);
	store_space_look(store);
}

static void refuse_upkeep(void *job)
{
	struct upkeep_args *args = job;
	args->more = false;
	store_space_look(args->store);
}

bool store_upkeep(struct store *store, int64_t now_ms)
{
	static const struct store_job_kind kind = {.run = run_upkeep, .refuse = refuse_upkeep};
	struct upkeep_args args = {store, now_ms, false};
	store_queue_do(store, &kind, &args);
	return args.more;
}
