// Any message on a command topic: either a command that an SMS can carry, or a refusal that can be told.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/codec/command.h"
#include "bridge/codec/event.h"
#include "bridge/codec/gsm7.h"
#include "bridge/codec/json.h"
#include "tests/fuzz/input.h"

enum { STATUS_MAX = 65536 };

/* What is published of it is clean JSON. */
static void judge_status(const char *payload, const char *id, const char *code, const char *message)
{
	char why[WHY_SIZE];
	struct buffer text;
	const struct status_event event = {.status = "rejected",
					   .device = "d",
					   .id = id,
					   .sid = "",
					   .sim_sid = "",
					   .payload = payload,
					   .error_code = code,
					   .error_message = message};
	buffer_init(&text, STATUS_MAX);
	event_status_encode(&text, &event);
	struct json *document = json_parse(buffer_text(&text), text.len, why, sizeof(why));
	input_require(document != NULL && !text.overflow, "a status in JSON");
	json_free(document);
	buffer_clear(&text);
}

/* The first byte chooses the form that the device is pinned to. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command command = {0};
	struct command_fault fault = {0};
	if (size == 0)
		return 0;
	if (!command_decode(&command, data + 1, size - 1, (enum command_form)(data[0] % 3), data[0] > 9, &fault)) {
		input_require(fault.code[0] != '\0' && fault.message[0] != '\0', "a reason");
		judge_status(fault.payload, fault.id, fault.code, fault.message);
		return 0;
	}
	struct gsm7_measure measure = gsm7_measure(command.payload, strlen(command.payload));
	input_require(measure.sendable && measure.characters >= 1 && measure.characters <= SMS_CHARACTERS, "an SMS");
	input_require(command.ttl_s >= 0 && command.ttl_s <= 2592000, "a ttl");
	judge_status(command.payload, command.id, "", "");
	return 0;
}
