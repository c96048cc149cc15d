/* store - opening and closing the spool, and what needs no file of its own. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/crash.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/store_internal.h"

static char *joined(const char *a, const char *b)
{
	size_t size = strlen(a) + strlen(b) + 1;
	char *text = memory_zeroed(size, 1);
	text_format(text, size, "%s%s", a, b);
	return text;
}

/* The folder without symbolic links, and the paths in it; false and why when it is not there. */
static bool find_folder(struct store *store, const char *path, char *why, size_t why_size)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? memory_copied_text(".") : memory_copied(path, (size_t)(slash - path) + 1);
	store->folder = realpath(folder, NULL);
	if (store->folder == NULL)
		text_format(why, why_size,
			    "the spool's folder %s cannot be reached: %s: make it, owned by the daemon's user", folder,
			    strerror(errno));
	free(folder);
	if (store->folder == NULL)
		return false;
	char *name = joined("/", slash == NULL ? path : slash + 1);
	store->path = joined(store->folder, name);
	store->ballast = joined(store->path, ".ballast");
	store->mark_path = joined(store->path, ".mark");
	free(name);
	return true;
}

static void free_all(struct store *store)
{
	sql_close(store->sql);
	buffer_clear(&store->rendered);
	free(store->path);
	free(store->folder);
	free(store->ballast);
	free(store->mark_path);
	free(store->topic_status);
	free(store);
}

/* ---- what the last process left ------------------------------------------------------------------- */

static void count_state(struct store *store, enum command_state state, const char *text)
{
	store->tally.in_state[state] = sql_number(store->sql, text, 0);
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* min() of nothing is NULL, which reads as 0. */
static int64_t oldest_in(struct sql *sql, const char *text, int64_t none)
{
	int64_t seq = sql_number(sql, text, 0);
	return seq > 0 ? seq : none;
}

static void count_all(struct store *store)
{
	struct sql *sql = store->sql;
	count_state(store, STATE_ACCEPTED, "SELECT count(*) FROM commands WHERE state = 1");
	count_state(store, STATE_SENDING, "SELECT count(*) FROM commands WHERE state IN (2, 3) AND state = 2");
	count_state(store, STATE_UNKNOWN, "SELECT count(*) FROM commands WHERE state = 3");
	count_state(store, STATE_HELD, "SELECT count(*) FROM commands WHERE state = 12");
	store->tally.events = sql_number(sql, "SELECT count(*) FROM outbox", 0);
	store->next_seq = sql_number(sql, "SELECT max(seq) FROM commands", 0) + 1;
	store->next_event = sql_number(sql, "SELECT max(seq) FROM outbox", 0) + 1;
	int64_t none = store->next_seq;
	int64_t accepted = oldest_in(sql, "SELECT min(seq) FROM commands INDEXED BY expiry WHERE state = 1", none);
	int64_t under_way =
		oldest_in(sql, "SELECT min(seq) FROM commands INDEXED BY under_way WHERE state IN (2, 3)", none);
	int64_t held = oldest_in(sql, "SELECT min(seq) FROM commands INDEXED BY held WHERE state = 12", none);
	store->oldest_seq = smaller(accepted, smaller(under_way, held));
}

/* The intent was written and the process died: the bytes may have been on the wire, and what the API makes of them is
 * not in its lists at once. Three deaths over the same command are no accident. The machine's clock may have started
 * anew, behind the time of the attempt. */
static void recover_sending(struct store *store, int64_t now_ms)
{
	struct store_row row;
	struct sql_statement *statement = store_statement(store, SQL_SENDING_NEXT);
	while (sql_step(statement)) {
		store_row_read(store, statement, &row);
		sql_reset(statement);
		row.deaths++;
		row.record.due_ms = later(now_ms, row.record.attempted_ms) + store->options.settle_ms;
		store_row_move(store, &row, EVENT_NO_ANSWER, now_ms);
		if (row.deaths < STORE_DEATHS_MAX)
			continue;
		store_row_set_error(&row, "daemon_died", "the daemon died repeatedly while sending this command");
		store_row_move(store, &row, EVENT_AMBIGUOUS, now_ms);
	}
}

static bool say_no_room(const struct store *store, char *why, size_t why_size)
{
	text_format(why, why_size, "the spool %s cannot be written: %s: make room on the disk", store->path,
		    sql_why(store->sql));
	return sql_error(store->sql) == SQL_FULL;
}

/* One transaction of the start. On a full disk it is tried again with what can be given up. */
static bool commit_step(struct store *store, void (*step)(struct store *store, int64_t now_ms), int64_t now_ms,
			char *why, size_t why_size)
{
	for (;;) {
		sql_begin(store->sql);
		step(store, now_ms);
		store_mark_stage(store);
		crash_point("recover-before-commit");
		if (sql_commit(store->sql))
			break;
		bool full = say_no_room(store, why, why_size);
		sql_rollback(store->sql);
		store_fresh_drop(store);
		store->staged = (struct store_tally){0};
		if (!full || !store_space_yield(store))
			return false;
	}
	crash_point("recover-after-commit");
	store_fresh_drop(store); /* to be read from the file, with what was there before */
	for (int state = 0; state <= STATE_MAX; state++)
		store->tally.in_state[state] += store->staged.in_state[state];
	store->staged = (struct store_tally){0};
	store_mark_committed(store);
	return true;
}

static void begin(struct store *store, int64_t now_ms)
{
	recover_sending(store, now_ms);
	store_silent_begin(store);
	store_doubt_begin(store, now_ms);
}

static bool recover(struct store *store, int64_t now_ms, char *why, size_t why_size)
{
	count_all(store);
	store_mark_look(store);
	if (!commit_step(store, begin, now_ms, why, why_size))
		return false;
	if (store->doubt == STORE_DOUBT_NONE)
		return true;
	store_doubt_begun(store);
	while (store_doubt_goes_on(store))
		if (!commit_step(store, store_doubt_step, now_ms, why, why_size))
			return false;
	store_doubt_end(store);
	return true;
}

/* ---- opening and closing ---------------------------------------------------------------------------- */

struct store *store_open(const struct store_options *options, int64_t now_ms, char *why, size_t why_size)
{
	struct store *store = memory_zeroed(1, sizeof(*store));
	store->options = *options;
	store->topic_status = memory_copied_text(options->topic_status);
	store->options.path = store->options.topic_status = NULL; /* borrowed: gone when we return */
	buffer_init(&store->rendered, STORE_EVENT_MAX);
	if (!find_folder(store, options->path, why, why_size) || !store_open_file(store, why, why_size)) {
		free_all(store);
		return NULL;
	}
	store_queue_init(store);
	store_space_fit(store);
	store_space_look(store);
	if (!recover(store, now_ms, why, why_size)) {
		store_queue_clear(store);
		free_all(store);
		return NULL;
	}
	store->writer.fresh.base = store->next_event - 1;
	store_upkeep_measure(store);
	store_writer_start(store);
	return store;
}

/* So that a copy that was made before this is known to be older. */
static void leave_mark(struct store *store)
{
	store->mark_due = true;
	sql_begin(store->sql);
	store_mark_stage(store);
	if (sql_commit(store->sql))
		store_mark_committed(store);
	else
		sql_rollback(store->sql);
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_writer_stop(store);
	leave_mark(store);
	store_queue_clear(store);
	sql_checkpoint(store->sql);
	free_all(store);
}

void store_stop_waiting(struct store *store)
{
	pthread_mutex_lock(&store->writer.lock);
	store->writer.giving_up = true;
	pthread_cond_signal(&store->writer.work);
	pthread_cond_broadcast(&store->writer.room);
	pthread_mutex_unlock(&store->writer.lock);
}

const char *store_epoch(const struct store *store)
{
	return store->epoch;
}

bool store_has_room(const struct store *store)
{
	return atomic_load(&store->room);
}

void store_on_work(struct store *store, enum store_work kind, void (*wake)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&store->writer.lock);
	store->writer.listeners[kind] = (struct store_listener){wake, ctx};
	pthread_mutex_unlock(&store->writer.lock);
}

void store_on_change(struct store *store, void (*told)(void *ctx, const struct store_record *record), void *ctx)
{
	pthread_mutex_lock(&store->writer.lock);
	store->writer.told = told;
	store->writer.told_ctx = ctx;
	pthread_mutex_unlock(&store->writer.lock);
}

void store_stats(struct store *store, struct store_stats *ret)
{
	pthread_mutex_lock(&store->writer.lock);
	*ret = store->writer.stats;
	pthread_mutex_unlock(&store->writer.lock);
}
