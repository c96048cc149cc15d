// Question: does a disk that is full lose or double anything, and does the bridge go on by itself when it is not?
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE /* prlimit */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/load.h"
#include "tests/harness/webhook.h"
#include "tests/harness/world.h"

/* Without the rights to fill a disk of our own: no file of the bridge's may grow beyond this any more. To SQLite that
 * is a write that finds no space. */
static void limit_files(struct world *world, rlim_t bytes)
{
	struct rlimit now;
	pid_t process = process_id(bridge_process(world->bridge));
	assert_int_equal(prlimit(process, RLIMIT_FSIZE, NULL, &now), 0);
	now.rlim_cur = bytes < now.rlim_max ? bytes : now.rlim_max;
	assert_int_equal(prlimit(process, RLIMIT_FSIZE, &now, NULL), 0);
}

static void there_is_space_again(struct world *world)
{
	limit_files(world, RLIM_INFINITY);
}

static void without_space_callbacks_are_503_and_come_again(struct world *world)
{
	char path[WEBHOOK_PATH_SIZE], body[WEBHOOK_BODY_SIZE], sid[SID_SIZE];
	world_start_silent(world, path, body);
	limit_files(world, 0);
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 503);
	simulator_mo(world->simulator, METER_1_SIM, "without space", sid, sizeof(sid));
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 503);
	assert_true(bridge_is_running(world->bridge));
	there_is_space_again(world);
	bridge_await_ready(world->bridge);
	client_expect(world->client, "devices/meter-001/up", sid);
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 204);
	status_expect(world->client, "meter-001", "silent", "delivered");
	status_settle(world->client, "meter-002");
	status_expect_sequence(world->client, "meter-001", "silent", "accepted queued delivered");
	client_expect_none_more(world->client, &(struct client_match){"devices/meter-001/up", {sid, NULL}, 0}, 1, 0);
}

static void without_space_no_command_is_acknowledged_and_none_lost(struct world *world)
{
	enum { DEVICES = 5, ALL = 20, NO_PUBACK_MS = 2500 };
	char *mapping = load_mapping(DEVICES);
	struct world_options options = {.devices = mapping};
	world_start(world, &options);
	free(mapping);
	struct load *load = load_create(world->client, DEVICES);
	load_send(load, ALL / 2);
	assert_true(load_await_delivered(load, ALL / 2, STEP_MS));
	limit_files(world, 0);
	load_send(load, ALL / 2);
	pause_ms(NO_PUBACK_MS); /* the client hears of its broker's PUBACK, not of ours: what counts is below */
	assert_int_equal(load_accepted(load), ALL / 2);
	ledger_expect(world->simulator, "", ALL / 2);
	assert_true(bridge_is_running(world->bridge));
	there_is_space_again(world);
	assert_true(load_await_delivered(load, ALL, 2 * STEP_MS));
	ledger_expect_distinct(world->simulator, ALL);
	load_destroy(load);
}

static bool is_answered(void *ctx)
{
	struct world *world = ctx;
	return bridge_metric(world->bridge, "mqtt_sms_bridge_api_creates_total{outcome=\"done\"}") == 1;
}

/* The disk is full before the API's answer comes, and the answer is there when this returns. */
static void answer_into_fullness(struct world *world)
{
	static const char *const lines[] = {"api.timeout: 30s", NULL};
	struct world_options options = {.lines = lines};
	world_start(world, &options);
	simulator_fault(world->simulator, "[{\"on\":\"create\",\"match\":{\"payload\":\"answered late\"},"
					  "\"action\":{\"hold_ms\":4000}}]");
	command_send(world->client, "meter-001", "{\"payload\":\"answered late\",\"id\":\"a\"}");
	ledger_await(world->simulator, "answered late", 1);
	limit_files(world, 0);
	assert_false(is_answered(world));
	assert_true(await(is_answered, world, STEP_MS));
}

static void a_result_that_finds_no_space_is_kept_until_it_does(struct world *world)
{
	answer_into_fullness(world);
	pause_ms(1500); /* the absence of a status is the subject */
	assert_false(status_is(world->client, "meter-001", "a", "queued"));
	assert_true(bridge_is_running(world->bridge));
	there_is_space_again(world);
	status_expect(world->client, "meter-001", "a", "delivered");
	status_settle(world->client, "meter-002");
	status_expect_rising(world->client, "meter-001", "a", "delivered");
	ledger_expect_one(world->simulator, "answered late");
}

static void stopped_without_space_it_looks_up_the_result_at_the_next_start(struct world *world)
{
	answer_into_fullness(world);
	bridge_stop(world->bridge);
	bridge_launch(world->bridge, NULL);
	status_expect(world->client, "meter-001", "a", "delivered");
	bridge_await_ready(world->bridge);
	status_settle(world->client, "meter-002");
	ledger_expect_one(world->simulator, "answered late");
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(without_space_callbacks_are_503_and_come_again),
		WORLD_TEST(without_space_no_command_is_acknowledged_and_none_lost),
		WORLD_TEST(a_result_that_finds_no_space_is_kept_until_it_does),
		WORLD_TEST(stopped_without_space_it_looks_up_the_result_at_the_next_start),
	};
	return WORLD_RUN(tests);
}
