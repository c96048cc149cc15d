/* discovery - Home Assistant learns of every mapped device, and forgets those that left the mapping.
 *
 * Threads:   one of its own, which goes slowly enough for the rest; discovery_again() from any.
 * Promise:   configurations are retained; published at start, after a reload, and when Home Assistant says
 *            `online`. What was published is remembered in the store, so that a device that left the mapping while
 *            the bridge was away is cleared too. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_DISCOVERY_H
#define BRIDGE_FLOW_DISCOVERY_H

#include "bridge/edge/store.h"
#include "bridge/flow/event_publisher.h"
#include "bridge/flow/mapping.h"
#include "bridge/settings/settings.h"

struct discovery;

/* All borrowed. */
struct discovery_parts {
	const struct settings *settings;
	struct store *store;
	struct mapping *mapping;
	struct event_publisher *publisher;
};

/* NULL when `homeassistant.discovery` is off; every function takes NULL. */
struct discovery *discovery_start(const struct discovery_parts *parts);

/* Ends the thread. discovery_again() does nothing then, until discovery_destroy(), which is for when nobody calls it
 * any more. */
void discovery_stop(struct discovery *discovery);
void discovery_destroy(struct discovery *discovery);

/* For the watch. */
int64_t discovery_silence_ms(void *discovery);

/* Everything once more: the mapping changed, or somebody forgot. */
void discovery_again(struct discovery *discovery);

#endif
