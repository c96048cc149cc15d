/* command - what a message on a command topic asks for.
 *
 * Either text, sent verbatim, or an envelope: a JSON object with a member `payload`. An object
 * without `payload` is text, because the API's own example sends JSON to devices.
 *
 *   {"payload": "reboot", "id": "job-17", "ttl": 3600, "replace": true, "priority": "high"}
 *
 * What is an envelope, in this order:
 *   - pinned to text: nothing is; every byte is text.
 *   - clean JSON (json_parse()) that is an object with `payload`: it is. An unknown, mistyped or
 *     repeated member refuses it (bad_envelope). Names are compared exactly.
 *   - any other clean JSON is text, verbatim.
 *   - what is not clean JSON but starts with `{` and has, as far as it can be read, the name
 *     `payload` on its top level was meant as an envelope: bad_envelope. So is a truncated one, one
 *     with a repeated name, with NUL in a string, too deep, or with text behind it.
 *   - everything else is text; pinned to envelope, it is bad_envelope.
 *
 * Threads: any; no state.
 * Failure: a closed set of codes, each with a sentence for the sender. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_CODEC_COMMAND_H
#define BRIDGE_CODEC_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/limits.h"

/* The order is the order among waiting commands. */
enum command_priority { PRIORITY_HIGH, PRIORITY_NORMAL, PRIORITY_LOW };

/* What a mapping may pin a device to. */
enum command_form { COMMAND_ANY, COMMAND_TEXT, COMMAND_ENVELOPE };

struct command {
	char payload[SMS_SIZE];
	char id[COMMAND_ID_SIZE]; /* the sender's; "" for none */
	int64_t ttl_s;		  /* 0: none given */
	bool replace;
	enum command_priority priority;
};

struct command_fault {
	char code[ERROR_CODE_SIZE]; /* payload_empty, payload_too_long, payload_charset, bad_envelope */
	char message[ERROR_TEXT_SIZE];
	char id[COMMAND_ID_SIZE]; /* the sender's, where it could still be read */
	char payload[SMS_SIZE];	  /* likewise, cut to what a status echoes */
};

/* Decodes at most MQTT_PAYLOAD_MAX bytes. `strict_septets`: over 160 septets is payload_too_long. */
bool command_decode(struct command *ret, const void *payload, size_t len, enum command_form form, bool strict_septets,
		    struct command_fault *fault);

#endif
