/* Do the example, the reference page and the table say the same?
 *
 * `unit_reference --write` writes the page again after a change of the table. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/settings.h"

#include "bridge/base/memory.h"
#include "bridge/settings/devices.h"
#include "bridge/settings/settings_table.h"
#include "tests/unit/settings/workplace.h"

static const char PAGE[] = SOURCE_DIR "/docs/configuration.md";
static const char EXAMPLE[] = SOURCE_DIR "/config/bridge.yaml";
static const char MAPPINGS[] = SOURCE_DIR "/mappings/devices.yaml";

/* What a printing function prints; yours to free. */
static char *reference(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	settings_print_reference(to);
	fclose(to);
	return text;
}

static char *printed(const char *path)
{
	struct settings_faults faults;
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	settings_faults_init(&faults);
	bool fine = settings_print(path, to, &faults);

	fclose(to);
	if (!fine)
		fail_msg("%s", buffer_text(&faults.text));
	settings_faults_clear(&faults);
	return text;
}

static void the_page_is_what_the_program_prints(void **state)
{
	(void)state;
	char *page = whole_file(PAGE), *now = reference();

	if (!text_equal(page, now))
		fail_msg("docs/configuration.md is out of date; run unit_reference --write");
	free(page);
	free(now);
}

static void the_page_names_every_setting(void **state)
{
	(void)state;
	char *page = whole_file(PAGE), cell[100];

	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		text_format(cell, sizeof(cell), "\n| `%s`", SETTINGS[i].path);
		if (!strstr(page, cell))
			fail_msg("%s is not on the page", SETTINGS[i].path);
		assert_true(strlen(SETTINGS[i].help) > 10);
	}
	free(page);
}

/* A line of `key:` or `# key_file:`, in the part of the text that belongs to the section. */
static bool example_has(const char *example, const struct setting *setting)
{
	size_t section = setting_section_length(setting);
	const char *key = setting->path + (section ? section + 1 : 0);
	char head[64], plain[64], twin[64];

	text_format(head, sizeof(head), "\n%.*s:\n", (int)section, setting->path);
	text_format(plain, sizeof(plain), "\n%s%s: ", section ? "  " : "", key);
	text_format(twin, sizeof(twin), "\n  # %s_file: ", key);
	const char *from = section ? strstr(example, head) : example;

	if (from == NULL)
		return false;
	const char *found = strstr(from, plain);

	if (found == NULL && setting_is_secret(setting))
		found = strstr(from, twin);
	/* No other section between. */
	for (const char *line = from + 1; found != NULL && section && line < found; line = strchr(line, '\n') + 1)
		if (line > from + section && line[0] >= 'a' && line[0] <= 'z')
			return false;
	return found != NULL;
}

static void the_example_shows_every_setting(void **state)
{
	(void)state;
	char *example = whole_file(EXAMPLE);

	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		if (!example_has(example, &SETTINGS[i]))
			fail_msg("%s is not in config/bridge.yaml", SETTINGS[i].path);
	free(example);
}

/* The value that `printed` shows for a setting, without its source. */
static void value_in(char *to, size_t size, const char *text, const struct setting *setting)
{
	char start[100];

	text_format(start, sizeof(start), "%s = ", setting->path);
	const char *at = strstr(text, start);

	assert_non_null(at);
	at += strlen(start);
	assert_true(text_copy_bytes(to, size, at, (size_t)(strstr(at, "   # ") - at)));
}

static void the_example_loads_and_shows_the_defaults(void **state)
{
	(void)state;
	char bare_path[WORKPLACE_PATH_SIZE], shown[600], want[600];

	workplace_write("bridge.yaml", "api: {client_id: your-client-id, client_secret: s}\n");
	char *example = printed(EXAMPLE), *bare = printed(workplace_path(bare_path, "bridge.yaml"));

	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		value_in(shown, sizeof(shown), example, &SETTINGS[i]);
		value_in(want, sizeof(want), bare, &SETTINGS[i]);
		if (i != AT_mappings && !text_equal(shown, want))
			fail_msg("%s: the example says %s, the default is %s", SETTINGS[i].path, shown, want);
	}
	value_in(shown, sizeof(shown), example, &SETTINGS[AT_mappings]);
	assert_string_equal(shown, SOURCE_DIR "/config/../mappings/devices.yaml");
	free(example);
	free(bare);
}

static void the_example_of_a_mapping_loads(void **state)
{
	(void)state;
	struct settings_faults faults;
	struct device device;

	settings_faults_init(&faults);
	struct devices *devices = devices_load(MAPPINGS, EXAMPLE, 1, &faults);

	if (devices == NULL)
		fail_msg("%s", buffer_text(&faults.text));
	assert_true(devices_find(devices, "front-gate", &device));
	assert_string_equal(device.sim, "Gate-Controller-7");
	assert_string_equal(device.label, "Front gate");
	devices_free(devices);
	settings_faults_clear(&faults);
}

/* The words alone, a blank between two: without backticks, comment signs and line ends. Yours to free. */
static char *words_of(const char *text)
{
	char *words = memory_zeroed(strlen(text) + 1, 1), *to = words;

	for (; *text; text++) {
		bool blank = strchr(" \t\n#", *text) != NULL;

		if (*text != '`' && !(blank && (to == words || to[-1] == ' ')))
			*to++ = *text == '\t' || *text == '\n' || *text == '#' ? ' ' : *text;
	}
	return words;
}

static void the_example_explains_them_in_the_same_words(void **state)
{
	(void)state;
	char *example = whole_file(EXAMPLE), *words = words_of(example);

	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		char *help = words_of(SETTINGS[i].help);

		if (strstr(words, help) == NULL)
			fail_msg("config/bridge.yaml explains %s in other words than: %s", SETTINGS[i].path, help);
		free(help);
	}
	free(words);
	free(example);
}

static int write_page(void)
{
	FILE *to = fopen(PAGE, "w");

	if (to == NULL)
		return 1;
	settings_print_reference(to);
	return fclose(to) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_what_the_program_prints),
		cmocka_unit_test(the_page_names_every_setting),
		cmocka_unit_test(the_example_shows_every_setting),
		cmocka_unit_test(the_example_explains_them_in_the_same_words),
		cmocka_unit_test(the_example_loads_and_shows_the_defaults),
		cmocka_unit_test(the_example_of_a_mapping_loads),
	};

	if (argc == 2 && text_equal(argv[1], "--write"))
		return write_page();
	unsetenv("SMS_API_CLIENT_ID");
	unsetenv("SMS_API_CLIENT_SECRET");
	return cmocka_run_group_tests(tests, workplace_open, workplace_close);
}
