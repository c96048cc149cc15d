// Question: does a thread that makes no progress end the process in time, and is nothing lost or doubled by that?
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "bridge/base/text.h"
#include "tests/harness/webhook.h"
#include "tests/harness/world.h"

/* The unit file allows a second for the restart, and 15 s more where nobody ends the process: a minute in all. */
enum { HANG_MS = 44000 };

static void hang_at(struct world *world, const char *point, const char *thread)
{
	char variable[128], line[512];
	const char *const env[] = {variable, NULL};
	text_format(variable, sizeof(variable), "BRIDGE_HANG_AT=%s", point);
	world_prepare(world, NULL);
	bridge_launch(world->bridge, env);
	bridge_await_ready(world->bridge);
	world_send_unheard(world, point);
	assert_true(process_wait_line(bridge_process(world->bridge), "a thread makes no progress", HANG_MS, line,
				      sizeof(line)));
	assert_non_null(strstr(line, thread));
	assert_int_equal(process_wait(bridge_process(world->bridge), STEP_MS), 1);
	world_expect_one_after_restart(world, point);
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

/* The provider hangs up after 15 s, and asks again where it was told to. */
static void a_callback_whose_commit_hangs_is_asked_to_come_again(struct world *world)
{
	static const char *const env[] = {"BRIDGE_HANG_AT=mo-before-commit", NULL};
	char url[WEBHOOK_PATH_SIZE], path[WEBHOOK_PATH_SIZE], body[WEBHOOK_BODY_SIZE];
	if (!world_has_crash_points())
		skip();
	world_prepare(world, NULL);
	bridge_fleet_url(world->bridge, url, sizeof(url));
	webhook_path_of(url, path);
	text_format(body, sizeof(body), "CommandSid=HC%032d&SimSid=%s&Payload=late&Direction=from_sim&Status=received",
		    7, METER_1_SIM);
	bridge_launch(world->bridge, env);
	bridge_await_ready(world->bridge);
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 503);
	bridge_kill(world->bridge);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	for (int i = 0; i < 2; i++)
		assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 204);
	struct client_match late = {.pieces = {"late"}};
	assert_non_null(client_find(world->client, &late, STEP_MS));
	status_settle(world->client, "meter-002");
	assert_int_equal(client_matches(world->client, &late), 1);
	bridge_stop(world->bridge);
}

/* The next notification that says this; others are passed by. */
static void hear(int socket, const char *wanted)
{
	char text[512] = "";
	while (strcmp(text, wanted) != 0) {
		ssize_t len = recv(socket, text, sizeof(text) - 1, 0);
		if (len < 0)
			fail_msg("systemd was not told %s", wanted);
		text[len] = '\0';
	}
}

static void systemds_watchdog_is_fed_while_all_is_well(struct world *world)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char variable[sizeof(address.sun_path) + 16];
	const char *const env[] = {variable, NULL};
	struct timeval patience = {.tv_sec = patient(STEP_MS) / 1000};
	world_prepare(world, NULL);
	text_format(address.sun_path, sizeof(address.sun_path), "%s/notify", world->folder);
	text_format(variable, sizeof(variable), "NOTIFY_SOCKET=%s", address.sun_path);
	int notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(notify, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setsockopt(notify, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	bridge_launch(world->bridge, env);
	hear(notify, "READY=1");
	for (int i = 0; i < 3; i++)
		hear(notify, "WATCHDOG=1");
	bridge_await_ready(world->bridge);
	bridge_stop(world->bridge);
	hear(notify, "STOPPING=1");
	close(notify);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(systemds_watchdog_is_fed_while_all_is_well),
		WORLD_TEST(a_callback_whose_commit_hangs_is_asked_to_come_again),
		WORLD_TEST(a_thread_that_hangs_ends_the_process_and_nothing_is_lost),
		WORLD_TEST(a_commit_that_hangs_ends_the_process_and_nothing_is_lost),
	};
	return WORLD_RUN(tests);
}
