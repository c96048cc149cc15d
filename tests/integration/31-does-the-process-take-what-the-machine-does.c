// Question: does the process take what the machine does to it: signals, pauses, missing descriptors, a deaf log?
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE /* prlimit */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/harness/load.h"
#include "tests/harness/world.h"

enum { DEVICES = 10, PATH_SIZE = 320, SHELL_SIZE = 1024 };

static void start_with_load(struct world *world, const char *const *lines, struct load **ret_load)
{
	char *mapping = load_mapping(DEVICES);
	struct world_options options = {.lines = lines, .devices = mapping};
	world_start(world, &options);
	free(mapping);
	*ret_load = load_create(world->client, DEVICES);
}

static void expect_all(struct world *world, struct load *load, size_t count)
{
	assert_true(client_flush(world->client, STEP_MS));
	if (!load_await_delivered(load, count, 3 * STEP_MS))
		fail_msg("%zu of %zu commands were delivered", load_delivered(load), count);
	ledger_expect_distinct(world->simulator, count);
	assert_true(bridge_is_running(world->bridge));
	load_destroy(load);
}

/* ---- signals ------------------------------------------------------------------------------------------ */

static void a_second_sigterm_ends_it_at_once_and_loses_nothing(struct world *world)
{
	world_start(world, NULL);
	simulator_fault(world->simulator, "[{\"on\":\"create\",\"action\":{\"hold_ms\":20000}}]");
	command_send(world->client, "meter-001", "{\"payload\":\"held\",\"id\":\"h\"}");
	ledger_await(world->simulator, "held", 1);
	process_signal(bridge_process(world->bridge), SIGTERM);
	assert_true(process_wait_line(bridge_process(world->bridge), "stopping", STEP_MS, NULL, 0));
	process_signal(bridge_process(world->bridge), SIGTERM);
	assert_int_equal(process_wait(bridge_process(world->bridge), STEP_MS), 0);
	/* The first one alone waits for the answer, and says in the end that it was clean. */
	assert_false(process_wait_line(bridge_process(world->bridge), "stopped", STEP_MS, NULL, 0));
	simulator_heal(world->simulator);
	bridge_launch(world->bridge, NULL);
	status_expect(world->client, "meter-001", "h", "delivered");
	ledger_expect_one(world->simulator, "held");
	bridge_await_ready(world->bridge);
}

/* It leaves the broker itself: that is no trouble to be warned of. */
static void a_stop_is_no_lost_connection(struct world *world)
{
	world_start(world, NULL);
	process_signal(bridge_process(world->bridge), SIGTERM);
	assert_int_equal(process_wait(bridge_process(world->bridge), STEP_MS), 0);
	assert_true(process_wait_line(bridge_process(world->bridge), "stopped", 0, NULL, 0));
	assert_false(process_wait_line(bridge_process(world->bridge), " warn ", 0, NULL, 0));
}

static bool has_reloaded(void *ctx)
{
	struct world *world = ctx;
	return bridge_metric(world->bridge, "mqtt_sms_bridge_reloads_total") >= 1;
}

static void a_storm_of_signals_changes_nothing(struct world *world)
{
	static const int storm[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ, SIGWINCH, SIGCHLD, SIGURG, SIGCONT};
	enum { ROUNDS = 200, A_ROUND = 1 };
	struct load *load;
	start_with_load(world, NULL, &load);
	for (size_t round = 0; round < ROUNDS; round++) {
		load_send(load, A_ROUND);
		for (size_t i = 0; i < sizeof(storm) / sizeof(storm[0]); i++)
			process_signal(bridge_process(world->bridge), storm[i]);
	}
	expect_all(world, load, ROUNDS * A_ROUND);
	assert_true(await(has_reloaded, world, STEP_MS));
}

/* Many enough for their loading to take a while. Yours to free. */
static char *many_devices(size_t *ret_len)
{
	enum { MANY = 200000, LINE = 64 };
	char *text = malloc((size_t)MANY * LINE), *end = text;
	assert_non_null(text);
	end += snprintf(end, LINE, "devices:\n");
	for (int i = 0; i < MANY; i++)
		end += snprintf(end, LINE, "  many-%d: HS%032x\n", i, (unsigned)i);
	*ret_len = (size_t)(end - text);
	return text;
}

struct loading {
	struct world *world;
	size_t len; /* of the mapping */
};

/* It has read the text of the mapping, and makes a table of it now. */
static bool is_loading(void *ctx)
{
	const struct loading *loading = ctx;
	char path[PATH_SIZE];
	unsigned long long bytes = 0;
	text_format(path, sizeof(path), "/proc/%d/io", process_id(bridge_process(loading->world->bridge)));
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	bool read = fscanf(file, "rchar: %llu", &bytes) == 1;
	fclose(file);
	return read && bytes >= loading->len;
}

/* Neither the one who reloads nor the one who stops can see how far the start is. */
static void signals_while_it_loads_its_devices_are_not_lost(struct world *world)
{
	struct loading loading = {.world = world};
	char *mapping = many_devices(&loading.len);
	struct world_options options = {.devices = mapping};
	if (getenv("BRIDGE_TEST_WRAPPER") != NULL) /* which reads for itself, too */
		skip();
	world_prepare(world, &options);
	free(mapping);
	bridge_launch(world->bridge, NULL);
	assert_true(await(is_loading, &loading, STEP_MS));
	process_signal(bridge_process(world->bridge), SIGHUP);
	assert_true(process_wait_line(bridge_process(world->bridge), "reloaded mappings", 2 * STEP_MS, NULL, 0));
	bridge_stop(world->bridge);
	bridge_launch(world->bridge, NULL);
	assert_true(await(is_loading, &loading, STEP_MS));
	process_signal(bridge_process(world->bridge), SIGTERM);
	assert_int_equal(process_wait(bridge_process(world->bridge), 2 * STEP_MS), 0);
}

/* ---- pauses ------------------------------------------------------------------------------------------- */

static void stopped_and_continued_it_catches_up(struct world *world)
{
	enum { ALL = 40, STOPPED_MS = 6000 }; /* longer than the keep-alive and the time that a request may take */
	static const char *const lines[] = {"mqtt.keepalive: 1s", "reconcile.poll_after: 1s", NULL};
	struct load *load;
	start_with_load(world, lines, &load);
	simulator_fault(world->simulator, "[{\"on\":\"create\",\"times\":2,\"action\":{\"hold_ms\":500}}]");
	load_send(load, ALL / 2);
	ledger_await(world->simulator, "", 1);
	process_signal(bridge_process(world->bridge), SIGSTOP);
	load_send(load, ALL / 2);
	pause_ms(STOPPED_MS);
	process_signal(bridge_process(world->bridge), SIGCONT);
	expect_all(world, load, ALL);
	bridge_await_ready(world->bridge);
}

static void with_a_twentieth_of_a_processor_it_is_slow_and_right(struct world *world)
{
	enum { ALL = 40, SLICES = 60, RUNS_MS = 5, WAITS_MS = 95 };
	static const char *const lines[] = {"reconcile.poll_after: 1s", NULL};
	struct load *load;
	start_with_load(world, lines, &load);
	load_send(load, ALL);
	for (int slice = 0; slice < SLICES; slice++) {
		process_signal(bridge_process(world->bridge), SIGSTOP);
		pause_ms(WAITS_MS);
		process_signal(bridge_process(world->bridge), SIGCONT);
		pause_ms(RUNS_MS);
	}
	expect_all(world, load, ALL);
}

/* ---- descriptors -------------------------------------------------------------------------------------- */

static struct process *start_by_shell(struct world *world, const char *redirections)
{
	char command[SHELL_SIZE];
	const char *argv[] = {"/bin/sh", "-c", command, NULL};
	const struct process_options options = {.name = "by-shell", .folder = world->folder, .argv = argv};
	text_format(command, sizeof(command), "exec %s -c %s %s", bridge_program(), bridge_config_path(world->bridge),
		    redirections);
	return process_start(&options);
}

static bool is_ready(void *ctx)
{
	struct world *world = ctx;
	return http_status(bridge_admin_port(world->bridge), "GET", "/readyz", "") == 200;
}

static void without_stdin_stdout_and_stderr_it_works(struct world *world)
{
	char link[64], target[PATH_SIZE] = "";
	world_prepare(world, NULL);
	struct process *process = start_by_shell(world, "<&- >&- 2>&-");
	assert_true(await(is_ready, world, STEP_MS));
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		text_format(link, sizeof(link), "/proc/%d/fd/%d", process_id(process), fd);
		ssize_t len = readlink(link, target, sizeof(target) - 1);
		assert_true(len > 0);
		target[len] = '\0';
		assert_string_equal(target, "/dev/null");
	}
	command_send(world->client, "meter-001", "{\"payload\":\"silent start\",\"id\":\"s\"}");
	status_expect(world->client, "meter-001", "s", "delivered");
	process_signal(process, SIGTERM);
	assert_int_equal(process_wait(process, STEP_MS), 0);
	process_destroy(process);
}

static void a_log_that_nobody_reads_holds_nothing_up(struct world *world)
{
	enum { ALL = 200 };
	char pipe_path[PATH_SIZE], redirection[PATH_SIZE + 8];
	char *mapping = load_mapping(DEVICES);
	struct world_options options = {.devices = mapping};
	world_prepare(world, &options);
	free(mapping);
	text_format(pipe_path, sizeof(pipe_path), "%s/log.fifo", world->folder);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	int reader = open(pipe_path, O_RDWR | O_CLOEXEC); /* never read from */
	assert_true(reader >= 0);
	text_format(redirection, sizeof(redirection), "2>%s", pipe_path);
	struct process *process = start_by_shell(world, redirection);
	assert_true(await(is_ready, world, STEP_MS));
	struct load *load = load_create(world->client, DEVICES);
	load_send(load, ALL);
	assert_true(client_flush(world->client, STEP_MS));
	assert_true(load_await_delivered(load, ALL, 2 * STEP_MS));
	ledger_expect_distinct(world->simulator, ALL);
	assert_true(bridge_metric(world->bridge, "mqtt_sms_bridge_log_lines_dropped_total") > 0);
	process_signal(process, SIGTERM);
	assert_int_equal(process_wait(process, STEP_MS), 0);
	process_destroy(process);
	load_destroy(load);
	close(reader);
}

/* The lowest number that is free: as a limit, it lets what is open stay open and nothing new in. */
static rlim_t free_descriptor(int process)
{
	char path[64], target[PATH_SIZE];
	rlim_t number = 0;
	for (;; number++) {
		text_format(path, sizeof(path), "/proc/%d/fd/%d", process, (int)number);
		if (readlink(path, target, sizeof(target)) < 0)
			return number;
	}
}

static void limit(struct world *world, int what, rlim_t value)
{
	struct rlimit now;
	pid_t process = process_id(bridge_process(world->bridge));
	assert_int_equal(prlimit(process, (__rlimit_resource_t)what, NULL, &now), 0);
	now.rlim_cur = value < now.rlim_max ? value : now.rlim_max;
	assert_int_equal(prlimit(process, (__rlimit_resource_t)what, &now, NULL), 0);
}

struct shortage {
	struct world *world;
	rlim_t limit;
	int64_t since_ms;
};

/* Whoever closes one makes room for another: the limit follows until nobody does any more. */
static bool is_out_of_descriptors(void *ctx)
{
	enum { QUIET_MS = 500 };
	struct shortage *shortage = ctx;
	rlim_t lowest = free_descriptor(process_id(bridge_process(shortage->world->bridge)));
	if (lowest != shortage->limit) {
		limit(shortage->world, RLIMIT_NOFILE, lowest);
		shortage->limit = lowest;
		shortage->since_ms = clock_mono_ms();
	}
	return clock_mono_ms() - shortage->since_ms > QUIET_MS;
}

static void expect_no_answer(struct world *world)
{
	enum { ANSWER_MS = 1000 };
	static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	size_t len = 0;
	bool closed;
	int connection = http_connect(bridge_port(world->bridge), ANSWER_MS);
	assert_true(http_send(connection, request, strlen(request)));
	free(http_receive(connection, &len, &closed));
	http_close(connection);
	assert_int_equal(len, 0);
}

static void out_of_descriptors_it_waits_and_goes_on(struct world *world)
{
	enum { ALL = 30 };
	static const char *const lines[] = {"reconcile.poll_after: 1s", "reconcile.interval: 1h", NULL};
	struct load *load;
	start_with_load(world, lines, &load);
	struct shortage shortage = {.world = world};
	assert_true(await(is_out_of_descriptors, &shortage, STEP_MS));
	load_send(load, ALL);
	assert_true(client_flush(world->client, STEP_MS));
	expect_no_answer(world);
	ledger_expect(world->simulator, "", 0);
	assert_true(bridge_is_running(world->bridge));
	limit(world, RLIMIT_NOFILE, RLIM_INFINITY);
	expect_all(world, load, ALL);
}

/* ---- what comes with the start --------------------------------------------------------------------------- */

static void variables_that_lead_libraries_astray_are_cleared(struct world *world)
{
	char trace[PATH_SIZE], keys[PATH_SIZE], trace_path[PATH_SIZE];
	const char *env[] = {trace,
			     keys,
			     "MQTT_C_CLIENT_TRACE_LEVEL=MAXIMUM",
			     "http_proxy=http://127.0.0.1:1",
			     "HTTPS_PROXY=http://127.0.0.1:1",
			     "ALL_PROXY=http://127.0.0.1:1",
			     "PAHO_C_CLIENT_USE_HTTP_PROXY=TRUE",
			     "OPENSSL_CONF=/nonexistent",
			     NULL};
	text_format(trace_path, sizeof(trace_path), "%s/trace", world->folder);
	text_format(trace, sizeof(trace), "MQTT_C_CLIENT_TRACE=%s", trace_path);
	text_format(keys, sizeof(keys), "SSLKEYLOGFILE=%s/keys", world->folder);
	const struct world_options options = {.bridge_env = env};
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"direct\",\"id\":\"d\"}");
	status_expect(world->client, "meter-001", "d", "delivered");
	assert_int_not_equal(access(trace_path, F_OK), 0);
}

static bool is_held(void *ctx)
{
	struct world *world = ctx;
	return bridge_metric(world->bridge, "mqtt_sms_bridge_commands_held") == 1;
}

static void a_command_that_kills_three_times_is_held_and_others_go_on(struct world *world)
{
	static const char *const env[] = {"BRIDGE_CRASH_AT=sender-before-post", NULL};
	if (!world_has_crash_points())
		skip();
	world_prepare(world, NULL);
	bridge_launch(world->bridge, NULL); /* makes the session at the broker */
	bridge_await_ready(world->bridge);
	bridge_stop(world->bridge);
	struct client_publish poison = {.topic = "devices/meter-001/cmd", .payload = "poison", .len = 6, .qos = 1};
	client_send(world->client, &poison);
	for (int deaths = 0; deaths < 3; deaths++) {
		bridge_launch(world->bridge, env);
		assert_int_equal(process_wait(bridge_process(world->bridge), STEP_MS), -SIGKILL);
	}
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	assert_true(await(is_held, world, STEP_MS));
	status_settle(world->client, "meter-002");
	command_send(world->client, "meter-001", "{\"payload\":\"harmless\",\"id\":\"h\"}");
	status_expect(world->client, "meter-001", "h", "delivered");
	ledger_expect(world->simulator, "poison", 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(a_second_sigterm_ends_it_at_once_and_loses_nothing),
		WORLD_TEST(a_stop_is_no_lost_connection),
		WORLD_TEST(a_storm_of_signals_changes_nothing),
		WORLD_TEST(signals_while_it_loads_its_devices_are_not_lost),
		WORLD_TEST(stopped_and_continued_it_catches_up),
		WORLD_TEST(with_a_twentieth_of_a_processor_it_is_slow_and_right),
		WORLD_TEST(without_stdin_stdout_and_stderr_it_works),
		WORLD_TEST(a_log_that_nobody_reads_holds_nothing_up),
		WORLD_TEST(out_of_descriptors_it_waits_and_goes_on),
		WORLD_TEST(variables_that_lead_libraries_astray_are_cleared),
		WORLD_TEST(a_command_that_kills_three_times_is_held_and_others_go_on),
	};
	return WORLD_RUN(tests);
}
