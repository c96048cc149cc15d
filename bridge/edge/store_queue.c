/* store_queue - where callers meet the writer: work that waits, and the waiting for it.
 *
 * Each caller waits for its own job, so there are never more jobs than threads. Work that nobody
 * waits for urgently may stand a moment for company. */
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <time.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/edge/store_internal.h"

enum {
	LINGER_US = 1000,	 /* a lazy write waits so long for an urgent one ... */
	INTAKE_ACTIVE_US = 5000, /* ... if there were two that short ago: more will come */
	DONE_LINGER_US = 10000,	 /* nobody waits for these */
	DONE_ENOUGH = 1000,	 /* but so many go at once */
	IDLE_US = 200000	 /* without work: the writer may tidy up */
};

/* ---- callers' side --------------------------------------------------------------------------- */

static void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static void enqueue(struct store_writer *writer, struct store_job *job)
{
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

void store_queue_do(struct store *store, const struct store_job_kind *kind, void *args)
{
	struct store_writer *writer = &store->writer;
	struct store_job job = {.kind = kind, .args = args};
	cond_init(&job.done);
	pthread_mutex_lock(&writer->lock);
	enqueue(writer, &job);
	pthread_cond_signal(&writer->work);
	while (!job.finished)
		pthread_cond_wait(&job.done, &writer->lock);
	pthread_mutex_unlock(&writer->lock);
	pthread_cond_destroy(&job.done);
}

void store_queue_done(struct store *store, const int64_t *seqs, size_t count)
{
	struct store_writer *writer = &store->writer;
	pthread_mutex_lock(&writer->lock);
	for (size_t i = 0; i < count; i++) {
		store_fresh_done(&writer->fresh, seqs[i]);
		while (writer->done_count == STORE_DONE_MAX && !writer->giving_up)
			pthread_cond_wait(&writer->room, &writer->lock);
		if (writer->done_count == STORE_DONE_MAX)
			break;
		if (writer->done_count == 0)
			writer->done_since_us = clock_mono_us();
		writer->done[writer->done_count++] = seqs[i];
	}
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
}

/* ---- gathering -------------------------------------------------------------------------------- */

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

static void take_done(struct store_writer *writer, struct store_batch *batch)
{
	batch->done = writer->done;
	batch->done_count = writer->done_count;
	writer->done = writer->done_spare;
	writer->done_spare = batch->done;
	writer->done_count = 0;
	pthread_cond_broadcast(&writer->room);
}

bool store_queue_gather(struct store_writer *writer, bool may_idle, struct store_batch *ret)
{
	*ret = (struct store_batch){0};
	pthread_mutex_lock(&writer->lock);
	int64_t idle_at = may_idle ? clock_mono_us() + IDLE_US : INT64_MAX;
	int64_t due = due_us(writer);
	int64_t now = clock_mono_us();
	while (writer->reads == NULL && due > now && !writer->stopping && idle_at > now) {
		wait_on(&writer->work, &writer->lock, due < idle_at ? due : idle_at);
		due = due_us(writer);
		now = clock_mono_us();
	}
	ret->reads = store_queue_take_reads(writer);
	if (due <= now) {
		ret->writes = store_queue_take_writes(writer);
		take_done(writer, ret);
	}
	bool any = ret->reads != NULL || ret->writes != NULL || ret->done_count > 0;
	bool more = any || !writer->stopping;
	pthread_mutex_unlock(&writer->lock);
	return more;
}

/* ---- the end of a job ---------------------------------------------------------------------- */

void store_queue_finish(struct store *store, struct store_job *jobs)
{
	pthread_mutex_lock(&store->writer.lock);
	while (jobs != NULL) {
		struct store_job *next = jobs->next; /* gone as soon as its owner wakes */
		jobs->finished = true;
		pthread_cond_signal(&jobs->done);
		jobs = next;
	}
	pthread_mutex_unlock(&store->writer.lock);
}

void store_queue_init(struct store *store)
{
	struct store_writer *writer = &store->writer;
	pthread_mutex_init(&writer->lock, NULL);
	cond_init(&writer->work);
	cond_init(&writer->room);
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
	wait_on(&writer->work, &writer->lock, until_us);
}
