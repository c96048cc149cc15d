/* mqtt_router - what comes from the broker, to the stage that it is for.
 *
 * Threads: runs on Paho's and mqtt's threads. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_MQTT_ROUTER_H
#define BRIDGE_FLOW_MQTT_ROUTER_H

#include "bridge/edge/mqtt.h"
#include "bridge/flow/admin.h"
#include "bridge/flow/command_intake.h"
#include "bridge/flow/discovery.h"
#include "bridge/flow/event_publisher.h"

/* All borrowed. */
struct mqtt_router {
	const struct settings *settings;
	struct command_intake *intake;
	struct admin *admin;
	struct event_publisher *publisher;
	struct store *store;
	struct discovery *discovery; /* NULL: off */
	_Atomic bool *greet;	     /* set when the broker has us (again): info and health are due */
	struct mqtt *mqtt;	     /* by mqtt_router_start() */
};

/* Connects with the settings, subscribed to the command and request topics; what arrives goes to the stages.
 * NULL and why: settings that can never work. */
struct mqtt *mqtt_router_start(struct mqtt_router *router, char *why, size_t why_size);

/* For the watch: how long a message has been handled, or the MQTT library's lock taken; and since when the thread that
 * connects has not moved. */
int64_t mqtt_router_silence_ms(void *router);
int64_t mqtt_router_connector_silence_ms(void *router);

#endif
