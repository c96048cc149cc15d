/* http_watch - the deadlines of a server's connections: whoever takes too long is cut. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_watch.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/http_listen.h"
#include "bridge/edge/own_thread.h"

/* A stream says something at least every quarter of a minute, so a minute without progress means that the peer is
 * gone. A stop waits a second for requests that are half here. */
enum { STREAM_MS = 60000, LAST_MOMENT_MS = 1000, TICK_MIN_MS = 20 };

struct http_link {
	struct http_link *next, *previous;
	int fd;
	char network[HTTP_PEER_SIZE];
	enum http_phase phase;
	int64_t due_ms; /* INT64_MAX: none */
	bool served;	/* a keep-alive connection between requests */
	bool cut;
};

struct http_watch {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct http_link *links;
	int64_t deadline_ms, cuts;
	bool stopping;
};

static void cut(struct http_link *link)
{
	link->cut = true;
	(void)shutdown(link->fd, SHUT_RDWR);
}

/* Cuts what is late; when to look again. Every deadline set from now on lies at least `deadline_ms` ahead. */
static int64_t sweep(struct http_watch *watch, int64_t now_ms)
{
	int64_t next_ms = now_ms + (watch->deadline_ms < STREAM_MS ? watch->deadline_ms : STREAM_MS);

	for (struct http_link *link = watch->links; link != NULL; link = link->next) {
		if (link->cut)
			continue;
		if (link->due_ms <= now_ms) {
			cut(link);
			watch->cuts++;
		} else if (link->due_ms < next_ms) {
			next_ms = link->due_ms;
		}
	}
	return next_ms > now_ms + TICK_MIN_MS ? next_ms : now_ms + TICK_MIN_MS;
}

static void *run(void *ctx)
{
	struct http_watch *watch = ctx;

	pthread_mutex_lock(&watch->lock);
	while (!watch->stopping) {
		int64_t now_ms = clock_mono_ms();

		own_thread_wait(&watch->changed, &watch->lock, sweep(watch, now_ms) - now_ms);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

struct http_watch *http_watch_create(int64_t deadline_ms)
{
	struct http_watch *watch = memory_zeroed(1, sizeof(*watch));

	watch->deadline_ms = deadline_ms;
	pthread_mutex_init(&watch->lock, NULL);
	own_thread_condition(&watch->changed);
	own_thread_start(&watch->thread, run, watch, "the deadlines of the HTTP server");
	return watch;
}

void http_watch_destroy(struct http_watch *watch)
{
	if (watch == NULL)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->stopping = true;
	pthread_cond_broadcast(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	while (watch->links != NULL) {
		struct http_link *link = watch->links;

		watch->links = link->next;
		free(link);
	}
	pthread_cond_destroy(&watch->changed);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

static int64_t due(const struct http_watch *watch, enum http_phase phase)
{
	switch (phase) {
	case HTTP_IDLE:
	case HTTP_READING:
	case HTTP_WRITING:
		return clock_mono_ms() + watch->deadline_ms;
	case HTTP_STREAMING:
		return clock_mono_ms() + STREAM_MS;
	case HTTP_HANDLING:
		return INT64_MAX;
	}
	return INT64_MAX;
}

struct http_link *http_watch_add(struct http_watch *watch, int fd, const struct sockaddr *peer)
{
	struct http_link *link = memory_zeroed(1, sizeof(*link));

	link->fd = fd;
	http_network(peer, link->network);
	link->due_ms = due(watch, HTTP_IDLE);
	pthread_mutex_lock(&watch->lock);
	link->next = watch->links;
	if (link->next != NULL)
		link->next->previous = link;
	watch->links = link;
	pthread_mutex_unlock(&watch->lock);
	return link;
}

unsigned http_watch_count(struct http_watch *watch, const struct sockaddr *peer)
{
	char network[HTTP_PEER_SIZE];
	unsigned count = 0;

	http_network(peer, network);
	pthread_mutex_lock(&watch->lock);
	for (const struct http_link *link = watch->links; link != NULL; link = link->next)
		count += text_equal(link->network, network);
	pthread_mutex_unlock(&watch->lock);
	return count;
}

void http_watch_remove(struct http_watch *watch, struct http_link *link)
{
	pthread_mutex_lock(&watch->lock);
	if (link->next != NULL)
		link->next->previous = link->previous;
	if (link->previous != NULL)
		link->previous->next = link->next;
	else
		watch->links = link->next;
	if (watch->links == NULL)
		pthread_cond_broadcast(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
	free(link);
}

void http_watch_phase(struct http_watch *watch, struct http_link *link, enum http_phase phase)
{
	int64_t due_ms = due(watch, phase);

	pthread_mutex_lock(&watch->lock);
	/* The first request's time began with its connection: a head that drips buys none by its first line. */
	if (phase != HTTP_READING || link->served)
		link->due_ms = due_ms;
	link->served = link->served || (phase == HTTP_IDLE);
	link->phase = phase;
	pthread_mutex_unlock(&watch->lock);
}

static void cut_unfinished(struct http_watch *watch, bool with_requests)
{
	for (struct http_link *link = watch->links; link != NULL; link = link->next) {
		bool idle = link->phase == HTTP_STREAMING || (link->phase == HTTP_IDLE && link->served);
		bool half = link->phase == HTTP_IDLE || link->phase == HTTP_READING;

		if (!link->cut && (idle || (half && with_requests)))
			cut(link);
	}
}

void http_watch_drain(struct http_watch *watch)
{
	int64_t began_ms = clock_mono_ms(), passed_ms = 0;

	pthread_mutex_lock(&watch->lock);
	while (watch->links != NULL && passed_ms < watch->deadline_ms) {
		cut_unfinished(watch, passed_ms >= LAST_MOMENT_MS);
		own_thread_wait(&watch->changed, &watch->lock, TICK_MIN_MS);
		passed_ms = clock_mono_ms() - began_ms;
	}
	pthread_mutex_unlock(&watch->lock);
}

int64_t http_watch_cuts(struct http_watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	int64_t cuts = watch->cuts;

	pthread_mutex_unlock(&watch->lock);
	return cuts;
}
