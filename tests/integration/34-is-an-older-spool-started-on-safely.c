// Question: is an older copy of the spool, or one without its end, started on without sending anything twice?
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/text.h"
#include "tests/harness/world.h"

enum { PATH_SIZE = 320 };

static void path_of(const struct world *world, const char *name, char ret[PATH_SIZE])
{
	text_format(ret, PATH_SIZE, "%s/%s", world->folder, name);
}

static void copy(const struct world *world, const char *from, const char *to)
{
	char in_path[PATH_SIZE], out_path[PATH_SIZE], bytes[65536];
	path_of(world, from, in_path);
	path_of(world, to, out_path);
	int in = open(in_path, O_RDONLY | O_CLOEXEC),
	    out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(in >= 0 && out >= 0);
	for (ssize_t len; (len = read(in, bytes, sizeof(bytes))) > 0;)
		assert_int_equal(write(out, bytes, (size_t)len), len);
	close(in);
	close(out);
}

static void forget(const struct world *world, const char *name)
{
	char path[PATH_SIZE];
	path_of(world, name, path);
	unlink(path);
}

/* Three commands wait, the spool is copied; then one is sent, one is cancelled, and one still waits. */
static void live_on_after_a_copy(struct world *world)
{
	static const char *const lines[] = {"reconcile.settle: 1s", "reconcile.poll_after: 1s", NULL};
	const struct world_options options = {.lines = lines};
	static const char cancel[] = "{\"id\":\"cancelled\",\"device\":\"meter-002\"}";
	world_start(world, &options);
	simulator_fault(world->simulator,
			"[{\"on\":\"create\",\"times\":-1,\"action\":{\"status\":429,\"retry_after\":\"1\"}}]");
	command_send(world->client, "meter-001", "{\"payload\":\"sent since\",\"id\":\"sent\"}");
	command_send(world->client, "meter-002", "{\"payload\":\"cancelled since\",\"id\":\"cancelled\"}");
	status_expect(world->client, "meter-002", "cancelled", "accepted");
	bridge_stop(world->bridge);
	copy(world, "spool.db", "copy.db");
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	client_send(world->client, &(struct client_publish){.topic = "mqtt-sms-bridge/request/cancel",
							    .payload = cancel,
							    .len = strlen(cancel),
							    .qos = 1});
	status_expect(world->client, "meter-002", "cancelled", "cancelled");
	simulator_heal(world->simulator);
	status_expect(world->client, "meter-001", "sent", "delivered");
}

static void put_the_copy_in_its_place(struct world *world)
{
	copy(world, "copy.db", "spool.db");
	forget(world, "spool.db-wal");
}

static bool one_is_held(void *ctx)
{
	struct world *world = ctx;
	return bridge_metric(world->bridge, "mqtt_sms_bridge_commands_held") == 1 &&
	       bridge_metric(world->bridge, "mqtt_sms_bridge_commands_unresolved") == 1;
}

/* What was sent is found at the API; what is not there waits for an operator; the others go on. */
static void expect_safety(struct world *world)
{
	assert_true(await(one_is_held, world, STEP_MS));
	command_send(world->client, "meter-003", "{\"payload\":\"new\",\"id\":\"new\"}");
	status_expect(world->client, "meter-003", "new", "delivered");
	ledger_expect_one(world->simulator, "sent since");
	ledger_expect(world->simulator, "cancelled since", 0);
}

static void an_older_copy_in_its_place_is_noticed_and_nothing_is_sent_twice(struct world *world)
{
	live_on_after_a_copy(world);
	bridge_stop(world->bridge);
	put_the_copy_in_its_place(world);
	bridge_launch(world->bridge, NULL);
	assert_true(process_wait_line(bridge_process(world->bridge), "the end of the spool is gone", STEP_MS, NULL, 0));
	bridge_await_ready(world->bridge);
	expect_safety(world);
}

/* The whole folder was restored: nothing shows that it is old. Somebody has to say so. */
static void an_older_folder_is_made_safe_by_recover(struct world *world)
{
	static const char *const args[] = {"--recover", NULL};
	struct process_output output;
	live_on_after_a_copy(world);
	bridge_stop(world->bridge);
	put_the_copy_in_its_place(world);
	forget(world, "spool.db.mark");
	assert_int_equal(bridge_run(world->folder, bridge_config_path(world->bridge), args, &output), 0);
	if (strstr(output.out, "2 commands") == NULL)
		fail_msg("said: %s%s", output.out, output.err);
	process_output_clear(&output);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	expect_safety(world);
}

static void a_log_deleted_after_a_crash_is_noticed_and_nothing_is_sent_twice(struct world *world)
{
	live_on_after_a_copy(world);
	bridge_kill(world->bridge);
	forget(world, "spool.db-wal");
	bridge_launch(world->bridge, NULL);
	assert_true(process_wait_line(bridge_process(world->bridge), "the end of the spool is gone", STEP_MS, NULL, 0));
	bridge_await_ready(world->bridge);
	expect_safety(world);
}

static void recover_waits_for_nobody_who_has_it_open(struct world *world)
{
	static const char *const args[] = {"--recover", NULL};
	struct process_output output;
	world_start(world, NULL);
	assert_int_equal(bridge_run(world->folder, bridge_config_path(world->bridge), args, &output), 1);
	assert_non_null(strstr(output.err, "another process has it open"));
	process_output_clear(&output);
}

/* Then nobody would notice an older copy: that is to be known before there is one. */
static void a_mark_that_cannot_be_written_is_logged_and_shown(struct world *world)
{
	char path[PATH_SIZE];
	world_prepare(world, NULL);
	path_of(world, "spool.db.mark", path);
	assert_int_equal(mkdir(path, 0700), 0);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	struct process *process = bridge_process(world->bridge);
	assert_true(process_wait_line(process, "the file beside the spool cannot be written", STEP_MS, NULL, 0));
	client_expect(world->client, "mqtt-sms-bridge/health", "\"mark\":\"stale\",\"mark_why\":\"Is a directory\"");
	assert_int_equal(rmdir(path), 0);
	assert_true(process_wait_line(process, "the file beside the spool is written again", STEP_MS, NULL, 0));
	client_expect(world->client, "mqtt-sms-bridge/health", "\"mark\":\"ok\"");
	assert_int_equal(access(path, R_OK), 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(an_older_copy_in_its_place_is_noticed_and_nothing_is_sent_twice),
		WORLD_TEST(an_older_folder_is_made_safe_by_recover),
		WORLD_TEST(a_log_deleted_after_a_crash_is_noticed_and_nothing_is_sent_twice),
		WORLD_TEST(a_mark_that_cannot_be_written_is_logged_and_shown),
		WORLD_TEST(recover_waits_for_nobody_who_has_it_open),
	};
	return WORLD_RUN(tests);
}
