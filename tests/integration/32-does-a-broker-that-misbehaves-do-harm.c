// Question: does a broker that freezes, floods, talks nonsense or has another client of our name do harm?
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/load.h"
#include "tests/harness/scripted_broker.h"
#include "tests/harness/world.h"

/* ---- a real one ------------------------------------------------------------------------------------- */

static bool is_unready(void *ctx)
{
	struct world *world = ctx;
	return http_status(bridge_admin_port(world->bridge), "GET", "/readyz", "") == 503;
}

static void a_frozen_broker_is_noticed_and_used_again(struct world *world)
{
	static const char *const lines[] = {"mqtt.keepalive: 1s", NULL};
	struct world_options options = {.lines = lines};
	world_start(world, &options);
	process_signal(broker_process(world->broker), SIGSTOP); /* as if the cable were pulled: no byte, no end */
	bool noticed = await(is_unready, world, STEP_MS);
	process_signal(broker_process(world->broker), SIGCONT);
	assert_true(noticed);
	bridge_await_ready(world->bridge);
	command_send(world->client, "meter-001", "{\"payload\":\"thawed\",\"id\":\"t\"}");
	status_expect(world->client, "meter-001", "t", "delivered");
	ledger_expect_one(world->simulator, "thawed");
}

static void another_client_of_our_name_is_told_and_survived(struct world *world)
{
	world_start(world, NULL);
	const struct client_options options = {.port = broker_port(world->broker), .id = "mqtt-sms-bridge"};
	struct client *rival = client_start(&options);
	client_expect(world->client, "mqtt-sms-bridge/health", "Give each bridge its own mqtt.client_id");
	assert_true(bridge_is_running(world->bridge));
	client_destroy(rival);
	bridge_await_ready(world->bridge);
	status_settle(world->client, "meter-002");
}

/* The broker's queue is the buffer, `max_commands` the bound, and everybody gets an answer. */
static void every_command_of_a_flood_is_answered(struct world *world)
{
	enum { ALL = 1200, ROOM = 500 };
	static const char *const lines[] = {"api.rate: 1", "spool.max_commands: 500", NULL};
	struct world_options options = {.lines = lines};
	char command[64];
	struct client_match accepted = {"devices/meter-001/status", {"\"status\":\"accepted\"", NULL}, 0};
	struct client_match full = {"devices/meter-001/status", {"queue_full", NULL}, 0};
	world_start(world, &options);
	int64_t began_ms = clock_mono_ms();
	for (int i = 0; i < ALL; i++) {
		text_format(command, sizeof(command), "{\"payload\":\"flood %d\",\"id\":\"flood-%d\"}", i, i);
		client_send(world->client, &(struct client_publish){.topic = "devices/meter-001/cmd",
								    .payload = command,
								    .len = strlen(command),
								    .qos = 1});
	}
	assert_true(client_flush(world->client, 4 * STEP_MS));
	text_format(command, sizeof(command), "flood-%d\"", ALL - 1);
	const struct client_match last = {"devices/meter-001/status", {command, NULL}, 0};
	assert_non_null(client_find(world->client, &last, 4 * STEP_MS));
	int64_t took_s = (clock_mono_ms() - began_ms) / 1000;
	size_t taken = client_matches(world->client, &accepted), refused = client_matches(world->client, &full);
	assert_int_equal(taken + refused, ALL);
	assert_in_range(taken, ROOM, ROOM + took_s + 2); /* one leaves at once, and one in each second */
}

static void a_message_far_too_long_is_rejected(struct world *world)
{
	enum { LONG = 4 * 1024 * 1024 };
	char *payload = memory_zeroed(LONG, 1);
	world_start(world, NULL);
	memset(payload, 'a', LONG);
	client_send(
		world->client,
		&(struct client_publish){.topic = "devices/meter-001/cmd", .payload = payload, .len = LONG, .qos = 1});
	free(payload);
	client_expect(world->client, "devices/meter-001/status", "payload_too_long");
	status_settle(world->client, "meter-002");
	ledger_expect(world->simulator, "", 1);
}

/* Told at CONNECT, the broker keeps such a message to itself. */
static void with_mqtt_5_it_does_not_even_arrive(struct world *world)
{
	enum { LONG = 4 * 1024 * 1024 };
	static const char *const lines[] = {"mqtt.version: 5", NULL};
	struct world_options options = {.lines = lines};
	char *payload = memory_zeroed(LONG, 1);
	world_start(world, &options);
	memset(payload, 'a', LONG);
	client_send(
		world->client,
		&(struct client_publish){.topic = "devices/meter-001/cmd", .payload = payload, .len = LONG, .qos = 1});
	free(payload);
	assert_true(client_flush(world->client, STEP_MS));
	command_send(world->client, "meter-001", "{\"payload\":\"short\",\"id\":\"s\"}");
	status_expect(world->client, "meter-001", "s", "delivered");
	client_expect_none_more(world->client, &(struct client_match){NULL, {"payload_too_long", NULL}, 0}, 0, 0);
}

/* ---- one that follows a script ------------------------------------------------------------------------ */

static struct scripted_broker *start_scripted(struct world *world, const char *version)
{
	char line[64];
	world_prepare(world, NULL);
	struct scripted_broker *broker = scripted_broker_start();
	text_format(line, sizeof(line), "mqtt.url: mqtt://127.0.0.1:%d", scripted_broker_port(broker));
	bridge_set(world->bridge, line);
	bridge_set(world->bridge, version);
	return broker;
}

struct nonsense {
	const char *name;
	const char *bytes;
	size_t len;
};
#define NONSENSE(name, bytes)                    \
	{                                        \
		name, (bytes), sizeof(bytes) - 1 \
	}

/* MQTT 3.1.1 sections 2.2 and 3.3, MQTT 5 section 2.2.2: what none of them allows. */
static const struct nonsense nonsense[] = {
	NONSENSE("packet type 0", "\x00\x00"),
	NONSENSE("packet type 15 with flags", "\xFF\x00"),
	NONSENSE("a length that does not end", "\x30\xFF\xFF\xFF\xFF\xFF\x7F"),
	NONSENSE("a PUBLISH shorter than its topic", "\x32\x06\xFF\xFFtopi"),
	NONSENSE("a PUBLISH without a packet id", "\x32\x03\x00\x01t"),
	NONSENSE("a PUBLISH of QoS 3", "\x36\x07\x00\x01t\x00\x01xy"),
	NONSENSE("a PUBACK of one byte", "\x40\x01\x00"),
	NONSENSE("a SUBACK without codes", "\x90\x02\x00\x01"),
	NONSENSE("a second CONNACK", "\x20\x02\x00\x05"),
	NONSENSE("HTTP", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
	NONSENSE("properties longer than the packet", "\x32\x08\x00\x01t\x00\x01\x7F\x01x"),
	NONSENSE("a property's text longer than its property", "\x32\x0B\x00\x01t\x00\x01\x05\x08\xFF\xFF\x61\x62x"),
};

struct round {
	struct scripted_broker *broker;
	size_t connects;
};

static bool has_connected_again(void *ctx)
{
	struct round *round = ctx;
	return scripted_broker_count(round->broker, "mqtt-sms-bridge", PACKET_CONNECT) > round->connects;
}

/* A process of its own for each: the wait before the first connection anew is short. */
static void say(struct world *world, struct scripted_broker *broker, size_t number)
{
	enum { DIGEST_MS = 700 };
	print_message("%s\n", nonsense[number].name);
	struct round round = {broker, scripted_broker_count(broker, "mqtt-sms-bridge", PACKET_CONNECT) + 1};
	size_t subscribes = scripted_broker_count(broker, "mqtt-sms-bridge", PACKET_SUBSCRIBE);
	bridge_launch(world->bridge, NULL);
	struct scripted_packet connect =
		scripted_broker_expect(broker, "mqtt-sms-bridge", PACKET_CONNECT, round.connects);
	scripted_broker_expect(broker, "mqtt-sms-bridge", PACKET_SUBSCRIBE, subscribes + 1);
	scripted_broker_send(broker, connect.connection, nonsense[number].bytes, nonsense[number].len);
	if (!await(has_connected_again, &round, DIGEST_MS))
		scripted_broker_reset(broker, connect.connection); /* it waits for more, or takes no offence */
	if (!await(has_connected_again, &round, STEP_MS) || !bridge_is_running(world->bridge))
		fail_msg("%s: no second connection; ended with %d", nonsense[number].name,
			 process_wait(bridge_process(world->bridge), 0));
	bridge_kill(world->bridge);
}

static void talk_nonsense(struct world *world, const char *version)
{
	struct scripted_broker *broker = start_scripted(world, version);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
		say(world, broker, i);
	scripted_broker_destroy(broker);
}

static void nonsense_ends_a_connection_and_nothing_else(struct world *world)
{
	talk_nonsense(world, "mqtt.version: 3.1.1");
}

static void nonsense_in_mqtt_5_ends_a_connection_and_nothing_else(struct world *world)
{
	talk_nonsense(world, "mqtt.version: 5");
}

static void refused_credentials_are_no_reason_to_end_or_to_hammer(struct world *world)
{
	const struct scripted_rules rules = {.connack = 4};
	struct scripted_broker *broker = start_scripted(world, "mqtt.version: 3.1.1");
	scripted_broker_rules(broker, &rules);
	bridge_launch(world->bridge, NULL);
	assert_true(process_wait_line(bridge_process(world->bridge), "wrong user name or password", STEP_MS, NULL, 0));
	pause_ms(3000);
	assert_true(is_unready(world));
	assert_int_equal(http_status(bridge_admin_port(world->bridge), "GET", "/healthz", ""), 200);
	assert_int_equal(scripted_broker_count(broker, "mqtt-sms-bridge", PACKET_CONNECT), 1);
	bridge_stop(world->bridge);
	scripted_broker_destroy(broker);
}

/* NATS before 2.10 hangs up at a topic with a dot, every time. */
static void what_the_broker_cannot_carry_does_not_hold_up_the_rest_for_long(struct world *world)
{
	struct world_options options = {.devices =
						"devices:\n  pump.1: " METER_2_SIM "\n  meter-001: " METER_1_SIM "\n"};
	char sid[64];
	world_start(world, &options);
	simulator_mo(world->simulator, METER_2_SIM, "from the pump", sid, sizeof(sid));
	simulator_mo(world->simulator, METER_1_SIM, "from the meter", sid, sizeof(sid));
	struct client_match meter = {.topic = "devices/meter-001/up", .pieces = {sid}};
	assert_non_null(client_find(world->client, &meter, 2 * STEP_MS));
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(a_frozen_broker_is_noticed_and_used_again),
		WORLD_TEST(another_client_of_our_name_is_told_and_survived),
		WORLD_TEST(every_command_of_a_flood_is_answered),
		WORLD_TEST(a_message_far_too_long_is_rejected),
		WORLD_TEST_WITH(with_mqtt_5_it_does_not_even_arrive, BROKER_MQTT_5),
		WORLD_TEST(nonsense_ends_a_connection_and_nothing_else),
		WORLD_TEST(nonsense_in_mqtt_5_ends_a_connection_and_nothing_else),
		WORLD_TEST(what_the_broker_cannot_carry_does_not_hold_up_the_rest_for_long),
		WORLD_TEST(refused_credentials_are_no_reason_to_end_or_to_hammer),
	};
	return WORLD_RUN(tests);
}
