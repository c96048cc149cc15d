// Question: does a broken configuration or mapping name file, line and fault, and end with 2?
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/files.h"
#include "tests/harness/world.h"

enum { PATH_SIZE = 300 };

struct mistake {
	const char *name, *text, *line, *word; /* `line` as it must appear, "" where the file as a whole is meant */
};

/* The first line is always good, so that no mistake is found at :1: by accident. */
static const struct mistake config_mistakes[] = {
	{"an unknown key", "log: {level: info}\nmqtt:\n  uri: mqtt://localhost\n", ":3:", "uri"},
	{"an unknown section", "log: {level: info}\nmqqt:\n  url: mqtt://localhost\n", ":2:", "mqqt"},
	{"a text for a number", "log: {level: info}\napi:\n  rate: fast\n", ":3:", "fast"},
	{"out of range", "log: {level: info}\napi:\n  rate: -1\n", ":3:", "rate"},
	{"a duration without a unit that exists", "log: {level: info}\napi:\n  timeout: 30 parsecs\n",
	 ":3:", "parsecs"},
	{"a word that is none of the choices", "log: {level: info}\napi:\n  auth: magic\n", ":3:", "magic"},
	{"the same key twice", "log: {level: info}\napi:\n  rate: 1\n  rate: 2\n", ":4:", "rate"},
	{"a list where a text is wanted", "log: {level: info}\napi:\n  url: [a, b]\n", ":3:", "url"},
	{"broken YAML", "log: {level: info}\napi: {url: x\n", ":", ""},
	{"mappings that are not there", "log: {level: info}\nmqtt: {client_id: m}\nmappings: gone.yaml\n",
	 ":3:", "gone.yaml cannot be read"},
	{"a scheme that is no broker's", "log: {level: info}\nmqtt:\n  url: gopher://localhost\n", ":3:", "gopher"},
};

static const struct mistake mapping_mistakes[] = {
	{"a SIM named twice", "devices:\n  a: " METER_1_SIM "\n  b: " METER_1_SIM "\n", ":3:", METER_1_SIM},
	{"a device named twice", "devices:\n  a: " METER_1_SIM "\n  a: " METER_2_SIM "\n", ":3:", "a"},
	{"a wildcard in a device's name", "devices:\n  good: " METER_1_SIM "\n  b+d: " METER_2_SIM "\n", ":3:", "b+d"},
	{"a slash in a device's name", "devices:\n  good: " METER_1_SIM "\n  b/d: " METER_2_SIM "\n", ":3:", "b/d"},
	{"a malformed sid", "devices:\n  good: " METER_1_SIM "\n  bad: HS12\n", ":3:", "bad"},
	{"an unknown member", "devices:\n  good: " METER_1_SIM "\n  bad: {sim: x, color: red}\n", ":3:", "color"},
	{"a form that is none", "devices:\n  bad: {sim: x, cmd: morse}\n", ":2:", "cmd"},
	{"an unlisted that is none", "devices:\n  good: " METER_1_SIM "\nunlisted: maybe\n", ":3:", "unlisted"},
};

static void expect_fault(const struct mistake *mistake, const char *file, int code, const struct process_output *output)
{
	char place[PATH_SIZE];
	text_format(place, sizeof(place), "%s%s", file, mistake->line);
	bool names = strstr(output->err, place) != NULL && strstr(output->err, mistake->word) != NULL;
	if (code != 2 || !names)
		fail_msg("%s: exit %d and not 2, or no %s with %s in: %s", mistake->name, code, place, mistake->word,
			 output->err);
}

static void play(struct world *world, const char *config, const char *file, const struct mistake *mistake)
{
	static const char *const check[] = {"--test-config", NULL};
	struct process_output output;
	char path[PATH_SIZE];
	print_message("%s\n", mistake->name);
	text_format(path, sizeof(path), "%s/%s", world->folder, file);
	file_write(path, mistake->text);
	int code = bridge_run(world->folder, config, check, &output);
	expect_fault(mistake, file, code, &output);
	process_output_clear(&output);
	/* A start ends the same way. */
	code = bridge_run(world->folder, config, NULL, &output);
	expect_fault(mistake, file, code, &output);
	process_output_clear(&output);
}

static void each_mistake_in_the_configuration_is_named(struct world *world)
{
	char config[PATH_SIZE];
	text_format(config, sizeof(config), "%s/broken.yaml", world->folder);
	for (size_t i = 0; i < sizeof(config_mistakes) / sizeof(config_mistakes[0]); i++)
		play(world, config, "broken.yaml", &config_mistakes[i]);
}

static void each_mistake_in_the_mapping_is_named(struct world *world)
{
	world_prepare(world, NULL);
	for (size_t i = 0; i < sizeof(mapping_mistakes) / sizeof(mapping_mistakes[0]); i++)
		play(world, bridge_config_path(world->bridge), "devices.yaml", &mapping_mistakes[i]);
}

static void a_good_configuration_passes(struct world *world)
{
	static const char *const check[] = {"-t", NULL};
	struct process_output output;
	world_prepare(world, NULL);
	int code = bridge_run(world->folder, bridge_config_path(world->bridge), check, &output);
	if (code != 0)
		fail_msg("exit %d: %s%s", code, output.out, output.err);
	process_output_clear(&output);
}

static void a_missing_file_is_named(struct world *world)
{
	struct process_output output;
	assert_int_equal(bridge_run(world->folder, "/nowhere/bridge.yaml", NULL, &output), 2);
	assert_non_null(strstr(output.err, "/nowhere/bridge.yaml"));
	process_output_clear(&output);
}

static void a_status_topic_that_is_a_command_is_refused(struct world *world)
{
	static const char *const lines[] = {"topics.status: devices/+/cmd", NULL};
	struct world_options options = {.lines = lines};
	struct process_output output;
	world_prepare(world, &options);
	assert_int_equal(bridge_run(world->folder, bridge_config_path(world->bridge), NULL, &output), 2);
	assert_non_null(strstr(output.err, "topics.status"));
	assert_non_null(strstr(output.err, "loop"));
	process_output_clear(&output);
}

static void a_broken_reload_changes_nothing(struct world *world)
{
	char path[PATH_SIZE], line[512];
	world_start(world, NULL);
	text_format(path, sizeof(path), "%s/devices.yaml", world->folder);
	file_write(path, "devices:\n  meter-001: HS12\n");
	process_signal(bridge_process(world->bridge), SIGHUP);
	assert_true(process_wait_line(bridge_process(world->bridge), "devices.yaml:2:", STEP_MS, line, sizeof(line)));
	status_settle(world->client, "meter-001");
	file_write(path, "devices:\n  meter-001: " METER_1_SIM "\n  newcomer: " METER_2_SIM "\n");
	process_signal(bridge_process(world->bridge), SIGHUP);
	/* Until the reload is through, the newcomer is unknown; its id then is put in again under a new name. */
	for (int i = 0; i < 500; i++) {
		char command[64], id[16];
		text_format(id, sizeof(id), "n%d", i);
		text_format(command, sizeof(command), "{\"payload\":\"hi %d\",\"id\":\"%s\"}", i, id);
		command_send(world->client, "newcomer", command);
		struct client_match answer = {.topic = "devices/newcomer/status", .pieces = {id}};
		const struct client_message *first = client_find(world->client, &answer, STEP_MS);
		assert_non_null(first);
		if (strstr(first->payload, "rejected") == NULL)
			return;
		pause_ms(50);
	}
	fail_msg("the newcomer never became known");
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(each_mistake_in_the_configuration_is_named),
		WORLD_TEST(each_mistake_in_the_mapping_is_named),
		WORLD_TEST(a_good_configuration_passes),
		WORLD_TEST(a_missing_file_is_named),
		WORLD_TEST(a_status_topic_that_is_a_command_is_refused),
		WORLD_TEST(a_broken_reload_changes_nothing),
	};
	return WORLD_RUN(tests);
}
