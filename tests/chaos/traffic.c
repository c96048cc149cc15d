// traffic - one record a command beside the two audits: who it was for and when it was last published.
// SPDX-License-Identifier: Apache-2.0
#include "tests/chaos/traffic.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"

enum {
	COMMANDS_MAX = 1000000,
	LINE_SIZE = 256,
	MO_EVERY_MS = 400,
	LOOK_EVERY_MS = 1000,
	REPLACE_PERCENT = 2,
	PRIORITY_PERCENT = 10,
	DOOMED_PERCENT = 2,
	REPEAT_PERCENT = 2 /* published twice for no reason */
};

struct sent {
	int64_t at_ms; /* monotonic */
	int device;
	bool replace, high, missed, asked;
};

struct traffic {
	struct traffic_parts parts;
	struct audit *told, *heard;
	struct sent *sent;
	size_t count, capacity, repeated, tapped, messages;
	int64_t begun_ms, mo_due_ms, look_due_ms;
};

struct traffic *traffic_create(const struct traffic_parts *parts)
{
	struct traffic *traffic = memory_zeroed(1, sizeof(*traffic));
	traffic->parts = *parts;
	traffic->told = audit_create();
	traffic->heard = audit_create();
	traffic->begun_ms = clock_mono_ms();
	return traffic;
}

void traffic_destroy(struct traffic *traffic)
{
	if (traffic == NULL)
		return;
	audit_destroy(traffic->told);
	audit_destroy(traffic->heard);
	free(traffic->sent);
	free(traffic);
}

static void publish(struct traffic *traffic, size_t number)
{
	struct sent *sent = &traffic->sent[number];
	char topic[LINE_SIZE], payload[LINE_SIZE], text[AUDIT_TEXT_SIZE], id[AUDIT_TEXT_SIZE];
	audit_text(number, text);
	audit_id(number, id);
	text_format(topic, sizeof(topic), "devices/load-%d/cmd", sent->device);
	text_format(payload, sizeof(payload), "{\"payload\":\"%s\",\"id\":\"%s\"%s%s}", text, id,
		    sent->replace ? ",\"replace\":true" : "", sent->high ? ",\"priority\":\"high\"" : "");
	struct client_publish command = {.topic = topic, .payload = payload, .len = strlen(payload), .qos = 1};
	client_send(traffic->parts.world->client, &command);
	sent->at_ms = clock_mono_ms();
}

static void send_new(struct traffic *traffic)
{
	struct dice *dice = traffic->parts.dice;
	char text[AUDIT_TEXT_SIZE], outcome[LINE_SIZE];
	if (traffic->count == traffic->capacity) {
		traffic->capacity = 2 * traffic->capacity + 256;
		traffic->sent = memory_resized(traffic->sent, traffic->capacity * sizeof(*traffic->sent));
	}
	size_t number = audit_add(traffic->told);
	audit_add(traffic->heard);
	traffic->count++;
	traffic->sent[number] = (struct sent){.device = (int)dice_throw(dice, 0, TRAFFIC_DEVICES - 1),
					      .replace = dice_chance(dice, REPLACE_PERCENT),
					      .high = dice_chance(dice, PRIORITY_PERCENT)};
	if (dice_chance(dice, DOOMED_PERCENT)) {
		audit_text(number, text);
		text_format(outcome, sizeof(outcome),
			    "{\"match\":{\"payload\":\"%s\"},\"status\":\"failed\",\"error_code\":\"30008\"}", text);
		simulator_outcome(traffic->parts.world->simulator, outcome);
	}
	publish(traffic, number);
	if (dice_chance(dice, REPEAT_PERCENT))
		publish(traffic, number);
}

static void inject_sms(struct traffic *traffic)
{
	char sim[SID_SIZE], text[LINE_SIZE], sid[SID_SIZE];
	/* The SIMs of load_mapping(). */
	text_format(sim, sizeof(sim), "HS%032llx",
		    (unsigned long long)(0x1000 + dice_throw(traffic->parts.dice, 0, TRAFFIC_DEVICES - 1)));
	text_format(text, sizeof(text), "news %zu", traffic->messages++);
	simulator_mo(traffic->parts.world->simulator, sim, text, sid, sizeof(sid));
	audit_add_message(traffic->told, sid);
	audit_add_message(traffic->heard, sid);
}

/* The end came to the tap alone, now and at the look before: it is not on its way. */
static bool is_end_lost(struct traffic *traffic, size_t number)
{
	bool missing = audit_is_final(traffic->told, number) && !audit_is_final(traffic->heard, number);
	bool lost = missing && traffic->sent[number].missed;
	traffic->sent[number].missed = missing;
	return lost;
}

/* What a careful sender does where nothing came; and, while draining, where the end was lost behind the tap. */
static void publish_again(struct traffic *traffic, bool draining)
{
	int64_t now_ms = clock_mono_ms();
	if (now_ms < traffic->look_due_ms)
		return;
	traffic->look_due_ms = now_ms + LOOK_EVERY_MS;
	for (size_t i = 0; i < traffic->count; i++) {
		struct sent *sent = &traffic->sent[i];
		bool answered = audit_is_answered(traffic->heard, i);
		bool end_lost = draining && is_end_lost(traffic, i);
		if ((answered && !end_lost) || now_ms - sent->at_ms < PATIENCE_MS)
			continue;
		sent->asked = sent->asked || end_lost;
		publish(traffic, i);
		traffic->repeated++;
	}
}

static void listen_in(struct traffic *traffic)
{
	const struct tap_message *message = tap_message_at(traffic->parts.tap, traffic->tapped);
	for (; message != NULL; message = tap_message_at(traffic->parts.tap, ++traffic->tapped))
		audit_note(traffic->told, message->topic, message->payload);
	audit_read(traffic->heard, traffic->parts.world->client);
}

void traffic_tick(struct traffic *traffic, bool draining)
{
	int64_t now_ms = clock_mono_ms();
	int64_t due = (now_ms - traffic->begun_ms) * traffic->parts.rate / 1000;
	while (!draining && (int64_t)traffic->count < due && traffic->count < COMMANDS_MAX)
		send_new(traffic);
	if (!draining && now_ms >= traffic->mo_due_ms) {
		inject_sms(traffic);
		traffic->mo_due_ms = now_ms + MO_EVERY_MS;
	}
	listen_in(traffic);
	publish_again(traffic, draining);
}

/* An SMS that the broker lost cannot be asked for: what the tap saw is enough. */
bool traffic_is_complete(const struct traffic *traffic)
{
	if (!audit_is_complete(traffic->told))
		return false;
	for (size_t i = 0; i < traffic->count; i++)
		if (!audit_is_final(traffic->heard, i))
			return false;
	return true;
}

void traffic_count(const struct traffic *traffic, struct traffic_counts *ret)
{
	*ret = (struct traffic_counts){
		.commands = traffic->count, .repeated = traffic->repeated, .messages = traffic->messages};
	for (size_t i = 0; i < traffic->count; i++) {
		ret->final += audit_is_final(traffic->told, i) ? 1 : 0;
		ret->asked += traffic->sent[i].asked ? 1 : 0;
	}
	size_t told = audit_messages_seen(traffic->told), heard = audit_messages_seen(traffic->heard);
	ret->messages_unheard = told > heard ? told - heard : 0;
}

const struct audit *traffic_told(const struct traffic *traffic)
{
	return traffic->told;
}

const struct audit *traffic_heard(const struct traffic *traffic)
{
	return traffic->heard;
}
