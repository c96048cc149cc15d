// Question: do all administration requests do what docs/administration.md says, on MQTT 3.1.1 and 5?
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/webhook.h"
#include "tests/harness/world.h"

enum { TOPIC_MAX = 96, REQUEST_MAX = 512, TRANSACTION_MAX = 64 };

static int transactions; /* each request has one of its own */

/* Sends {"transaction":N,<members>} and waits for its answer; yours to close. */
static struct json_view *ask(struct world *world, const char *action, const char *members)
{
	char topic[TOPIC_MAX], request[REQUEST_MAX], mark[TRANSACTION_MAX];
	text_format(request, sizeof(request), "{\"transaction\":%d%s%s}", ++transactions, *members ? "," : "", members);
	text_format(topic, sizeof(topic), "mqtt-sms-bridge/request/%s", action);
	client_publish(world->client, topic, request);
	text_format(topic, sizeof(topic), "mqtt-sms-bridge/response/%s", action);
	text_format(mark, sizeof(mark), "\"transaction\":%d}", transactions);
	return json_view_open(client_expect(world->client, topic, mark)->payload);
}

static struct json_view *ask_well(struct world *world, const char *action, const char *members)
{
	struct json_view *view = ask(world, action, members);
	if (strcmp(json_view_text(view, "status"), "ok") != 0)
		fail_msg("%s {%s} was answered with the error: %s", action, members, json_view_text(view, "error"));
	return view;
}

static void expect_error(struct world *world, const char *action, const char *members, const char *piece)
{
	struct json_view *view = ask(world, action, members);
	bool right = strcmp(json_view_text(view, "status"), "error") == 0 &&
		     strstr(json_view_text(view, "error"), piece) != NULL && !json_view_has(view, "data");
	if (!right)
		fail_msg("%s {%s}: status %s, error %s", action, members, json_view_text(view, "status"),
			 json_view_text(view, "error"));
	json_view_close(view);
}

static void send_and_await(struct world *world, const char *device, const char *id, const char *status)
{
	char command[REQUEST_MAX];
	text_format(command, sizeof(command), "{\"payload\":\"p %s\",\"id\":\"%s\"}", id, id);
	command_send(world->client, device, command);
	status_expect(world->client, device, id, status);
}

static void look_at_one(struct world *world)
{
	char sid[64], members[REQUEST_MAX];
	send_and_await(world, "meter-001", "get-me", "delivered");
	ledger_pick(world->simulator, "p get-me", "sid", sid, sizeof(sid));
	struct json_view *view = ask_well(world, "get", "\"id\":\"get-me\",\"device\":\"meter-001\"");
	assert_string_equal(json_view_text(view, "data.resource.sid"), sid);
	assert_string_equal(json_view_text(view, "data.resource.status"), "delivered");
	assert_string_equal(json_view_text(view, "data.record.id"), "get-me");
	assert_string_equal(json_view_text(view, "data.record.device"), "meter-001");
	assert_string_equal(json_view_text(view, "data.record.payload"), "p get-me");
	json_view_close(view);
	text_format(members, sizeof(members), "\"sid\":\"%s\"", sid);
	view = ask_well(world, "get", members);
	assert_string_equal(json_view_text(view, "data.record.id"), "get-me");
	json_view_close(view);
	expect_error(world, "get", "\"id\":\"nobody-knows\"", "no such command");
	expect_error(world, "get", "", "`sid`");
	expect_error(world, "get", "\"sid\":7", "`sid`");
}

static void look_at_the_list(struct world *world)
{
	for (int i = 0; i < 5; i++) {
		char id[32];
		text_format(id, sizeof(id), "list-%d", i);
		send_and_await(world, "meter-002", id, "delivered");
	}
	struct json_view *view = ask_well(world, "list", "\"device\":\"meter-002\",\"limit\":3");
	assert_int_equal(json_view_count(view, "data.sms_commands"), 3);
	assert_int_equal(json_view_int(view, "data.count"), 3);
	assert_false(json_view_bool(view, "data.complete"));
	json_view_close(view);
	view = ask_well(world, "list", "\"device\":\"meter-002\",\"status\":\"delivered\",\"direction\":\"to_sim\"");
	assert_int_equal(json_view_count(view, "data.sms_commands"), 5);
	assert_string_equal(json_view_text(view, "data.sms_commands[0].sim_sid"), METER_2_SIM);
	assert_true(json_view_bool(view, "data.complete"));
	json_view_close(view);
	view = ask_well(world, "list", "\"direction\":\"from_sim\"");
	assert_int_equal(json_view_count(view, "data.sms_commands"), 0);
	json_view_close(view);
	expect_error(world, "list", "\"limit\":0", "`limit`");
	expect_error(world, "list", "\"device\":\"nobody\"", "no mapping");
	expect_error(world, "list", "\"colour\":\"red\"", "`colour`");
}

/* While the API is away. What is being tried in that moment is cancelled as well, but not counted. */
static void see_what_waits_and_cancel_it(struct world *world)
{
	simulator_kill(world->simulator);
	send_and_await(world, "meter-001", "wait-1", "accepted");
	send_and_await(world, "meter-003", "wait-2", "accepted");
	send_and_await(world, "meter-003", "wait-3", "accepted");
	struct json_view *view = ask_well(world, "pending", "");
	assert_int_equal(json_view_int(view, "data.count"), 3);
	assert_string_equal(json_view_text(view, "data.commands[0].id"), "wait-1");
	assert_string_equal(json_view_text(view, "data.commands[2].id"), "wait-3");
	assert_string_equal(json_view_text(view, "data.commands[0].status"), "accepted");
	json_view_close(view);
	view = ask_well(world, "pending", "\"device\":\"meter-003\",\"limit\":1");
	assert_int_equal(json_view_int(view, "data.count"), 1);
	assert_string_equal(json_view_text(view, "data.commands[0].id"), "wait-2");
	assert_false(json_view_bool(view, "data.complete"));
	json_view_close(view);
	view = ask_well(world, "cancel", "\"id\":\"wait-1\",\"device\":\"meter-001\"");
	assert_in_range(json_view_int(view, "data.cancelled"), 0, 1);
	json_view_close(view);
	status_expect(world->client, "meter-001", "wait-1", "cancelled");
	view = ask_well(world, "cancel", "\"device\":\"meter-003\"");
	assert_in_range(json_view_int(view, "data.cancelled"), 1, 2);
	json_view_close(view);
	status_expect(world->client, "meter-003", "wait-2", "cancelled");
	status_expect(world->client, "meter-003", "wait-3", "cancelled");
	view = ask_well(world, "cancel", "\"id\":\"wait-1\"");
	assert_int_equal(json_view_int(view, "data.cancelled"), 0);
	json_view_close(view);
	expect_error(world, "cancel", "", "`id`");
	expect_error(world, "get", "\"sid\":\"HC00000000000000000000000000000001\"", "the API");
	simulator_restart(world->simulator);
	status_settle(world->client, "meter-002");
	ledger_expect(world->simulator, "p wait-1", 0);
}

static void try_again(struct world *world)
{
	char id[128], payload[64];
	simulator_outcome(world->simulator, "{\"payload\":\"p fails\",\"status\":\"failed\",\"error_code\":\"30008\","
					    "\"times\":1}");
	send_and_await(world, "meter-001", "fails", "failed");
	struct json_view *view = ask_well(world, "retry", "\"id\":\"fails\"");
	text_copy(id, sizeof(id), json_view_text(view, "data.id"));
	json_view_close(view);
	assert_string_not_equal(id, "fails");
	const struct client_message *delivered = status_expect(world->client, "meter-001", id, "delivered");
	json_pick(delivered->payload, "payload", payload, sizeof(payload));
	assert_string_equal(payload, "p fails");
	ledger_expect(world->simulator, "p fails", 2);
	struct json_view *refused = ask(world, "retry", "\"id\":\"nobody-knows\"");
	assert_string_equal(json_view_text(refused, "status"), "error");
	json_view_close(refused);
	view = ask(world, "retry", "\"id\":\"get-me\""); /* delivered: nothing to retry */
	assert_string_equal(json_view_text(view, "status"), "error");
	json_view_close(view);
}

static void reload_and_health(struct world *world)
{
	world_file(world, "devices.yaml", "devices: {meter-001: " METER_1_SIM "}\n");
	struct json_view *view = ask_well(world, "reload", "");
	assert_int_equal(json_view_int(view, "data.devices"), 1);
	json_view_close(view);
	world_file(world, "devices.yaml", "devices: {meter-001: nonsense here\n");
	expect_error(world, "reload", "", "devices.yaml:");
	view = ask_well(world, "health", "");
	assert_string_equal(json_view_text(view, "data.broker"), "up");
	assert_true(json_view_has(view, "data.queue_depth"));
	json_view_close(view);
	expect_error(world, "health", "\"device\":\"meter-001\"", "`device`");
	expect_error(world, "dance", "", "unknown action");
}

static void all_of_it(struct world *world)
{
	look_at_one(world);
	look_at_the_list(world);
	see_what_waits_and_cancel_it(world);

	try_again(world);
	reload_and_health(world);
}

static void on_mqtt_3_1_1(struct world *world)
{
	world_start(world, NULL);
	all_of_it(world);
}

static void on_mqtt_5(struct world *world)
{
	static const char *const lines[] = {"mqtt.version: 5", NULL};
	struct world_options options = {.lines = lines, .version_5 = true};
	world_start(world, &options);
	all_of_it(world);
}

static void what_is_no_request_is_told_so(struct world *world)
{
	static const char *const bodies[] = {"nonsense", "[1]", "{\"id\":", "{\"id\":\"a\",\"id\":\"b\"}", "\"text\""};
	world_start(world, NULL);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct client_match answers = {.topic = "mqtt-sms-bridge/response/cancel",
					       .pieces = {"\"status\":\"error\""},
					       .from = client_count(world->client)};
		client_publish(world->client, "mqtt-sms-bridge/request/cancel", bodies[i]);
		if (client_find(world->client, &answers, STEP_MS) == NULL)
			fail_msg("no error for %s", bodies[i]);
	}
	client_publish(world->client, "mqtt-sms-bridge/request/health", ""); /* nothing is {} */
	client_expect(world->client, "mqtt-sms-bridge/response/health", "\"status\":\"ok\"");
}

static void a_transaction_comes_back_as_it_was(struct world *world)
{
	static const char *const transactions_given[] = {"\"text \\\"quoted\\\"\"", "[1,{\"a\":null}]", "-0.5",
							 "9007199254740993", "true"};
	char request[REQUEST_MAX], piece[REQUEST_MAX];
	world_start(world, NULL);
	for (size_t i = 0; i < sizeof(transactions_given) / sizeof(transactions_given[0]); i++) {
		text_format(request, sizeof(request), "{\"transaction\":%s}", transactions_given[i]);
		text_format(piece, sizeof(piece), "\"transaction\":%s}", transactions_given[i]);
		client_publish(world->client, "mqtt-sms-bridge/request/pending", request);
		client_expect(world->client, "mqtt-sms-bridge/response/pending", piece);
	}
}

/* A retained request would be carried out again at each start of the bridge. */
static void a_retained_request_is_not_carried_out(struct world *world)
{
	static const struct client_match answers = {.topic = "mqtt-sms-bridge/response/pending"};
	struct client_publish publish = {
		.topic = "mqtt-sms-bridge/request/pending", .payload = "{}", .len = 2, .qos = 1, .retain = true};
	world_prepare(world, NULL);
	client_send(world->client, &publish);
	assert_true(client_flush(world->client, STEP_MS));
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	status_settle(world->client, "meter-001");
	assert_int_equal(client_matches(world->client, &answers), 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(on_mqtt_3_1_1),
		WORLD_TEST_WITH(on_mqtt_5, BROKER_MQTT_5),
		WORLD_TEST(what_is_no_request_is_told_so),
		WORLD_TEST(a_transaction_comes_back_as_it_was),
		WORLD_TEST(a_retained_request_is_not_carried_out),
	};
	return WORLD_RUN(tests);
}
