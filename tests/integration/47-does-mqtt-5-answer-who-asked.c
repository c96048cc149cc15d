// Question: with MQTT 5, do answers go where the sender wants them, and does a message's expiry count?
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/world.h"

static const char *const version_5[] = {"mqtt.version: 5", NULL};
static const struct world_options mqtt_5 = {.lines = version_5, .version_5 = true};

enum { TOPIC_MAX = 64, MANY = 20 };

static void ask(struct world *world, const char *topic, const char *payload, const char *response_topic,
		const char *correlation)
{
	struct client_publish publish = {.topic = topic,
					 .payload = payload,
					 .len = strlen(payload),
					 .qos = 1,
					 .response_topic = response_topic,
					 .correlation = correlation};
	client_send(world->client, &publish);
	assert_true(client_flush(world->client, STEP_MS));
}

static void expect_reply(struct world *world, const char *topic, const char *piece, const char *correlation)
{
	const struct client_message *message = client_expect(world->client, topic, piece);
	assert_string_equal(message->correlation, correlation);
}

static void every_status_goes_to_the_response_topic_too(struct world *world)
{
	static const char *const statuses[] = {"accepted", "queued", "delivered"};
	struct client_match copies = {.topic = "replies/one"};
	world_start(world, &mqtt_5);
	simulator_fault(world->simulator,
			"[{\"on\":\"callback\",\"match\":{\"status\":\"sent\"},\"times\":-1,\"action\":\"lose\"}]");
	ask(world, "devices/meter-001/cmd", "{\"payload\":\"hello\",\"id\":\"h\"}", copies.topic, "7f-\"x\"");
	status_expect(world->client, "meter-001", "h", "delivered");
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		char piece[64];
		text_format(piece, sizeof(piece), "\"event_type\":\"%s\"", statuses[i]);
		expect_reply(world, copies.topic, piece, "7f-\"x\"");
	}
	status_settle(world->client, "meter-003");
	assert_int_equal(client_matches(world->client, &copies), 3);
}

/* Whoever hears three bridges of one group knows which of them speaks, and of what kind the payload is. */
static void every_message_says_who_sent_it_and_what_it_is(struct world *world)
{
	static const char *const topics[] = {"devices/meter-001/status", "mqtt-sms-bridge/health",
					     "mqtt-sms-bridge/response/health"};
	world_start(world, &mqtt_5);
	command_send(world->client, "meter-001", "{\"payload\":\"who\",\"id\":\"who\"}");
	status_expect(world->client, "meter-001", "who", "delivered");
	client_publish(world->client, "mqtt-sms-bridge/request/health", "{}");
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		const struct client_message *message = client_expect(world->client, topics[i], "{");
		assert_string_equal(message->bridge, "mqtt-sms-bridge");
		assert_string_equal(message->content_type, "application/json");
	}
	const struct client_message *state = client_expect(world->client, "mqtt-sms-bridge/state", "online");
	assert_string_equal(state->bridge, "mqtt-sms-bridge");
	assert_string_equal(state->content_type, "");
}

static void a_rejection_is_answered_there_as_well(struct world *world)
{
	world_start(world, &mqtt_5);
	ask(world, "devices/nobody/cmd", "hello", "replies/two", "c2");
	expect_reply(world, "replies/two", "unknown_device", "c2");
	ask(world, "devices/meter-001/cmd", "", "replies/three", "c3");
	expect_reply(world, "replies/three", "payload_empty", "c3");
	ask(world, "devices/meter-001/cmd", "{\"payload\":\"one\",\"id\":\"same\"}", "replies/four", "c4");
	status_expect(world->client, "meter-001", "same", "delivered");
	ask(world, "devices/meter-001/cmd", "{\"payload\":\"two\",\"id\":\"same\"}", "replies/five", "c5");
	expect_reply(world, "replies/five", "id_conflict", "c5");
	ask(world, "devices/meter-001/cmd", "{\"payload\":\"one\",\"id\":\"same\"}", "replies/six", "c6");
	expect_reply(world, "replies/six", "\"duplicate\":true", "c6");
	ledger_expect_one(world->simulator, "one");
	ledger_expect(world->simulator, "two", 0);
}

static void the_answer_outlives_a_restart(struct world *world)
{
	world_start(world, &mqtt_5);
	simulator_kill(world->simulator);
	ask(world, "devices/meter-001/cmd", "{\"payload\":\"later\",\"id\":\"l\"}", "replies/later", "kept");
	expect_reply(world, "replies/later", "accepted", "kept");
	bridge_kill(world->bridge);
	simulator_restart(world->simulator);
	bridge_launch(world->bridge, NULL);
	expect_reply(world, "replies/later", "\"delivered\"", "kept");
}

/* mosquitto_rr ends with the first answer. */
static void expect_response(struct world *world, const char *topic, const char *message, const char *piece)
{
	char port[16];
	struct process_output output;
	text_format(port, sizeof(port), "%d", broker_port(world->broker));
	const char *argv[] = {"mosquitto_rr", "-V", "5",	  "-h", "127.0.0.1", "-p", port, "-t",
			      topic,	      "-e", "answers/me", "-m", message,     "-W", "20", NULL};
	struct process_options options = {.name = "mosquitto_rr", .folder = world->folder, .argv = argv};
	int code = process_run(&options, &output);
	if (code != 0 || strstr(output.out, piece) == NULL)
		fail_msg("mosquitto_rr ended with %d and no %s: %s%s", code, piece, output.out, output.err);
	process_output_clear(&output);
}

static void mosquitto_rr_gets_its_answer(struct world *world)
{
	world_start(world, &mqtt_5);
	expect_response(world, "mqtt-sms-bridge/request/health", "{\"transaction\":7}", "\"transaction\":7");
	expect_response(world, "mqtt-sms-bridge/request/reload", "", "\"status\":\"ok\"");
	expect_response(world, "devices/meter-001/cmd", "hello", "\"event_type\":\"accepted\"");
}

static void a_message_that_expires_is_told_so_and_not_sent(struct world *world)
{
	static const char *const commands[] = {"{\"payload\":\"short\",\"id\":\"expiry\",\"ttl\":600}",
					       "{\"payload\":\"short\",\"id\":\"ttl\",\"ttl\":1}"};
	static const uint32_t expiries[] = {1, 600};
	static const char *const ids[] = {"expiry", "ttl"};
	world_start(world, &mqtt_5);
	simulator_kill(world->simulator);
	for (size_t i = 0; i < 2; i++) {
		struct client_publish publish = {.topic = "devices/meter-001/cmd",
						 .payload = commands[i],
						 .len = strlen(commands[i]),
						 .qos = 1,
						 .expiry_s = expiries[i],
						 .response_topic = "replies/expiry",
						 .correlation = "e"};
		client_send(world->client, &publish);
		status_expect(world->client, "meter-001", ids[i], "expired");
	}
	expect_reply(world, "replies/expiry", "\"expired\"", "e");
	simulator_restart(world->simulator);
	status_settle(world->client, "meter-003");
	ledger_expect(world->simulator, "short", 0);
	status_expect_sequence(world->client, "meter-001", "expiry", "accepted expired");
}

/* A response topic that would make the bridge talk to itself, or under its own name, gets nothing. */
static void no_answer_goes_where_the_bridge_listens_or_speaks(struct world *world)
{
	static const char *const topics[] = {"devices/meter-002/cmd",	       "mqtt-sms-bridge/request/reload",
					     "devices/meter-002/status",       "devices/meter-002/up",
					     "mqtt-sms-bridge/state",	       "mqtt-sms-bridge/health",
					     "mqtt-sms-bridge/response/retry", "homeassistant/status"};
	struct client_match told = {.pieces = {"meter-001"}};
	char id[32], command[128];
	world_start(world, &mqtt_5);
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		text_format(id, sizeof(id), "loop-%zu", i);
		text_format(command, sizeof(command), "{\"payload\":\"loop %zu\",\"id\":\"%s\"}", i, id);
		ask(world, "devices/meter-001/cmd", command, topics[i], "c");
		status_expect(world->client, "meter-001", id, "delivered");
		ask(world, "devices/nobody/cmd", "x", topics[i], "c");
	}
	status_settle(world->client, "meter-003");
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		told.topic = topics[i];
		if (client_matches(world->client, &told) != 0)
			fail_msg("statuses of meter-001 were published on %s", topics[i]);
	}
	ledger_expect_distinct(world->simulator, sizeof(topics) / sizeof(topics[0]) + 1);
	assert_int_equal(bridge_metric(world->bridge, "mqtt_sms_bridge_reloads_total"), 0);
}

/* Against a broker that may not be asked for answers (3.1.1) the properties are simply not there. */
/* MQTT 5, 3.8.3.1: Retain As Published tells a retained message from a new one also while we are subscribed. */
static void a_retained_command_is_rejected_while_the_bridge_listens(struct world *world)
{
	world_start(world, &mqtt_5);
	struct client_publish retained = {
		.topic = "devices/meter-001/cmd", .payload = "kept", .len = 4, .qos = 1, .retain = true};
	client_send(world->client, &retained);
	const struct client_message *rejected = status_expect_payload(world->client, "meter-001", "kept", "rejected");
	status_expect_field(rejected, "error.code", "retained");
	status_settle(world->client, "meter-001");
	ledger_expect(world->simulator, "kept", 0);
}

static void version_3_1_1_ignores_what_it_cannot_have(struct world *world)
{
	struct world_options options = {.version_5 = true};
	struct client_match copies = {.topic = "replies/old"};
	world_start(world, &options);
	ask(world, "devices/meter-001/cmd", "{\"payload\":\"old\",\"id\":\"o\"}", copies.topic, "c");
	status_expect(world->client, "meter-001", "o", "delivered");
	status_settle(world->client, "meter-003");
	assert_int_equal(client_matches(world->client, &copies), 0);
}

/* Answers keep apart who asked, also when many ask at once. */
static void many_askers_get_their_own_answers(struct world *world)
{
	char topic[TOPIC_MAX], command[128], correlation[32];
	world_start(world, &mqtt_5);
	for (int i = 0; i < MANY; i++) {
		text_format(topic, sizeof(topic), "replies/asker-%d", i);
		text_format(command, sizeof(command), "{\"payload\":\"ask %d\",\"id\":\"ask-%d\"}", i, i);
		text_format(correlation, sizeof(correlation), "c-%d", i);
		struct client_publish publish = {.topic = "devices/meter-001/cmd",
						 .payload = command,
						 .len = strlen(command),
						 .qos = 1,
						 .response_topic = topic,
						 .correlation = correlation};
		client_send(world->client, &publish);
	}
	for (int i = 0; i < MANY; i++) {
		text_format(topic, sizeof(topic), "replies/asker-%d", i);
		text_format(correlation, sizeof(correlation), "c-%d", i);
		text_format(command, sizeof(command), "\"id\":\"ask-%d\"", i);
		expect_reply(world, topic, "\"delivered\"", correlation);
		struct client_match all = {.topic = topic}, own = {.topic = topic, .pieces = {command}};
		assert_int_equal(client_matches(world->client, &all), client_matches(world->client, &own));
	}
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST_WITH(every_status_goes_to_the_response_topic_too, BROKER_MQTT_5),
		WORLD_TEST_WITH(every_message_says_who_sent_it_and_what_it_is, BROKER_MQTT_5),
		WORLD_TEST_WITH(a_rejection_is_answered_there_as_well, BROKER_MQTT_5),
		WORLD_TEST_WITH(the_answer_outlives_a_restart, BROKER_MQTT_5),
		WORLD_TEST_WITH(mosquitto_rr_gets_its_answer, BROKER_MQTT_5),
		WORLD_TEST_WITH(a_message_that_expires_is_told_so_and_not_sent, BROKER_MQTT_5),
		WORLD_TEST_WITH(no_answer_goes_where_the_bridge_listens_or_speaks, BROKER_MQTT_5),
		WORLD_TEST_WITH(a_retained_command_is_rejected_while_the_bridge_listens, BROKER_MQTT_5),
		WORLD_TEST_WITH(version_3_1_1_ignores_what_it_cannot_have, BROKER_MQTT_5),
		WORLD_TEST_WITH(many_askers_get_their_own_answers, BROKER_MQTT_5),
	};
	return WORLD_RUN(tests);
}
