// Question: is a repeated id harmless, and the same id with another text a conflict?
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/world.h"

static const struct client_message *expect_duplicate(struct world *world, const char *id, const char *status)
{
	struct client_match match = {.topic = "devices/meter-001/status", .pieces = {"\"duplicate\":true", id}};
	const struct client_message *message = client_find(world->client, &match, STEP_MS);
	assert_non_null(message);
	status_expect_field(message, "id", id);
	status_expect_field(message, "status", status);
	return message;
}

static void the_same_command_again_is_not_sent_again(struct world *world)
{
	world_start(world, NULL);
	command_send(world->client, "meter-001", "{\"payload\":\"reboot\",\"id\":\"job-1\"}");
	status_expect(world->client, "meter-001", "job-1", "delivered");
	command_send(world->client, "meter-001", "{\"payload\":\"reboot\",\"id\":\"job-1\"}");
	expect_duplicate(world, "job-1", "delivered");
	status_settle(world->client, "meter-002");
	ledger_expect_one(world->simulator, "reboot");
}

static void while_it_is_under_way_its_present_status_is_told(struct world *world)
{
	world_start(world, NULL);
	simulator_outcome(world->simulator, "{\"stay\":\"sent\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"reboot\",\"id\":\"job-1\"}");
	status_expect(world->client, "meter-001", "job-1", "sent");
	command_send(world->client, "meter-001", "{\"payload\":\"reboot\",\"id\":\"job-1\",\"priority\":\"high\"}");
	expect_duplicate(world, "job-1", "sent");
	ledger_expect_one(world->simulator, "reboot");
}

static void another_text_under_the_same_id_is_a_conflict(struct world *world)
{
	world_start(world, NULL);
	command_send(world->client, "meter-001", "{\"payload\":\"reboot\",\"id\":\"job-1\"}");
	status_expect(world->client, "meter-001", "job-1", "delivered");
	command_send(world->client, "meter-001", "{\"payload\":\"halt\",\"id\":\"job-1\"}");
	const struct client_message *rejected = status_expect(world->client, "meter-001", "job-1", "rejected");
	status_expect_field(rejected, "error.code", "id_conflict");
	status_expect_field(rejected, "payload", "halt");
	status_settle(world->client, "meter-002");
	ledger_expect(world->simulator, "halt", 0);
	/* The first keeps its place: it can still be asked for. */
	command_send(world->client, "meter-001", "{\"payload\":\"reboot\",\"id\":\"job-1\"}");
	expect_duplicate(world, "job-1", "delivered");
}

static void the_same_id_for_another_device_is_another_command(struct world *world)
{
	world_start(world, NULL);
	command_send(world->client, "meter-001", "{\"payload\":\"one\",\"id\":\"job-1\"}");
	command_send(world->client, "meter-002", "{\"payload\":\"two\",\"id\":\"job-1\"}");
	status_expect(world->client, "meter-001", "job-1", "delivered");
	status_expect(world->client, "meter-002", "job-1", "delivered");
	ledger_expect_one(world->simulator, "one");
	ledger_expect_one(world->simulator, "two");
}

static void an_id_is_remembered_over_a_restart(struct world *world)
{
	world_start(world, NULL);
	command_send(world->client, "meter-001", "{\"payload\":\"reboot\",\"id\":\"job-1\"}");
	status_expect(world->client, "meter-001", "job-1", "delivered");
	bridge_stop(world->bridge);
	bridge_launch(world->bridge, NULL);
	command_send(world->client, "meter-001", "{\"payload\":\"reboot\",\"id\":\"job-1\"}");
	expect_duplicate(world, "job-1", "delivered");
	ledger_expect_one(world->simulator, "reboot");
	bridge_await_ready(world->bridge);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(the_same_command_again_is_not_sent_again),
		WORLD_TEST(while_it_is_under_way_its_present_status_is_told),
		WORLD_TEST(another_text_under_the_same_id_is_a_conflict),
		WORLD_TEST(the_same_id_for_another_device_is_another_command),
		WORLD_TEST(an_id_is_remembered_over_a_restart),
	};
	return WORLD_RUN(tests);
}
