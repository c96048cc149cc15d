// The program itself: options, the list of SIMs, how it ends.
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/http.h"
#include "tests/harness/process.h"

enum { LINE_SIZE = 256, PATH_SIZE = 512 };

static char folder[] = "simulator-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	files_remove(folder);
	return 0;
}

/* Runs it to its end; the status, and what it said on both streams in `said`. */
static int run(const char *first, const char *second, char *said, size_t size)
{
	const char *const argv[] = {SIMULATOR_BINARY, first, second, NULL};
	struct process_options options = {.name = "run", .folder = folder, .argv = argv};
	struct process_output output;
	int status = process_run(&options, &output);
	text_format(said, size, "%s%s", output.out, output.err);
	process_output_clear(&output);
	return status;
}

static struct process *start(const char *first, const char *second, int *ret_port)
{
	const char *const argv[] = {SIMULATOR_BINARY, "--bearer", "t", first, second, NULL};
	struct process_options options = {.name = "simulator", .folder = folder, .argv = argv};
	struct process *process = process_start(&options);
	char line[LINE_SIZE];
	assert_true(process_wait_line(process, "listening on http://127.0.0.1:", STEP_MS, line, sizeof(line)));
	*ret_port = (int)strtol(strrchr(line, ':') + 1, NULL, 10);
	return process;
}

static void help_names_every_option(void **state)
{
	static const char *const names[] = {"--listen", "--client-id",	    "--client-secret", "--bearer",
					    "--basic",	"--token-lifetime", "--delay-sent",    "--delay-delivered",
					    "--sims",	"--kore-secret",    "--twilio-token",  "--mo-url",
					    "--echo",	"--delay-echo",	    "--ca-file",       "--help"};
	char said[4096];
	(void)state;
	assert_int_equal(run("--help", NULL, said, sizeof(said)), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strstr(said, names[i]) == NULL)
			fail_msg("--help does not name %s", names[i]);
}

static void wrong_usage_ends_with_2_and_a_reason(void **state)
{
	static const struct {
		const char *first, *second, *want;
	} rows[] = {
		{"--nonsense", NULL, "--nonsense"},	{"--delay-sent", "soon", "--delay-sent"},
		{"--delay-sent", NULL, "--delay-sent"}, {"--echo=yes", NULL, "--echo"},
		{"--listen", "nowhere", "nowhere"},	{"--sims", "/nonexistent", "/nonexistent"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char said[512];
		int status = run(rows[i].first, rows[i].second, said, sizeof(said));
		if (status != 2 || strstr(said, rows[i].want) == NULL)
			fail_msg("%s: %d %s", rows[i].first, status, said);
	}
}

static int create_for(int port, const char *form)
{
	struct http_answer answer;
	http_request(port, "POST", "/v1/SmsCommands", "Authorization: Bearer t\r\n", form, &answer);
	int status = answer.status;
	http_answer_clear(&answer);
	return status;
}

static void only_listed_sims_exist(void **state)
{
	char path[PATH_SIZE];
	int port;
	(void)state;
	text_format(path, sizeof(path), "%s/sims", folder);
	file_write(path, "# the SIMs\nHSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa gate active\n\nmeter # by name\n");
	struct process *process = start("--sims", path, &port);
	assert_int_equal(create_for(port, "Sim=gate&Payload=x"), 201);
	assert_int_equal(create_for(port, "Sim=HSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&Payload=x"), 201);
	assert_int_equal(create_for(port, "Sim=meter&Payload=x"), 201);
	assert_int_equal(create_for(port, "Sim=other&Payload=x"), 404);
	assert_int_equal(create_for(port, "Sim=HSbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb&Payload=x"), 404);
	process_destroy(process);
	file_write(path, "gate\ngate\n");
	char said[512];
	assert_int_equal(run("--sims", path, said, sizeof(said)), 2);
	assert_non_null(strstr(said, "sims:2:"));
}

static void both_signals_end_it_with_0_even_while_it_holds_a_request(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT};
	static const char request[] = "POST /v1/SmsCommands HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		int port;
		struct process *process = start("--echo", NULL, &port);
		assert_int_equal(http_status(port, "POST", "/_control/faults", "{\"stop\":true}"), 200);
		int connection = http_connect(port, 100);
		assert_true(http_send(connection, request, sizeof(request) - 1));
		process_signal(process, signals[i]);
		assert_int_equal(process_wait(process, STEP_MS), 0);
		process_destroy(process);
		http_close(connection);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_names_every_option),
		cmocka_unit_test(wrong_usage_ends_with_2_and_a_reason),
		cmocka_unit_test(only_listed_sims_exist),
		cmocka_unit_test(both_signals_end_it_with_0_even_while_it_holds_a_request),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
