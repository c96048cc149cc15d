// Question: can others see what the bridge is and whether it is there, and does `up: text` give bare text?
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/world.h"

static const struct client_match online = {.topic = "mqtt-sms-bridge/state", .pieces = {"online"}};
static const struct client_match offline = {.topic = "mqtt-sms-bridge/state", .pieces = {"offline"}};

/* What somebody who subscribes only now is told. */
static void expect_retained(struct world *world, const char *topic, const char *piece)
{
	static int latecomers; /* each with a session of its own */
	char id[32];
	text_format(id, sizeof(id), "latecomer-%d", ++latecomers);
	struct client_options options = {.port = broker_port(world->broker), .id = id};
	struct client *latecomer = client_start(&options);
	client_subscribe(latecomer, topic);
	const struct client_message *message = client_expect(latecomer, topic, piece);
	bool retain = message->retain;
	client_destroy(latecomer);
	assert_true(retain);
}

static void online_and_offline_are_retained(struct world *world)
{
	world_start(world, NULL);
	assert_non_null(client_find(world->client, &online, STEP_MS));
	expect_retained(world, "mqtt-sms-bridge/state", "online");
	bridge_stop(world->bridge);
	assert_non_null(client_find(world->client, &offline, STEP_MS));
	expect_retained(world, "mqtt-sms-bridge/state", "offline");
}

static void after_a_kill_the_broker_tells_it(struct world *world)
{
	world_start(world, NULL);
	assert_non_null(client_find(world->client, &online, STEP_MS));
	bridge_kill(world->bridge);
	assert_non_null(client_find(world->client, &offline, STEP_MS));
	expect_retained(world, "mqtt-sms-bridge/state", "offline");
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	expect_retained(world, "mqtt-sms-bridge/state", "online");
}

static void the_info_says_who_it_is(struct world *world)
{
	world_start(world, NULL);
	const struct client_message *info = client_expect(world->client, "mqtt-sms-bridge/info", "{");
	struct json_view *view = json_view_open(info->payload);
	assert_true(strlen(json_view_text(view, "version")) > 0);
	assert_true(json_view_has(view, "started"));
	assert_int_equal(json_view_int(view, "devices"), 5);
	assert_string_equal(json_view_text(view, "mode"), "callbacks");
	assert_non_null(strstr(json_view_text(view, "api"), "127.0.0.1"));
	json_view_close(view);
	expect_retained(world, "mqtt-sms-bridge/info", "version");
}

static void the_health_is_told(struct world *world)
{
	world_start(world, NULL);
	client_expect(world->client, "mqtt-sms-bridge/health", "{");
	expect_retained(world, "mqtt-sms-bridge/health", "{");
	assert_int_equal(http_status(bridge_admin_port(world->bridge), "GET", "/healthz", ""), 200);
	assert_int_equal(http_status(bridge_admin_port(world->bridge), "GET", "/readyz", ""), 200);
	assert_int_equal(http_status(bridge_admin_port(world->bridge), "GET", "/metrics", ""), 200);
}

static bool is_unready(void *ctx)
{
	struct world *world = ctx;
	return http_status(bridge_admin_port(world->bridge), "GET", "/readyz", "") == 503;
}

static void without_a_broker_it_is_healthy_but_not_ready(struct world *world)
{
	world_start(world, NULL);
	broker_stop(world->broker);
	assert_true(await(is_unready, world, STEP_MS));
	assert_int_equal(http_status(bridge_admin_port(world->bridge), "GET", "/healthz", ""), 200);
	broker_restart(world->broker);
	bridge_await_ready(world->bridge);
}

static void up_text_is_the_bare_text(struct world *world)
{
	char sid[64];
	world_start(world, NULL);
	/* The SIM of the front gate is known by its unique_name only. */
	simulator_mo(world->simulator, FRONT_GATE, "T=21.5", sid, sizeof(sid));
	const struct client_message *up = client_expect(world->client, "devices/front-gate/up", "T=21.5");
	assert_string_equal(up->payload, "T=21.5");
	/* A SIM that is mapped by its sid in JSON, beside it. */
	simulator_mo(world->simulator, METER_1_SIM, "T=22.5", sid, sizeof(sid));
	status_expect_field(client_expect(world->client, "devices/meter-001/up", sid), "payload", "T=22.5");
}

static void unlisted_devices_are_their_unique_names(struct world *world)
{
	char sid[64], sim[64];
	struct world_options options = {.devices = "devices:\n  meter-001: " METER_1_SIM "\nunlisted: unique_name\n"};
	world_start(world, &options);
	command_send(world->client, "pump-12", "{\"payload\":\"start\",\"id\":\"p\"}");
	status_expect(world->client, "pump-12", "p", "delivered");
	ledger_pick(world->simulator, "start", "sim", sim, sizeof(sim));
	assert_string_equal(sim, "pump-12");
	simulator_mo(world->simulator, "pump-12", "started", sid, sizeof(sid));
	client_expect(world->client, "devices/pump-12/up", sid);
}

static void topics_can_be_changed(struct world *world)
{
	static const char *const lines[] = {"topics.command: in/+/sms", "topics.status: devices/+/status/of",
					    "topics.up: devices/+/up/of", "topics.bridge: my/bridge", NULL};
	struct world_options options = {.lines = lines};
	char sid[64];
	world_start(world, &options);
	client_subscribe(world->client, "devices/#");
	client_subscribe(world->client, "my/bridge/state");
	client_publish(world->client, "in/meter-001/sms", "elsewhere");
	client_expect(world->client, "devices/meter-001/status/of", "delivered");
	simulator_mo(world->simulator, METER_1_SIM, "from elsewhere", sid, sizeof(sid));
	client_expect(world->client, "devices/meter-001/up/of", sid);
	client_expect(world->client, "my/bridge/state", "online");
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(online_and_offline_are_retained),
		WORLD_TEST(after_a_kill_the_broker_tells_it),
		WORLD_TEST(the_info_says_who_it_is),
		WORLD_TEST(the_health_is_told),
		WORLD_TEST(without_a_broker_it_is_healthy_but_not_ready),
		WORLD_TEST(up_text_is_the_bare_text),
		WORLD_TEST(unlisted_devices_are_their_unique_names),
		WORLD_TEST(topics_can_be_changed),
	};
	return WORLD_RUN(tests);
}
