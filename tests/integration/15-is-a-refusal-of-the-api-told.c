// Question: is what the API refuses for good told with its code, and never tried again?
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/world.h"

struct api_refusal {
	int status;
	const char *code;
};

static const struct api_refusal refusals[] = {{400, "api_400"}, {404, "api_404"}, {415, "api_415"}, {422, "api_422"}};

static void play(struct world *world, const struct api_refusal *refusal)
{
	char payload[64], fault[512], command[256], message[512];
	text_format(payload, sizeof(payload), "refused with %d", refusal->status);
	text_format(fault, sizeof(fault),
		    "[{\"on\":\"create\",\"match\":{\"payload\":\"%s\"},\"times\":-1,\"action\":{\"status\":%d}}]",
		    payload, refusal->status);
	text_format(command, sizeof(command), "{\"payload\":\"%s\",\"id\":\"%s\"}", payload, refusal->code);
	simulator_fault(world->simulator, fault);
	command_send(world->client, "meter-001", command);
	const struct client_message *rejected = status_expect(world->client, "meter-001", refusal->code, "rejected");
	status_expect_field(rejected, "error.code", refusal->code);
	json_pick(rejected->payload, "error.message", message, sizeof(message));
	assert_true(strlen(message) > 0);
	simulator_heal(world->simulator);
	status_settle(world->client, "meter-001");
	status_expect_sequence(world->client, "meter-001", refusal->code, "accepted rejected");
	ledger_expect(world->simulator, payload, 0);
}

static void each_refusal_has_its_code(struct world *world)
{
	world_start(world, NULL);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		play(world, &refusals[i]);
}

static void a_sim_that_does_not_exist_is_a_refusal(struct world *world)
{
	struct world_options options = {.devices = "devices:\n  ghost: No-Such-Sim\n  meter-001: " METER_1_SIM "\n"};
	world_start(world, &options);
	simulator_fault(world->simulator,
			"[{\"on\":\"create\",\"match\":{\"payload\":\"boo\"},"
			"\"action\":{\"status\":404,\"body\":\"{\\\"status\\\":404,\\\"code\\\":20404,"
			"\\\"message\\\":\\\"The Sim was not found\\\"}\"}}]");
	command_send(world->client, "ghost", "{\"payload\":\"boo\",\"id\":\"b\"}");
	const struct client_message *rejected = status_expect(world->client, "ghost", "b", "rejected");
	assert_non_null(strstr(rejected->payload, "The Sim was not found"));
}

static void wrong_credentials_stop_the_sending_and_lose_nothing(struct world *world)
{
	static const char *const lines[] = {"api.token: wrong-token", NULL};
	struct world_options options = {.lines = lines};
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"later\",\"id\":\"l\"}");
	status_expect(world->client, "meter-001", "l", "accepted");
	pause_ms(1500);
	status_expect_sequence(world->client, "meter-001", "l", "accepted");
	bridge_stop(world->bridge);
	bridge_set(world->bridge, "api.token: " BEARER_TOKEN);
	bridge_launch(world->bridge, NULL);
	status_expect(world->client, "meter-001", "l", "delivered");
	ledger_expect_one(world->simulator, "later");
	bridge_await_ready(world->bridge);
}

static void a_dry_run_asks_nobody(struct world *world)
{
	static const char *const lines[] = {"api.dry_run: true", NULL};
	struct world_options options = {.lines = lines};
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"what if\",\"id\":\"d\"}");
	const struct client_message *accepted = status_expect(world->client, "meter-001", "d", "accepted");
	assert_non_null(strstr(accepted->payload, "\"dry_run\":true"));
	pause_ms(500);
	ledger_expect(world->simulator, "", 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(each_refusal_has_its_code),
		WORLD_TEST(a_sim_that_does_not_exist_is_a_refusal),
		WORLD_TEST(wrong_credentials_stop_the_sending_and_lose_nothing),
		WORLD_TEST(a_dry_run_asks_nobody),
	};
	return WORLD_RUN(tests);
}
