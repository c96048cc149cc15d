// Question: do three bridges in one share group send everything once, also when one of them is killed under load?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <sys/stat.h>

#include "bridge/base/text.h"
#include "tests/harness/files.h"
#include "tests/harness/load.h"
#include "tests/harness/world.h"

enum {
	BRIDGES = 3,
	DEVICES = 30,
	WAVE = 100,
	FOLDER_SIZE = 300,
	LINE_SIZE = 64,
	DEADLINE_MS = 90000,
	INTERVAL_MS = 200
};

struct group {
	struct bridge *bridges[BRIDGES];
	char folders[BRIDGES][FOLDER_SIZE];
};

/* A folder, a client id, a spool and topics of its own for each; commands come to them all. */
static struct bridge *create(struct world *world, const char *folder, int number, const char *mapping)
{
	char client_id[LINE_SIZE], topics[LINE_SIZE];
	const char *messages = number == 0 ? "reconcile.messages: true" : "reconcile.messages: false";
	text_format(client_id, sizeof(client_id), "mqtt.client_id: bridge-%d", number);
	text_format(topics, sizeof(topics), "topics.bridge: bridge-%d", number);
	const char *const lines[] = {"mqtt.share_group: bridges",
				     "reconcile.poll_after: 1s",
				     "reconcile.interval: 200ms",
				     messages,
				     client_id,
				     topics,
				     NULL};
	struct bridge_options options = {.folder = folder,
					 .broker_port = broker_port(world->broker),
					 .api_port = simulator_port(world->simulator),
					 .lines = lines,
					 .devices = mapping};
	assert_int_equal(mkdir(folder, 0700), 0);
	return bridge_create(&options);
}

static void start(struct world *world, struct group *group)
{
	char *mapping = load_mapping(DEVICES);
	world_prepare(world, NULL);
	for (int i = 0; i < BRIDGES; i++) {
		text_format(group->folders[i], FOLDER_SIZE, "%s/bridge-%d", world->folder, i);
		group->bridges[i] = create(world, group->folders[i], i, mapping);
		bridge_launch(group->bridges[i], NULL);
	}
	for (int i = 0; i < BRIDGES; i++)
		bridge_await_ready(group->bridges[i]);
	free(mapping);
}

static void stop(struct group *group)
{
	for (int i = 0; i < BRIDGES; i++) {
		bridge_stop(group->bridges[i]);
		bridge_destroy(group->bridges[i]);
		files_remove(group->folders[i]);
	}
}

static int64_t taken(struct bridge *bridge)
{
	return bridge_metric(bridge, "mqtt_sms_bridge_messages_total{result=\"accepted\"}");
}

static void expect_all_once(struct world *world, struct load *load, size_t total)
{
	assert_true(client_flush(world->client, STEP_MS));
	if (!load_await_delivered(load, total, DEADLINE_MS))
		fail_msg("%zu of %zu commands were delivered", load_delivered(load), total);
	ledger_expect_distinct(world->simulator, total);
}

static void the_work_is_shared(struct world *world)
{
	struct group group;
	int64_t sum = 0;
	start(world, &group);
	struct load *load = load_create(world->client, DEVICES);
	load_send(load, WAVE);
	expect_all_once(world, load, WAVE);
	load_destroy(load);
	for (int i = 0; i < BRIDGES; i++) {
		assert_true(taken(group.bridges[i]) > 0);
		sum += taken(group.bridges[i]);
	}
	assert_int_equal(sum, WAVE);
	stop(&group);
}

/* What the broker had given to the killed one waits in its session, what it had taken waits in its spool. */
static void a_killed_member_loses_and_doubles_nothing(struct world *world)
{
	struct group group;
	start(world, &group);
	struct load *load = load_create(world->client, DEVICES);
	for (size_t kills = 0; kills < BRIDGES; kills++) {
		load_send(load, WAVE / 2);
		load_await_delivered(load, kills * WAVE + WAVE / 4, STEP_MS);
		bridge_kill(group.bridges[kills]);
		load_send(load, WAVE / 2);
		assert_true(client_flush(world->client, STEP_MS));
		bridge_launch(group.bridges[kills], NULL);
	}
	expect_all_once(world, load, BRIDGES * WAVE);
	load_destroy(load);
	for (int i = 0; i < BRIDGES; i++)
		bridge_await_ready(group.bridges[i]);
	stop(&group);
}

/* Each has a spool of its own and knows nothing of what the others published: so one of them lists for all. */
static void an_sms_from_a_device_is_told_by_one_of_them(struct world *world)
{
	struct client_match up = {.topic = "devices/load-3/up"};
	struct group group;
	char sid[LINE_SIZE];
	start(world, &group);
	simulator_fault(world->simulator, "[{\"on\":\"callback\",\"times\":-1,\"action\":\"lose\"}]");
	simulator_mo(world->simulator, "HS00000000000000000000000000001003", "T=21.5", sid, sizeof(sid));
	client_expect(world->client, "devices/load-3/up", sid);
	client_expect_none_more(world->client, &up, 1, 5 * INTERVAL_MS);
	stop(&group);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST_WITH(the_work_is_shared, BROKER_SHARES),
		WORLD_TEST_WITH(a_killed_member_loses_and_doubles_nothing, BROKER_SHARES),
		WORLD_TEST_WITH(an_sms_from_a_device_is_told_by_one_of_them, BROKER_SHARES),
	};
	return WORLD_RUN(tests);
}
