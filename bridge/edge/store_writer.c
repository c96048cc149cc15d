/* store_writer - one connection, one commit for everybody who waits.
 *
 * While a commit is on its way to the disk, the next batch gathers by itself; that is where the
 * speed comes from. Reads are answered before the batch's changes are begun: nobody sees what is not
 * on disk yet. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/crash.h"
#include "bridge/base/log.h"
#include "bridge/edge/own_thread.h"
#include "bridge/edge/store_internal.h"

enum {
	SPACE_RETRY_US = 1000000, /* between two tries on a full disk */
	LOOK_EVERY_COMMITS = 64	  /* at the free space */
};

/* ---- doing ------------------------------------------------------------------------------------ */

/* A file that cannot be read or written any more: nothing that we could say would be sure. */
static void must_not_be_broken(const struct store *store)
{
	if (sql_error(store->sql) != SQL_FINE)
		log_fatal("spool", sql_why(store->sql));
}

static void answer_reads(struct store *store, struct store_job *jobs)
{
	for (struct store_job *job = jobs; job != NULL; job = job->next)
		job->kind->run(store, job->args);
	must_not_be_broken(store);
	store_queue_finish(store, jobs);
}

static void pass_crash_points(const bool points[STORE_POINTS], bool after)
{
	static const struct {
		const char *before, *after;
	} names[STORE_POINTS] = {
		[STORE_POINT_ACCEPT] = {"accept-before-commit", "accept-after-commit"},
		[STORE_POINT_REJECT] = {"reject-before-commit", "reject-after-commit"},
		[STORE_POINT_TAKE] = {"take-before-commit", "take-after-commit"},
		[STORE_POINT_SETTLE] = {"settle-before-commit", "settle-after-commit"},
		[STORE_POINT_REPORT] = {"report-before-commit", "report-after-commit"},
		[STORE_POINT_MO] = {"mo-before-commit", "mo-after-commit"},
		[STORE_POINT_PUBLISH] = {"publish-before-commit", "publish-after-commit"},
		[STORE_POINT_EVENTS_DONE] = {"events-done-before-commit", "events-done-after-commit"},
		[STORE_POINT_ADMIN] = {"admin-before-commit", "admin-after-commit"},
	};
	for (int i = 0; i < STORE_POINTS; i++) {
		if (points[i])
			crash_point(after ? names[i].after : names[i].before);
	}
}

static bool try_commit(struct store *store, const struct store_batch *batch)
{
	int64_t oldest_seq = store->oldest_seq, next_seq = store->next_seq, silent_seq = store->silent_seq;
	store_order_begin(store);
	sql_begin(store->sql);
	store_outbox_delete(store, batch->done, batch->done_count);
	for (struct store_job *job = batch->writes; job != NULL; job = job->next)
		job->kind->run(store, job->args);
	store_mark_stage(store);
	pass_crash_points(store->staged.points, false);
	if (sql_commit(store->sql)) {
		store_mark_committed(store);
		pass_crash_points(store->staged.points, true);
		return true;
	}
	if (sql_error(store->sql) != SQL_FULL)
		must_not_be_broken(store);
	sql_rollback(store->sql);
	must_not_be_broken(store);
	store->staged = (struct store_tally){0};
	store->change_count = 0;
	store_fresh_drop(store);
	store->oldest_seq = oldest_seq;
	store->silent_seq = silent_seq;
	store->next_seq = next_seq; /* nobody was told the numbers; the next start counts on from the highest row */
	return false;
}

static void count_stats(struct store *store)
{
	struct store_stats *stats = &store->writer.stats;
	stats->open = store_open_commands(store);
	stats->waiting = store->tally.in_state[STATE_ACCEPTED];
	stats->unknown = store->tally.in_state[STATE_UNKNOWN];
	stats->held = store->tally.in_state[STATE_HELD];
	stats->events = store->tally.events;
	memcpy(stats->by_status, store->tally.moved, sizeof(stats->by_status));
}

const int64_t store_commit_bounds_us[STORE_COMMIT_BUCKETS] = {500,   1000,   2500,   5000,    10000,
							      25000, 100000, 500000, 2000000, 10000000};

static void time_commit(struct store_stats *stats, int64_t took_us)
{
	stats->commits++;
	stats->commit_us_sum += took_us;
	int bucket = 0;
	while (bucket < STORE_COMMIT_BUCKETS && took_us > store_commit_bounds_us[bucket])
		bucket++;
	stats->commits_within[bucket]++;
	if (took_us > stats->commit_us_max)
		stats->commit_us_max = took_us;
}

/* The commit is on disk: the counts become true. */
static void adopt_staged(struct store *store, int64_t took_us)
{
	const struct store_tally *staged = &store->staged;
	for (int state = 0; state <= STATE_MAX; state++) {
		store->tally.in_state[state] += staged->in_state[state];
		store->tally.moved[state] += staged->moved[state];
	}
	store->tally.events += staged->events;
	store->staged = (struct store_tally){0};
	pthread_mutex_lock(&store->writer.lock);
	store_fresh_adopt(store);
	store_order_adopt(store);
	count_stats(store);
	time_commit(&store->writer.stats, took_us);
	pthread_mutex_unlock(&store->writer.lock);
}

static void wake_listeners(struct store *store, const bool work[STORE_WORK_KINDS])
{
	struct store_listener listeners[STORE_WORK_KINDS];
	pthread_mutex_lock(&store->writer.lock);
	memcpy(listeners, store->writer.listeners, sizeof(listeners));
	pthread_mutex_unlock(&store->writer.lock);
	for (int kind = 0; kind < STORE_WORK_KINDS; kind++) {
		if (work[kind] && listeners[kind].wake != NULL)
			listeners[kind].wake(listeners[kind].ctx);
	}
}

static void tell_changes(struct store *store)
{
	pthread_mutex_lock(&store->writer.lock);
	void (*told)(void *ctx, const struct store_record *record) = store->writer.told;
	void *ctx = store->writer.told_ctx;
	pthread_mutex_unlock(&store->writer.lock);
	for (size_t i = 0; told != NULL && i < store->change_count; i++)
		told(ctx, &store->changes[i]);
	store->change_count = 0;
}

static void conclude(struct store *store, struct store_batch *batch, int64_t took_us)
{
	bool work[STORE_WORK_KINDS];
	memcpy(work, store->staged.work, sizeof(work));
	adopt_staged(store, took_us);
	store_queue_finish(store, batch->writes);
	wake_listeners(store, work);
	tell_changes(store);
	if (store->writer.stats.commits % LOOK_EVERY_COMMITS == 0)
		store_space_look(store);
}

/* ---- no space --------------------------------------------------------------------------------- */

/* Answers what may be refused (or all that is left); the rest stays in its order. True: there was something. */
static bool refuse(struct store *store, struct store_job **jobs, bool all)
{
	struct store_job *refused = NULL;
	while (*jobs != NULL) {
		struct store_job *job = *jobs;
		if (job->kind->must && !all) {
			jobs = &job->next;
			continue;
		}
		*jobs = job->next;
		if (job->kind->refuse != NULL)
			job->kind->refuse(job->args);
		job->next = refused;
		refused = job;
	}
	store_queue_finish(store, refused);
	return refused != NULL;
}

/* A second for space to come; meanwhile questions are answered and new work is refused. What must
 * be stored joins the batch. False: nobody wants to wait any longer. */
static bool wait_for_space(struct store *store, struct store_batch *batch)
{
	struct store_writer *writer = &store->writer;
	int64_t until = clock_mono_us() + SPACE_RETRY_US;
	bool waits = true;
	while (waits && clock_mono_us() < until) {
		pthread_mutex_lock(&writer->lock);
		if (writer->reads == NULL && writer->writes == NULL && !writer->giving_up)
			store_queue_wait(writer, until);
		waits = !writer->giving_up;
		struct store_job *reads = store_queue_take_reads(writer);
		struct store_job **end = &batch->writes;
		while (*end != NULL)
			end = &(*end)->next;
		*end = store_queue_take_writes(writer);
		pthread_mutex_unlock(&writer->lock);
		answer_reads(store, reads);
		refuse(store, &batch->writes, false);
	}
	return waits;
}

/* Around what may take as long as the disk likes. */
static void begin_disk(struct store *store)
{
	atomic_store(&store->busy_since_ms, clock_mono_ms());
}

/* In this order, and the other one in store_slow_ms(): no look from outside counts a turn twice. */
static void end_disk(struct store *store)
{
	int64_t took_ms = store_busy_ms(store);
	atomic_store(&store->busy_since_ms, 0);
	if (took_ms >= STORE_SLOW_MS)
		atomic_fetch_add(&store->slow_ms, took_ms);
}

int64_t store_busy_ms(const void *of)
{
	const struct store *store = of;
	int64_t since_ms = atomic_load(&store->busy_since_ms);
	return since_ms > 0 ? clock_mono_ms() - since_ms : 0;
}

int64_t store_slow_ms(const void *of)
{
	const struct store *store = of;
	int64_t before_ms = atomic_load(&store->slow_ms);
	int64_t busy_ms = store_busy_ms(store);
	return before_ms + (busy_ms >= STORE_SLOW_MS ? busy_ms : 0);
}

/* Once, and well: true. */
static bool commit_once(struct store *store, struct store_batch *batch)
{
	int64_t began_us = clock_mono_us();
	if (batch->writes == NULL && batch->done_count == 0)
		return true;
	begin_disk(store);
	bool committed = try_commit(store, batch);
	end_disk(store);
	if (!committed)
		return false;
	conclude(store, batch, clock_mono_us() - began_us);
	return true;
}

/* On a full disk too, however long that takes. */
static void commit(struct store *store, struct store_batch *batch)
{
	while (!commit_once(store, batch)) {
		atomic_store(&store->room, false);
		store->starved = true;
		if (refuse(store, &batch->writes, false) || store_space_yield(store))
			continue;
		if (!wait_for_space(store, batch)) {
			refuse(store, &batch->writes, true);
			return;
		}
	}
}

/* ---- who works ---------------------------------------------------------------------------------- */

static void begin(struct store *store, struct store_batch *batch)
{
	store->done = batch->done;
	store->done_count = batch->done_count;
	answer_reads(store, batch->reads);
	batch->reads = NULL;
}

/* A caller has its own acknowledgement to give: it does not wait for space on behalf of others. */
static void leave_rest(struct store *store, const struct store_batch *batch)
{
	struct store_writer *writer = &store->writer;
	pthread_mutex_lock(&writer->lock);
	writer->rest = *batch;
	writer->left = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
}

bool store_writer_work(struct store *store, struct store_batch *batch)
{
	begin(store, batch);
	if (!commit_once(store, batch)) {
		leave_rest(store, batch);
		return false;
	}
	store->done_count = 0;
	return true;
}

static void checkpoint(struct store *store)
{
	begin_disk(store);
	sql_checkpoint(store->sql);
	end_disk(store);
	store->mark_due = true;
	must_not_be_broken(store);
}

/* The writer's own thread. */
static void *write_for_ever(void *arg)
{
	struct store *store = arg;
	struct store_writer *writer = &store->writer;
	struct store_batch batch;
	while (store_queue_gather(writer, &batch)) {
		begin(store, &batch);
		commit(store, &batch);
		store->done_count = 0;
		if (batch.tidy)
			checkpoint(store);
		int pages = batch.tidy ? 0 : sql_log_pages(store->sql);
		pthread_mutex_lock(&writer->lock);
		store_queue_release(writer, pages);
		pthread_mutex_unlock(&writer->lock);
	}
	return NULL;
}

void store_writer_start(struct store *store)
{
	count_stats(store);
	own_thread_start(&store->writer.thread, write_for_ever, store, "the spool's own");
}

void store_writer_stop(struct store *store)
{
	struct store_writer *writer = &store->writer;
	pthread_mutex_lock(&writer->lock);
	writer->stopping = true;
	writer->giving_up = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);
}
