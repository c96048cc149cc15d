/* admin - requests over MQTT: get, list, pending, cancel, retry, reload, health.
 *
 * Request   <base>/request/<action>   {"transaction": …, …}
 * Answer    <base>/response/<action>  {"status": "ok"|"error", "data": …, "error": "…", "transaction": …}
 *           and on the MQTT 5 Response Topic, with the Correlation Data.
 *
 * Threads:   one of its own, because the API may take its time; admin_take() only queues.
 * Promise:   every request gets an answer; past ADMIN_QUEUE_MAX waiting ones it is "busy".
 * Failure:   in the answer's `error`, as a sentence. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_ADMIN_H
#define BRIDGE_FLOW_ADMIN_H

#include "bridge/edge/mqtt.h"
#include "bridge/edge/store.h"
#include "bridge/flow/account.h"
#include "bridge/flow/event_publisher.h"
#include "bridge/flow/health.h"
#include "bridge/flow/reload.h"
#include "bridge/flow/timekeeper.h"
#include "bridge/settings/settings.h"

struct admin;

enum { ADMIN_QUEUE_MAX = 64 };

/* All borrowed. */
struct admin_parts {
	const struct settings *settings;
	struct store *store;
	struct account *account;
	struct mapping *mapping;
	struct timekeeper *time;
	struct counters *counters;
	struct event_publisher *publisher;
};

struct admin *admin_create(const struct admin_parts *parts);

/* Starts the thread. What it needs that exists only now is borrowed too. */
void admin_start(struct admin *admin, const struct health *health, struct reload *reload);
void admin_stop(struct admin *admin);

/* For the watch. */
int64_t admin_silence_ms(void *admin);

void admin_destroy(struct admin *admin);

/* Queues a request; the message is copied. Never blocks. */
void admin_take(struct admin *admin, const char *action, const struct mqtt_message *message);

#endif
