// Question: does stopping or killing the bridge under load lose or double anything?
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdlib.h>

#include "bridge/base/clock.h"
#include "tests/harness/load.h"
#include "tests/harness/world.h"

enum { DEVICES = 25, ALL = 200, STOP_MS = 15000 };

static struct load *start(struct world *world)
{
	/* Callbacks that come while the bridge is down are lost; what they said is asked for soon. */
	static const char *const lines[] = {"reconcile.poll_after: 1s", NULL};
	char *mapping = load_mapping(DEVICES);
	struct world_options options = {.lines = lines, .devices = mapping};
	world_start(world, &options);
	free(mapping);
	return load_create(world->client, DEVICES);
}

static void finish(struct world *world, struct load *load)
{
	assert_true(client_flush(world->client, STEP_MS));
	if (!load_await_delivered(load, ALL, 3 * STEP_MS))
		fail_msg("%zu of %d commands were delivered", load_delivered(load), ALL);
	ledger_expect_distinct(world->simulator, ALL);
	load_destroy(load);
}

static void sigterm_under_load_loses_nothing(struct world *world)
{
	struct load *load = start(world);
	for (size_t stops = 1; stops <= 3; stops++) {
		load_send(load, ALL / 4);
		load_await_delivered(load, stops * ALL / 4 - ALL / 8, STEP_MS);
		bridge_stop(world->bridge); /* fails the test unless the status is 0 */
		bridge_launch(world->bridge, NULL);
	}
	load_send(load, ALL / 4);
	finish(world, load);
}

static void kill_9_under_load_loses_and_doubles_nothing(struct world *world)
{
	struct load *load = start(world);
	for (size_t kills = 1; kills <= 7; kills++) {
		load_send(load, ALL / 8);
		load_await_delivered(load, kills * ALL / 8 - ALL / 16, STEP_MS);
		bridge_kill(world->bridge);
		bridge_launch(world->bridge, NULL);
	}
	load_send(load, ALL / 8);
	finish(world, load);
}

static void a_stop_ends_in_time_though_the_api_holds_its_answer(struct world *world)
{
	world_start(world, NULL);
	simulator_fault(world->simulator, "[{\"on\":\"create\",\"times\":-1,\"action\":{\"hold_ms\":20000}}]");
	command_send(world->client, "meter-001", "{\"payload\":\"held\",\"id\":\"h\"}");
	ledger_await(world->simulator, "held", 1);
	int64_t began_ms = clock_mono_ms();
	bridge_stop(world->bridge);
	assert_true(clock_mono_ms() - began_ms < patient(STOP_MS));
	simulator_heal(world->simulator);
	bridge_launch(world->bridge, NULL);
	status_expect(world->client, "meter-001", "h", "delivered");
	ledger_expect_one(world->simulator, "held");
	bridge_await_ready(world->bridge);
}

static void a_second_sigterm_is_harmless(struct world *world)
{
	world_start(world, NULL);
	process_signal(bridge_process(world->bridge), SIGTERM);
	process_signal(bridge_process(world->bridge), SIGTERM);
	process_signal(bridge_process(world->bridge), SIGINT);
	assert_int_equal(process_wait(bridge_process(world->bridge), STEP_MS), 0);
}

static void sigint_stops_as_well(struct world *world)
{
	world_start(world, NULL);
	process_signal(bridge_process(world->bridge), SIGINT);
	assert_int_equal(process_wait(bridge_process(world->bridge), STEP_MS), 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(sigterm_under_load_loses_nothing),
		WORLD_TEST(kill_9_under_load_loses_and_doubles_nothing),
		WORLD_TEST(a_stop_ends_in_time_though_the_api_holds_its_answer),
		WORLD_TEST(a_second_sigterm_is_harmless),
		WORLD_TEST(sigint_stops_as_well),
	};
	return WORLD_RUN(tests);
}
