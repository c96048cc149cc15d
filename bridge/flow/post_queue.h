/* post_queue - messages that need not survive, waiting to be published: bounded by number and by bytes,
 * the oldest gives way.
 *
 * A retained post replaces a waiting one on the same topic: only the last word counts there.
 *
 * Threads:   any; a mutex inside.
 * Ownership: pushed posts are copied; popped ones are yours to free with post_clear(). */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_POST_QUEUE_H
#define BRIDGE_FLOW_POST_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_post;

enum {
	POST_QUEUE_MAX = 1024,
	POST_QUEUE_BYTES_MAX = 32 * 1024 * 1024 /* of payloads; one that is larger by itself waits alone */
};

struct post {
	char *topic, *payload, *correlation;
	size_t len, correlation_len;
	bool retain;
	int tries; /* handles that were given up with it under way */
};
void post_clear(struct post *post);

struct post_queue {
	pthread_mutex_t lock;
	struct post *posts[POST_QUEUE_MAX];
	size_t first, count, bytes;
};

void post_queue_init(struct post_queue *queue);
void post_queue_clear(struct post_queue *queue);
void post_queue_push(struct post_queue *queue, const struct event_post *post);
bool post_queue_pop(struct post_queue *queue, struct post *ret);

/* Puts a popped post back in front, or drops it where there is no room any more; takes it over. */
void post_queue_return(struct post_queue *queue, struct post *post);
size_t post_queue_count(struct post_queue *queue);

#endif
