/* Do strings keep their ends, their characters and their numbers? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"

#include "tests/unit/table.h"

static void a_copy_is_cut_at_a_character(void **state)
{
	static const struct {
		const char *name, *from;
		size_t size;
		bool want;
		const char *want_text;
	} ROW[] = {
		{"fits exactly", "abc", 4, true, "abc"},
		{"one too long", "abcd", 4, false, "abc"},
		{"size one holds nothing", "a", 1, false, ""},
		{"nothing into size one", "", 1, true, ""},
		{"two bytes split", "ab\xC3\xA9", 4, false, "ab"},
		{"two bytes whole", "a\xC3\xA9", 4, true, "a\xC3\xA9"},
		{"euro split after two", "a\xE2\x82\xAC", 4, false, "a"},
		{"emoji split after three", "\xF0\x9F\x98\x80z", 4, false, ""},
		{"emoji whole, then cut", "\xF0\x9F\x98\x80z", 5, false, "\xF0\x9F\x98\x80"},
		{"only continuation bytes have no boundary", "\x80\x80\x80\x80\x80\x80", 5, false, "\x80\x80\x80\x80"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char to[16];

		want_bool(ROW[i].name, "result", text_copy(to, ROW[i].size, ROW[i].from), ROW[i].want);
		want_text(ROW[i].name, "copy", to, ROW[i].want_text);
		want_bool(ROW[i].name, "formatted", text_format(to, ROW[i].size, "%s", ROW[i].from), ROW[i].want);
		want_text(ROW[i].name, "format", to, ROW[i].want_text);
	}
}

static void bytes_are_copied_without_a_nul_behind_them_and_end_at_one_inside(void **state)
{
	char to[8];
	char *bytes = exact_copy("abc", 3);
	(void)state;
	assert_true(text_copy_bytes(to, sizeof(to), bytes, 3));
	assert_string_equal(to, "abc");
	free(bytes);
	assert_false(text_copy_bytes(to, sizeof(to), "a\0b", 3));
	assert_string_equal(to, "a");
	assert_true(text_copy_bytes(to, sizeof(to), NULL, 0));
	assert_string_equal(to, "");
}

static void a_clean_copy_has_spaces_for_what_nobody_can_read(void **state)
{
	static const struct {
		const char *name, *from;
		size_t len, size;
		bool want;
		const char *want_text;
	} ROW[] = {
		{"plain", "all well", 8, 32, true, "all well"},
		{"line ends and escape", "a\r\n\x1B[31m", 8, 32, true, "a   [31m"},
		{"NUL inside", "a\0b", 3, 32, true, "a b"},
		{"DEL and a C1 control", "a\x7F\xC2\x85z", 5, 32, true, "a  z"},
		{"malformed bytes", "a\xFF\xC3z", 4, 32, true, "a  z"},
		{"cut before a character", "ab\xC3\xA9", 4, 4, false, "ab"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char to[32];
		char *from = exact_copy(ROW[i].from, ROW[i].len);

		want_bool(ROW[i].name, "result", text_copy_clean(to, ROW[i].size, from, ROW[i].len), ROW[i].want);
		want_text(ROW[i].name, "copy", to, ROW[i].want_text);
		free(from);
	}
}

static void integers_are_whole_decimal_and_in_range(void **state)
{
	static const struct {
		const char *name, *text;
		int64_t min, max;
		bool want;
		int64_t want_value;
	} ROW[] = {
		{"zero", "0", 0, 10, true, 0},
		{"the largest", "9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
		{"the smallest", "-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
		{"one above the largest", "9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
		{"one below the smallest", "-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
		{"at the maximum", "10", 0, 10, true, 10},
		{"over the maximum", "11", 0, 10, false, 0},
		{"under the minimum", "-1", 0, 10, false, 0},
		{"leading zeros", "007", 0, 10, true, 7},
		{"empty", "", 0, 10, false, 0},
		{"only a sign", "-", -10, 10, false, 0},
		{"plus sign", "+1", 0, 10, false, 0},
		{"leading space", " 1", 0, 10, false, 0},
		{"something behind", "1s", 0, 10, false, 0},
		{"hex", "0x1", 0, 10, false, 0},
		{"full-width digit", "\xEF\xBC\x91", 0, 10, false, 0},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		int64_t value = 0;

		want_bool(ROW[i].name, "result", text_to_int(ROW[i].text, ROW[i].min, ROW[i].max, &value), ROW[i].want);
		want_number(ROW[i].name, "value", value, ROW[i].want_value);
	}
}

/* RFC 3629 section 3 and 4; the malformed ones are those of the Unicode standard, table 3-7. */
static void utf8_is_what_rfc_3629_says(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t len, want_step;
		uint32_t want_character;
	} ROW[] = {
		{"NUL", "\0", 1, 1, 0},
		{"ASCII", "A", 1, 1, 'A'},
		{"the last of one byte", "\x7F", 1, 1, 0x7F},
		{"the first of two", "\xC2\x80", 2, 2, 0x80},
		{"the last of two", "\xDF\xBF", 2, 2, 0x7FF},
		{"the first of three", "\xE0\xA0\x80", 3, 3, 0x800},
		{"euro", "\xE2\x82\xAC", 3, 3, 0x20AC},
		{"before the surrogates", "\xED\x9F\xBF", 3, 3, 0xD7FF},
		{"behind the surrogates", "\xEE\x80\x80", 3, 3, 0xE000},
		{"a noncharacter is well-formed", "\xEF\xBF\xBF", 3, 3, 0xFFFF},
		{"the first of four", "\xF0\x90\x80\x80", 4, 4, 0x10000},
		{"emoji", "\xF0\x9F\x98\x80", 4, 4, 0x1F600},
		{"the last of all", "\xF4\x8F\xBF\xBF", 4, 4, 0x10FFFF},
		{"nothing", "", 0, 0, 0},
		{"a lone continuation", "\x80", 1, 0, 0},
		{"overlong slash in two", "\xC0\xAF", 2, 0, 0},
		{"overlong in two, C1", "\xC1\xBF", 2, 0, 0},
		{"overlong NUL", "\xC0\x80", 2, 0, 0},
		{"overlong in three", "\xE0\x9F\xBF", 3, 0, 0},
		{"overlong in four", "\xF0\x8F\xBF\xBF", 4, 0, 0},
		{"the first surrogate", "\xED\xA0\x80", 3, 0, 0},
		{"the last surrogate", "\xED\xBF\xBF", 3, 0, 0},
		{"above the last", "\xF4\x90\x80\x80", 4, 0, 0},
		{"F5", "\xF5\x80\x80\x80", 4, 0, 0},
		{"FF", "\xFF", 1, 0, 0},
		{"two bytes, second missing", "\xC3", 1, 0, 0},
		{"three bytes, third missing", "\xE2\x82", 2, 0, 0},
		{"three bytes, third wrong", "\xE2\x82\x41", 3, 0, 0},
		{"four bytes, fourth missing", "\xF0\x9F\x98", 3, 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		uint32_t character = 0;
		char *bytes = exact_copy(ROW[i].bytes, ROW[i].len);

		want_number(ROW[i].name, "step", (int64_t)text_next_utf8(bytes, ROW[i].len, &character),
			    (int64_t)ROW[i].want_step);
		want_number(ROW[i].name, "character", character, ROW[i].want_character);
		want_bool(ROW[i].name, "is_utf8", text_is_utf8(bytes, ROW[i].len),
			  ROW[i].len == 0 || ROW[i].want_step > 0);
		free(bytes);
	}
	assert_true(text_is_utf8("a\xC3\xA9z", 4));
	assert_false(text_is_utf8("a\xC3\xA9\xFF", 4));
}

static void hex_is_lower_case_and_two_digits_a_byte(void **state)
{
	char to[9];
	(void)state;
	text_to_hex(to, "\x00\x0F\xA0\xFF", 4);
	assert_string_equal(to, "000fa0ff");
	text_to_hex(to, NULL, 0);
	assert_string_equal(to, "");
}

static void equality_and_prefixes_are_exact(void **state)
{
	(void)state;
	assert_true(text_equal("a", "a"));
	assert_false(text_equal("a", "A"));
	assert_false(text_equal("a", "ab"));
	assert_true(text_starts_with("HC12", "HC"));
	assert_true(text_starts_with("HC", ""));
	assert_false(text_starts_with("H", "HC"));
}

static void what_is_quoted_of_a_secret_is_concealed(void **state)
{
	static const struct {
		const char *name, *text, *secret, *want;
	} ROW[] = {
		{"all of it", "wrong: s3cret-of-ours!", "s3cret-of-ours", "wrong: **************!"},
		{"twice", "ab ab", "ab", "** **"},
		{"its end, as when a text begins in the middle", "et-of-ours-and-theirs is bad",
		 "s3cret-of-ours-and-theirs", "********************* is bad"},
		{"its beginning, as when a text was cut", "bad: s3cret-of-our", "s3cret-of-ours-and-theirs",
		 "bad: *************"},
		{"in pieces, as when it was escaped", "abcdefghijkl\\/nopqrstuvwxyz", "abcdefghijkl/nopqrstuvwxyz",
		 "************\\**************"},
		{"a short one, whole", "the application/json", "application", "the ***********/json"},
		{"eleven of more are no quotation", "client_secr is", "client_secret-0", "client_secr is"},
		{"none", "all well", "s3cret-of-ours", "all well"},
		{"no secret", "all well", "", "all well"},
		{"no text", "", "s3cret", ""},
		{"longer than the text", "abc", "abcdef", "abc"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char *text = exact_copy(ROW[i].text, strlen(ROW[i].text) + 1);

		text_conceal(text, strlen(text), ROW[i].secret);
		want_text(ROW[i].name, "text", text, ROW[i].want);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_cut_at_a_character),
		cmocka_unit_test(bytes_are_copied_without_a_nul_behind_them_and_end_at_one_inside),
		cmocka_unit_test(a_clean_copy_has_spaces_for_what_nobody_can_read),
		cmocka_unit_test(integers_are_whole_decimal_and_in_range),
		cmocka_unit_test(utf8_is_what_rfc_3629_says),
		cmocka_unit_test(hex_is_lower_case_and_two_digits_a_byte),
		cmocka_unit_test(equality_and_prefixes_are_exact),
		cmocka_unit_test(what_is_quoted_of_a_secret_is_concealed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
