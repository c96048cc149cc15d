/* Is a message sent as text exactly when it is meant as text, and only when an SMS can carry it? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/command.h"

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

static void text_goes_verbatim(void **state)
{
	static const struct {
		const char *name, *text;
	} ROW[] = {
		{"a word", "reboot"},
		{"one character", "x"},
		{"only spaces", "  "},
		{"spaces around", " on "},
		{"line ends", "a\r\nb\n"},
		{"JSON without payload: the API's own example",
		 "{\"enable\":\"True\", \"reset\":\"False\",\"when\":\"Immediate\"}"},
		{"the empty object", "{}"},
		{"payload only below the top", "{\"data\":{\"payload\":\"x\"}}"},
		{"another case is another name", "{\"Payload\":\"x\"}"},
		{"an array of envelopes", "[{\"payload\":\"x\"}]"},
		{"a JSON string", "\"payload\""},
		{"a JSON number", "42"},
		{"null", "null"},
		{"not JSON", "set {a}=1"},
		{"a broken object without payload", "{\"a\":1"},
		{"payload as a value", "{\"a\":\"payload\""},
		{"payload below the top of a broken object", "{\"a\":{\"payload\":1}, oops"},
		{"payload behind the end of an object", "{\"a\":1} {\"payload\":\"x\"}"},
		{"payload without quotes", "{payload:x}"},
		{"a broken object with a name twice", "{\"a\":1,\"a\":2}"},
		{"only a brace", "{"},
		{"a brace and half a string", "{\"payload"},
		{"text that starts with a bracket", "[1,2"},
		{"AT command", "AT^PRG;0848028047;10;81#001F803F"},
		{"euro and Greek", "\xE2\x82\xAC \xCE\x94"},
		{"format directives", "%n%s%d"},
		{"SQL", "'; DROP TABLE commands; --"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		if (!decode(ROW[i].text, strlen(ROW[i].text), COMMAND_ANY))
			fail_msg("%s: %s: %s", ROW[i].name, fault.code, fault.message);
		want_text(ROW[i].name, "payload", command.payload, ROW[i].text);
		want_text(ROW[i].name, "id", command.id, "");
		want_number(ROW[i].name, "ttl", command.ttl_s, 0);
		want_bool(ROW[i].name, "replace", command.replace, false);
		want_number(ROW[i].name, "priority", command.priority, PRIORITY_NORMAL);
		want_text(ROW[i].name, "code", fault.code, "");
	}
}

static void pinned_to_text_even_an_envelope_is_text(void **state)
{
	static const char *const TEXTS[] = {"{\"payload\":\"x\"}", "{\"payload\":\"x", "{\"payload\":1,\"payload\":2}"};
	(void)state;
	for (size_t i = 0; i < ROWS(TEXTS); i++) {
		assert_true(decode(TEXTS[i], strlen(TEXTS[i]), COMMAND_TEXT));
		assert_string_equal(command.payload, TEXTS[i]);
	}
}

static void what_no_sms_can_carry_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
		const char *want_code, *want_message;
	} ROW[] = {
		{"nothing", BYTES(""), "payload_empty", "empty"},
		{"emoji", BYTES("ab\xF0\x9F\x98\x80"), "payload_charset",
		 "character 3, \"\xF0\x9F\x98\x80\" (U+1F600), is not in the SMS alphabet"},
		{"backtick", BYTES("`ls`"), "payload_charset", "character 1, \"`\" (U+0060)"},
		{"tab is not shown", BYTES("a\tb"), "payload_charset", "character 2, U+0009, is not"},
		{"escape is not shown", BYTES("\x1B[31m"), "payload_charset", "character 1, U+001B, is not"},
		{"bidi control is not shown", BYTES("abc\xE2\x80\xAE"), "payload_charset",
		 "character 4, U+202E, is not"},
		{"combining mark is not shown", BYTES("e\xCC\x81"), "payload_charset", "character 2, U+0301, is not"},
		{"characters are counted, not bytes", BYTES("\xE2\x82\xAC\xE2\x82\xAC\xC3\xA7"), "payload_charset",
		 "character 3, \"\xC3\xA7\" (U+00E7)"},
		{"noncharacter", BYTES("\xEF\xBF\xBF"), "payload_charset", "U+FFFF"},
		{"NUL inside", BYTES("ab\0c"), "payload_charset", "byte 3 is NUL"},
		{"NUL alone", BYTES("\0"), "payload_charset", "byte 1 is NUL"},
		{"malformed byte", BYTES("a\xFF"), "payload_charset", "byte 2 is not UTF-8"},
		{"overlong slash", BYTES("a\xC0\xAF"), "payload_charset", "byte 2 is not UTF-8"},
		{"raw surrogate", BYTES("\xED\xA0\xBD"), "payload_charset", "byte 1 is not UTF-8"},
		{"cut character", BYTES("abc\xE2\x82"), "payload_charset", "byte 4 is not UTF-8"},
		{"byte order mark before text", BYTES("\xEF\xBB\xBFon"), "payload_charset", "character 1, U+FEFF"},
		{"UTF-16", BYTES("\xFF\xFEo\0n\0"), "payload_charset", "byte 1 is not UTF-8"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		want_bool(ROW[i].name, "decoded", decode(ROW[i].bytes, ROW[i].len, COMMAND_ANY), false);
		want_text(ROW[i].name, "code", fault.code, ROW[i].want_code);
		want_part(ROW[i].name, "message", fault.message, ROW[i].want_message);
		want_text(ROW[i].name, "id", fault.id, "");
	}
}

/* `count` times `unit`. */
static const char *repeat(const char *unit, size_t count)
{
	static char text[MQTT_PAYLOAD_MAX + 10];
	size_t len = strlen(unit);

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * len, unit, len);
	text[count * len] = '\0';
	return text;
}

static void the_length_is_160_characters_of_any_size(void **state)
{
	static const struct {
		const char *name, *unit;
		size_t count;
		bool strict, want;
		const char *want_message;
	} ROW[] = {
		{"160 letters", "a", 160, false, true, ""},
		{"161 letters", "a", 161, false, false, "has 161 characters; an SMS holds 160"},
		{"1600 letters", "a", 1600, false, false, "has 1600 characters"},
		{"160 of two bytes", "\xC3\xA9", 160, false, true, ""},
		{"160 euros, 480 bytes", "\xE2\x82\xAC", 160, false, true, ""},
		{"161 euros", "\xE2\x82\xAC", 161, false, false, "has 161 characters"},
		{"160 braces are 320 septets", "{", 160, false, true, ""},
		{"80 braces are 160 septets", "{", 80, true, true, ""},
		{"81 braces are 162 septets", "{", 81, true, false, "needs 162 septets, an SMS holds 160"},
		{"161 letters, strict", "a", 161, true, false, "has 161 characters"},
		{"as many as a message may have", "a", MQTT_PAYLOAD_MAX, false, false, "has 65536 characters"},
		{"one more", "a", MQTT_PAYLOAD_MAX + 1, false, false, "the message has 65537 bytes"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		const char *text = repeat(ROW[i].unit, ROW[i].count);

		want_bool(ROW[i].name, "decoded",
			  command_decode(&command, text, strlen(text), COMMAND_ANY, ROW[i].strict, &fault),
			  ROW[i].want);
		want_text(ROW[i].name, "code", fault.code, ROW[i].want ? "" : "payload_too_long");
		want_part(ROW[i].name, "message", fault.message, ROW[i].want_message);
		if (ROW[i].want)
			want_text(ROW[i].name, "payload", command.payload, text);
	}
}

static void a_refused_text_is_echoed_as_far_as_a_status_goes(void **state)
{
	const char *text = repeat("\xE2\x82\xAC", 200);
	(void)state;
	assert_false(command_decode(&command, text, strlen(text), COMMAND_ANY, false, &fault));
	assert_int_equal(strlen(fault.payload), 480);
	assert_memory_equal(fault.payload, text, 480);
	assert_false(decode("ab\0c", 4, COMMAND_ANY));
	assert_string_equal(fault.payload, "ab");
}

static void nothing_may_come_without_a_pointer(void **state)
{
	(void)state;
	assert_false(command_decode(&command, NULL, 0, COMMAND_ANY, false, &fault));
	assert_string_equal(fault.code, "payload_empty");
	assert_false(command_decode(&command, NULL, 0, COMMAND_TEXT, false, &fault));
	assert_string_equal(fault.code, "payload_empty");
	assert_false(command_decode(&command, NULL, 0, COMMAND_ENVELOPE, false, &fault));
	assert_string_equal(fault.code, "bad_envelope");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_goes_verbatim),
		cmocka_unit_test(pinned_to_text_even_an_envelope_is_text),
		cmocka_unit_test(what_no_sms_can_carry_is_refused_with_its_place),
		cmocka_unit_test(the_length_is_160_characters_of_any_size),
		cmocka_unit_test(a_refused_text_is_echoed_as_far_as_a_status_goes),
		cmocka_unit_test(nothing_may_come_without_a_pointer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
