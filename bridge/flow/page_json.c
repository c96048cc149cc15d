/* page_json - what the page shows, as JSON. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"
#include "bridge/codec/json.h"
#include "bridge/flow/page_inside.h"
#include "bridge/flow/polling.h"

/* A masked body leaves its length: enough to tell an empty answer from a long one. */
static void put_body(struct buffer *to, const char *body, bool bodies)
{
	int64_t characters = 0;
	if (bodies) {
		json_put_text(to, "body", body);
		return;
	}
	for (const char *at = body; *at != '\0'; at++)
		characters += ((unsigned char)*at & 0xC0) != 0x80;
	json_put_integer(to, "characters", characters);
}

static void put_steps(struct buffer *to, const struct recent_command *command)
{
	json_open_array(to, "steps");
	for (size_t i = 0; i < command->step_count; i++) {
		json_open_object(to, "");
		json_put_text(to, "state", lifecycle_name(command->steps[i].state));
		json_put_integer(to, "at", command->steps[i].at_ms);
		json_close_object(to);
	}
	json_close_array(to);
}

static void put_command(struct buffer *to, const struct recent_entry *entry, bool bodies)
{
	const struct recent_command *command = &entry->of.command;
	char key[48];
	/* A refused message has no sequence number, but never changes either. */
	if (command->seq > 0)
		text_format(key, sizeof(key), "c%lld", (long long)command->seq);
	else
		text_format(key, sizeof(key), "r%lld", (long long)entry->version);
	json_put_text(to, "key", key);
	json_put_text(to, "id", command->id);
	json_put_text(to, "device", command->device);
	json_put_text(to, "sid", command->sid);
	put_body(to, command->payload, bodies);
	json_put_text(to, "code", command->error_code);
	json_put_text(to, "message", command->error_message);
	json_put_integer(to, "attempts", command->attempts);
	put_steps(to, command);
}

static void put_message(struct buffer *to, const struct recent_entry *entry, bool bodies)
{
	const struct recent_message *message = &entry->of.message;
	json_put_text(to, "key", message->sid);
	json_put_text(to, "device", message->device);
	json_put_text(to, "sim", message->sim);
	put_body(to, message->payload, bodies);
	json_put_integer(to, "at", message->at_ms);
}

static void put_sample(struct buffer *to, const struct recent_sample *sample)
{
	json_put_integer(to, "at", sample->at_ms);
	json_put_integer(to, "open", sample->open);
	json_put_integer(to, "events", sample->events);
	json_put_integer(to, "accepted", sample->accepted);
	json_put_integer(to, "delivered", sample->delivered);
	json_put_integer(to, "failed", sample->failed);
	json_put_integer(to, "received", sample->received);
}

void page_encode_entry(struct buffer *to, const struct recent_entry *entry, bool bodies)
{
	json_open_object(to, "");
	switch (entry->kind) {
	case RECENT_COMMAND:
		put_command(to, entry, bodies);
		break;
	case RECENT_MESSAGE:
		put_message(to, entry, bodies);
		break;
	case RECENT_SAMPLE:
		put_sample(to, &entry->of.sample);
		break;
	case RECENT_NOTHING:
		break;
	}
	json_close_object(to);
}

void page_encode_hello(struct buffer *to, const struct page *page)
{
	const struct settings *settings = page->parts.settings;
	json_open_object(to, "");
	json_put_integer(to, "epoch", page->epoch_ms);
	json_put_text(to, "version", BRIDGE_VERSION);
	json_put_integer(to, "devices", (int64_t)mapping_count(page->parts.mapping));
	json_put_text(to, "api", settings->api_url);
	json_put_text(to, "bridge", settings->topics_bridge);
	json_put_text(to, "mode", polling_only(settings) ? "polling" : "callbacks");
	json_put_bool(to, "dry_run", settings->api_dry_run);
	json_put_bool(to, "bodies", settings->log_bodies);
	json_put_bool(to, "send", settings->admin_send);
	json_put_integer(to, "sample_ms", RECENT_SAMPLE_MS);
	json_put_integer(to, "samples", RECENT_SAMPLES);
	json_put_integer(to, "entries", RECENT_COMMANDS);
	json_close_object(to);
}
