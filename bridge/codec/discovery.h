/* discovery - Home Assistant's MQTT discovery, device-based form (2024.11 and later): one retained message for each
 * device on `<prefix>/device/<object id>/config`.
 *
 * Source:  home-assistant.io, "MQTT": device discovery, and its abbreviations.
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_CODEC_DISCOVERY_H
#define BRIDGE_CODEC_DISCOVERY_H

#include <stdbool.h>

#include "bridge/base/buffer.h"
#include "bridge/base/limits.h"

enum { DISCOVERY_ID_SIZE = 3 * DEVICE_SIZE + 3 * 256 + 2, DISCOVERY_MAX = 16384 };

/* All borrowed. */
struct discovery_device {
	const char *bridge; /* the base topic */
	const char *device; /* the topic level */
	const char *label;  /* for people; "" : the device's name */
	const char *sim;
	const char *command_topic, *status_topic, *up_topic; /* of this device */
	bool text_only;					     /* the mapping takes commands as text: no envelope */
	bool up_text;					     /* SMS from it are published as bare text */
};

/* The object id of a device, or of the bridge itself when `device` is "": letters, digits, - and _, different for
 * different names (other bytes become `_` and two hex digits). */
void discovery_id(char to[DISCOVERY_ID_SIZE], const char *bridge, const char *device);

/* The configuration of one device: notify, text, event (SMS), sensor (last status), problem, device triggers. */
void discovery_encode_device(struct buffer *to, const struct discovery_device *device);

/* That of the bridge itself: connectivity, queue depth, unresolved commands, problem. */
void discovery_encode_bridge(struct buffer *to, const char *bridge, const char *version);

#endif
