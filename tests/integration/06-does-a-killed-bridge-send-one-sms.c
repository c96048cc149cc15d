// Question: does a command become exactly one SMS, wherever the bridge is killed, and when it is delivered again?
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include "bridge/base/text.h"
#include "tests/harness/world.h"

static const char *const crash_points[] = {
	"accept-after-commit",				     /* stored, no PUBACK: the broker delivers again with DUP */
	"sender-before-post",				     /* the intent is on disk, nothing has left */
	"sender-after-answer",				     /* the API has it, we have not written down its answer */
	"publisher-before-publish", "publisher-before-done", /* told, PUBACK came, not written down */
};

static void crash_at(struct world *world, const char *point)
{
	char variable[128];
	const char *const env[] = {variable, NULL};
	print_message("killed at %s\n", point);
	text_format(variable, sizeof(variable), "BRIDGE_CRASH_AT=%s", point);
	bridge_launch(world->bridge, env);
	world_send_unheard(world, point);
	if (process_wait(bridge_process(world->bridge), STEP_MS) != -SIGKILL)
		fail_msg("the bridge did not pass the crash point %s", point);
	world_expect_one_after_restart(world, point);
}

static void wherever_it_is_killed_there_is_one_sms(struct world *world)
{
	if (!world_has_crash_points())
		skip();
	world_prepare(world, NULL);
	bridge_launch(world->bridge, NULL); /* makes the spool and the session at the broker */
	bridge_await_ready(world->bridge);
	bridge_stop(world->bridge);
	for (size_t i = 0; i < sizeof(crash_points) / sizeof(crash_points[0]); i++)
		crash_at(world, crash_points[i]);
	status_expect_rising(world->client, "meter-001", "accept-after-commit", "delivered");
}

static void a_delivery_again_of_two_equal_texts_is_told_from_a_new_one(struct world *world)
{
	if (!world_has_crash_points())
		skip();
	static const char *const env[] = {"BRIDGE_CRASH_AT=accept-after-commit:2", NULL};
	world_prepare(world, NULL);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	bridge_stop(world->bridge);
	bridge_launch(world->bridge, env);
	command_send(world->client, "meter-001", "ping");
	command_send(world->client, "meter-001", "ping");
	assert_int_equal(process_wait(bridge_process(world->bridge), STEP_MS), -SIGKILL);
	bridge_launch(world->bridge, NULL);
	ledger_await(world->simulator, "ping", 2);
	bridge_await_ready(world->bridge);
	status_settle(world->client, "meter-002");
	ledger_expect(world->simulator, "ping", 2);
}

static void killed_while_the_api_holds_its_answer(struct world *world)
{
	world_start(world, NULL);
	simulator_fault(world->simulator, "[{\"on\":\"create\",\"match\":{\"payload\":\"text held\"},"
					  "\"action\":{\"hold_ms\":1500}}]");
	world_send_unheard(world, "held");
	ledger_await(world->simulator, "text held", 1);
	status_settle(world->client, "meter-003"); /* by then the PUBACK of `accepted` is on disk */
	bridge_kill(world->bridge);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	status_expect(world->client, "meter-001", "held", "delivered");
	status_settle(world->client, "meter-002");
	status_expect_rising_over_kill(world->client, "meter-001", "held", "delivered");
	ledger_expect_one(world->simulator, "text held");
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(wherever_it_is_killed_there_is_one_sms),
		WORLD_TEST(a_delivery_again_of_two_equal_texts_is_told_from_a_new_one),
		WORLD_TEST(killed_while_the_api_holds_its_answer),
	};
	return WORLD_RUN(tests);
}
