/* command_intake - MQTT to store: a message on a command topic becomes a stored command or a stored
 * answer why not.
 *
 * Threads:   runs on Paho's receive thread and blocks it until the commit: the PUBACK leaves only
 *            after command_intake_take() returns.
 * Promise:   returned = on disk, or a redelivery of what already is. Every message whose device can be named gets
 *            an answer on its status topic.
 * Failure:   a full disk is waited for (the message stays unacknowledged at the broker). */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_COMMAND_INTAKE_H
#define BRIDGE_FLOW_COMMAND_INTAKE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "bridge/edge/mqtt.h"
#include "bridge/edge/store.h"
#include "bridge/flow/counters.h"
#include "bridge/flow/mapping.h"
#include "bridge/flow/recent.h"
#include "bridge/flow/timekeeper.h"
#include "bridge/settings/settings.h"

/* All borrowed. */
struct command_intake {
	const struct settings *settings;
	struct store *store;
	struct mapping *mapping;
	struct timekeeper *time;
	struct counters *counters;
	struct recent *recent; /* NULL: nobody looks */
	_Atomic bool stopping; /* set by main: a message that waits for disk space is given up, unacknowledged */
};

/* Handles one message of a command topic. */
void command_intake_take(struct command_intake *intake, const struct mqtt_message *message);

/* What became of a message, for somebody who waits for the answer. */
struct command_verdict {
	bool accepted; /* or known already */
	char id[COMMAND_ID_SIZE];
	char code[ERROR_CODE_SIZE], message[ERROR_TEXT_SIZE]; /* why not */
};

/* The same by the same rules, for a message that came another way: the verdict is told, and a full disk is one. */
void command_intake_offer(struct command_intake *intake, const struct mqtt_message *message,
			  struct command_verdict *ret);

/* A Response Topic that may be answered on: valid, no way back into our own subscriptions, and none of the topics that
 * speak in our own name, where who may only send commands could otherwise make us say something. */
bool command_intake_reply_topic_is_safe(const struct settings *settings, const char *topic);

#endif
