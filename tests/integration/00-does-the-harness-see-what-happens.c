// Question: does the harness itself see what happens, and notice what does not?
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/bridge_config.h"
#include "tests/harness/files.h"
#include "tests/harness/ports.h"
#include "tests/harness/world.h"

static struct client *start_client(struct world *world)
{
	struct client_options options = {.port = broker_port(world->broker), .id = "witness"};
	world->client = client_start(&options);
	client_subscribe(world->client, "a/#");
	return world->client;
}

static void messages_are_recorded_in_order_with_their_flags(struct world *world)
{
	world->broker = broker_start(world->folder, "");
	struct client *client = start_client(world);
	client_publish(client, "a/1", "one");
	client_publish(client, "a/2", "two");
	const struct client_message *two = client_expect(client, "a/2", "wo");
	assert_string_equal(client_message_at(client, 0)->payload, "one");
	assert_int_equal(two->index, 1);
	assert_int_equal(two->qos, 1);
	assert_false(two->retain);
	struct client_match none = {.topic = "a/1", .pieces = {"three"}};
	assert_null(client_find(client, &none, 0));
	client_expect_none_more(client, &none, 0, 20);
}

static void a_restart_of_the_broker_loses_the_witness_nothing(struct world *world)
{
	world->broker = broker_start(world->folder, "");
	struct client *client = start_client(world);
	broker_stop(world->broker);
	struct client_publish while_away = {.topic = "a/1", .payload = "while away", .len = 10, .qos = 1};
	client_send(client, &while_away);
	broker_restart(world->broker);
	assert_true(client_flush(client, STEP_MS));
	client_expect(client, "a/1", "while away");
	broker_kill(world->broker);
	assert_false(port_answers(broker_port(world->broker)));
	broker_restart(world->broker);
	client_publish(client, "a/2", "after the kill");
	client_expect(client, "a/2", "after the kill");
}

static void a_child_is_watched_signalled_and_reaped(struct world *world)
{
	const char *const argv[] = {"/bin/sh", "-c", "echo $GREETING; exec sleep 100", NULL};
	const char *const env[] = {"GREETING=hello there", NULL};
	struct process_options options = {.name = "child", .folder = world->folder, .argv = argv, .env = env};
	struct process *child = process_start(&options);
	char line[64];
	assert_true(process_wait_line(child, "hello", STEP_MS, line, sizeof(line)));
	assert_string_equal(line, "hello there");
	assert_int_equal(process_wait(child, 10), PROCESS_STILL_RUNNING);
	process_signal(child, SIGTERM);
	assert_int_equal(process_wait(child, STEP_MS), -SIGTERM);
	assert_false(process_wait_line(child, "never said", STEP_MS, NULL, 0));
	process_destroy(child);
}

static void a_run_to_the_end_gives_both_streams_and_the_status(struct world *world)
{
	const char *const argv[] = {"/bin/sh", "-c", "echo out; echo err >&2; exit 7", NULL};
	struct process_options options = {.name = "run", .folder = world->folder, .argv = argv};
	struct process_output output;
	assert_int_equal(process_run(&options, &output), 7);
	assert_string_equal(output.out, "out\n");
	assert_string_equal(output.err, "err\n");
	process_output_clear(&output);
}

static void two_ports_differ_and_nobody_answers(struct world *world)
{
	(void)world;
	int first = port_free(), second = port_free();
	assert_int_not_equal(first, second);
	assert_false(port_answers(first));
	assert_int_equal(http_status(second, "GET", "/", ""), 0);
}

static void paths_lead_into_json(struct world *world)
{
	(void)world;
	char text[32];
	struct json_view *view = json_view_open("{\"a\":[{\"b\":\"c\"},{\"n\":42}],\"yes\":true}");
	assert_string_equal(json_view_text(view, "a[0].b"), "c");
	assert_int_equal(json_view_int(view, "a[1].n"), 42);
	assert_int_equal(json_view_count(view, "a"), 2);
	assert_true(json_view_bool(view, "yes"));
	assert_false(json_view_has(view, "a[2]"));
	assert_string_equal(json_view_text(view, "a[0].x"), "");
	json_view_close(view);
	json_pick("{\"x\":{\"y\":7}}", "x.y", text, sizeof(text));
	assert_string_equal(text, "7");
	assert_null(json_view_open("{} trailing"));
}

static void settings_are_written_in_their_sections(struct world *world)
{
	struct bridge_config config = {.count = 0};
	char path[300];
	bridge_config_line(&config, "api.rate: 5");
	bridge_config_line(&config, "mappings: devices.yaml");
	bridge_config_line(&config, "mqtt.url: mqtt://localhost:1883");
	bridge_config_line(&config, "api.url: http://127.0.0.1/v1");
	bridge_config_line(&config, "api.rate: 7");
	bridge_config_line(&config, "mqtt.username: gone");
	bridge_config_line(&config, "mqtt.username:");
	text_format(path, sizeof(path), "%s/bridge.yaml", world->folder);
	bridge_config_write(&config, path);
	char *text = file_text(path);
	assert_string_equal(text, "api:\n  rate: 7\n  url: http://127.0.0.1/v1\nmappings: devices.yaml\n"
				  "mqtt:\n  url: mqtt://localhost:1883\n");
	free(text);
}

/* One SMS by hand, as the bridge would do it. */
static void create(struct simulator *simulator, const char *form)
{
	struct http_answer answer;
	http_request(simulator_port(simulator), "POST", "/v1/SmsCommands", "Authorization: Bearer " BEARER_TOKEN "\r\n",
		     form, &answer);
	assert_int_equal(answer.status, 201);
	http_answer_clear(&answer);
}

static void the_ledger_counts_what_was_created(struct world *world)
{
	char text[64];
	world->simulator = simulator_start(world->folder, NULL);
	create(world->simulator, "Sim=" METER_1_SIM "&Payload=a+b%26");
	ledger_expect_one(world->simulator, "a b&");
	ledger_expect_distinct(world->simulator, 1);
	create(world->simulator, "Sim=" METER_2_SIM "&Payload=c");
	ledger_order(world->simulator, text, sizeof(text));
	assert_string_equal(text, "a b& c");
	ledger_pick(world->simulator, "c", "sim", text, sizeof(text));
	assert_string_equal(text, METER_2_SIM);
	ledger_expect(world->simulator, "", 2);
	ledger_expect(world->simulator, "d", 0);
	assert_int_equal(ledger_summary(world->simulator, "creates"), 2);
	simulator_heal(world->simulator);
	simulator_kill(world->simulator);
	simulator_restart(world->simulator);
	ledger_expect(world->simulator, "", 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(messages_are_recorded_in_order_with_their_flags),
		WORLD_TEST(a_restart_of_the_broker_loses_the_witness_nothing),
		WORLD_TEST(a_child_is_watched_signalled_and_reaped),
		WORLD_TEST(a_run_to_the_end_gives_both_streams_and_the_status),
		WORLD_TEST(two_ports_differ_and_nobody_answers),
		WORLD_TEST(paths_lead_into_json),
		WORLD_TEST(settings_are_written_in_their_sections),
		WORLD_TEST(the_ledger_counts_what_was_created),
	};
	return WORLD_RUN(tests);
}
