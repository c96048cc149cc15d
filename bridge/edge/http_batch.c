/* http_batch - two arrays: one is filled while the other is served. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_batch.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "bridge/base/memory.h"
#include "bridge/edge/http_daemon.h"
#include "bridge/edge/http_incoming.h"
#include "bridge/edge/http_patience.h"
#include "bridge/edge/own_thread.h"

struct http_batch {
	const struct http_service *service;
	http_go_on *go_on;
	struct http_patience *patience;
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

static void answer(struct http_batch *batch, struct http_incoming *incoming, const struct http_reply *reply)
{
	incoming->reply = *reply;
	incoming->stage = HTTP_SERVED;
	batch->go_on(incoming);
}

/* What is stored though it is too late is known when it comes again. */
static void give_up(void *ctx, struct http_incoming *incoming)
{
	enum { SERVICE_UNAVAILABLE = 503 };

	answer(ctx, incoming, &(struct http_reply){.status = SERVICE_UNAVAILABLE});
}

static void serve(struct http_batch *batch, struct http_exchange *exchanges, size_t count)
{
	batch->service->batch(batch->service->ctx, exchanges, count);
	for (size_t i = 0; i < count; i++) {
		struct http_incoming *incoming = http_incoming_of(&exchanges[i].request);

		if (http_patience_end(batch->patience, incoming))
			answer(batch, incoming, &exchanges[i].reply);
		else
			free(exchanges[i].reply.body);
		http_incoming_release(incoming);
	}
}

static void *run(void *ctx)
{
	struct http_batch *batch = ctx;
	size_t count;

	while ((count = take(batch)))
		serve(batch, batch->served, count);
	return NULL;
}

struct http_batch *http_batch_start(const struct http_service *service, http_go_on *go_on)
{
	struct http_batch *batch = memory_zeroed(1, sizeof(*batch));

	batch->service = service;
	batch->go_on = go_on;
	batch->max = service->options.max_connections;
	batch->filled = memory_zeroed(batch->max, sizeof(struct http_exchange));
	batch->served = memory_zeroed(batch->max, sizeof(struct http_exchange));
	batch->patience = http_patience_create(service->options.answer_deadline_ms, give_up, batch);
	pthread_mutex_init(&batch->lock, NULL);
	own_thread_condition(&batch->changed);
	own_thread_start(&batch->thread, run, batch, "the HTTP server");
	return batch;
}

bool http_batch_is_full(struct http_batch *batch)
{
	pthread_mutex_lock(&batch->lock);
	bool full = batch->count == batch->max;

	pthread_mutex_unlock(&batch->lock);
	return full;
}

void http_batch_add(struct http_batch *batch, struct http_incoming *incoming, const struct http_exchange *exchange)
{
	struct http_exchange late = *exchange;

	http_incoming_hold(incoming);
	http_patience_begin(batch->patience, incoming);
	pthread_mutex_lock(&batch->lock);
	bool ended = batch->stopping;

	assert(batch->count < batch->max);
	if (!ended)
		batch->filled[batch->count++] = *exchange;
	if (!ended && batch->count == 1)
		pthread_cond_signal(&batch->changed);
	pthread_mutex_unlock(&batch->lock);
	if (ended)
		serve(batch, &late, 1);
}

void http_batch_end(struct http_batch *batch)
{
	if (batch == NULL)
		return;
	pthread_mutex_lock(&batch->lock);
	batch->stopping = true;
	pthread_cond_signal(&batch->changed);
	pthread_mutex_unlock(&batch->lock);
	pthread_join(batch->thread, NULL);
}

void http_batch_destroy(struct http_batch *batch)
{
	if (batch == NULL)
		return;
	http_patience_destroy(batch->patience);
	pthread_cond_destroy(&batch->changed);
	pthread_mutex_destroy(&batch->lock);
	free(batch->filled);
	free(batch->served);
	free(batch);
}
