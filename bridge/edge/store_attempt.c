/* store_attempt - commands out to the sender, and what became of them. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/edge/store_internal.h"

/* ---- taking ----------------------------------------------------------------------------------- */

struct take_args {
	int64_t now_ms;
	struct store_attempt *ret;
	size_t max, count;
	int64_t next_ms;
	int64_t expired; /* in this call: so many at most */
};

static bool next_due(struct store *store, enum command_priority priority, int64_t now_ms, struct store_row *ret)
{
	struct sql_statement *statement = store_statement(store, SQL_TAKE_NEXT);
	sql_put(statement, 1, priority);
	sql_put(statement, 2, now_ms);
	if (!sql_step(statement))
		return false;
	store_row_read(store, statement, ret);
	sql_reset(statement);
	return true;
}

void store_attempt_fill(struct store_attempt *attempt, const struct store_row *row)
{
	const struct store_record *record = &row->record;
	attempt->seq = record->seq;
	attempt->attempts = record->attempts;
	attempt->expires_ms = record->expires_ms;
	memcpy(attempt->id, record->id, sizeof(attempt->id));
	memcpy(attempt->device, record->device, sizeof(attempt->device));
	memcpy(attempt->sim, record->sim, sizeof(attempt->sim));
	memcpy(attempt->payload, record->payload, sizeof(attempt->payload));
}

static void take(struct store *store, struct take_args *args, struct store_row *row)
{
	row->record.attempts++;
	row->record.attempted_ms = args->now_ms;
	store_row_move(store, row, EVENT_ATTEMPT, args->now_ms);
	store->staged.points[STORE_POINT_TAKE] = true;
	store_attempt_fill(&args->ret[args->count++], row);
}

static void take_priority(struct store *store, struct take_args *args, enum command_priority priority)
{
	struct store_row row;
	while (args->count < args->max && args->expired < STORE_EXPIRE_BATCH &&
	       next_due(store, priority, args->now_ms, &row)) {
		if (row.record.expires_ms > args->now_ms) {
			take(store, args, &row);
			continue;
		}
		store_row_move(store, &row, EVENT_TIME_OVER, args->now_ms);
		args->expired++;
	}
}

static int64_t earliest_due(struct store *store)
{
	int64_t earliest = INT64_MAX;
	for (int priority = PRIORITY_HIGH; priority <= PRIORITY_LOW; priority++) {
		struct sql_statement *statement = store_statement(store, SQL_TAKE_DUE);
		sql_put(statement, 1, priority);
		if (sql_step(statement) && sql_column(statement, 0) < earliest)
			earliest = sql_column(statement, 0);
		sql_reset(statement);
	}
	return earliest;
}

static void refuse_take(void *job)
{
	struct take_args *args = job;
	args->count = 0;
	args->next_ms = args->now_ms + 1000;
}

static void run_take(struct store *store, void *job)
{
	struct take_args *args = job;
	/* Without the ballast a result might find no place: then nothing is begun. */
	if (store->starved) {
		refuse_take(args);
		return;
	}
	args->count = 0;
	args->expired = 0;
	for (int priority = PRIORITY_HIGH; priority <= PRIORITY_LOW; priority++)
		take_priority(store, args, (enum command_priority)priority);
	args->next_ms = earliest_due(store);
}

size_t store_take_due(struct store *store, int64_t now_ms, struct store_attempt *ret, size_t max, int64_t *ret_next_ms)
{
	static const struct store_job_kind kind = {.run = run_take, .refuse = refuse_take};
	struct take_args args = {.now_ms = now_ms, .ret = ret, .max = max};
	store_queue_do(store, &kind, &args);
	*ret_next_ms = args.next_ms;
	return args.count;
}

/* ---- settling ---------------------------------------------------------------------------------- */

struct settle_args {
	const struct store_settlement *settlements;
	size_t count;
	int64_t now_ms;
};

static void write_due(struct store *store, int64_t seq, int64_t due_ms)
{
	struct sql_statement *statement = store_statement(store, SQL_ROW_POSTPONE);
	sql_put(statement, 1, seq);
	sql_put(statement, 2, due_ms);
	sql_run(statement);
}

static bool tells_when_to_look(enum lifecycle_event event)
{
	return event == EVENT_API_QUEUED || event == EVENT_API_SENT;
}

static void settle(struct store *store, const struct store_settlement *in, int64_t now_ms)
{
	struct store_row row;
	if (!store_row_by_seq(store, in->seq, &row))
		return;
	bool fits = store_row_learn(store, &row, in->sid, in->sim_sid);
	store->staged.points[STORE_POINT_SETTLE] = true;
	/* Found in a list, and claimed by another command since: that one is not ours. */
	if (!fits && row.record.state == STATE_UNKNOWN) {
		write_due(store, row.record.seq, now_ms);
		return;
	}
	bool changes = lifecycle_next(row.record.state, in->event).to != row.record.state;
	if (!changes) {
		/* A callback was faster. What it could not know is still worth keeping. */
		if (row.sid_learnt)
			store_row_write_sid(store, &row);
		if (tells_when_to_look(in->event))
			write_due(store, row.record.seq, in->due_ms);
		return;
	}
	if (row.record.state == STATE_SENDING) /* who tells this has survived it */
		row.deaths = 0;
	store_row_set_error(&row, in->error_code, in->error_message);
	row.record.due_ms = in->due_ms;
	store_row_move(store, &row, in->event, now_ms);
	if (row.record.state != STATE_ACCEPTED || row.record.expires_ms > now_ms)
		return;
	bool withdrawn = row.record.expires_ms == 0; /* cancelled or replaced meanwhile */
	if (withdrawn)
		store_row_set_error(&row, "", "");
	store_row_move(store, &row, withdrawn ? EVENT_CANCEL : EVENT_TIME_OVER, now_ms);
}

static void run_settle(struct store *store, void *job)
{
	const struct settle_args *args = job;
	for (size_t i = 0; i < args->count; i++)
		settle(store, &args->settlements[i], args->now_ms);
}

void store_settle(struct store *store, const struct store_settlement *settlements, size_t count, int64_t now_ms)
{
	static const struct store_job_kind kind = {.run = run_settle, .must = true};
	store_queue_do(store, &kind, &(struct settle_args){settlements, count, now_ms});
}

/* Arguments that outlive the call. */
struct later_args {
	struct settle_args settle;
	struct store_settlement settlements[];
};

static void run_settle_later(struct store *store, void *job)
{
	struct later_args *args = job;
	run_settle(store, &args->settle);
}

void store_settle_later(struct store *store, const struct store_settlement *settlements, size_t count, int64_t now_ms)
{
	static const struct store_job_kind kind = {.run = run_settle_later, .must = true};
	if (count == 0)
		return;
	struct later_args *args = memory_zeroed(1, sizeof(*args) + count * sizeof(*settlements));
	memcpy(args->settlements, settlements, count * sizeof(*settlements));
	args->settle = (struct settle_args){args->settlements, count, now_ms};
	store_queue_later(store, &kind, args);
}

/* ---- both at once ------------------------------------------------------------------------------- */

struct turn_args {
	struct settle_args settle;
	struct take_args take;
};

static void run_turn(struct store *store, void *job)
{
	struct turn_args *args = job;
	run_settle(store, &args->settle);
	if (args->take.max > 0)
		run_take(store, &args->take);
	else
		args->take.next_ms = earliest_due(store);
}

static void refuse_turn(void *job)
{
	struct turn_args *args = job;
	refuse_take(&args->take);
}

size_t store_turn(struct store *store, const struct store_turn *turn, struct store_attempt *ret, int64_t *ret_next_ms)
{
	static const struct store_job_kind kind = {.run = run_turn, .refuse = refuse_turn, .must = true};
	struct turn_args args = {
		.settle = {turn->settlements, turn->settlement_count, turn->now_ms},
		.take = {.now_ms = turn->now_ms, .ret = ret, .max = turn->max},
	};
	if (turn->settlement_count == 0)
		return store_take_due(store, turn->now_ms, ret, turn->max, ret_next_ms);
	store_queue_do(store, &kind, &args);
	*ret_next_ms = args.take.next_ms;
	return args.take.count;
}

/* ---- looking again later ------------------------------------------------------------------------ */

struct postpone_args {
	int64_t seq, due_ms;
};

static void run_postpone(struct store *store, void *job)
{
	const struct postpone_args *args = job;
	write_due(store, args->seq, args->due_ms);
}

void store_postpone(struct store *store, int64_t seq, int64_t due_ms)
{
	static const struct store_job_kind kind = {.run = run_postpone};
	store_queue_do(store, &kind, &(struct postpone_args){seq, due_ms});
}
