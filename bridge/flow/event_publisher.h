/* event_publisher - store to MQTT: events leave in order, at most MQTT_WINDOW without PUBACK.
 *
 * Threads:   one of its own publishes; on_published and on_reset come from Paho's threads and only
 *            note and wake.
 * Promise:   an event is forgotten only after its PUBACK; after a lost connection everything without
 *            PUBACK goes out again, in order. What event_publisher_post() takes (health, answers,
 *            discovery) does so too while the process lives, but is not durable; and it is bounded, the oldest
 *            gives way.
 * Failure:   what the broker refuses for good is logged and dropped, so that one message cannot stop the rest. So is a
 *            post with which the connection died POISON_TRIES times in a row, and an event with which it dies each
 *            time, also when others have just got through without it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_EVENT_PUBLISHER_H
#define BRIDGE_FLOW_EVENT_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/edge/mqtt.h"
#include "bridge/edge/store.h"
#include "bridge/flow/counters.h"

struct event_publisher;

struct event_publisher *event_publisher_create(struct store *store, struct counters *counters);

/* Starts the thread; `mqtt` is borrowed until event_publisher_stop(). */
void event_publisher_start(struct event_publisher *publisher, struct mqtt *mqtt);

/* Publishes what is left for at most `timeout_ms`, then ends the thread. */
void event_publisher_stop(struct event_publisher *publisher, int64_t timeout_ms);
void event_publisher_destroy(struct event_publisher *publisher);

/* A message that need not survive the process. Copied. `correlation` NULL: none. */
struct event_post {
	const char *topic;
	const void *payload;
	size_t len;
	bool retain;
	const void *correlation;
	size_t correlation_len;
};
void event_publisher_post(struct event_publisher *publisher, const struct event_post *post);

/* How many posts wait or have no PUBACK yet. */
size_t event_publisher_backlog(struct event_publisher *publisher);

/* For how long the thread has not moved; 0 on a full disk, where the intake's wait for space may hold it up. */
int64_t event_publisher_silence_ms(void *publisher);

/* From mqtt's handlers; `ctx` is the publisher. */
void event_publisher_on_published(void *ctx, int64_t tag);
void event_publisher_on_refused(void *ctx, int64_t tag, const char *why);
void event_publisher_on_reset(void *ctx);

/* From the store: there is something new. */
void event_publisher_wake(void *ctx);

#endif
