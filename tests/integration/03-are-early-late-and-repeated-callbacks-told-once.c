// Question: are statuses told once and in order, whatever order, repetition or delay their callbacks arrive in?
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"
#include "tests/harness/world.h"

struct disorder {
	const char *name;
	const char *on_status; /* of the callbacks that the fault takes; "" for all */
	const char *action;
};

static const struct disorder disorders[] = {
	{"before the answer to the create", "", "{\"before_answer\":true}"},
	{"all of them before the answer", "", "{\"before_answer\":\"delivered\"}"},
	{"each three times", "", "{\"repeat\":2}"},
	{"sent behind delivered", "", "{\"reorder\":true}"},
	{"sent lost", "sent", "{\"lose\":true}"},
	{"sent half a second late", "sent", "{\"delay_ms\":500}"},
};

static void play(struct world *world, const struct disorder *disorder, size_t number)
{
	char payload[64], id[16], fault[512], command[256];
	text_format(payload, sizeof(payload), "disorder %zu", number);
	text_format(id, sizeof(id), "d%zu", number);
	text_format(
		fault, sizeof(fault),
		"[{\"on\":\"callback\",\"match\":{\"payload\":\"%s\",\"status\":\"%s\"},\"times\":-1,\"action\":%s}]",
		payload, disorder->on_status, disorder->action);
	text_format(command, sizeof(command), "{\"payload\":\"%s\",\"id\":\"%s\"}", payload, id);
	print_message("callbacks %s\n", disorder->name);
	simulator_fault(world->simulator, fault);
	command_send(world->client, "meter-001", command);
	status_expect(world->client, "meter-001", id, "delivered");
	ledger_expect_one(world->simulator, payload);
}

static void statuses_only_rise(struct world *world)
{
	enum { COUNT = sizeof(disorders) / sizeof(disorders[0]) };
	char id[16];
	world_start(world, NULL);
	for (size_t i = 0; i < COUNT; i++)
		play(world, &disorders[i], i);
	pause_ms(600); /* for the callback that was delayed by half a second */
	status_settle(world->client, "meter-002");
	for (size_t i = 0; i < COUNT; i++) {
		text_format(id, sizeof(id), "d%zu", i);
		status_expect_rising(world->client, "meter-001", id, "delivered");
	}
}

static void every_callback_lost_is_made_up_for_by_asking(struct world *world)
{
	static const char *const lines[] = {"reconcile.poll_after: 1s", NULL};
	struct world_options options = {.lines = lines};
	world_start(world, &options);
	simulator_fault(world->simulator, "[{\"on\":\"callback\",\"times\":-1,\"action\":{\"lose\":true}}]");
	command_send(world->client, "meter-001", "{\"payload\":\"silence\",\"id\":\"s1\"}");
	status_expect(world->client, "meter-001", "s1", "delivered");
	status_expect_rising(world->client, "meter-001", "s1", "delivered");
	ledger_expect_one(world->simulator, "silence");
}

static void without_a_public_address_asking_is_enough(struct world *world)
{
	static const char *const lines[] = {"webhook.listen: \"\"", "webhook.public_url:", NULL};
	char sid[64];
	struct world_options options = {.lines = lines};
	world_prepare(world, &options);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	command_send(world->client, "meter-001", "{\"payload\":\"behind a NAT\",\"id\":\"n1\"}");
	status_expect(world->client, "meter-001", "n1", "delivered");
	simulator_mo(world->simulator, METER_2_SIM, "from behind", sid, sizeof(sid));
	client_expect(world->client, "devices/meter-002/up", sid);
	client_expect(world->client, "mqtt-sms-bridge/info", "polling");
	assert_int_equal(ledger_summary(world->simulator, "callbacks"), 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(statuses_only_rise),
		WORLD_TEST(every_callback_lost_is_made_up_for_by_asking),
		WORLD_TEST(without_a_public_address_asking_is_enough),
	};
	return WORLD_RUN(tests);
}
