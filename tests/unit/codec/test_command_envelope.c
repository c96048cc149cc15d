/* Is an envelope either understood as a whole or refused, and never sent as text? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/command.h"

#include <stdio.h>

#include "tests/unit/table.h"

static struct command command;
static struct command_fault fault;

static bool decode(const char *bytes, size_t len, enum command_form form)
{
	char *copy = exact_copy(bytes, len);
	bool decoded = command_decode(&command, copy, len, form, false, &fault);

	free(copy);
	return decoded;
}

static void the_whole_envelope_is_understood(void **state)
{
	static const char TEXT[] = "{\"payload\": \"reboot\", \"id\": \"job-17\", \"ttl\": 3600, \"replace\": true, "
				   "\"priority\": \"high\"}";
	(void)state;
	for (int form = COMMAND_ANY; form <= COMMAND_ENVELOPE; form += COMMAND_ENVELOPE - COMMAND_ANY) {
		assert_true(decode(TEXT, strlen(TEXT), (enum command_form)form));
		assert_string_equal(command.payload, "reboot");
		assert_string_equal(command.id, "job-17");
		assert_int_equal(command.ttl_s, 3600);
		assert_true(command.replace);
		assert_int_equal(command.priority, PRIORITY_HIGH);
		assert_string_equal(fault.code, "");
	}
}

static void members_may_be_left_out_and_come_in_any_order(void **state)
{
	static const struct {
		const char *name, *text, *want_payload, *want_id;
		int64_t want_ttl;
		bool want_replace;
		enum command_priority want_priority;
	} ROW[] = {
		{"payload alone", "{\"payload\":\"x\"}", "x", "", 0, false, PRIORITY_NORMAL},
		{"space around", " \r\n{\"payload\":\"x\"}\t", "x", "", 0, false, PRIORITY_NORMAL},
		{"payload last", "{\"id\":\"A.b_c:d-9\",\"payload\":\"x\"}", "x", "A.b_c:d-9", 0, false,
		 PRIORITY_NORMAL},
		{"low", "{\"payload\":\"x\",\"priority\":\"low\"}", "x", "", 0, false, PRIORITY_LOW},
		{"normal", "{\"payload\":\"x\",\"priority\":\"normal\"}", "x", "", 0, false, PRIORITY_NORMAL},
		{"replace is false", "{\"payload\":\"x\",\"replace\":false}", "x", "", 0, false, PRIORITY_NORMAL},
		{"the shortest ttl", "{\"payload\":\"x\",\"ttl\":1}", "x", "", 1, false, PRIORITY_NORMAL},
		{"the longest ttl", "{\"payload\":\"x\",\"ttl\":2592000}", "x", "", 2592000, false, PRIORITY_NORMAL},
		{"a name by an escape", "{\"p\\u0061yload\":\"x\"}", "x", "", 0, false, PRIORITY_NORMAL},
		{"an escaped text", "{\"payload\":\"a\\n\\u20ac\\\\\"}", "a\n\xE2\x82\xAC\\", "", 0, false,
		 PRIORITY_NORMAL},
		{"payload is an object: compact", "{\"payload\": {\"a\": [1, 2.50, null], \"b\": true}}",
		 "{\"a\":[1,2.50,null],\"b\":true}", "", 0, false, PRIORITY_NORMAL},
		{"payload is an array", "{\"payload\":[ 1 , \"x\" ]}", "[1,\"x\"]", "", 0, false, PRIORITY_NORMAL},
		{"payload is empty braces", "{\"payload\":{}}", "{}", "", 0, false, PRIORITY_NORMAL},
		{"numbers beyond 2^53 stay", "{\"payload\":{\"imei\":490154203237518999}}",
		 "{\"imei\":490154203237518999}", "", 0, false, PRIORITY_NORMAL},
		{"a payload in the payload", "{\"payload\":{\"payload\":\"x\"}}", "{\"payload\":\"x\"}", "", 0, false,
		 PRIORITY_NORMAL},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		if (!decode(ROW[i].text, strlen(ROW[i].text), COMMAND_ANY))
			fail_msg("%s: %s: %s", ROW[i].name, fault.code, fault.message);
		want_text(ROW[i].name, "payload", command.payload, ROW[i].want_payload);
		want_text(ROW[i].name, "id", command.id, ROW[i].want_id);
		want_number(ROW[i].name, "ttl", command.ttl_s, ROW[i].want_ttl);
		want_bool(ROW[i].name, "replace", command.replace, ROW[i].want_replace);
		want_number(ROW[i].name, "priority", command.priority, ROW[i].want_priority);
	}
}

struct refusal {
	const char *name, *bytes;
	size_t len;
	const char *want_message;
	const char *want_id; /* in the fault */
};

static void expect_bad_envelope(const struct refusal *row, enum command_form form)
{
	want_bool(row->name, "decoded", decode(row->bytes, row->len, form), false);
	want_text(row->name, "code", fault.code, "bad_envelope");
	want_part(row->name, "message", fault.message, row->want_message);
	want_text(row->name, "id", fault.id, row->want_id);
}

static void unknown_and_mistyped_members_refuse_the_whole(void **state)
{
	static const struct refusal ROW[] = {
		{"unknown", BYTES("{\"payload\":\"x\",\"tll\":5,\"id\":\"j1\"}"), "no member \"tll\"", "j1"},
		{"another case", BYTES("{\"payload\":\"x\",\"ID\":\"j1\"}"), "no member \"ID\"", ""},
		{"unknown with an empty name", BYTES("{\"payload\":\"x\",\"\":1}"), "no member \"\"", ""},
		{"payload is a number", BYTES("{\"payload\":5,\"id\":\"j1\"}"), "\"payload\" must be a string", "j1"},
		{"payload is null", BYTES("{\"payload\":null}"), "\"payload\" must be a string", ""},
		{"payload is a boolean", BYTES("{\"payload\":true}"), "\"payload\" must be a string", ""},
		{"id is a number", BYTES("{\"payload\":\"x\",\"id\":17}"), "\"id\" must be", ""},
		{"id is null", BYTES("{\"payload\":\"x\",\"id\":null}"), "\"id\" must be", ""},
		{"id is empty", BYTES("{\"payload\":\"x\",\"id\":\"\"}"), "\"id\" must be", ""},
		{"id with a space", BYTES("{\"payload\":\"x\",\"id\":\"a b\"}"), "\"id\" must be", ""},
		{"id with a path", BYTES("{\"payload\":\"x\",\"id\":\"../a\"}"), "\"id\" must be", ""},
		{"id with a quote", BYTES("{\"payload\":\"x\",\"id\":\"a'--\"}"), "\"id\" must be", ""},
		{"id with a line end", BYTES("{\"payload\":\"x\",\"id\":\"a\\n\"}"), "\"id\" must be", ""},
		{"id with a letter outside ASCII", BYTES("{\"payload\":\"x\",\"id\":\"\xC3\xA9\"}"), "\"id\" must be",
		 ""},
		{"ttl is zero", BYTES("{\"payload\":\"x\",\"ttl\":0,\"id\":\"j1\"}"), "\"ttl\" must be", "j1"},
		{"ttl is negative", BYTES("{\"payload\":\"x\",\"ttl\":-1}"), "\"ttl\" must be", ""},
		{"ttl is too long", BYTES("{\"payload\":\"x\",\"ttl\":2592001}"), "from 1 to 2592000", ""},
		{"ttl has a fraction", BYTES("{\"payload\":\"x\",\"ttl\":1.5}"), "\"ttl\" must be", ""},
		{"ttl is endless", BYTES("{\"payload\":\"x\",\"ttl\":1e999}"), "\"ttl\" must be", ""},
		{"ttl is a string", BYTES("{\"payload\":\"x\",\"ttl\":\"60\"}"), "\"ttl\" must be", ""},
		{"ttl is a boolean", BYTES("{\"payload\":\"x\",\"ttl\":true}"), "\"ttl\" must be", ""},
		{"replace is a number", BYTES("{\"payload\":\"x\",\"replace\":1}"), "\"replace\" must be true or false",
		 ""},
		{"replace is a string", BYTES("{\"payload\":\"x\",\"replace\":\"true\"}"), "\"replace\" must be", ""},
		{"priority is unknown", BYTES("{\"payload\":\"x\",\"priority\":\"urgent\"}"), "\"priority\" must be",
		 ""},
		{"priority in capitals", BYTES("{\"payload\":\"x\",\"priority\":\"High\"}"), "\"priority\" must be",
		 ""},
		{"priority is a number", BYTES("{\"payload\":\"x\",\"priority\":1}"), "\"priority\" must be", ""},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++)
		expect_bad_envelope(&ROW[i], COMMAND_ANY);
}

static void an_envelope_that_cannot_be_read_is_not_text(void **state)
{
	static const struct refusal ROW[] = {
		{"payload twice", BYTES("{\"payload\":\"x\",\"payload\":\"y\"}"), "\"payload\" twice", ""},
		{"payload twice by escapes", BYTES("{\"\\u0070ayload\":\"x\",\"\\u0070ayload\":\"y\"}"), "twice", ""},
		{"ttl twice", BYTES("{\"id\":\"j1\",\"payload\":\"x\",\"ttl\":1,\"ttl\":2}"), "\"ttl\" twice", "j1"},
		{"a name twice below", BYTES("{\"payload\":{\"a\":1,\"a\":2}}"), "\"a\" twice", ""},
		{"escaped NUL", BYTES("{\"id\":\"j1\",\"payload\":\"a\\u0000b\"}"), "an escape for NUL", "j1"},
		{"half a surrogate pair", BYTES("{\"payload\":\"\\ud83d\"}"), "half a surrogate pair", ""},
		{"raw NUL", BYTES("{\"payload\":\"a\0b\",\"id\":\"j1\"}"), "a control character", "j1"},
		{"raw line end", BYTES("{\"payload\":\"a\nb\"}"), "a control character", ""},
		{"malformed UTF-8", BYTES("{\"payload\":\"a\xFF\"}"), "not UTF-8", ""},
		{"truncated in the payload", BYTES("{\"payload\":\"x"), "does not end", ""},
		{"truncated behind the payload", BYTES("{\"payload\":\"x\""), "does not end", ""},
		{"truncated behind the colon", BYTES("{\"payload\":"), "nothing where a value", ""},
		{"truncated with an id", BYTES("{\"id\":\"job-17\", \"payload\" : \"x"), "does not end", "job-17"},
		{"truncated with a bad id", BYTES("{\"id\":\"job 17\",\"payload\":\"x"), "does not end", ""},
		{"text behind", BYTES("{\"payload\":\"x\"} please"), "text behind its end", ""},
		{"NUL behind, as C programs send", BYTES("{\"payload\":\"x\"}\0"), "text behind its end", ""},
		{"trailing comma", BYTES("{\"payload\":\"x\",}"), "where a string must be", ""},
		{"comment", BYTES("{/* hi */\"payload\":\"x\"}"), "where a string must be", ""},
		{"single quotes around the value", BYTES("{\"payload\":'x'}"), "no JSON value", ""},
		{"number with a leading zero", BYTES("{\"payload\":\"x\",\"ttl\":060}"), "leading zero", ""},
		{"quotes inside", BYTES("{\"payload\":\"say \"hi\"\"}"), "does not end", ""},
		{"byte order mark", BYTES("\xEF\xBB\xBF{\"payload\":\"x\"}"), "byte order mark", ""},
		{"space in front", BYTES(" \r\n{\"payload\":\"x"), "does not end", ""},
		{"payload behind something nested", BYTES("{\"a\":{\"b\":[\"}\"]},\"payload\":\"x\""), "does not end",
		 ""},
		{"behind an escaped quote", BYTES("{\"a\":\"\\\"\",\"payload\":1"), "does not end", ""},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++)
		expect_bad_envelope(&ROW[i], COMMAND_ANY);
}

static void as_many_levels_as_an_sms_can_hold_are_sent(void **state)
{
	char text[200], want[161] = {0};
	int len = snprintf(text, sizeof(text), "{\"payload\":");
	(void)state;
	memset(want, '[', 80);
	memset(want + 80, ']', 80);
	snprintf(text + len, sizeof(text) - (size_t)len, "%s}", want);
	if (!decode(text, strlen(text), COMMAND_ANY))
		fail_msg("%s: %s", fault.code, fault.message);
	want_text("80 levels", "payload", command.payload, want);
}

static void a_deep_payload_is_refused(void **state)
{
	char text[20100];
	int len = snprintf(text, sizeof(text), "{\"id\":\"deep\",\"payload\":");
	(void)state;
	memset(text + len, '[', 10000);
	memset(text + len + 10000, ']', 10000);
	text[len + 20000] = '}';
	expect_bad_envelope(&(struct refusal){"deep", text, (size_t)len + 20001, "too many levels", "deep"},
			    COMMAND_ANY);
}

static void pinned_to_envelope_nothing_else_is_taken(void **state)
{
	static const struct refusal ROW[] = {
		{"text", BYTES("reboot"), "no JSON value", ""},
		{"nothing", BYTES(""), "nothing where a value", ""},
		{"an object without payload", BYTES("{\"a\":1}"), "the member \"payload\"", ""},
		{"an array", BYTES("[\"payload\"]"), "the member \"payload\"", ""},
		{"a string", BYTES("\"payload\""), "the member \"payload\"", ""},
		{"truncated", BYTES("{\"a\":1"), "does not end", ""},
		{"unknown member", BYTES("{\"payload\":\"x\",\"a\":1}"), "no member \"a\"", ""},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++)
		expect_bad_envelope(&ROW[i], COMMAND_ENVELOPE);
}

static void ids_have_1_to_64_characters(void **state)
{
	char text[2000], id[1025];
	(void)state;
	for (size_t len = 1; len <= 1024; len = len < 63 ? 63 : len < 66 ? len + 1 : len + 958) {
		memset(id, 'i', len);
		id[len] = '\0';
		int size = snprintf(text, sizeof(text), "{\"payload\":\"x\",\"id\":\"%s\"}", id);

		assert_int_equal(decode(text, (size_t)size, COMMAND_ANY), len <= 64);
		assert_string_equal(fault.id, len <= 64 ? id : "");
	}
}

static void an_unsendable_payload_keeps_its_own_code_and_the_id(void **state)
{
	static const struct {
		const char *name, *text, *want_code, *want_payload;
	} ROW[] = {
		{"empty", "{\"payload\":\"\",\"id\":\"j1\"}", "payload_empty", ""},
		{"emoji", "{\"payload\":\"\\ud83d\\ude00\",\"id\":\"j1\"}", "payload_charset", "\xF0\x9F\x98\x80"},
		{"tab", "{\"payload\":\"\\t\",\"id\":\"j1\"}", "payload_charset", "\t"},
		{"emoji in an object", "{\"payload\":{\"a\":\"\xF0\x9F\x98\x80\"},\"id\":\"j1\"}", "payload_charset",
		 "{\"a\":\"\xF0\x9F\x98\x80\"}"},
	};
	char text[300];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		want_bool(ROW[i].name, "decoded", decode(ROW[i].text, strlen(ROW[i].text), COMMAND_ANY), false);
		want_text(ROW[i].name, "code", fault.code, ROW[i].want_code);
		want_text(ROW[i].name, "id", fault.id, "j1");
		want_text(ROW[i].name, "payload", fault.payload, ROW[i].want_payload);
	}
	int size = snprintf(text, sizeof(text), "{\"id\":\"j1\",\"payload\":\"%0161d\"}", 0);

	assert_false(decode(text, (size_t)size, COMMAND_ANY));
	assert_string_equal(fault.code, "payload_too_long");
	assert_string_equal(fault.id, "j1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_envelope_is_understood),
		cmocka_unit_test(members_may_be_left_out_and_come_in_any_order),
		cmocka_unit_test(unknown_and_mistyped_members_refuse_the_whole),
		cmocka_unit_test(an_envelope_that_cannot_be_read_is_not_text),
		cmocka_unit_test(as_many_levels_as_an_sms_can_hold_are_sent),
		cmocka_unit_test(a_deep_payload_is_refused),
		cmocka_unit_test(pinned_to_envelope_nothing_else_is_taken),
		cmocka_unit_test(ids_have_1_to_64_characters),
		cmocka_unit_test(an_unsendable_payload_keeps_its_own_code_and_the_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
