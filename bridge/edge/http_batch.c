/* http_batch - two arrays: one is filled while the other is served. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_batch.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "bridge/base/memory.h"
#include "bridge/edge/own_thread.h"

struct http_batch {
	http_batch_handler *serve;
	void *ctx;
	size_t max;
	pthread_t thread;
	struct http_exchange *served; /* the thread's own */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct http_exchange *filled;
	size_t count;
	bool stopping;
};

/* The next batch is in `served`; 0: there will be none. */
static size_t take(struct http_batch *batch)
{
	pthread_mutex_lock(&batch->lock);
	while (!batch->count && !batch->stopping)
		pthread_cond_wait(&batch->changed, &batch->lock);
	struct http_exchange *full = batch->filled;
	size_t count = batch->count;

	batch->filled = batch->served;
	batch->served = full;
	batch->count = 0;
	pthread_mutex_unlock(&batch->lock);
	return count;
}

static void *run(void *ctx)
{
	struct http_batch *batch = ctx;
	size_t count;

	while ((count = take(batch)))
		batch->serve(batch->ctx, batch->served, count);
	return NULL;
}

struct http_batch *http_batch_start(size_t max, http_batch_handler *serve, void *ctx)
{
	struct http_batch *batch = memory_zeroed(1, sizeof *batch);

	batch->serve = serve;
	batch->ctx = ctx;
	batch->max = max;
	batch->filled = memory_zeroed(max, sizeof(struct http_exchange));
	batch->served = memory_zeroed(max, sizeof(struct http_exchange));
	pthread_mutex_init(&batch->lock, NULL);
	own_thread_condition(&batch->changed);
	own_thread_start(&batch->thread, run, batch, "the HTTP server");
	return batch;
}

bool http_batch_add(struct http_batch *batch, const struct http_exchange *exchange)
{
	pthread_mutex_lock(&batch->lock);
	bool open = !batch->stopping;

	assert(batch->count < batch->max);
	if (open)
		batch->filled[batch->count++] = *exchange;
	if (open && batch->count == 1)
		pthread_cond_signal(&batch->changed);
	pthread_mutex_unlock(&batch->lock);
	return open;
}

void http_batch_end(struct http_batch *batch)
{
	if (!batch)
		return;
	pthread_mutex_lock(&batch->lock);
	batch->stopping = true;
	pthread_cond_signal(&batch->changed);
	pthread_mutex_unlock(&batch->lock);
	pthread_join(batch->thread, NULL);
}

void http_batch_destroy(struct http_batch *batch)
{
	if (!batch)
		return;
	pthread_cond_destroy(&batch->changed);
	pthread_mutex_destroy(&batch->lock);
	free(batch->filled);
	free(batch->served);
	free(batch);
}
