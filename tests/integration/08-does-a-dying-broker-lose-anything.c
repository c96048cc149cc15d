// Question: is anything lost or doubled when the broker dies again and again under load?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "tests/harness/load.h"
#include "tests/harness/world.h"

enum { DEVICES = 25, ROUNDS = 10, A_ROUND = 20 };

static struct load *start(struct world *world)
{
	char *mapping = load_mapping(DEVICES);
	struct world_options options = {.devices = mapping};
	world_start(world, &options);
	free(mapping);
	return load_create(world->client, DEVICES);
}

static void expect_all_sent_once(struct world *world, int process, size_t all)
{
	ledger_expect_distinct(world->simulator, all);
	assert_true(bridge_is_running(world->bridge));
	assert_int_equal(process_id(bridge_process(world->bridge)), process);
}

static void restarts_lose_and_double_nothing(struct world *world)
{
	size_t rounds = broker_restarts(ROUNDS);
	struct load *load = start(world);
	int process = process_id(bridge_process(world->bridge));
	for (size_t round = 0; round < rounds; round++) {
		load_send(load, A_ROUND);
		load_await_delivered(load, round * A_ROUND + A_ROUND / 2, 2000);
		broker_stop(world->broker);
		broker_restart(world->broker);
	}
	assert_true(client_flush(world->client, 2 * STEP_MS));
	assert_true(load_await_delivered(load, rounds * A_ROUND, 3 * STEP_MS));
	expect_all_sent_once(world, process, rounds * A_ROUND);
	load_destroy(load);
}

/* kill -9 makes brokers lose some of what they have acknowledged, in both directions: commands are handed over
 * again by their sender, statuses are counted where they are made. */
static void kills_double_nothing(struct world *world)
{
	size_t rounds = broker_restarts(ROUNDS);
	struct load *load = start(world);
	int process = process_id(bridge_process(world->bridge));
	for (size_t round = 0; round < rounds; round++) {
		load_send(load, A_ROUND);
		load_await_delivered(load, round * A_ROUND + A_ROUND / 2, 500);
		broker_kill(world->broker);
		broker_restart(world->broker);
	}
	for (int tries = 0; tries < 5 && ledger_count(world->simulator, "") < rounds * A_ROUND; tries++) {
		assert_true(client_flush(world->client, 2 * STEP_MS));
		bridge_await_ready(world->bridge);
		load_send_missing(load);
		load_await_delivered(load, rounds * A_ROUND, 3000);
	}
	ledger_await(world->simulator, "", rounds * A_ROUND);
	expect_all_sent_once(world, process, rounds * A_ROUND);
	load_destroy(load);
}

static void a_bridge_that_starts_before_its_broker_waits_for_it(struct world *world)
{
	world_prepare(world, NULL);
	broker_stop(world->broker);
	bridge_launch(world->bridge, NULL);
	pause_ms(300);
	assert_true(bridge_is_running(world->bridge));
	broker_restart(world->broker);
	bridge_await_ready(world->bridge);
	status_settle(world->client, "meter-001");
}

static void what_happens_while_the_broker_is_away_is_told_afterwards(struct world *world)
{
	char sid[64];
	world_start(world, NULL);
	broker_stop(world->broker);
	simulator_mo(world->simulator, METER_1_SIM, "while you were out", sid, sizeof(sid));
	pause_ms(100);
	broker_restart(world->broker);
	client_expect(world->client, "devices/meter-001/up", sid);
	bridge_await_ready(world->bridge);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST_WITH(restarts_lose_and_double_nothing, BROKER_KEEPS),
		WORLD_TEST(kills_double_nothing),
		WORLD_TEST(a_bridge_that_starts_before_its_broker_waits_for_it),
		WORLD_TEST(what_happens_while_the_broker_is_away_is_told_afterwards),
	};
	return WORLD_RUN(tests);
}
