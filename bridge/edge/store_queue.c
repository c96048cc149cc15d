/* store_queue - where callers meet: work that waits, and who does it.
 *
 * There is one connection, and whoever has it works for all: a caller that finds it free commits its own job together
 * with what has queued up, without waking anybody for it. Who comes meanwhile waits, and the first of them goes on with
 * what has gathered. The writer's own thread does the rest: what nobody waits for, what may stand a moment for company,
 * checkpoints, and the waiting on a full disk.
 *
 * Each caller waits for its own job, so there are never more of those than threads. */
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <time.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/edge/own_thread.h"
#include "bridge/edge/store_internal.h"

enum {
	LINGER_US = 1000,	 /* a lazy write waits so long for an urgent one ... */
	INTAKE_ACTIVE_US = 5000, /* ... if there were two that short ago: more will come */
	DONE_LINGER_US = 10000,	 /* nobody waits for these */
	DONE_ENOUGH = 1000,	 /* but so many go at once */
	IDLE_US = 200000,	 /* without work it is time for a checkpoint, */
	IDLE_LOG_PAGES = 1024,	 /* if it is worth it; */
	FULL_LOG_PAGES = 16384	 /* and this is one that is due, busy or not */
};

/* ---- callers' side --------------------------------------------------------------------------- */

static void enqueue(struct store_writer *writer, struct store_job *job)
{
	if (writer->starving)
		pthread_cond_signal(&writer->work);
	if (job->kind->reads) {
		*writer->reads_end = job;
		writer->reads_end = &job->next;
		return;
	}
	if (writer->writes == NULL)
		writer->lazy_since_us = clock_mono_us();
	if (job->kind->urgent) {
		writer->urgent = true;
		writer->intake_before_us = writer->intake_us;
		writer->intake_us = clock_mono_us();
	}
	*writer->writes_end = job;
	writer->writes_end = &job->next;
}

/* When the waiting writes are to be committed; INT64_MAX: there are none. */
static int64_t due_us(const struct store_writer *writer)
{
	int64_t due = INT64_MAX;
	if (writer->done_count > 0)
		due = writer->done_since_us + DONE_LINGER_US;
	if (writer->writes != NULL) {
		bool company = writer->lazy_since_us - writer->intake_before_us < INTAKE_ACTIVE_US;
		int64_t lazy_due = writer->lazy_since_us + (company ? LINGER_US : 0);
		due = lazy_due < due ? lazy_due : due;
	}
	if (writer->urgent || writer->done_count >= DONE_ENOUGH || (writer->stopping && due != INT64_MAX))
		due = 0;
	return due;
}

/* When it is time for a checkpoint. */
static int64_t tidy_us(const struct store_writer *writer)
{
	if (writer->log_pages >= FULL_LOG_PAGES)
		return 0;
	return writer->log_pages >= IDLE_LOG_PAGES ? writer->touched_us + IDLE_US : INT64_MAX;
}

static bool is_due(const struct store_writer *writer)
{
	return writer->reads != NULL || due_us(writer) <= clock_mono_us();
}

/* Is there work, and nobody who does it? A log that is full is folded in first. */
static bool may_lead(const struct store_writer *writer)
{
	return !writer->busy && tidy_us(writer) > 0 && is_due(writer);
}

/* The writer's own thread looks again by then. */
static void alarm_at(struct store_writer *writer, int64_t at_us)
{
	if (at_us < writer->asleep_until_us)
		pthread_cond_signal(&writer->work);
}

/* Nobody works just now: the own thread is to know when it has to. */
static void set_alarm(struct store_writer *writer)
{
	int64_t due = due_us(writer), tidy = tidy_us(writer);
	if (!writer->busy)
		alarm_at(writer, due < tidy ? due : tidy);
}

static void take_done(struct store_writer *writer, struct store_batch *batch)
{
	batch->done = writer->done;
	batch->done_count = writer->done_count;
	writer->done = writer->done_spare;
	writer->done_spare = batch->done;
	writer->done_count = 0;
	pthread_cond_broadcast(&writer->room);
}

/* All that is due, and with it the connection. */
static void take_batch(struct store_writer *writer, struct store_batch *ret)
{
	bool due = due_us(writer) <= clock_mono_us();
	*ret = (struct store_batch){.reads = store_queue_take_reads(writer)};
	if (due) {
		ret->writes = store_queue_take_writes(writer);
		take_done(writer, ret);
	}
	writer->busy = true;
}

/* With the lock held, and again when it returns. */
static void lead(struct store *store)
{
	struct store_writer *writer = &store->writer;
	struct store_batch batch;
	take_batch(writer, &batch);
	pthread_mutex_unlock(&writer->lock);
	bool done = store_writer_work(store, &batch);
	int pages = done ? sql_log_pages(store->sql) : 0;
	pthread_mutex_lock(&writer->lock);
	if (done)
		store_queue_release(writer, pages);
}

void store_queue_do(struct store *store, const struct store_job_kind *kind, void *args)
{
	struct store_writer *writer = &store->writer;
	struct store_job job = {.kind = kind, .args = args};
	own_thread_condition(&job.done);
	pthread_mutex_lock(&writer->lock);
	enqueue(writer, &job);
	while (!job.finished) {
		if (may_lead(writer)) {
			lead(store);
		} else {
			set_alarm(writer);
			pthread_cond_wait(&job.done, &writer->lock);
		}
	}
	pthread_mutex_unlock(&writer->lock);
	pthread_cond_destroy(&job.done);
}

void store_queue_later(struct store *store, const struct store_job_kind *kind, void *args)
{
	struct store_writer *writer = &store->writer;
	struct store_job *job = memory_zeroed(1, sizeof(*job));
	*job = (struct store_job){.kind = kind, .args = args, .detached = true};
	pthread_mutex_lock(&writer->lock);
	enqueue(writer, job);
	if (may_lead(writer))
		lead(store);
	else
		set_alarm(writer);
	pthread_mutex_unlock(&writer->lock);
}

/* With the lock held: is there room? */
static bool add_done(struct store_writer *writer, int64_t seq)
{
	if (writer->done_count == STORE_DONE_MAX)
		return false;
	store_fresh_done(&writer->fresh, seq);
	if (writer->done_count == 0)
		writer->done_since_us = clock_mono_us();
	writer->done[writer->done_count++] = seq;
	return true;
}

void store_events_done(struct store *store, const int64_t *seqs, size_t count)
{
	struct store_writer *writer = &store->writer;
	pthread_mutex_lock(&writer->lock);
	for (size_t i = 0; i < count; i++) {
		while (!add_done(writer, seqs[i]) && !writer->giving_up) {
			set_alarm(writer);
			pthread_cond_wait(&writer->room, &writer->lock);
		}
	}
	set_alarm(writer);
	pthread_mutex_unlock(&writer->lock);
}

bool store_event_done(struct store *store, int64_t seq)
{
	struct store_writer *writer = &store->writer;
	pthread_mutex_lock(&writer->lock);
	bool added = add_done(writer, seq);
	set_alarm(writer);
	pthread_mutex_unlock(&writer->lock);
	return added;
}

/* ---- gathering -------------------------------------------------------------------------------- */

static void wait_on(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us)
{
	if (until_us == INT64_MAX) {
		pthread_cond_wait(cond, lock);
		return;
	}
	int64_t left = until_us - clock_mono_us();
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	int64_t ns = at.tv_nsec + (left > 0 ? left : 0) % 1000000 * 1000;
	at.tv_sec += (time_t)((left > 0 ? left : 0) / 1000000 + ns / 1000000000);
	at.tv_nsec = (long)(ns % 1000000000);
	pthread_cond_timedwait(cond, lock, &at);
}

struct store_job *store_queue_take_reads(struct store_writer *writer)
{
	struct store_job *reads = writer->reads;
	writer->reads = NULL;
	writer->reads_end = &writer->reads;
	return reads;
}

struct store_job *store_queue_take_writes(struct store_writer *writer)
{
	struct store_job *writes = writer->writes;
	writer->writes = NULL;
	writer->writes_end = &writer->writes;
	writer->urgent = false;
	return writes;
}

/* Nothing to do until then. */
static void sleep_until(struct store_writer *writer, int64_t until_us)
{
	writer->asleep_until_us = until_us;
	wait_on(&writer->work, &writer->lock, until_us);
	writer->asleep_until_us = 0;
}

static void take_rest(struct store_writer *writer, struct store_batch *ret)
{
	*ret = writer->rest;
	writer->left = false;
}

bool store_queue_gather(struct store_writer *writer, struct store_batch *ret)
{
	bool more = true;
	pthread_mutex_lock(&writer->lock);
	for (;;) {
		int64_t due = due_us(writer), tidy = tidy_us(writer), now = clock_mono_us();
		if (writer->left) {
			take_rest(writer, ret);
			break;
		}
		if (!writer->busy && tidy <= now) {
			*ret = (struct store_batch){.tidy = true};
			writer->busy = true;
			break;
		}
		if (may_lead(writer)) {
			take_batch(writer, ret);
			break;
		}
		more = writer->busy || !writer->stopping;
		if (!more)
			break;
		sleep_until(writer, writer->busy ? INT64_MAX : due < tidy ? due : tidy);
	}
	pthread_mutex_unlock(&writer->lock);
	return more;
}

/* Somebody who waits for his own job. */
static struct store_job *first_waiting(struct store_writer *writer)
{
	if (writer->reads != NULL)
		return writer->reads;
	struct store_job *job = writer->writes;
	while (job != NULL && job->detached)
		job = job->next;
	return job;
}

void store_queue_release(struct store_writer *writer, int log_pages)
{
	struct store_job *next = first_waiting(writer);
	writer->busy = false;
	writer->log_pages = log_pages;
	writer->touched_us = clock_mono_us();
	if (writer->stopping)
		pthread_cond_signal(&writer->work);
	if (next != NULL && may_lead(writer))
		pthread_cond_signal(&next->done);
	else
		set_alarm(writer);
}

/* ---- the end of a job ---------------------------------------------------------------------- */

void store_queue_finish(struct store *store, struct store_job *jobs)
{
	pthread_mutex_lock(&store->writer.lock);
	while (jobs != NULL) {
		struct store_job *next = jobs->next; /* gone as soon as its owner wakes */
		if (jobs->detached) {
			free(jobs->args);
			free(jobs);
		} else {
			jobs->finished = true;
			pthread_cond_signal(&jobs->done);
		}
		jobs = next;
	}
	pthread_mutex_unlock(&store->writer.lock);
}

void store_queue_init(struct store *store)
{
	struct store_writer *writer = &store->writer;
	pthread_mutex_init(&writer->lock, NULL);
	own_thread_condition(&writer->work);
	own_thread_condition(&writer->room);
	writer->reads_end = &writer->reads;
	writer->writes_end = &writer->writes;
	writer->done = memory_zeroed(STORE_DONE_MAX, sizeof(int64_t));
	writer->done_spare = memory_zeroed(STORE_DONE_MAX, sizeof(int64_t));
	writer->intake_us = writer->intake_before_us = -INTAKE_ACTIVE_US;
}

void store_queue_clear(struct store *store)
{
	struct store_writer *writer = &store->writer;
	pthread_cond_destroy(&writer->work);
	pthread_cond_destroy(&writer->room);
	pthread_mutex_destroy(&writer->lock);
	free(writer->done);
	free(writer->done_spare);
	store_fresh_clear(&writer->fresh);
	store_fresh_drop(store);
}

void store_queue_wait(struct store_writer *writer, int64_t until_us)
{
	writer->starving = true;
	wait_on(&writer->work, &writer->lock, until_us);
	writer->starving = false;
}
