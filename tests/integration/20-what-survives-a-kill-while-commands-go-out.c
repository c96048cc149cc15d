// Question: is everything kept, and nothing doubled, when the bridge is killed at any point of a command's way out?
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include "tests/harness/kill.h"

#define PLAY(world, points) kill_at_each((world), (points), sizeof(points) / sizeof((points)[0]))

static void killed_while_commands_come_in(struct world *world)
{
	static const struct kill_point points[] = {
		{"accept-before-commit", false}, /* nothing is known, no PUBACK */
		{"accept-after-commit", false},	 /* stored, no PUBACK: the broker delivers it again */
		{"accept-after-commit:4", false},  {"intake-before-puback", false},
		{"intake-before-puback:7", false}, {"reject-before-commit", false},
		{"reject-after-commit", false},	   {"admin-before-commit", false}, /* a cancellation */
		{"admin-after-commit", false},
	};
	PLAY(world, points);
}

static void killed_while_commands_are_sent(struct world *world)
{
	static const struct kill_point points[] = {
		{"take-before-commit", false},
		{"take-after-commit", false}, /* the intent is on disk, nothing has left */
		{"sender-before-post", false},
		{"sender-before-post:3", false},
		{"sender-after-answer", false}, /* the API has it, we have not written down its answer */
		{"sender-after-answer:4", false},
		{"settle-before-commit", false},
		{"settle-after-commit", false},
		{"settle-after-commit:3", false},
	};
	PLAY(world, points);
}

static void killed_while_a_kill_is_made_good(struct world *world)
{
	static const struct kill_point points[] = {
		{"recover-before-commit", true},
		{"recover-after-commit", true},
		{"reconciler-before-settle", true},
		{"reconciler-before-settle", false},
	};
	PLAY(world, points);
}

/* What the API took last is not in its lists at once: who is started again quickly must not look too soon. */
static void a_list_that_lags_behind_makes_no_second_sms(struct world *world)
{
	static const char *const lines[] = {"reconcile.settle: 3s", "reconcile.poll_after: 1s", NULL};
	static const char *const env[] = {"BRIDGE_CRASH_AT=sender-after-answer", NULL};
	static const struct world_options options = {.lines = lines, .bridge_env = env};
	if (!world_has_crash_points())
		skip();
	world_start(world, &options);
	simulator_tell(world->simulator, "POST", "settings", "{\"list_lag_ms\":2000}");
	simulator_fault(world->simulator, "[{\"on\":\"callback\",\"times\":-1,\"action\":\"lose\"}]");
	command_send(world->client, "meter-001", "{\"payload\":\"once\",\"id\":\"once\"}");
	assert_int_equal(process_wait(bridge_process(world->bridge), STEP_MS), -SIGKILL);
	bridge_launch(world->bridge, NULL);
	status_expect(world->client, "meter-001", "once", "delivered");
	ledger_expect_one(world->simulator, "once");
	bridge_await_ready(world->bridge);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(killed_while_commands_come_in),
		WORLD_TEST(killed_while_commands_are_sent),
		WORLD_TEST(killed_while_a_kill_is_made_good),
		WORLD_TEST(a_list_that_lags_behind_makes_no_second_sms),
	};
	return WORLD_RUN(tests);
}
