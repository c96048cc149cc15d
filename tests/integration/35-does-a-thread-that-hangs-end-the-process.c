// Question: does a thread that makes no progress end the process in time, and is nothing lost or doubled by that?
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/world.h"

/* The unit file allows a second for the restart, and 15 s more where nobody ends the process: a minute in all. */
enum { HANG_MS = 44000 };

/* Without waiting for its PUBACK. */
static void send_id(struct world *world, const char *id)
{
	char command[128];
	text_format(command, sizeof(command), "{\"payload\":\"text %s\",\"id\":\"%s\"}", id, id);
	struct client_publish publish = {
		.topic = "devices/meter-001/cmd", .payload = command, .len = strlen(command), .qos = 1};
	client_send(world->client, &publish);
}

static void hang_at(struct world *world, const char *point, const char *thread)
{
	char variable[128], payload[64], line[512];
	const char *const env[] = {variable, NULL};
	text_format(variable, sizeof(variable), "BRIDGE_HANG_AT=%s", point);
	text_format(payload, sizeof(payload), "text %s", point);
	world_prepare(world, NULL);
	bridge_launch(world->bridge, env);
	bridge_await_ready(world->bridge);
	send_id(world, point);
	assert_true(process_wait_line(bridge_process(world->bridge), "a thread makes no progress", HANG_MS, line,
				      sizeof(line)));
	assert_non_null(strstr(line, thread));
	assert_int_equal(process_wait(bridge_process(world->bridge), STEP_MS), 1);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	status_expect(world->client, "meter-001", point, "delivered");
	status_settle(world->client, "meter-002");
	ledger_expect_one(world->simulator, payload);
	bridge_stop(world->bridge);
}

static void a_thread_that_hangs_ends_the_process_and_nothing_is_lost(struct world *world)
{
	if (!world_has_crash_points())
		skip();
	hang_at(world, "sender-before-post", "sender, for 4");
}

/* It has the spool's connection: everybody waits for it. */
static void a_commit_that_hangs_ends_the_process_and_nothing_is_lost(struct world *world)
{
	if (!world_has_crash_points())
		skip();
	hang_at(world, "accept-before-commit", ", for 4");
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(a_thread_that_hangs_ends_the_process_and_nothing_is_lost),
		WORLD_TEST(a_commit_that_hangs_ends_the_process_and_nothing_is_lost),
	};
	return WORLD_RUN(tests);
}
