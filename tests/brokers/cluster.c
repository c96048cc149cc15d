// Question: is anything lost or sent twice when the servers of a cluster are killed in turn, under load?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/audit.h"
#include "tests/harness/load.h"
#include "tests/harness/nats_cluster.h"
#include "tests/harness/world.h"

enum {
	DEVICES = 25,
	WAVE = 20,
	BARE = 4 /* every so many without an id */,
	LINE_SIZE = 160,
	ROUNDS_MIN = NATS_NODES,
	SECONDS = 60,
	SETTLE_MS = 3 * STEP_MS
};

struct scene {
	struct world *world;
	struct nats_cluster *cluster;
	struct audit *audit;
	size_t wanted; /* commands that must be final */
};

static int64_t budget_ms(void)
{
	const char *text = getenv("CLUSTER_SECONDS");
	int64_t seconds = SECONDS;
	if (text != NULL)
		text_to_int(text, 1, 3600, &seconds);
	return seconds * 1000;
}

/* The bridge is given all the servers; the witness uses the last one, and waits for it when it is dead. */
static void start(struct scene *scene)
{
	struct world *world = scene->world;
	char url[URL_SIZE], urls[LINE_SIZE], *mapping = load_mapping(DEVICES);
	static const char *const fast[] = {"--delay-sent", "20ms", "--delay-delivered", "20ms", NULL};
	scene->cluster = nats_cluster_start(world->folder);
	world->simulator = simulator_start(world->folder, fast);
	text_format(urls, sizeof(urls),
		    "mqtt.url: [\"mqtt://127.0.0.1:%d\", \"mqtt://127.0.0.1:%d\", \"mqtt://127.0.0.1:%d\"]",
		    nats_cluster_port(scene->cluster, 0), nats_cluster_port(scene->cluster, 1),
		    nats_cluster_port(scene->cluster, 2));
	const char *const lines[] = {urls, "reconcile.poll_after: 1s", NULL};
	struct bridge_options bridge = {.folder = world->folder,
					.api_port = simulator_port(world->simulator),
					.lines = lines,
					.devices = mapping};
	world->bridge = bridge_create(&bridge);
	struct client_options client = {.port = nats_cluster_port(scene->cluster, NATS_NODES - 1), .id = "witness"};
	world->client = client_start(&client);
	client_subscribe(world->client, "devices/+/status");
	client_subscribe(world->client, "devices/+/up");
	bridge_fleet_url(world->bridge, url, sizeof(url));
	simulator_set_fleet(world->simulator, url);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	scene->audit = audit_create();
	free(mapping);
}

static void stop(struct scene *scene)
{
	bridge_stop(scene->world->bridge);
	client_destroy(scene->world->client);
	scene->world->client = NULL;
	nats_cluster_destroy(scene->cluster);
	audit_destroy(scene->audit);
}

static void send_wave(struct scene *scene)
{
	char topic[LINE_SIZE], command[LINE_SIZE], text[AUDIT_TEXT_SIZE], id[AUDIT_TEXT_SIZE];
	for (size_t i = 0; i < WAVE; i++) {
		size_t number = audit_add(scene->audit);
		audit_text(number, text);
		audit_id(number, id);
		text_format(topic, sizeof(topic), "devices/load-%zu/cmd", number % DEVICES);
		if (number % BARE == 0)
			text_copy(command, sizeof(command), text);
		else
			text_format(command, sizeof(command), "{\"payload\":\"%s\",\"id\":\"%s\"}", text, id);
		struct client_publish publish = {.topic = topic, .payload = command, .len = strlen(command), .qos = 1};
		client_send(scene->world->client, &publish);
		scene->wanted++;
	}
}

static size_t final_ones(struct scene *scene)
{
	size_t count = 0;
	audit_read(scene->audit, scene->world->client);
	for (size_t i = 0; i < scene->wanted; i++)
		count += audit_is_final(scene->audit, i) ? 1 : 0;
	return count;
}

static bool most_are_final(void *ctx)
{
	struct scene *scene = ctx;
	return final_ones(scene) + WAVE / 2 >= scene->wanted;
}

static bool all_are_final(void *ctx)
{
	struct scene *scene = ctx;
	return final_ones(scene) == scene->wanted;
}

/* Killed in the middle of a wave; the next wave meets two servers, and the third when it comes back. */
static void play(struct scene *scene, size_t node)
{
	send_wave(scene);
	await(most_are_final, scene, 500);
	nats_cluster_kill(scene->cluster, node);
	send_wave(scene);
	await(most_are_final, scene, 2000);
	nats_cluster_restart(scene->cluster, node);
	await(most_are_final, scene, SETTLE_MS);
}

/* What NATS had under way to the witness when its server or a leader died comes again after `ack_wait`, and later
 * statuses come before it. So the order is not judged here; the chaos test does that, where the bridge publishes. */
static void expect_nothing_lost_or_twice(struct scene *scene)
{
	struct audit_verdict verdict;
	audit_judge(scene->audit, scene->world->simulator, &verdict);
	print_message("%zu commands with a status that NATS delivered late\n", verdict.unordered);
	verdict.unordered = 0;
	audit_expect_none(&verdict);
}

static void servers_that_die_in_turn_lose_and_double_nothing(struct world *world)
{
	struct scene scene = {.world = world};
	int64_t until_ms = clock_mono_ms() + budget_ms();
	start(&scene);
	int process = process_id(bridge_process(world->bridge));
	size_t kills = 0;
	for (; kills < ROUNDS_MIN || clock_mono_ms() < until_ms; kills++)
		play(&scene, kills % NATS_NODES);
	assert_true(client_flush(world->client, SETTLE_MS));
	bool complete = await(all_are_final, &scene, SETTLE_MS);
	print_message("%zu kills, %zu commands, %zu final, %zu SMS\n", kills, scene.wanted, final_ones(&scene),
		      ledger_count(world->simulator, ""));
	assert_int_equal(process_id(bridge_process(world->bridge)), process);
	assert_true(bridge_is_running(world->bridge));
	assert_true(bridge_metric(world->bridge, "mqtt_sms_bridge_broker_connects_total") >
		    1); /* else all was in vain */
	expect_nothing_lost_or_twice(&scene);
	assert_true(complete);
	stop(&scene);
}

int main(void)
{
	static const struct world_test tests[] = {WORLD_TEST(servers_that_die_in_turn_lose_and_double_nothing)};
	return WORLD_RUN(tests);
}
