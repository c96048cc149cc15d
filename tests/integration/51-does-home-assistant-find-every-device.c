// Question: does Home Assistant find every device, also after it forgot, and none that has gone?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/files.h"
#include "tests/harness/world.h"

#define CONFIG(id) "homeassistant/device/" id "/config"

static const char *const lines[] = {"homeassistant.discovery: true", NULL};
static const char two_devices[] = "devices:\n"
				  "  meter-001: {sim: " METER_1_SIM ", name: Cellar meter}\n"
				  "  front-gate: {sim: " FRONT_GATE ", cmd: text, up: text}\n";
static const char one_device[] = "devices:\n  meter-001: " METER_1_SIM "\n";

/* Somebody like Home Assistant: it subscribes to its own prefix, and sees what is retained as such. */
static struct client *home_assistant(struct world *world)
{
	static int count;
	char id[32];
	text_format(id, sizeof(id), "home-assistant-%d", ++count);
	struct client_options options = {.port = broker_port(world->broker), .id = id};
	struct client *client = client_start(&options);
	client_subscribe(client, "homeassistant/#");
	return client;
}

static void start(struct world *world)
{
	struct world_options options = {.lines = lines, .devices = two_devices};
	world_start(world, &options);
}

static void expect_text(const struct json_view *view, const char *path, const char *wanted)
{
	if (strcmp(json_view_text(view, path), wanted) != 0)
		fail_msg("%s: %s, wanted %s", path, json_view_text(view, path), wanted);
}

static void every_device_is_announced_with_its_entities(struct world *world)
{
	static const struct {
		const char *path, *wanted;
	} rows[] = {
		{"dev.name", "Cellar meter"},
		{"dev.sn", METER_1_SIM},
		{"dev.via_device", "mqtt-sms-bridge"},
		{"o.name", "mqtt-sms-bridge"},
		{"avty_t", "mqtt-sms-bridge/state"},
		{"cmps.send.p", "notify"},
		{"cmps.send.cmd_t", "devices/meter-001/cmd"},
		{"cmps.text.p", "text"},
		{"cmps.up.p", "event"},
		{"cmps.up.stat_t", "devices/meter-001/up"},
		{"cmps.up.event_types[0]", "received"},
		{"cmps.status.p", "sensor"},
		{"cmps.status.stat_t", "devices/meter-001/status"},
		{"cmps.status.dev_cla", "enum"},
		{"cmps.problem.p", "binary_sensor"},
		{"cmps.failed.p", "device_automation"},
		{"cmps.failed.atype", "trigger"},
		{"cmps.failed.stype", "failed"},
	};
	start(world);
	client_subscribe(world->client, "homeassistant/#");
	client_expect(world->client, CONFIG("mqtt-sms-bridge__front-gate"), "dev");
	struct client *late = home_assistant(world);
	const struct client_message *config = client_expect(late, CONFIG("mqtt-sms-bridge__meter-001"), "dev");
	assert_true(config->retain);
	struct json_view *view = json_view_open(config->payload);
	assert_non_null(view);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_text(view, rows[i].path, rows[i].wanted);
	assert_int_equal(json_view_int(view, "cmps.text.max"), 160);
	json_view_close(view);
	const struct client_message *bridge = client_expect(late, CONFIG("mqtt-sms-bridge"), "connectivity");
	assert_true(bridge->retain);
	client_destroy(late);
}

static void what_the_entity_publishes_is_sent(struct world *world)
{
	start(world);
	struct client *late = home_assistant(world);
	const struct client_message *config = client_expect(late, CONFIG("mqtt-sms-bridge__meter-001"), "dev");
	struct json_view *view = json_view_open(config->payload);
	/* The template as Home Assistant fills it in: {{ {'payload': value} | tojson }} */
	expect_text(view, "cmps.send.cmd_tpl", "{{ {'payload': value} | tojson }}");
	client_publish(world->client, json_view_text(view, "cmps.send.cmd_t"), "{\"payload\": \"from the sofa\"}");
	status_expect_payload(world->client, "meter-001", "from the sofa", "delivered");
	ledger_expect_one(world->simulator, "from the sofa");
	json_view_close(view);
	client_destroy(late);
}

static void all_is_told_again_when_home_assistant_starts(struct world *world)
{
	struct client_match match = {.topic = CONFIG("mqtt-sms-bridge__meter-001"), .pieces = {"dev"}};
	start(world);
	struct client *witness = home_assistant(world);
	const struct client_message *first = client_find(witness, &match, STEP_MS);
	assert_non_null(first);
	/* What comes at start is over when the last device has come. */
	client_expect(witness, CONFIG("mqtt-sms-bridge__front-gate"), "dev");
	match.from = client_count(witness);
	client_publish(world->client, "homeassistant/status", "online");
	assert_non_null(client_find(witness, &match, STEP_MS));
	client_destroy(witness);
}

/* A broker that has retained messages for exact topics only tells a subscriber to `homeassistant/#` nothing. */
static void without_retained_messages_its_start_is_enough(struct world *world)
{
	struct client_match match = {.topic = CONFIG("mqtt-sms-bridge__meter-001"), .pieces = {"dev"}};
	start(world);
	struct client *witness = home_assistant(world);
	status_settle(world->client, "meter-001");
	match.from = client_count(witness);
	client_publish(world->client, "homeassistant/status", "online");
	assert_non_null(client_find(witness, &match, STEP_MS));
	client_destroy(witness);
}

static void expect_cleared(struct world *world, struct client *witness)
{
	struct client_match cleared = {.topic = CONFIG("mqtt-sms-bridge__front-gate"), .pieces = {NULL}};
	bool empty = false;
	for (const struct client_message *message; !empty; cleared.from = message->index + 1) {
		message = client_find(witness, &cleared, STEP_MS);
		assert_non_null(message);
		empty = message->len == 0;
	}
	/* And nothing is retained any more for who comes now, while the other device is still there. */
	struct client *late = home_assistant(world);
	client_expect(late, CONFIG("mqtt-sms-bridge__meter-001"), "dev");
	client_expect_none_more(late, &(struct client_match){.topic = CONFIG("mqtt-sms-bridge__front-gate")}, 0, 200);
	client_destroy(late);
}

static void rewrite_mapping(struct world *world, const char *text)
{
	char path[WORLD_FOLDER_SIZE + 32];
	text_format(path, sizeof(path), "%s/devices.yaml", world->folder);
	file_write(path, text);
}

static void a_device_that_leaves_the_mapping_is_cleared(struct world *world)
{
	start(world);
	struct client *witness = home_assistant(world);
	client_expect(witness, CONFIG("mqtt-sms-bridge__front-gate"), "dev");
	rewrite_mapping(world, one_device);
	bridge_reload(world->bridge);
	expect_cleared(world, witness);
	client_destroy(witness);
}

static void one_that_left_while_the_bridge_was_away_is_cleared_too(struct world *world)
{
	start(world);
	struct client *witness = home_assistant(world);
	client_expect(witness, CONFIG("mqtt-sms-bridge__front-gate"), "dev");
	bridge_stop(world->bridge);
	rewrite_mapping(world, one_device);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	expect_cleared(world, witness);
	client_destroy(witness);
}

/* The broker dies with the announcements on their way, and has forgotten all: they come as soon as it is back. */
static void a_broker_that_forgot_is_told_again(struct world *world)
{
	struct client_match match = {.topic = CONFIG("mqtt-sms-bridge__meter-001"), .pieces = {"dev"}};
	start(world);
	struct client *witness = home_assistant(world);
	assert_non_null(client_find(witness, &match, STEP_MS));
	broker_stop(world->broker);
	rewrite_mapping(world, one_device);
	bridge_reload(world->bridge);
	match.from = client_count(witness);
	broker_restart(world->broker);
	assert_non_null(client_find(witness, &match, STEP_MS));
	expect_cleared(world, witness);
	client_destroy(witness);
}

static void without_the_setting_nothing_is_announced(struct world *world)
{
	struct world_options options = {.devices = two_devices};
	world_start(world, &options);
	client_subscribe(world->client, "homeassistant/#");
	status_settle(world->client, "meter-001");
	client_expect(world->client, "mqtt-sms-bridge/health", "{");
	client_expect_none_more(world->client, &(struct client_match){.topic = CONFIG("mqtt-sms-bridge__meter-001")}, 0,
				200);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST_WITH(every_device_is_announced_with_its_entities, BROKER_RETAINED),
		WORLD_TEST_WITH(what_the_entity_publishes_is_sent, BROKER_RETAINED),
		WORLD_TEST_WITH(all_is_told_again_when_home_assistant_starts, BROKER_RETAINED),
		WORLD_TEST(without_retained_messages_its_start_is_enough),
		WORLD_TEST_WITH(a_device_that_leaves_the_mapping_is_cleared, BROKER_RETAINED),
		WORLD_TEST_WITH(one_that_left_while_the_bridge_was_away_is_cleared_too, BROKER_RETAINED),
		WORLD_TEST_WITH(a_broker_that_forgot_is_told_again, BROKER_RETAINED),
		WORLD_TEST(without_the_setting_nothing_is_announced),
	};
	return WORLD_RUN(tests);
}
