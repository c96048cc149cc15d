// Question: do the command line's options do what --help says, without giving secrets away?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/files.h"
#include "tests/harness/world.h"

static int run(struct world *world, const char *option, struct process_output *output)
{
	const char *const args[] = {option, NULL};
	const char *config = world->bridge != NULL ? bridge_config_path(world->bridge) : NULL;
	return bridge_run(world->folder, config, args, output);
}

static void expect_out(struct world *world, const char *option, const char *const *pieces)
{
	struct process_output output;
	int code = run(world, option, &output);
	for (; *pieces != NULL; pieces++)
		if (code != 0 || strstr(output.out, *pieces) == NULL)
			fail_msg("%s: exit %d, no %s in: %s%s", option, code, *pieces, output.out, output.err);
	process_output_clear(&output);
}

static void help_names_every_option(struct world *world)
{
	static const char *const pieces[] = {"-c",	     "--config",  "-t",	    "--test-config", "--print-config",
					     "-V",	     "-h",	  "--help", "--version",     "--dry-run",
					     "--print-urls", "--recover", NULL};
	expect_out(world, "--help", pieces);
	expect_out(world, "-h", pieces);
}

static void the_version_lists_the_libraries(struct world *world)
{
	static const char *const pieces[] = {
		"mqtt-sms-bridge " BRIDGE_VERSION, "SQLite", "curl", "Paho", "OpenSSL", NULL};
	expect_out(world, "--version", pieces);
	expect_out(world, "-V", pieces);
}

static void an_unknown_option_is_exit_2(struct world *world)
{
	struct process_output output;
	assert_int_equal(run(world, "--frobnicate", &output), 2);
	assert_non_null(strstr(output.err, "--frobnicate"));
	process_output_clear(&output);
	assert_int_equal(run(world, "stray", &output), 2);
	process_output_clear(&output);
}

static void the_settings_are_printed_with_their_source_and_without_secrets(struct world *world)
{
	struct process_output output;
	world_prepare(world, NULL);
	assert_int_equal(run(world, "--print-config", &output), 0);
	assert_non_null(strstr(output.out, "default"));
	assert_non_null(strstr(output.out, "file"));
	assert_null(strstr(output.out, BEARER_TOKEN));
	assert_null(strstr(output.out, "a-webhook-secret"));
	assert_null(strstr(output.err, BEARER_TOKEN));
	process_output_clear(&output);
}

static void the_fleets_url_is_printed_and_hides_the_secret(struct world *world)
{
	struct process_output output;
	char start[64];
	world_prepare(world, NULL);
	text_format(start, sizeof(start), "http://127.0.0.1:%d/callback/sms/", bridge_port(world->bridge));
	assert_int_equal(run(world, "--print-urls", &output), 0);
	assert_non_null(strstr(output.out, "sms_commands_url: "));
	assert_non_null(strstr(output.out, start));
	assert_null(strstr(output.out, "a-webhook-secret"));
	process_output_clear(&output);
}

static void expect_absent(const char *path, const char *secret)
{
	char *text = file_text(path);
	bool found = strstr(text, secret) != NULL;
	free(text);
	if (found)
		fail_msg("%s shows a secret", path);
}

static void secrets_reach_neither_log_nor_command_line(struct world *world)
{
	char path[300];
	world_start(world, NULL);
	status_settle(world->client, "meter-001");
	text_format(path, sizeof(path), "/proc/%d/cmdline", process_id(bridge_process(world->bridge)));
	expect_absent(path, BEARER_TOKEN);
	bridge_stop(world->bridge);
	text_format(path, sizeof(path), "%s/bridge.log", world->folder);
	expect_absent(path, BEARER_TOKEN);
	expect_absent(path, "a-webhook-secret");
}

static void values_come_from_the_environment(struct world *world)
{
	static const char *const lines[] = {"api.token: ${TOKEN_OF_THE_TEST}", NULL};
	static const char *const env[] = {"TOKEN_OF_THE_TEST=" BEARER_TOKEN, NULL};
	struct world_options options = {.lines = lines};
	world_prepare(world, &options);
	bridge_launch(world->bridge, env);
	bridge_await_ready(world->bridge);
	command_send(world->client, "meter-001", "{\"payload\":\"with it\",\"id\":\"e\"}");
	status_expect(world->client, "meter-001", "e", "queued");
}

static void a_second_daemon_on_the_same_spool_ends(struct world *world)
{
	struct process_output output;
	world_start(world, NULL);
	int code = bridge_run(world->folder, bridge_config_path(world->bridge), NULL, &output);
	assert_int_not_equal(code, 0);
	assert_int_not_equal(code, PROCESS_STILL_RUNNING);
	assert_non_null(strstr(output.err, "spool"));
	process_output_clear(&output);
	status_settle(world->client, "meter-001");
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(help_names_every_option),
		WORLD_TEST(the_version_lists_the_libraries),
		WORLD_TEST(an_unknown_option_is_exit_2),
		WORLD_TEST(the_settings_are_printed_with_their_source_and_without_secrets),
		WORLD_TEST(the_fleets_url_is_printed_and_hides_the_secret),
		WORLD_TEST(secrets_reach_neither_log_nor_command_line),
		WORLD_TEST(values_come_from_the_environment),
		WORLD_TEST(a_second_daemon_on_the_same_spool_ends),
	};
	return WORLD_RUN(tests);
}
