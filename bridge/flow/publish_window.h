/* publish_window - what is on its way to the broker: tags without PUBACK, and the posts among them until they have it.
 *
 * A tag above 0 is an event, which the store keeps; one below 0 a post, which only the window keeps: when a handle is
 * given up, its posts are handed back to go out again.
 *
 * Threads:   the caller's lock; where it says `owner`, the publishing thread alone, which may read a post that it
 *            entered without the lock: nobody else frees it.
 * Ownership: posts entered are taken over; posts handed back are yours. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_PUBLISH_WINDOW_H
#define BRIDGE_FLOW_PUBLISH_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/edge/mqtt.h"
#include "bridge/flow/post_queue.h"

struct publish_window {
	struct {
		int64_t tag;  /* 0: free */
		bool sent;    /* a handle took it */
		bool settled; /* a post that waits to be freed */
		struct post post;
	} places[MQTT_WINDOW];
	size_t taken;
	int64_t last_post;
};

/* There must be room. */
void publish_window_enter(struct publish_window *window, int64_t tag);

/* The same for a post: its tag, and the post as it lies here (owner). */
int64_t publish_window_enter_post(struct publish_window *window, struct post *post, const struct post **ret);

/* The handle took it. Of what it did not take nobody can say that it killed the connection. */
void publish_window_sent(struct publish_window *window, int64_t tag);

bool publish_window_holds(const struct publish_window *window, int64_t tag);

/* PUBACK, or refused for good. False: not of this window (a handle given up long ago). */
bool publish_window_settle(struct publish_window *window, int64_t tag);

/* Frees posts that are settled (owner). */
void publish_window_sweep(struct publish_window *window);

/* The oldest event that a handle took, or 0. */
int64_t publish_window_oldest(const struct publish_window *window);

size_t publish_window_posts(const struct publish_window *window);

/* Empties the window. Posts without PUBACK are handed back, oldest first, with one try more where they were sent;
 * *ret_events is how many events there were. */
size_t publish_window_reset(struct publish_window *window, struct post ret[MQTT_WINDOW], size_t *ret_events);

/* Frees everything. */
void publish_window_clear(struct publish_window *window);

#endif
