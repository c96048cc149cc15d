// Question: is a command that cannot be sent answered with its reason, and never posted?
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/world.h"

#define TEN	      "0123456789"
#define HUNDRED_SIXTY TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

struct refusal {
	const char *name, *device, *payload, *code;
};

static const struct refusal refusals[] = {
	{"nothing at all", "meter-001", "", "payload_empty"},
	{"an empty payload", "meter-001", "{\"payload\":\"\"}", "payload_empty"},
	{"161 characters", "meter-001", HUNDRED_SIXTY "!", "payload_too_long"},
	{"161 characters in an envelope", "meter-001", "{\"payload\":\"" HUNDRED_SIXTY "!\"}", "payload_too_long"},
	{"Cyrillic", "meter-001", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", "payload_charset"},
	{"a backtick, which is ASCII but not GSM", "meter-001", "ls `pwd`", "payload_charset"},
	{"an emoji in an envelope", "meter-001", "{\"payload\":\"hi \\ud83d\\ude00\"}", "payload_charset"},
	{"bytes that are no UTF-8", "meter-001", "abc\xff\xfe", "payload_charset"},
	{"a device that no mapping names", "nobody", "hello", "unknown_device"},
	{"an unknown member", "meter-001", "{\"payload\":\"x\",\"colour\":\"red\"}", "bad_envelope"},
	{"a repeated member", "meter-001", "{\"payload\":\"x\",\"payload\":\"y\"}", "bad_envelope"},
	{"a number as payload", "meter-001", "{\"payload\":5}", "bad_envelope"},
	{"a ttl that is a text", "meter-001", "{\"payload\":\"x\",\"ttl\":\"60\"}", "bad_envelope"},
	{"a ttl of zero", "meter-001", "{\"payload\":\"x\",\"ttl\":0}", "bad_envelope"},
	{"a ttl of more than 30 days", "meter-001", "{\"payload\":\"x\",\"ttl\":2592001}", "bad_envelope"},
	{"a ttl with a fraction", "meter-001", "{\"payload\":\"x\",\"ttl\":1.5}", "bad_envelope"},
	{"an id with a blank", "meter-001", "{\"payload\":\"x\",\"id\":\"a b\"}", "bad_envelope"},
	{"an id of 65 characters", "meter-001", "{\"payload\":\"x\",\"id\":\"" TEN TEN TEN TEN TEN TEN "12345\"}",
	 "bad_envelope"},
	{"a priority that is none", "meter-001", "{\"payload\":\"x\",\"priority\":\"urgent\"}", "bad_envelope"},
	{"replace as a text", "meter-001", "{\"payload\":\"x\",\"replace\":\"yes\"}", "bad_envelope"},
	{"an envelope that is cut short", "meter-001", "{\"payload\":\"x\"", "bad_envelope"},
	{"text where envelopes are pinned", "strict", "hello", "bad_envelope"},
};

static void send_bytes(struct client *client, const struct refusal *refusal)
{
	char topic[256];
	text_format(topic, sizeof(topic), "devices/%s/cmd", refusal->device);
	client_publish(client, topic, refusal->payload);
}

static void play(struct world *world, const struct refusal *refusal)
{
	char topic[256], message[512];
	print_message("%s\n", refusal->name);
	text_format(topic, sizeof(topic), "devices/%s/status", refusal->device);
	struct client_match next = {.topic = topic, .from = client_count(world->client)};
	send_bytes(world->client, refusal);
	const struct client_message *answer = client_find(world->client, &next, STEP_MS);
	assert_non_null(answer);
	status_expect_field(answer, "status", "rejected");
	status_expect_field(answer, "event_type", "rejected");
	status_expect_field(answer, "error.code", refusal->code);
	json_pick(answer->payload, "error.message", message, sizeof(message));
	assert_true(strlen(message) > 0);
}

static void each_is_rejected_with_its_code(struct world *world)
{
	world_start(world, NULL);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		play(world, &refusals[i]);
	ledger_expect(world->simulator, "", 0);
	assert_int_equal(ledger_summary(world->simulator, "refused"), 0);
}

static void the_senders_id_is_in_the_rejection(struct world *world)
{
	world_start(world, NULL);
	command_send(world->client, "meter-001", "{\"id\":\"job-9\",\"payload\":\"`\"}");
	const struct client_message *rejected = status_expect(world->client, "meter-001", "job-9", "rejected");
	status_expect_field(rejected, "error.code", "payload_charset");
}

static void the_longest_allowed_text_is_sent(struct world *world)
{
	world_start(world, NULL);
	command_send(world->client, "meter-001", HUNDRED_SIXTY);
	status_expect_payload(world->client, "meter-001", HUNDRED_SIXTY, "delivered");
	ledger_expect_one(world->simulator, HUNDRED_SIXTY);
}

static void extension_characters_count_twice_only_where_that_is_asked_for(struct world *world)
{
	static const char *const lines[] = {"limits.strict_septets: true", NULL};
	struct world_options options = {.lines = lines};
	char payload[161] = "";
	memset(payload, '{', 81); /* 162 septets in 81 characters */
	world_start(world, &options);
	command_send(world->client, "meter-001", payload);
	const struct client_message *rejected = status_expect_payload(world->client, "meter-001", payload, "rejected");
	status_expect_field(rejected, "error.code", "payload_too_long");
	payload[80] = '\0'; /* 160 septets */
	command_send(world->client, "meter-001", payload);
	status_expect_payload(world->client, "meter-001", payload, "delivered");
}

static void a_retained_command_is_never_sent(struct world *world)
{
	struct client_publish retained = {
		.topic = "devices/meter-001/cmd", .payload = "old news", .len = 8, .qos = 1, .retain = true};
	world_prepare(world, NULL);
	client_send(world->client, &retained);
	assert_true(client_flush(world->client, STEP_MS));
	bridge_launch(world->bridge, NULL);
	const struct client_message *rejected =
		status_expect_payload(world->client, "meter-001", "old news", "rejected");
	status_expect_field(rejected, "error.code", "retained");
	bridge_await_ready(world->bridge);
	status_settle(world->client, "meter-003"); /* its PUBACKs come behind that of the rejection */
	/* Reconnecting to a session that survived does not even show it again. */
	broker_stop(world->broker);
	broker_restart(world->broker);
	status_settle(world->client, "meter-002");
	struct client_match again = {.topic = "devices/meter-001/status", .pieces = {"old news"}};
	assert_int_equal(client_matches(world->client, &again), 1);
	ledger_expect(world->simulator, "old news", 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(each_is_rejected_with_its_code),
		WORLD_TEST(the_senders_id_is_in_the_rejection),
		WORLD_TEST(the_longest_allowed_text_is_sent),
		WORLD_TEST(extension_characters_count_twice_only_where_that_is_asked_for),
		WORLD_TEST_WITH(a_retained_command_is_never_sent, BROKER_RETAINED),
	};
	return WORLD_RUN(tests);
}
