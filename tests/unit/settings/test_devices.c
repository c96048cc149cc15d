/* Which device is which SIM? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/devices.h"

#include "bridge/base/limits.h"
#include "tests/unit/settings/workplace.h"

#define SID_A "HSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SID_B "HSbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
/* 128 bytes. */
#define LONG                                                               \
	"0123456789012345678901234567890101234567890123456789012345678901" \
	"0123456789012345678901234567890101234567890123456789012345678901"

static struct devices *try_load(const char *text, struct settings_faults *faults)
{
	char path[WORKPLACE_PATH_SIZE];

	workplace_write("devices.yaml", text);
	settings_faults_init(faults);
	return devices_load(workplace_path(path, "devices.yaml"), "bridge.yaml", 1, faults);
}

static struct devices *load(const char *text)
{
	struct settings_faults faults;
	struct devices *devices = try_load(text, &faults);

	if (devices == NULL)
		fail_msg("%s", buffer_text(&faults.text));
	settings_faults_clear(&faults);
	return devices;
}

static const char EXAMPLE[] = "devices:\n"
			      "  meter-001: " SID_A "     # a SIM's sid or unique_name\n"
			      "  front-gate: {sim: Gate-Controller-7, name: Front gate, cmd: text, up: text}\n"
			      "  123: true\n"
			      "  \"null\": ~\n"
			      "  pump:\n    sim: Pump\n    cmd: envelope\n    up: json\n"
			      "unlisted: reject          # or unique_name\n";

static void a_device_is_found_by_its_name(void **state)
{
	(void)state;
	struct devices *devices = load(EXAMPLE);
	struct device device;

	assert_int_equal(devices_count(devices), 5);
	assert_int_equal(devices_unlisted(devices), UNLISTED_REJECT);
	assert_true(devices_find(devices, "meter-001", &device));
	assert_string_equal(device.name, "meter-001");
	assert_string_equal(device.sim, SID_A);
	assert_string_equal(device.label, "");
	assert_int_equal(device.cmd, COMMAND_ANY);
	assert_int_equal(device.up, UP_JSON);
	assert_true(devices_find(devices, "front-gate", &device));
	assert_string_equal(device.label, "Front gate");
	assert_int_equal(device.cmd, COMMAND_TEXT);
	assert_int_equal(device.up, UP_TEXT);
	assert_true(devices_find(devices, "pump", &device));
	assert_int_equal(device.cmd, COMMAND_ENVELOPE);
	assert_false(devices_find(devices, "meter-002", &device));
	assert_false(devices_find(devices, "Gate-Controller-7", &device));
	assert_false(devices_find(devices, "", &device));
	devices_free(devices);
}

static void a_name_that_begins_like_a_sid_is_a_name(void **state)
{
	(void)state;
	struct devices *devices = load("devices:\n  a: HSV-gate\n  b: {sim: HS 7}\n  c: HS_12.deadbeef\n");
	struct device device;

	assert_int_equal(devices_count(devices), 3);
	assert_true(devices_find_sim(devices, "", "HSV-gate", &device));
	assert_string_equal(device.name, "a");
	devices_free(devices);
}

static void a_scalar_is_a_text_whatever_it_looks_like(void **state)
{
	(void)state;
	struct devices *devices = load(EXAMPLE);
	struct device device;

	assert_true(devices_find(devices, "123", &device));
	assert_string_equal(device.sim, "true");
	assert_true(devices_find(devices, "null", &device));
	assert_string_equal(device.sim, "~");
	devices_free(devices);
}

static void a_device_is_found_by_its_sim(void **state)
{
	(void)state;
	struct devices *devices = load(EXAMPLE);
	struct device device;

	assert_true(devices_find_sim(devices, SID_A, "", &device));
	assert_string_equal(device.name, "meter-001");
	assert_true(devices_find_sim(devices, SID_A, "Gate-Controller-7", &device));
	assert_string_equal(device.name, "meter-001");
	assert_true(devices_find_sim(devices, SID_B, "Gate-Controller-7", &device));
	assert_string_equal(device.name, "front-gate");
	assert_true(devices_find_sim(devices, "", "Pump", &device));
	assert_false(devices_find_sim(devices, SID_B, "Other", &device));
	assert_false(devices_find_sim(devices, "", "", &device));
	devices_free(devices);
}

static void names_are_needed_where_a_sid_does_not_tell(void **state)
{
	static const struct {
		const char *name, *text;
		bool want;
	} rows[] = {
		{"sids alone", "devices:\n  a: " SID_A "\n  b: {sim: " SID_B "}\n", false},
		{"one by its name", "devices:\n  a: " SID_A "\n  b: Gate-7\n", true},
		{"none is listed, but any name is a device", "devices:\n  a: " SID_A "\nunlisted: unique_name\n", true},
		{"none at all", "devices: {}\n", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct devices *devices = load(rows[i].text);
		print_message("  %s\n", rows[i].name);
		assert_int_equal(devices_need_names(devices), rows[i].want);
		devices_free(devices);
	}
}

static void order_is_that_of_the_file(void **state)
{
	(void)state;
	struct devices *devices = load(EXAMPLE);
	const char *const want[] = {"meter-001", "front-gate", "123", "null", "pump"};
	struct device device;

	for (size_t i = 0; i < 5; i++) {
		devices_at(devices, i, &device);
		assert_string_equal(device.name, want[i]);
	}
	devices_free(devices);
}

static void an_unlisted_device_may_be_the_sim_of_its_name(void **state)
{
	(void)state;
	struct devices *devices = load("unlisted: unique_name\ndevices:\n  gate: Gate-7\n  door: " SID_A "\n");
	struct device device;

	assert_true(devices_find(devices, "Pump-3", &device));
	assert_string_equal(device.sim, "Pump-3");
	assert_string_equal(device.label, "");
	assert_true(devices_find(devices, "gate", &device));
	assert_string_equal(device.sim, "Gate-7");
	assert_true(devices_find_sim(devices, SID_B, "Pump-3", &device));
	assert_string_equal(device.name, "Pump-3");
	assert_true(devices_find_sim(devices, SID_A, "door-sim", &device));
	assert_string_equal(device.name, "door");
	/* What cannot be a topic level is no device; nor is a SIM that is called like a listed device. */
	assert_false(devices_find_sim(devices, SID_B, "a/b", &device));
	assert_false(devices_find_sim(devices, SID_B, "", &device));
	assert_false(devices_find_sim(devices, SID_B, "door", &device));
	devices_free(devices);
}

static void a_mapping_may_be_empty(void **state)
{
	(void)state;
	const char *const texts[] = {
		"", "# none yet\n", "devices:\n", "devices: {}\n", "unlisted: reject\n", "---\ndevices:\n...\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct devices *devices = load(texts[i]);

		assert_int_equal(devices_count(devices), 0);
		devices_free(devices);
	}
}

struct row {
	const char *name;
	const char *text;
	size_t want_line;
	const char *want;
};

static const struct row ROWS[] = {
	{"SIM twice", "devices:\n  a: " SID_A "\n  b: " SID_B "\n  c: " SID_A "\n", 4,
	 "belongs to another device already, on line 2"},
	{"unique name twice", "devices:\n  a: Gate\n  b: {sim: Gate}\n", 3, "on line 2"},
	{"device twice", "devices:\n  a: x\n  a: y\n", 3, "a second time; keep this line or line 2"},
	{"short sid", "devices:\n  a: HS123\n", 2, "malformed sid"},
	{"long sid", "devices:\n  a: " SID_A "0\n", 2, "malformed sid"},
	{"sid of other letters", "devices:\n  a: HSgggggggggggggggggggggggggggggggg\n", 2, "malformed sid"},
	{"sid and nothing behind it", "devices:\n  a: HS\n", 2, "malformed sid"},
	{"sid with a letter too many", "devices:\n  a: HSxyz\n", 2, "malformed sid"},
	{"sid with a dash in it", "devices:\n  a: HSaaaaaaaaaaaaaaaa-aaaaaaaaaaaaaaaa\n", 2, "malformed sid"},
	{"sid with a dot for a digit", "devices:\n  a: HSaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaa\n", 2, "malformed sid"},
	{"wildcard", "devices:\n  \"a+\": x\n", 2, "device a+: "},
	{"slash", "devices:\n  a/b: x\n", 2, "device a/b: "},
	{"dollar", "devices:\n  $a: x\n", 2, "device $a: "},
	{"control character in a name", "devices:\n  \"a\\tb\": x\n", 2, "control"},
	{"empty name", "devices:\n  \"\": x\n", 2, "empty"},
	{"long name", "devices:\n  x" LONG ": x\n", 2, "longer than 128 bytes"},
	{"long SIM", "devices:\n  a: x" LONG "\n", 2, "longer than 128 bytes"},
	{"long label", "devices:\n  a: {sim: x, name: x" LONG "}\n", 2, "longer than 128 bytes"},
	{"control character in a SIM", "devices:\n  a: \"x\\ny\"\n", 2, "control character"},
	{"no SIM", "devices:\n  a:\n", 2, "no SIM"},
	{"empty SIM", "devices:\n  a: ''\n", 2, "no SIM"},
	{"long form without SIM", "devices:\n  a: {name: x}\n", 2, "no SIM"},
	{"unknown field", "devices:\n  a: {sim: x, nmae: y}\n", 2, "did you mean name?"},
	{"swapped letters", "devices:\n  a: {sim: x, cdm: text}\n", 2, "did you mean cmd?"},
	{"field twice", "devices:\n  a: {sim: x, sim: y}\n", 2, "twice"},
	{"bad cmd", "devices:\n  a: {sim: x, cmd: json}\n", 2, "neither text nor envelope"},
	{"bad up", "devices:\n  a:\n    sim: x\n    up: envelope\n", 4, "neither json nor text"},
	{"list of SIMs", "devices:\n  a: [x, y]\n", 2, "one SIM"},
	{"list in a field", "devices:\n  a: {sim: [x]}\n", 2, "one value"},
	{"bad unlisted", "unlisted: accept\n", 1, "neither reject nor unique_name"},
	{"unlisted as a list", "unlisted: [reject]\n", 1, "one word"},
	{"unknown key", "device:\n  a: x\n", 1, "device: not known here"},
	{"not indented", "devices:\na: x\n", 2, "a: not known here"},
	{"devices twice", "devices:\n  a: x\ndevices:\n  b: y\n", 3, "second time"},
	{"devices as a list", "devices: [a]\n", 1, "devices is a mapping"},
	{"list at the root", "- a\n", 1, "not a mapping"},
	{"not YAML", "devices:\n  a: 'x\n", 3, "not YAML"},
	{"alias", "devices:\n  a: *x\n", 2, "alias"},
	{"second document", "devices:\n  a: x\n---\n", 3, "second document"},
	{"not UTF-8", "devices:\n  a: x\n  b: \xFF\n", 3, "not UTF-8"},
};

static void each_mistake_is_one_fault_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct settings_faults faults;
		char place[WORKPLACE_PATH_SIZE + 32];
		struct devices *devices = try_load(ROWS[i].text, &faults);
		const char *said = buffer_text(&faults.text);

		text_format(place, sizeof(place), "%s/devices.yaml:%zu: ", workplace, ROWS[i].want_line);
		if (devices != NULL || faults.count != 1 || !text_starts_with(said, place) ||
		    !strstr(said, ROWS[i].want))
			fail_msg("%s: %zu faults: %s", ROWS[i].name, faults.count, said);
		settings_faults_clear(&faults);
	}
}

static void names_at_their_longest_are_taken(void **state)
{
	(void)state;
	struct devices *devices = load("devices:\n  " LONG ": {sim: " LONG ", name: " LONG "}\n");
	struct device device;

	assert_true(devices_find(devices, LONG, &device));
	assert_string_equal(device.sim, LONG);
	assert_string_equal(device.label, LONG);
	devices_free(devices);
}

static void fifty_mistakes_are_named_and_the_rest_counted(void **state)
{
	(void)state;
	struct settings_faults faults;
	char text[8192] = "devices:\n";
	size_t len = strlen(text);

	for (int i = 0; i < 120; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "  m%03d: HS%d\n", i, i);
	assert_null(try_load(text, &faults));
	assert_int_equal(faults.count, 120);
	assert_non_null(strstr(buffer_text(&faults.text), ":51: device m049: "));
	assert_null(strstr(buffer_text(&faults.text), "device m050"));
	assert_non_null(strstr(buffer_text(&faults.text), "and 70 more"));
	settings_faults_clear(&faults);
}

static void a_missing_file_is_a_fault_of_the_line_that_names_it(void **state)
{
	(void)state;
	struct settings_faults faults;

	settings_faults_init(&faults);
	assert_null(devices_load("/nowhere/devices.yaml", "/etc/bridge.yaml", 7, &faults));
	assert_int_equal(faults.count, 1);
	assert_true(text_starts_with(buffer_text(&faults.text),
				     "/etc/bridge.yaml:7: mappings: /nowhere/devices.yaml cannot be read"));
	settings_faults_clear(&faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_found_by_its_name),
		cmocka_unit_test(a_name_that_begins_like_a_sid_is_a_name),
		cmocka_unit_test(a_scalar_is_a_text_whatever_it_looks_like),
		cmocka_unit_test(a_device_is_found_by_its_sim),
		cmocka_unit_test(names_are_needed_where_a_sid_does_not_tell),
		cmocka_unit_test(order_is_that_of_the_file),
		cmocka_unit_test(an_unlisted_device_may_be_the_sim_of_its_name),
		cmocka_unit_test(a_mapping_may_be_empty),
		cmocka_unit_test(each_mistake_is_one_fault_with_its_line),
		cmocka_unit_test(names_at_their_longest_are_taken),
		cmocka_unit_test(fifty_mistakes_are_named_and_the_rest_counted),
		cmocka_unit_test(a_missing_file_is_a_fault_of_the_line_that_names_it),
	};

	return cmocka_run_group_tests(tests, workplace_open, workplace_close);
}
