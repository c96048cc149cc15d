/* Are values found, typed and written as JSON says? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/limits.h"
#include "bridge/codec/json.h"

#include "tests/unit/table.h"

static struct json *parse(const char *text)
{
	char why[WHY_SIZE];
	struct json *document = json_parse(text, strlen(text), why, sizeof(why));

	if (document == NULL)
		fail_msg("%s: %s", text, why);
	return document;
}

static void members_are_found_by_their_exact_name(void **state)
{
	struct json *document = parse("{\"Sid\":\"upper\",\"sid\":\"lower\",\"a.b\":\"dot\"}");
	struct json *list = parse("[1]");
	(void)state;
	assert_string_equal(json_text(json_member(document, "sid")), "lower");
	assert_string_equal(json_text(json_member(document, "Sid")), "upper");
	assert_null(json_member(document, "SID"));
	assert_null(json_member(NULL, "sid"));
	assert_null(json_member(list, "sid"));
	assert_null(json_member(json_member(document, "sid"), "sid"));
	json_free(document);
	json_free(list);
	json_free(NULL);
}

static void types_are_told_apart_and_text_is_only_of_strings(void **state)
{
	static const struct {
		const char *text;
		enum json_type want;
		const char *want_text;
	} ROW[] = {
		{"null", JSON_NULL, ""},     {"true", JSON_BOOL, ""}, {"false", JSON_BOOL, ""}, {"12", JSON_NUMBER, ""},
		{"\"x\"", JSON_STRING, "x"}, {"[]", JSON_ARRAY, ""},  {"{}", JSON_OBJECT, ""},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct json *document = parse(ROW[i].text);

		want_number(ROW[i].text, "type", (int64_t)json_type_of(document), (int64_t)ROW[i].want);
		want_text(ROW[i].text, "text", json_text(document), ROW[i].want_text);
		json_free(document);
	}
	assert_string_equal(json_text(NULL), "");
	assert_string_equal(json_name(NULL), "");
}

static void walking_keeps_the_order(void **state)
{
	struct json *document = parse("{\"z\":1,\"a\":[true,null]}");
	const struct json *value = json_first(document);
	(void)state;
	assert_string_equal(json_name(value), "z");
	value = json_next(value);
	assert_string_equal(json_name(value), "a");
	assert_null(json_next(value));
	value = json_first(value);
	assert_int_equal(json_type_of(value), JSON_BOOL);
	assert_int_equal(json_type_of(json_next(value)), JSON_NULL);
	assert_null(json_next(json_next(value)));
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	assert_null(json_first(json_first(document)));
	json_free(document);
}

static void integers_are_exact_or_not_there(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		bool want;
		int64_t want_value;
	} ROW[] = {
		{"0", 0, 9, true, 0},
		{"-0", 0, 9, true, 0},
		{"9", 0, 9, true, 9},
		{"10", 0, 9, false, -7},
		{"-1", 0, 9, false, -7},
		{"3600.0", 0, 9999, true, 3600},
		{"1e3", 0, 9999, true, 1000},
		{"1.5", 0, 9, false, -7},
		{"1e-1", 0, 9, false, -7},
		{"1e999", INT64_MIN, INT64_MAX, false, -7},
		{"-1e999", INT64_MIN, INT64_MAX, false, -7},
		{"1e18", INT64_MIN, INT64_MAX, false, -7},
		{"9007199254740991", INT64_MIN, INT64_MAX, true, 9007199254740991},
		{"9007199254740992", INT64_MIN, INT64_MAX, false, -7},
		{"9007199254740993", INT64_MIN, INT64_MAX, false, -7},
		{"-9007199254740991", INT64_MIN, INT64_MAX, true, -9007199254740991},
		{"-9007199254740992", INT64_MIN, INT64_MAX, false, -7},
		{"99999999999999999999999999", INT64_MIN, INT64_MAX, false, -7},
		{"\"5\"", 0, 9, false, -7},
		{"true", 0, 9, false, -7},
		{"null", 0, 9, false, -7},
		{"[5]", 0, 9, false, -7},
	};
	int64_t untouched = -7;
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct json *document = parse(ROW[i].text);
		int64_t value = -7;

		want_bool(ROW[i].text, "result", json_integer(document, ROW[i].min, ROW[i].max, &value), ROW[i].want);
		want_number(ROW[i].text, "value", value, ROW[i].want_value);
		json_free(document);
	}
	assert_false(json_integer(NULL, 0, 9, &untouched));
}

static void only_true_and_false_are_booleans(void **state)
{
	static const struct {
		const char *text;
		bool want, want_value;
	} ROW[] = {{"true", true, true},
		   {"false", true, false},
		   {"0", false, true},
		   {"\"true\"", false, true},
		   {"null", false, true}};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct json *document = parse(ROW[i].text);
		bool value = true;

		want_bool(ROW[i].text, "result", json_bool(document, &value), ROW[i].want);
		want_bool(ROW[i].text, "value", value, ROW[i].want_value);
		json_free(document);
	}
}

static void writing_puts_commas_where_they_are_due(void **state)
{
	struct buffer to;
	(void)state;
	buffer_init(&to, 1000);
	json_open_object(&to, "");
	json_put_text(&to, "open", "{[");
	json_put_integer(&to, "min", INT64_MIN);
	json_put_bool(&to, "yes", true);
	json_put_null(&to, "none");
	json_open_array(&to, "list");
	json_put_integer(&to, "", 1);
	json_open_object(&to, "");
	json_close_object(&to);
	json_put_text(&to, "", "");
	json_close_array(&to);
	json_put_raw(&to, "raw", "[0]");
	json_open_object(&to, "in");
	json_put_bool(&to, "no", false);
	json_close_object(&to);
	json_close_object(&to);
	assert_string_equal(buffer_text(&to), "{\"open\":\"{[\",\"min\":-9223372036854775808,\"yes\":true,"
					      "\"none\":null,\"list\":[1,{},\"\"],\"raw\":[0],\"in\":{\"no\":false}}");
	buffer_clear(&to);
}

static void strings_are_escaped_and_always_utf8(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} ROW[] = {
		{"quote and backslash", "\"\\", "\"\\\"\\\\\""},
		{"short escapes", "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
		{"other controls", "\x01\x1F", "\"\\u0001\\u001f\""},
		{"DEL and slash stay", "\x7F/", "\"\x7F/\""},
		{"emoji stay", "\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""},
		{"malformed byte", "a\xFFz", "\"a\xEF\xBF\xBDz\""},
		{"raw surrogate", "\xED\xA0\xBD", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
		{"cut at the end", "\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct buffer to;

		buffer_init(&to, 100);
		json_put_text(&to, "", ROW[i].text);
		want_text(ROW[i].name, "written", buffer_text(&to), ROW[i].want);
		buffer_clear(&to);
	}
}

static void foreign_text_is_repaired_and_not_lost(void **state)
{
	static const struct {
		const char *name, *text;
		size_t len;
		const char *want;
	} ROW[] = {
		{"clean", BYTES("{\"a\":\"\\u00e9\\n\"}"), "\xC3\xA9\n"},
		{"escaped NUL", BYTES("{\"a\":\"x\\u0000y\"}"), "x\xEF\xBF\xBDy"},
		{"raw NUL", BYTES("{\"a\":\"x\0y\"}"), "x\xEF\xBF\xBDy"},
		{"half an emoji", BYTES("{\"a\":\"\\ud83d\"}"), "\xEF\xBF\xBD"},
		{"the other half", BYTES("{\"a\":\"\\ude00!\"}"), "\xEF\xBF\xBD!"},
		{"a whole emoji", BYTES("{\"a\":\"\\ud83d\\ude00\"}"), "\xF0\x9F\x98\x80"},
		{"malformed byte", BYTES("{\"a\":\"x\xFFy\"}"), "x\xEF\xBF\xBDy"},
		{"raw line end", BYTES("{\"a\":\"x\ny\"}"), "x\ny"},
		{"escaped quote", BYTES("{\"a\":\"\\\"\\\\\"}"), "\"\\"},
		{"escaped backslash before u0000", BYTES("{\"a\":\"\\\\u0000\"}"), "\\u0000"},
		{"byte order mark", BYTES("\xEF\xBB\xBF{\"a\":\"x\"}"), "x"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char why[WHY_SIZE];
		char *bytes = exact_copy(ROW[i].text, ROW[i].len);
		struct json *document = json_parse_repaired(bytes, ROW[i].len, why, sizeof(why));

		if (document == NULL)
			fail_msg("%s: %s", ROW[i].name, why);
		want_text(ROW[i].name, "a", json_text(json_member(document, "a")), ROW[i].want);
		json_free(document);
		free(bytes);
	}
}

static void what_cannot_be_repaired_is_still_refused(void **state)
{
	static const char *const TEXTS[] = {
		"", "<html>", "{\"a\":\"x", "{\"a\":\"x\\", "{\"a\":\"\\u12", "{\"a\":1,\"a\":2}"};
	(void)state;
	for (size_t i = 0; i < ROWS(TEXTS); i++) {
		char why[WHY_SIZE] = "";
		char *bytes = exact_copy(TEXTS[i], strlen(TEXTS[i]));

		assert_null(json_parse_repaired(bytes, strlen(TEXTS[i]), why, sizeof(why)));
		assert_string_not_equal(why, "");
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_their_exact_name),
		cmocka_unit_test(types_are_told_apart_and_text_is_only_of_strings),
		cmocka_unit_test(walking_keeps_the_order),
		cmocka_unit_test(integers_are_exact_or_not_there),
		cmocka_unit_test(only_true_and_false_are_booleans),
		cmocka_unit_test(writing_puts_commas_where_they_are_due),
		cmocka_unit_test(strings_are_escaped_and_always_utf8),
		cmocka_unit_test(foreign_text_is_repaired_and_not_lost),
		cmocka_unit_test(what_cannot_be_repaired_is_still_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
