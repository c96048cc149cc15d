// Question: is a command sent once, and is each of its statuses reported once and in order?
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/harness/world.h"

static void every_status_comes_once_and_in_order(struct world *world)
{
	/* A report that overtakes the API's answer to the create would leave nothing to say of `queued`. */
	static const char *const unhurried[] = {"--delay-sent", "1s", "--delay-delivered", "20ms", NULL};
	struct world_options options = {.simulator_args = unhurried};
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"reboot\",\"id\":\"job-17\"}");
	status_expect(world->client, "meter-001", "job-17", "delivered");
	status_settle(world->client, "meter-002");
	status_expect_sequence(world->client, "meter-001", "job-17", "accepted queued sent delivered");
	ledger_expect_one(world->simulator, "reboot");
}

static void a_status_carries_what_a_dashboard_needs(struct world *world)
{
	char sid[64], time[64];
	world_start(world, NULL);
	command_send(world->client, "meter-001", "{\"payload\":\"reboot\",\"id\":\"job-17\"}");
	const struct client_message *accepted = status_expect(world->client, "meter-001", "job-17", "accepted");
	const struct client_message *delivered = status_expect(world->client, "meter-001", "job-17", "delivered");
	status_expect_field(accepted, "sid", "");
	status_expect_field(delivered, "event_type", "delivered");
	status_expect_field(delivered, "device", "meter-001");
	status_expect_field(delivered, "payload", "reboot");
	status_expect_field(delivered, "sim_sid", METER_1_SIM);
	status_expect_field(delivered, "error.code", "");
	ledger_pick(world->simulator, "reboot", "sid", sid, sizeof(sid));
	status_expect_field(delivered, "sid", sid);
	json_pick(delivered->payload, "time", time, sizeof(time));
	int64_t age_ms = clock_wall_ms() - clock_from_text(time);
	assert_int_equal(strlen(time), strlen("2026-11-22T10:00:00.123Z"));
	assert_true(age_ms >= 0 && age_ms < patient(STEP_MS));
	assert_int_equal(delivered->qos, 1);
	assert_false(delivered->retain);
}

static void a_command_without_an_id_is_given_one(struct world *world)
{
	char id[64];
	world_start(world, NULL);
	command_send(world->client, "meter-001", "switch off");
	const struct client_message *accepted =
		status_expect_payload(world->client, "meter-001", "switch off", "accepted");
	json_pick(accepted->payload, "id", id, sizeof(id));
	assert_true(strlen(id) > 0);
	status_expect(world->client, "meter-001", id, "delivered");
	status_expect_rising(world->client, "meter-001", id, "delivered");
	ledger_expect_one(world->simulator, "switch off");
}

static void the_same_text_twice_without_an_id_is_two_sms(struct world *world)
{
	world_start(world, NULL);
	command_send(world->client, "meter-001", "ping");
	command_send(world->client, "meter-001", "ping");
	ledger_await(world->simulator, "ping", 2);
	status_settle(world->client, "meter-002");
	ledger_expect(world->simulator, "ping", 2);
}

static void a_failed_sms_says_why(struct world *world)
{
	world_start(world, NULL);
	simulator_outcome(world->simulator, "{\"match\":{\"payload\":\"doomed\"},\"status\":\"failed\","
					    "\"error_code\":\"30008\",\"error_message\":\"Unknown error\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"doomed\",\"id\":\"d1\"}");
	const struct client_message *failed = status_expect(world->client, "meter-001", "d1", "failed");
	status_expect_field(failed, "error.code", "30008");
	status_expect_field(failed, "error.message", "Unknown error");
	status_expect_rising(world->client, "meter-001", "d1", "failed");
}

static void the_mapping_names_the_sim(struct world *world)
{
	char sim[64];
	world_start(world, NULL);
	command_send(world->client, "front-gate", "open");
	status_expect_payload(world->client, "front-gate", "open", "delivered");
	ledger_pick(world->simulator, "open", "sim", sim, sizeof(sim));
	assert_string_equal(sim, FRONT_GATE);
}

static void a_command_at_qos_0_is_sent_too(struct world *world)
{
	static const char command[] = "{\"payload\":\"hurry\",\"id\":\"q0\"}";
	world_start(world, NULL);
	struct client_publish publish = {
		.topic = "devices/meter-001/cmd", .payload = command, .len = strlen(command), .qos = 0};
	client_send(world->client, &publish);
	status_expect(world->client, "meter-001", "q0", "delivered");
	ledger_expect_one(world->simulator, "hurry");
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(every_status_comes_once_and_in_order),
		WORLD_TEST(a_status_carries_what_a_dashboard_needs),
		WORLD_TEST(a_command_without_an_id_is_given_one),
		WORLD_TEST(the_same_text_twice_without_an_id_is_two_sms),
		WORLD_TEST(a_failed_sms_says_why),
		WORLD_TEST(the_mapping_names_the_sim),
		WORLD_TEST(a_command_at_qos_0_is_sent_too),
	};
	return WORLD_RUN(tests);
}
