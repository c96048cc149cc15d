// world - set up before and torn down behind each test; cmocka counts and reports.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/base/limits.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/files.h"

#ifdef BRIDGE_TEST_HOOKS
enum { HAS_CRASH_POINTS = 1 };
#else
enum { HAS_CRASH_POINTS = 0 };
#endif

/* One test and what became of it: cmocka leaves a failed test by longjmp, so `passed` stays false. */
struct run {
	const struct world_test *test;
	struct world world;
	bool passed;
};

bool world_has_crash_points(void)
{
	return HAS_CRASH_POINTS != 0;
}

void world_file(const struct world *world, const char *name, const char *text)
{
	char path[WORLD_FOLDER_SIZE + 64];
	assert_true(text_format(path, sizeof(path), "%s/%s", world->folder, name));
	file_write(path, text);
}

static void start_client(struct world *world, bool version_5)
{
	static const char *const filters[] = {"devices/+/status", "devices/+/up", "mqtt-sms-bridge/#", "replies/#"};
	struct client_options options = {
		.port = broker_port(world->broker), .id = "test-client", .version_5 = version_5};
	world->client = client_start(&options);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		client_subscribe(world->client, filters[i]);
}

void world_prepare(struct world *world, const struct world_options *options)
{
	static const char *const fast[] = {"--delay-sent", "20ms", "--delay-delivered", "20ms", NULL};
	static const struct world_options defaults;
	options = options != NULL ? options : &defaults;
	world->broker = broker_start(world->folder, "");
	world->simulator =
		simulator_start(world->folder, options->simulator_args != NULL ? options->simulator_args : fast);
	struct bridge_options bridge = {.folder = world->folder,
					.broker_port = broker_port(world->broker),
					.api_port = simulator_port(world->simulator),
					.lines = options->lines,
					.devices = options->devices};
	world->bridge = bridge_create(&bridge);
	start_client(world, options->version_5);
}

void world_start(struct world *world, const struct world_options *options)
{
	char url[URL_SIZE];
	world_prepare(world, options);
	bridge_fleet_url(world->bridge, url, sizeof(url));
	simulator_set_fleet(world->simulator, url);
	bridge_launch(world->bridge, options != NULL ? options->bridge_env : NULL);
	bridge_await_ready(world->bridge);
}

void world_start_silent(struct world *world, char path[WEBHOOK_PATH_SIZE], char body[WEBHOOK_BODY_SIZE])
{
	char sid[SID_SIZE];
	world_start(world, NULL);
	simulator_outcome(world->simulator, "{\"match\":{\"payload\":\"silent\"},\"stay\":\"queued\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"silent\",\"id\":\"silent\"}");
	status_expect(world->client, "meter-001", "silent", "queued");
	webhook_path(world->simulator, "silent", path);
	ledger_pick(world->simulator, "silent", "sid", sid, sizeof(sid));
	webhook_status_body(sid, METER_1_SIM, "delivered", body);
}

void world_send_unheard(struct world *world, const char *id)
{
	char command[128];
	text_format(command, sizeof(command), "{\"payload\":\"text %s\",\"id\":\"%s\"}", id, id);
	struct client_publish publish = {
		.topic = "devices/meter-001/cmd", .payload = command, .len = strlen(command), .qos = 1};
	client_send(world->client, &publish);
}

void world_expect_one_after_restart(struct world *world, const char *id)
{
	char payload[64];
	text_format(payload, sizeof(payload), "text %s", id);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	status_expect(world->client, "meter-001", id, "delivered");
	status_settle(world->client, "meter-002");
	ledger_expect_one(world->simulator, payload);
	bridge_stop(world->bridge);
}

static int set_up(void **state)
{
	struct run *run = *state;
	const char *parent = getenv("TMPDIR");
	text_format(run->world.folder, sizeof(run->world.folder), "%s/mqtt-sms-bridge-test-XXXXXX",
		    parent != NULL && *parent != '\0' ? parent : "/tmp");
	return mkdtemp(run->world.folder) != NULL ? 0 : -1;
}

static void run_one(void **state)
{
	struct run *run = *state;
	const char *lack = broker_lacks(run->test->needs);
	if (*lack != '\0') {
		print_message("skipped with %s: %s\n", broker_name(), lack);
		run->passed = true;
		skip();
	}
	run->test->run(&run->world);
	if (run->world.bridge != NULL && bridge_is_running(run->world.bridge))
		bridge_stop(run->world.bridge);
	run->passed = true;
}

static int tear_down(void **state)
{
	struct run *run = *state;
	client_destroy(run->world.client);
	bridge_destroy(run->world.bridge);
	simulator_destroy(run->world.simulator);
	broker_destroy(run->world.broker);
	if (run->passed) {
		files_remove(run->world.folder);
		return 0;
	}
	printf("---- %s failed; its files are kept in %s\n", run->test->name, run->world.folder);
	files_print_logs(run->world.folder);
	return 0;
}

int world_run(const struct world_test *tests, size_t count)
{
	struct run *runs = memory_zeroed(count, sizeof(*runs));
	struct CMUnitTest *units = memory_zeroed(count, sizeof(*units));
	for (size_t i = 0; i < count; i++) {
		runs[i].test = &tests[i];
		units[i] = (struct CMUnitTest){.name = tests[i].name,
					       .test_func = run_one,
					       .setup_func = set_up,
					       .teardown_func = tear_down,
					       .initial_state = &runs[i]};
	}
	int failures = _cmocka_run_group_tests("integration", units, count, NULL, NULL);
	broker_finish();
	if (failures != 0) {
		/* A failed test was left by longjmp: what it had allocated is no news for the leak checker. */
		fflush(stdout);
		_exit(1);
	}
	free(units);
	free(runs);
	return 0;
}
