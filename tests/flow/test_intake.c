/* Does each message on a command topic become a stored command, or a stored answer why not? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/command_intake.h"

#include "tests/flow/flow_world.h"

static void a_command_is_stored_and_answered(void **state)
{
	struct world *world = *state;
	PUBLISH(world, .payload = "{\"payload\": \"reboot\", \"id\": \"job-1\", \"priority\": \"high\"}");
	want_told(world, "meter-1 job-1 accepted");
	struct store_record record = world_find(world, "job-1");
	assert_string_equal(record.device, "meter-1");
	assert_string_equal(record.sim, SIM_1);
	assert_string_equal(record.payload, "reboot");
	assert_int_equal(record.priority, PRIORITY_HIGH);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_ACCEPTED), 1);
}

static const struct {
	const char *name;
	struct publish publish;
	const char *want_told;
} refusals[] = {
	{"retained",
	 {.payload = "{\"payload\": \"x\", \"id\": \"r\"}", .retained = true},
	 "meter-1 r rejected:retained"},
	{"retained and unreadable",
	 {.payload = "{\"payload\": 1}", .retained = true},
	 "meter-1 (own) rejected:retained"},
	{"unknown device",
	 {.device = "nobody", .payload = "{\"payload\": \"x\", \"id\": \"u\"}"},
	 "nobody u rejected:unknown_device"},
	{"unknown member",
	 {.payload = "{\"payload\": \"x\", \"id\": \"m\", \"colour\": 1}"},
	 "meter-1 m rejected:bad_envelope"},
	{"no GSM character",
	 {.payload = "{\"payload\": \"\xe4\xbd\xa0\", \"id\": \"c\"}"},
	 "meter-1 c rejected:payload_charset"},
	{"text where the mapping wants an envelope",
	 {.device = "pump", .payload = "on"},
	 "pump (own) rejected:bad_envelope"},
};

static void what_cannot_be_sent_is_answered_with_its_reason(void **state)
{
	struct world *world = *state;
	for (size_t i = 0; i < ROWS(refusals); i++) {
		world_publish(world, refusals[i].publish);
		want_text(refusals[i].name, "told", world_told(world), refusals[i].want_told);
		want_number(refusals[i].name, "rejected", counters_get(&world->counters, COUNT_MESSAGE_REJECTED),
			    (int64_t)i + 1);
	}
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, 0);
}

static void an_empty_message_is_no_command(void **state)
{
	struct world *world = *state;
	const struct mqtt_message message = {
		.topic = "devices/meter-1/cmd", .payload = "", .qos = 1, .reply_topic = "", .expiry_s = -1};
	command_intake_take(&world->intake, &message);
	want_told(world, "meter-1 (own) rejected:payload_empty");
}

/* A session may still hold filters of an earlier configuration; no answer can be made of such a topic. */
static void a_topic_without_a_device_is_dropped(void **state)
{
	struct world *world = *state;
	static const char *const topics[] = {"old/meter-1/cmd", "devices/meter-1/cmd/x"};
	for (size_t i = 0; i < ROWS(topics); i++) {
		const struct mqtt_message message = {
			.topic = topics[i], .payload = "x", .len = 1, .reply_topic = "", .expiry_s = -1};
		command_intake_take(&world->intake, &message);
		want_number(topics[i], "unusable", counters_get(&world->counters, COUNT_MESSAGE_UNUSABLE),
			    (int64_t)i + 1);
	}
	want_told(world, "");
}

/* Every command gets an answer: its name is one, only not a device's. */
static void a_name_that_no_device_can_have_is_answered(void **state)
{
	struct world *world = *state;
	char topic[200];
	const struct mqtt_message message = {.topic = topic,
					     .payload = "{\"payload\": \"x\", \"id\": \"n\"}",
					     .len = 26,
					     .reply_topic = "",
					     .expiry_s = -1};
	text_format(topic, sizeof(topic), "devices/$x/cmd");
	command_intake_take(&world->intake, &message);
	want_told(world, "$x n rejected:unknown_device");
	text_format(topic, sizeof(topic), "devices/%0129d/cmd", 0);
	command_intake_take(&world->intake, &message);
	assert_non_null(strstr(world_told(world), "0 n rejected:unknown_device"));
	text_format(topic, sizeof(topic), "devices//cmd");
	command_intake_take(&world->intake, &message);
	want_told(world, " n rejected:unknown_device");
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_REJECTED), 3);
}

static const struct {
	const char *name;
	int64_t max_age_ms, expiry_s;
	const char *payload;
	int64_t want_ms;
} waits[] = {
	{"nothing said", DAY, 0, "x", DAY},
	{"ttl is the smallest", DAY, 7200, "{\"payload\": \"x\", \"ttl\": 60}", MINUTE},
	{"expiry is the smallest", DAY, 30, "{\"payload\": \"x\", \"ttl\": 60}", 30 * SECOND},
	{"max_age is the smallest", 10 * SECOND, 30, "{\"payload\": \"x\", \"ttl\": 60}", 10 * SECOND},
	{"an expiry of 136 years", DAY, 4294967295, "x", DAY},
	{"the longest ttl", DAY, 0, "{\"payload\": \"x\", \"ttl\": 2592000}", DAY},
};

static void the_smallest_of_ttl_expiry_and_max_age_counts(void **state)
{
	struct world *world = *state;
	for (size_t i = 0; i < ROWS(waits); i++) {
		struct store_record record;
		world->settings->limits_max_age_ms = waits[i].max_age_ms;
		PUBLISH(world, .payload = waits[i].payload, .expiry_s = waits[i].expiry_s);
		assert_int_equal(store_pending(world->store, "", (int64_t)i, &record, 1), 1);
		want_number(waits[i].name, "wait", record.expires_ms - record.created_ms, waits[i].want_ms);
	}
}

static const struct {
	const char *name, *topic;
	bool want_safe;
} reply_topics[] = {
	{"one of the sender's own", "replies/me", true},
	{"none", "", false},
	{"a wildcard", "replies/+", false},
	{"all", "#", false},
	{"a command topic", "devices/meter-2/cmd", false},
	{"a request topic", "mqtt-sms-bridge/request/reload", false},
	{"somebody else's status topic", "devices/meter-2/status", false},
	{"somebody else's up topic", "devices/meter-2/up", false},
	{"the bridge's own health", "mqtt-sms-bridge/health", false},
	{"a topic like the bridge's own", "mqtt-sms-bridge-2/replies", true},
	{"the broker's own topics", "$CONTROL/dynamic-security/v1", false},
};

static void an_answer_never_goes_where_it_would_come_back(void **state)
{
	struct world *world = *state;
	for (size_t i = 0; i < ROWS(reply_topics); i++) {
		want_bool(reply_topics[i].name, "safe",
			  command_intake_reply_topic_is_safe(world->settings, reply_topics[i].topic),
			  reply_topics[i].want_safe);
		PUBLISH(world, .payload = "x", .reply_topic = reply_topics[i].topic, .correlation = "c-1");
		PUBLISH(world, .payload = "x", .reply_topic = reply_topics[i].topic, .retained = true);
		struct store_event event = world_last_event(world);
		want_text(reply_topics[i].name, "topic", event.topic,
			  reply_topics[i].want_safe ? reply_topics[i].topic : "devices/meter-1/status");
		store_event_clear(&event);
	}
}

static void a_safe_reply_topic_gets_a_copy_with_its_correlation(void **state)
{
	struct world *world = *state;
	PUBLISH(world, .payload = "x", .reply_topic = "replies/me", .correlation = "c-1");
	struct store_event event = world_last_event(world);
	assert_string_equal(event.topic, "replies/me");
	assert_int_equal(event.correlation_len, 3);
	assert_memory_equal(event.correlation, "c-1", 3);
	store_event_clear(&event);
}

/* The broker sends again, with DUP, what it had no PUBACK for when the connection broke. */
static void a_redelivery_is_no_second_sms(void **state)
{
	struct world *world = *state;
	PUBLISH(world, .payload = "open", .packet_id = 7, .connection = 1);
	PUBLISH(world, .payload = "open", .packet_id = 7, .connection = 2, .dup = true);
	PUBLISH(world, .payload = "open", .packet_id = 7, .connection = 3, .dup = true);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_ACCEPTED), 1);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_REDELIVERED), 2);
	/* The same words on purpose are two SMS. */
	PUBLISH(world, .payload = "open", .packet_id = 8, .connection = 3);
	/* So is what an earlier session's packet id happens to name again. */
	store_forget_deliveries(world->store);
	PUBLISH(world, .payload = "open", .packet_id = 7, .connection = 4, .dup = true);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_ACCEPTED), 3);
}

static void a_redelivered_refusal_is_told_once(void **state)
{
	struct world *world = *state;
	PUBLISH(world, .device = "nobody", .packet_id = 7, .connection = 1);
	PUBLISH(world, .device = "nobody", .packet_id = 7, .connection = 2, .dup = true);
	want_told(world, "nobody (own) rejected:unknown_device");
}

/* Packet ids of QoS 0 mean nothing. */
static void qos_0_is_never_a_redelivery(void **state)
{
	struct world *world = *state;
	PUBLISH(world, .packet_id = 7, .connection = 1, .qos0 = true);
	PUBLISH(world, .packet_id = 7, .connection = 2, .qos0 = true, .dup = true);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_ACCEPTED), 2);
}

static void the_same_id_again_is_harmless_and_with_another_payload_a_conflict(void **state)
{
	struct world *world = *state;
	PUBLISH(world, .payload = "{\"payload\": \"on\", \"id\": \"a\"}");
	PUBLISH(world, .payload = "{\"payload\": \"on\", \"id\": \"a\"}");
	PUBLISH(world, .payload = "{\"payload\": \"off\", \"id\": \"a\"}");
	want_told(world, "meter-1 a accepted, meter-1 a accepted, meter-1 a rejected:id_conflict");
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_REPEATED), 1);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_REJECTED), 1);
}

static void a_replacing_command_cancels_what_waits(void **state)
{
	struct world *world = *state;
	world_command(world, 1, "old-1");
	world_command(world, 1, "old-2");
	world_command(world, 2, "other");
	world_told(world);
	PUBLISH(world, .payload = "{\"payload\": \"new\", \"id\": \"new\", \"replace\": true}");
	want_told(world, "meter-1 old-1 cancelled, meter-1 old-2 cancelled, meter-1 new accepted");
}

/* The mapping pins the gate to text: what looks like an envelope is sent as it is. */
static void a_pinned_device_takes_json_as_text(void **state)
{
	struct world *world = *state;
	struct store_record record;
	PUBLISH(world, .device = "gate", .payload = "{\"payload\": \"open\"}");
	assert_int_equal(store_pending(world->store, "gate", 0, &record, 1), 1);
	assert_string_equal(record.payload, "{\"payload\": \"open\"}");
	assert_string_equal(record.sim, "Gate-7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_command_is_stored_and_answered),
		WORLD_TEST(what_cannot_be_sent_is_answered_with_its_reason),
		WORLD_TEST(an_empty_message_is_no_command),
		WORLD_TEST(a_topic_without_a_device_is_dropped),
		WORLD_TEST(a_name_that_no_device_can_have_is_answered),
		WORLD_TEST(the_smallest_of_ttl_expiry_and_max_age_counts),
		WORLD_TEST(an_answer_never_goes_where_it_would_come_back),
		WORLD_TEST(a_safe_reply_topic_gets_a_copy_with_its_correlation),
		WORLD_TEST(a_redelivery_is_no_second_sms),
		WORLD_TEST(a_redelivered_refusal_is_told_once),
		WORLD_TEST(qos_0_is_never_a_redelivery),
		WORLD_TEST(the_same_id_again_is_harmless_and_with_another_payload_a_conflict),
		WORLD_TEST(a_replacing_command_cancels_what_waits),
		WORLD_TEST(a_pinned_device_takes_json_as_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
