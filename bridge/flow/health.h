/* health - what the bridge knows of itself: for the health topic, the info topic, /readyz, metrics and the page.
 *
 * Threads: any. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_HEALTH_H
#define BRIDGE_FLOW_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/base/buffer.h"
#include "bridge/edge/mqtt.h"
#include "bridge/edge/store.h"
#include "bridge/flow/account.h"
#include "bridge/flow/counters.h"
#include "bridge/flow/mapping.h"
#include "bridge/flow/timekeeper.h"
#include "bridge/settings/settings.h"

/* All borrowed. */
struct health {
	const struct settings *settings;
	struct store *store;
	struct mqtt *mqtt;
	struct account *account;
	struct mapping *mapping;
	struct timekeeper *time;
	struct counters *counters;
	int64_t started_ms; /* wall */
};

/* One reading of everything. */
struct health_reading {
	struct store_stats store;
	struct mqtt_status mqtt;
	struct account_state account;
	int64_t now_ms, last_callback_ms;
	bool queue_full; /* what comes now is rejected */
};

void health_read(const struct health *health, struct health_reading *ret);

/* Nothing needs anybody. */
bool health_is_well(const struct health_reading *reading);

/* Commands can be accepted: connected, and there is room on the disk and in the queue. */
bool health_is_ready(const struct health_reading *reading);

/* The JSON of the health topic and of the info topic. */
void health_encode(const struct health_reading *reading, struct buffer *to);
void health_encode_info(const struct health *health, struct buffer *to);

/* A number that differs when something has changed, but what time alone changes: ages and lifetimes. */
uint64_t health_key(const struct health_reading *reading);

#endif
