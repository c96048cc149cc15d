/* event - what the bridge publishes: statuses and MO SMS as JSON. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/event.h"

#include "bridge/base/clock.h"
#include "bridge/codec/json.h"

static void put_known(struct buffer *to, const char *key, const char *value)
{
	if (*value)
		json_put_text(to, key, value);
}

static void put_time(struct buffer *to, int64_t time_ms)
{
	char text[CLOCK_TEXT_SIZE];

	clock_to_text(time_ms, text);
	json_put_text(to, "time", text);
}

void event_status_encode(struct buffer *to, const struct status_event *event)
{
	json_open_object(to, "");
	json_put_text(to, "event_type", event->status);
	json_put_text(to, "status", event->status);
	json_put_text(to, "device", event->device);
	json_put_text(to, "id", event->id);
	put_known(to, "sid", event->sid);
	put_known(to, "sim_sid", event->sim_sid);
	/* Also an empty one: who reads it need not ask whether it is there. */
	json_put_text(to, "payload", event->payload);
	if (*event->error_code || *event->error_message) {
		json_open_object(to, "error");
		json_put_text(to, "code", event->error_code);
		json_put_text(to, "message", event->error_message);
		json_close_object(to);
	}
	put_time(to, event->time_ms);
	if (event->duplicate)
		json_put_bool(to, "duplicate", true);
	if (event->dry_run)
		json_put_bool(to, "dry_run", true);
	json_close_object(to);
}

void event_up_encode(struct buffer *to, const struct up_event *event)
{
	json_open_object(to, "");
	json_put_text(to, "event_type", "received");
	put_known(to, "device", event->device);
	json_put_text(to, "payload", event->payload);
	put_known(to, "sid", event->sid);
	put_known(to, "sim_sid", event->sim_sid);
	put_known(to, "sim_unique_name", event->sim_unique_name);
	put_time(to, event->time_ms);
	json_close_object(to);
}
