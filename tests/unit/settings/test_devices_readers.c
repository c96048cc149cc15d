/* Do the fast and the full reader of a mapping agree, on every file? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/devices_table.h"

#include "bridge/base/buffer.h"
#include "tests/unit/settings/workplace.h"

enum { TEXT_MAX = 16 * 1024 * 1024, MANY = 50000, ROUNDS = 3000 };

static char path[WORKPLACE_PATH_SIZE];

/* All that a load gave, as one text; yours to free. */
static char *outcome(bool try_plain)
{
	struct settings_faults faults;
	struct buffer out;
	struct device device;

	settings_faults_init(&faults);
	buffer_init(&out, TEXT_MAX);
	struct devices *devices = devices_load_by(workplace_path(path, "devices.yaml"), &faults, try_plain);

	buffer_append_format(&out, "%zu faults\n%s", faults.count, buffer_text(&faults.text));
	for (size_t i = 0; devices != NULL && i < devices_count(devices); i++) {
		devices_at(devices, i, &device);
		buffer_append_format(&out, "[%s] [%s] [%s] %d %d\n", device.name, device.sim, device.label,
				     (int)device.cmd, (int)device.up);
	}
	if (devices != NULL)
		buffer_append_format(&out, "unlisted %d\n", (int)devices_unlisted(devices));
	devices_free(devices);
	settings_faults_clear(&faults);
	return buffer_take(&out);
}

static void check_agreement(const char *text)
{
	workplace_write("devices.yaml", text);
	char *fast = outcome(true), *full = outcome(false);

	if (!text_equal(fast, full))
		fail_msg("of this file:\n%s\nthe fast reader says:\n%s\nthe full one:\n%s", text, fast, full);
	free(fast);
	free(full);
}

/* Does the fast reader understand it by itself? Else a comparison would prove nothing. */
static bool is_plain(const char *text)
{
	struct settings_faults faults;
	struct text_file file;
	struct text_problem problem;

	workplace_write("devices.yaml", text);
	settings_faults_init(&faults);
	assert_true(text_file_read(&file, workplace_path(path, "devices.yaml"), TEXT_MAX, &problem));
	struct devices_loading loading = {path, devices_create(file.len), &faults, false, false};
	bool plain = devices_read_plain(&loading, &file);

	devices_free(loading.devices);
	settings_faults_clear(&faults);
	text_file_clear(&file);
	return plain;
}

static const char *const PLAIN[] = {
	"",
	"# nothing\n\n   \n    # more\n",
	"devices:\n",
	"devices:   # none\nunlisted: unique_name  # all\n",
	"unlisted: reject\ndevices:\n  a: b\n",
	"devices:\n  meter-001: HSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n  123: true\n  null: 0x1F\n  .5: 1e3\n",
	"devices:\r\n  a: b\r\n\r\n  c: d # e\r\n",
	"devices:\n  a: b",
	"devices:\n  \"a b\": 'c: d # e'\n  '{x}': \"[y]\"\n",
	"devices:\n  a: {sim: b, name: Front gate no. 7, cmd: text, up: text}\n  c: {sim: d}\n  e: { sim: f , up: json "
	"} # g\n",
	"devices:\n  a: {sim: \"b, c\", name: 'd } e'}\n",
	"devices:\n  a:   b\n# comment\n      # deeper comment\n  c: d\n",
	"devices:\n  a: HS1\n  b: x\n  c: x\n  b: y\n  \"d+\": z\n  e: {nmae: f}\n  g: {sim: h, sim: i}\n  j: {sim: k, "
	"cmd: x}\n",
	"devices:\n  a: {name: b}\nunlisted: maybe\n",
};

static void plain_files_are_read_fast_and_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(PLAIN) / sizeof(PLAIN[0]); i++) {
		if (!is_plain(PLAIN[i]))
			fail_msg("not read by the fast reader: %s", PLAIN[i]);
		check_agreement(PLAIN[i]);
	}
}

static const char *const NOT_PLAIN[] = {
	"devices: {}\n",
	"---\ndevices:\n  a: b\n",
	"devices:\n   a: b\n",
	"devices:\n  a: b\n    c\n",
	"devices:\n  a: b\n\n   c\n  d: e\n",
	"devices:\n  a: b c\n",
	"devices:\n  a:\n    sim: b\n",
	"devices:\n  a: {sim: b,\n    name: c}\n",
	"devices:\n  a: \"b\\x41\"\n",
	"devices:\n  a: 'b''c'\n",
	"devices:\n  a: \"b\n  c: d\"\n",
	"devices:\n  a: {sim: 'b\n  c: d'}\n",
	"devices:\n  a: b#c\n",
	"devices:\n  a : b\n",
	"devices:\n  a:b\n",
	"devices:\n  a: b: c\n",
	"devices:\n  - a\n",
	"devices:\n  -a: -b\n",
	"devices:\n  a: &x b\n",
	"devices:\n  a: b\n  <<: c\n",
	"devices:\n  ? a\n  : b\n",
	"devices:\n  a: |\n    b\n",
	"devices:\n  a: {}\n",
	"devices:\n  a: {sim: b,}\n",
	"devices:\n  a: {\"sim\":\"b\"}\n",
	"devices:\n  a: {sim: }\n",
	"devices:\n  a: b\n  c:\n",
	"devices:\n  a: b\ndevices:\n  c: d\n",
	"devices:\n  caf\xC3\xA9: b\n",
	"devices:\n  a: b # \xC2\x85  c: d\n",
	"devices:\n  a: b # \x01\n",
	"devices:\n\ta: b\n",
	"devices:\n  a: b\n...\n",
	"  a: b\n",
	"devices:\nunlisted: reject\n  a: b\n",
	"devices:\n  a: b\rc: d\n",
	"other: x\n",
};

static void everything_else_is_left_to_the_full_reader(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(NOT_PLAIN) / sizeof(NOT_PLAIN[0]); i++) {
		if (is_plain(NOT_PLAIN[i]))
			fail_msg("read by the fast reader: %s", NOT_PLAIN[i]);
		check_agreement(NOT_PLAIN[i]);
	}
}

/* Pieces that meet by chance, the same in every run: what a list of examples would not think of. */
static const char *const PIECES[] = {
	"devices:",
	"\n",
	"\n  ",
	"a",
	"b: ",
	": ",
	" ",
	"HSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"'",
	"\"",
	"{sim: ",
	"}",
	", name: ",
	"#",
	" # x",
	"-",
	".",
	"\n  m1: s1",
	"\n  m2: 's 2'",
	"\n  m3: {sim: s3, up: text}",
	"\nunlisted: ",
	"reject",
	"unique_name",
	"\r\n",
	"~",
	"\n  \"q\": ",
	"[",
	"|",
	"\t",
	"\\",
	"&",
	"*",
	"!",
	"%",
	",",
	"\n    ",
	"---",
	"null",
};

static void they_agree_on_random_files(void **state)
{
	(void)state;
	unsigned random = 12345;
	size_t plain = 0;

	for (int round = 0; round < ROUNDS; round++) {
		char text[1024] = "devices:\n  m0: s0";
		size_t len = strlen(text);

		for (int i = 0; i < 1 + round % 12; i++) {
			random = random * 1664525U + 1013904223U;
			const char *piece = PIECES[(random >> 16) % (sizeof(PIECES) / sizeof(PIECES[0]))];

			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", piece);
		}
		plain += is_plain(text);
		check_agreement(text);
	}
	assert_in_range(plain, ROUNDS / 50, ROUNDS);
}

static void many_devices_are_all_found_both_ways(void **state)
{
	(void)state;
	struct buffer text;
	struct settings_faults faults;
	struct device device;
	char name[32], sim[64];

	buffer_init(&text, TEXT_MAX);
	buffer_append_text(&text, "devices:\n");
	for (unsigned i = 0; i < MANY; i++)
		buffer_append_format(&text, "  meter-%u: HS%032x\n", i, i * 2654435761U);
	check_agreement(buffer_text(&text));
	settings_faults_init(&faults);
	struct devices *devices = devices_load(workplace_path(path, "devices.yaml"), "bridge.yaml", 1, &faults);

	assert_non_null(devices);
	assert_int_equal(devices_count(devices), MANY);
	for (unsigned i = 0; i < MANY; i++) {
		text_format(name, sizeof(name), "meter-%u", i);
		text_format(sim, sizeof(sim), "HS%032x", i * 2654435761U);
		if (!devices_find(devices, name, &device) || !text_equal(device.sim, sim))
			fail_msg("%s is not found", name);
		if (!devices_find_sim(devices, sim, "", &device) || !text_equal(device.name, name))
			fail_msg("%s is not found", sim);
		text_format(name, sizeof(name), "meter-%u", MANY + i);
		assert_false(devices_find(devices, name, &device));
	}
	devices_free(devices);
	settings_faults_clear(&faults);
	buffer_clear(&text);
}

/* The fast reader has given back the beginning when it comes to a line that it leaves to the full one. */
static void a_large_file_with_an_odd_end_is_read_as_a_whole(void **state)
{
	(void)state;
	enum { LARGE = 150000 };
	static const struct {
		const char *end, *want;
	} rows[] = {
		{"  odd: \"Z\\u00e4hler\"\n", "0 faults"},
		{"  odd: \"\x01\"\n", "devices.yaml:150002: not YAML: control characters are not allowed"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffer text;

		buffer_init(&text, TEXT_MAX);
		buffer_append_text(&text, "devices:\n");
		for (unsigned j = 0; j < LARGE; j++)
			buffer_append_format(&text, "  meter-%06u: HS%032x\n", j, j);
		buffer_append_text(&text, rows[i].end);
		workplace_write("devices.yaml", buffer_text(&text));
		char *got = outcome(true);

		if (strstr(got, rows[i].want) == NULL)
			fail_msg("want %s, got %.200s", rows[i].want, got);
		if (i == 0 && (strstr(got, "[meter-000000]") == NULL || strstr(got, "[meter-149999]") == NULL ||
			       strstr(got, "[odd] [Z\u00e4hler]") == NULL))
			fail_msg("a device is missing");
		free(got);
		buffer_clear(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_files_are_read_fast_and_alike),
		cmocka_unit_test(everything_else_is_left_to_the_full_reader),
		cmocka_unit_test(they_agree_on_random_files),
		cmocka_unit_test(many_devices_are_all_found_both_ways),
		cmocka_unit_test(a_large_file_with_an_odd_end_is_read_as_a_whole),
	};

	return cmocka_run_group_tests(tests, workplace_open, workplace_close);
}
