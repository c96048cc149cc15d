// flow_parts - short words for what the tests do with a world.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <time.h>

#include "bridge/codec/json.h"
#include "tests/flow/flow_world.h"

int64_t real_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

void world_advance(struct world *world, int64_t ms)
{
	fake_clock_advance(ms);
	if (world->sender != NULL)
		command_sender_wake(world->sender);
	if (world->reconciler != NULL)
		reconciler_wake(world->reconciler);
	event_publisher_wake(world->publisher);
}

/* The first poll may have begun before the wake; what lies between it and the next is a whole turn. */
void world_pass(struct world *world)
{
	size_t before = fake_http_polls();
	command_sender_wake(world->sender);
	WAIT_FOR(fake_http_polls() >= before + 1);
	command_sender_wake(world->sender);
	WAIT_FOR(fake_http_polls() >= before + 2);
}

/* ---- commands ------------------------------------------------------------------------------------- */

static const char *or_text(const char *text, const char *otherwise)
{
	return text != NULL ? text : otherwise;
}

void world_publish(struct world *world, struct publish publish)
{
	char topic[TOPIC_SIZE];
	text_format(topic, sizeof(topic), "devices/%s/cmd", or_text(publish.device, "meter-1"));
	const struct mqtt_message message = {
		.topic = topic,
		.payload = or_text(publish.payload, "reboot"),
		.len = publish.len > 0 ? publish.len : strlen(or_text(publish.payload, "reboot")),
		.qos = publish.qos0 ? 0 : 1,
		.packet_id = publish.packet_id,
		.retained = publish.retained,
		.dup = publish.dup,
		.connection = publish.connection,
		.reply_topic = or_text(publish.reply_topic, ""),
		.correlation = publish.correlation,
		.correlation_len = publish.correlation != NULL ? strlen(publish.correlation) : 0,
		.expiry_s = publish.expiry_s > 0 ? publish.expiry_s : -1,
	};
	command_intake_take(&world->intake, &message);
}

void world_command(struct world *world, int meter, const char *id)
{
	char device[16], payload[128];
	text_format(device, sizeof(device), "meter-%d", meter);
	text_format(payload, sizeof(payload), "{\"payload\": \"to %s\", \"id\": \"%s\"}", device, id);
	PUBLISH(world, .device = device, .payload = payload);
}

/* ---- what was announced ----------------------------------------------------------------------------- */

/* A rejection without a sender's id has one of the bridge's making, with a random part: `<epoch>-r<16 hex digits>`. */
static const char *shown_id(const char *id)
{
	const char *dash = strrchr(id, '-');
	return dash != NULL && dash[1] == 'r' && strspn(dash + 2, "0123456789abcdef") == 16 ? "(own)" : id;
}

static void tell(struct world *world, const struct store_event *event)
{
	char why[128];
	size_t len = strlen(world->told);
	char *to = world->told + len;
	size_t size = sizeof(world->told) - len;
	const char *comma = len > 0 ? ", " : "";
	struct json *json = json_parse(event->payload, event->payload_len, why, sizeof(why));
	const char *status = json_text(json_member(json, "status"));
	const char *code = json_text(json_member(json_member(json, "error"), "code"));
	if (status[0] == '\0' || !text_starts_with(event->topic, "devices/"))
		text_format(to, size, "%s%s", comma, event->topic);
	else
		text_format(to, size, "%s%s %s %s%s%s", comma, json_text(json_member(json, "device")),
			    shown_id(json_text(json_member(json, "id"))), status, code[0] != '\0' ? ":" : "", code);
	json_free(json);
}

const char *world_told(struct world *world)
{
	struct store_event event;
	world->told[0] = '\0';
	while (store_events(world->store, world->seen, &event, 1) == 1) {
		tell(world, &event);
		world->seen = event.seq;
		store_event_clear(&event);
	}
	return world->told;
}

void want_told(struct world *world, const char *want)
{
	const char *told = world_told(world);
	if (!text_equal(told, want))
		fail_msg("told `%s`, want `%s`", told, want);
}

struct store_event world_last_event(struct world *world)
{
	struct store_event event = {0}, next;
	while (store_events(world->store, event.seq, &next, 1) == 1) {
		store_event_clear(&event);
		event = next;
	}
	return event;
}

struct store_record world_find(struct world *world, const char *id)
{
	struct store_record record = {0};
	if (!store_find_id(world->store, "", id, &record))
		fail_msg("no command has the id %s", id);
	return record;
}

bool world_is(struct world *world, const char *id, enum command_state state)
{
	return world_find(world, id).state == state;
}

void want_state(struct world *world, const char *id, enum command_state want)
{
	want_text(id, "state", lifecycle_name(world_find(world, id).state), lifecycle_name(want));
}

/* ---- as if the sender had been there ------------------------------------------------------------------ */

static void attempt(struct world *world, const char *id, enum lifecycle_event event, const char *sid)
{
	struct store_attempt taken;
	int64_t next_ms, now_ms = timekeeper_now(world->time);
	assert_int_equal(store_take_due(world->store, now_ms, &taken, 1, &next_ms), 1);
	assert_string_equal(taken.id, id);
	struct store_settlement settlement = {.seq = taken.seq, .event = event, .due_ms = now_ms};
	text_copy(settlement.sid, sizeof(settlement.sid), sid);
	store_settle(world->store, &settlement, 1, now_ms);
}

void world_queued(struct world *world, const char *id, const char *sid)
{
	world_command(world, 1, id);
	attempt(world, id, EVENT_API_QUEUED, sid);
}

void world_unknown_of(struct world *world, int meter, const char *id)
{
	world_command(world, meter, id);
	attempt(world, id, EVENT_NO_ANSWER, "");
}

void world_unknown(struct world *world, const char *id)
{
	world_unknown_of(world, 1, id);
}
