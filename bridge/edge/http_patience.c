/* http_patience - a list of those who wait; the first in it has waited longest. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_patience.h"

#include <pthread.h>
#include <stdlib.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/edge/http_incoming.h"
#include "bridge/edge/own_thread.h"

struct http_patience {
	int64_t patience_ms;
	http_give_up *give_up;
	void *ctx;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows, and of each request's `wait` */
	pthread_cond_t changed;
	struct http_incoming *first, *last;
	bool stopping;
};

static void unlink_one(struct http_patience *patience, struct http_incoming *incoming)
{
	struct http_wait *wait = &incoming->wait;

	if (wait->previous != NULL)
		wait->previous->wait.next = wait->next;
	else
		patience->first = wait->next;
	if (wait->next != NULL)
		wait->next->wait.previous = wait->previous;
	else
		patience->last = wait->previous;
	*wait = (struct http_wait){.next = NULL};
}

/* Gives up who is due; how long until the next is. */
static int64_t sweep(struct http_patience *patience)
{
	int64_t now_ms = clock_mono_ms();

	while (patience->first != NULL && patience->first->wait.due_ms <= now_ms) {
		struct http_incoming *late = patience->first;

		unlink_one(patience, late);
		patience->give_up(patience->ctx, late);
	}
	return patience->first != NULL ? patience->first->wait.due_ms - now_ms : patience->patience_ms;
}

static void *run(void *ctx)
{
	struct http_patience *patience = ctx;

	pthread_mutex_lock(&patience->lock);
	while (!patience->stopping)
		own_thread_wait(&patience->changed, &patience->lock, sweep(patience));
	pthread_mutex_unlock(&patience->lock);
	return NULL;
}

struct http_patience *http_patience_create(int64_t patience_ms, http_give_up *give_up, void *ctx)
{
	struct http_patience *patience = memory_zeroed(1, sizeof(*patience));

	patience->patience_ms = patience_ms;
	patience->give_up = give_up;
	patience->ctx = ctx;
	pthread_mutex_init(&patience->lock, NULL);
	own_thread_condition(&patience->changed);
	own_thread_start(&patience->thread, run, patience, "the answers of the HTTP server");
	return patience;
}

void http_patience_destroy(struct http_patience *patience)
{
	if (patience == NULL)
		return;
	pthread_mutex_lock(&patience->lock);
	patience->stopping = true;
	pthread_cond_signal(&patience->changed);
	pthread_mutex_unlock(&patience->lock);
	pthread_join(patience->thread, NULL);
	pthread_cond_destroy(&patience->changed);
	pthread_mutex_destroy(&patience->lock);
	free(patience);
}

/* Wakes nobody: whoever comes is due one patience from now, and the thread looks at least that often. */
void http_patience_begin(struct http_patience *patience, struct http_incoming *incoming)
{
	pthread_mutex_lock(&patience->lock);
	incoming->wait = (struct http_wait){
		.previous = patience->last, .due_ms = clock_mono_ms() + patience->patience_ms, .is_on = true};
	if (patience->last != NULL)
		patience->last->wait.next = incoming;
	else
		patience->first = incoming;
	patience->last = incoming;
	pthread_mutex_unlock(&patience->lock);
}

bool http_patience_end(struct http_patience *patience, struct http_incoming *incoming)
{
	pthread_mutex_lock(&patience->lock);
	bool waited = incoming->wait.is_on;

	if (waited)
		unlink_one(patience, incoming);
	pthread_mutex_unlock(&patience->lock);
	return waited;
}
