/* heartbeat - what main does every second: health to the broker, intake paused while the disk is nearly full,
 * the time remembered across restarts.
 *
 * Threads: main. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_HEARTBEAT_H
#define BRIDGE_FLOW_HEARTBEAT_H

#include "bridge/flow/event_publisher.h"
#include "bridge/flow/health.h"

struct heartbeat {
	const struct health *health; /* borrowed, like the next */
	struct event_publisher *publisher;
	_Atomic bool greet;		     /* the broker has us (again), or a reload: info and health are due */
	bool paused;			     /* intake, for want of disk space */
	int mark_error;			     /* that was told last */
	int64_t health_due_ms, clock_due_ms; /* monotonic */
	uint64_t health_key;
};

void heartbeat_tick(struct heartbeat *heartbeat);

/* The latest time that an earlier process has seen (wall ms); 0: none. */
int64_t heartbeat_last_clock_ms(struct store *store);

#endif
