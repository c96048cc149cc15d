/* Does only clean JSON come through, and does it come through unchanged? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/json.h"

#include <stdio.h>

#include "bridge/base/limits.h"
#include "tests/unit/table.h"

struct row {
	const char *name, *text;
	size_t len; /* 0: of the text */
	const char *want_why;
};

static struct json *parse(const char *text, size_t len, char why[WHY_SIZE])
{
	char *bytes = exact_copy(text, len);
	struct json *document;

	why[0] = '\0';
	document = json_parse(bytes, len, why, WHY_SIZE);
	free(bytes);
	return document;
}

static void expect_refused(const struct row *row)
{
	char why[WHY_SIZE];
	struct json *document = parse(row->text, row->len ? row->len : strlen(row->text), why);

	if (document != NULL)
		fail_msg("%s: was accepted", row->name);
	want_part(row->name, "why", why, row->want_why);
}

static void what_the_grammar_forbids_is_refused_with_its_byte(void **state)
{
	static const struct row ROW[] = {
		{"empty", "", 0, "nothing where a value must be (byte 1)"},
		{"only space", " \n", 0, "nothing where a value must be (byte 3)"},
		{"a word", "reboot", 0, "no JSON value (byte 1)"},
		{"TRUE in capitals", "TRUE", 0, "no JSON value (byte 1)"},
		{"half a literal", "tru", 0, "no JSON value (byte 1)"},
		{"NaN", "NaN", 0, "no JSON value"},
		{"Infinity", "-Infinity", 0, "number that is not JSON (byte 2)"},
		{"single quotes", "{'a':1}", 0, "where a string must be (byte 2)"},
		{"name without quotes", "{a:1}", 0, "where a string must be (byte 2)"},
		{"comment", "{/*x*/\"a\":1}", 0, "where a string must be (byte 2)"},
		{"text behind", "{\"a\":1}x", 0, "text behind its end (byte 8)"},
		{"second document", "{} {}", 0, "text behind its end (byte 4)"},
		{"NUL behind", "{}\0", 3, "text behind its end (byte 3)"},
		{"truncated object", "{\"a\":1", 0, "an object that does not end (byte 7)"},
		{"truncated after the colon", "{\"a\":", 0, "nothing where a value must be (byte 6)"},
		{"truncated string", "{\"payload\":\"x", 0, "a string that does not end (byte 14)"},
		{"truncated array", "[1,2", 0, "an array that does not end (byte 5)"},
		{"trailing comma in an object", "{\"a\":1,}", 0, "where a string must be (byte 8)"},
		{"trailing comma in an array", "[1,]", 0, "no JSON value (byte 4)"},
		{"no colon", "{\"a\" 1}", 0, "a member without a colon (byte 6)"},
		{"no comma", "[1 2]", 0, "an array that does not end (byte 4)"},
		{"mixed brackets", "[1}", 0, "an array that does not end (byte 3)"},
		{"vertical tab as space", "\v1", 0, "no JSON value (byte 1)"},
		{"no-break space",
		 "\xC2\xA0"
		 "1",
		 0, "no JSON value (byte 1)"},
		{"byte order mark", "\xEF\xBB\xBF{}", 0, "a byte order mark (byte 1)"},
		{"UTF-16", "\xFF\xFE{\0}\0", 6, "no JSON value (byte 1)"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++)
		expect_refused(&ROW[i]);
}

static void what_a_number_may_not_look_like_is_refused(void **state)
{
	static const char *const TEXTS[] = {"01", "-01", "00", "+1",   ".5",   "5.",	"-",	 "-.5",
					    "1e", "1e+", "1E", "1.e3", "0x10", "1_000", "1e5.5", "--1"};
	(void)state;
	for (size_t i = 0; i < ROWS(TEXTS); i++)
		expect_refused(&(struct row){TEXTS[i], TEXTS[i], 0, "byte"});
}

static void what_strings_may_not_hold_is_refused(void **state)
{
	static const struct row ROW[] = {
		{"escaped NUL", "\"a\\u0000b\"", 0, "an escape for NUL"},
		{"escaped NUL behind an escaped backslash", "\"\\\\\\u0000\"", 0, "an escape for NUL"},
		{"escaped NUL in a name", "{\"a\\u0000\":1}", 0, "an escape for NUL"},
		{"raw NUL", "\"a\0b\"", 5, "a control character in a string (byte 3)"},
		{"raw line end", "\"a\nb\"", 0, "a control character in a string"},
		{"raw tab", "\"a\tb\"", 0, "a control character in a string"},
		{"raw escape", "\"\x1B\"", 0, "a control character in a string"},
		{"lone high surrogate", "\"\\ud83d\"", 0, "half a surrogate pair"},
		{"lone low surrogate", "\"\\ude00\"", 0, "half a surrogate pair"},
		{"two high surrogates", "\"\\ud83d\\ud83d\"", 0, "half a surrogate pair"},
		{"high surrogate and a letter", "\"\\ud83d\\u0041\"", 0, "half a surrogate pair"},
		{"pair in the wrong order", "\"\\ude00\\ud83d\"", 0, "half a surrogate pair"},
		{"unknown escape", "\"\\x41\"", 0, "an unknown escape"},
		{"capital U", "\"\\U0041\"", 0, "an unknown escape"},
		{"escaped raw NUL", "\"\\\0\"", 4, "an unknown escape"},
		{"three hex digits", "\"\\u004\"", 0, "without four hex digits"},
		{"no hex", "\"\\u00g0\"", 0, "without four hex digits"},
		{"ends in a backslash", "\"a\\", 0, "a string that does not end"},
		{"ends in half an escape", "\"\\u00", 0, "without four hex digits"},
		{"escaped closing quote", "\"a\\\"", 0, "a string that does not end"},
		{"malformed byte", "\"a\xFF\"", 0, "not UTF-8 (byte 3)"},
		{"overlong slash", "\"\xC0\xAF\"", 0, "not UTF-8 (byte 2)"},
		{"raw surrogate", "\"\xED\xA0\xBD\"", 0, "not UTF-8 (byte 2)"},
		{"above the last", "\"\xF4\x90\x80\x80\"", 0, "not UTF-8 (byte 2)"},
		{"cut character", "\"\xE2\x82\"", 0, "not UTF-8 (byte 2)"},
		{"malformed name", "{\"\xFF\":1}", 0, "not UTF-8 (byte 3)"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++)
		expect_refused(&ROW[i]);
}

static void a_backslash_escaped_before_u0000_is_no_nul(void **state)
{
	char why[WHY_SIZE];
	struct json *document = parse(BYTES("\"\\\\u0000\""), why);
	(void)state;
	assert_string_equal(json_text(document), "\\u0000");
	json_free(document);
}

static void names_that_are_there_twice_are_refused_at_any_depth(void **state)
{
	static const struct row ROW[] = {
		{"on top", "{\"a\":1,\"b\":2,\"a\":3}", 0, "the member \"a\" twice"},
		{"with the same value", "{\"a\":1,\"a\":1}", 0, "the member \"a\" twice"},
		{"below", "{\"x\":{\"a\":1,\"a\":2}}", 0, "the member \"a\" twice"},
		{"in an array", "[1,[{\"id\":1,\"id\":2}]]", 0, "the member \"id\" twice"},
		{"by an escape", "{\"a\":1,\"\\u0061\":2}", 0, "the member \"a\" twice"},
		{"empty names", "{\"\":1,\"\":2}", 0, "the member \"\" twice"},
	};
	char why[WHY_SIZE];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++)
		expect_refused(&ROW[i]);
	struct json *document = parse(BYTES("{\"a\":1,\"A\":2,\"b\":{\"a\":3}}"), why);

	assert_non_null(document);
	json_free(document);
}

static void very_many_members_are_compared_in_good_time(void **state)
{
	struct buffer text;
	char why[WHY_SIZE];
	(void)state;
	buffer_init(&text, 4000000);
	json_open_object(&text, "");
	for (int i = 0; i < 200000; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%d", i);
		json_put_integer(&text, name, i);
	}
	json_close_object(&text);
	struct json *document = parse(buffer_text(&text), text.len, why);

	assert_non_null(document);
	json_free(document);
	buffer_clear(&text);
}

static void the_depth_has_its_limit(void **state)
{
	char text[20001], why[WHY_SIZE];
	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	struct json *document = parse(text, (size_t)2 * JSON_DEPTH_MAX, why);

	assert_non_null(document);
	json_free(document);
	memset(text, '[', 10000);
	memset(text + 10000, ']', 10000);
	text[20000] = '\0';
	expect_refused(&(struct row){"10,000 levels", text, 0, "too many levels (byte 97)"});
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	expect_refused(&(struct row){"one too many", text, (size_t)2 * (JSON_DEPTH_MAX + 1), "too many levels"});
}

static void values_print_compact_and_numbers_keep_their_digits(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} ROW[] = {
		{"the API's own example", "{\"enable\":\"True\", \"reset\":\"False\",\"when\":\"Immediate\"}",
		 "{\"enable\":\"True\",\"reset\":\"False\",\"when\":\"Immediate\"}"},
		{"space everywhere", " { \"a\" : [ 1 , 2 ] ,\r\n\t\"b\" : { } , \"c\" : [ ] } ",
		 "{\"a\":[1,2],\"b\":{},\"c\":[]}"},
		{"literals", "[true,false,null]", "[true,false,null]"},
		{"beyond 2^53", "{\"imei\":9007199254740993}", "{\"imei\":9007199254740993}"},
		{"far beyond", "[123456789012345678901234567890]", "[123456789012345678901234567890]"},
		{"a fraction that a double has not", "[0.1,1.10,3.14159265358979323846]",
		 "[0.1,1.10,3.14159265358979323846]"},
		{"exponents", "[1e999,-0,1E+2,1e-7]", "[1e999,-0,1E+2,1e-7]"},
		{"numbers in names and strings", "{\"1\":2,\"-3\":\"4\",\"\\\"5\":6}",
		 "{\"1\":2,\"-3\":\"4\",\"\\\"5\":6}"},
		{"escapes that need none", "\"\\u0041\\/\\u00e9\"", "\"A/\xC3\xA9\""},
		{"escapes that stay", "\"\\\"\\\\\\n\\r\\t\\b\\f\\u001f\"", "\"\\\"\\\\\\n\\r\\t\\b\\f\\u001f\""},
		{"a surrogate pair", "\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""},
		{"a noncharacter", "\"\xEF\xBF\xBF\"", "\"\xEF\xBF\xBF\""},
		{"the order stays", "{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char why[WHY_SIZE];
		struct buffer printed;
		struct json *document = parse(ROW[i].text, strlen(ROW[i].text), why);

		if (document == NULL)
			fail_msg("%s: refused: %s", ROW[i].name, why);
		buffer_init(&printed, 1000);
		json_print(document, &printed);
		want_text(ROW[i].name, "printed", buffer_text(&printed), ROW[i].want);
		buffer_clear(&printed);
		json_free(document);
	}
}

static void a_number_longer_than_63_characters_is_refused(void **state)
{
	char text[65], why[WHY_SIZE];
	(void)state;
	memset(text, '7', 64);
	text[64] = '\0';
	expect_refused(&(struct row){"64 digits", text, 0, "a number of too many digits"});
	struct json *document = parse(text, 63, why);

	assert_non_null(document);
	json_free(document);
}

static void a_member_prints_without_its_name(void **state)
{
	char why[WHY_SIZE];
	struct buffer printed;
	struct json *document = parse(BYTES("{\"payload\":{\"a\":[1]},\"x\":2}"), why);
	(void)state;
	buffer_init(&printed, 100);
	json_print(json_member(document, "payload"), &printed);
	assert_string_equal(buffer_text(&printed), "{\"a\":[1]}");
	buffer_clear(&printed);
	json_free(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_grammar_forbids_is_refused_with_its_byte),
		cmocka_unit_test(what_a_number_may_not_look_like_is_refused),
		cmocka_unit_test(what_strings_may_not_hold_is_refused),
		cmocka_unit_test(a_backslash_escaped_before_u0000_is_no_nul),
		cmocka_unit_test(names_that_are_there_twice_are_refused_at_any_depth),
		cmocka_unit_test(very_many_members_are_compared_in_good_time),
		cmocka_unit_test(the_depth_has_its_limit),
		cmocka_unit_test(values_print_compact_and_numbers_keep_their_digits),
		cmocka_unit_test(a_number_longer_than_63_characters_is_refused),
		cmocka_unit_test(a_member_prints_without_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
