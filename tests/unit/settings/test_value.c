/* Do numbers with units mean what people write? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/value.h"

#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"

struct row {
	const char *text;
	bool want;
	int64_t want_value;
	const char *want_text; /* as it is written back */
};

static const struct row DURATIONS[] = {
	{"500ms", true, 500, "500ms"},
	{"30s", true, 30000, "30s"},
	{"60s", true, 60000, "1m"},
	{"5m", true, 300000, "5m"},
	{"24h", true, 86400000, "1d"},
	{"30d", true, INT64_C(2592000000), "30d"},
	{"1500ms", true, 1500, "1500ms"},
	{"0", true, 0, "0s"},
	{"0d", true, 0, "0s"},
	{"106751991167d", true, INT64_C(9223372036828800000), "106751991167d"},
	{"106751991168d", false, 0, ""},
	{"99999999999999999999s", false, 0, ""},
	{"30", false, 0, ""},
	{"-5s", false, 0, ""},
	{"1.5h", false, 0, ""},
	{"5 m", false, 0, ""},
	{"5M", false, 0, ""},
	{"5min", false, 0, ""},
	{"s", false, 0, ""},
	{"", false, 0, ""},
};

static const struct row SIZES[] = {
	{"64MiB", true, 67108864, "64MiB"},
	{"1024KiB", true, 1048576, "1MiB"},
	{"1GiB", true, 1073741824, "1GiB"},
	{"2TiB", true, INT64_C(2199023255552), "2TiB"},
	{"1000B", true, 1000, "1000B"},
	{"0", true, 0, "0B"},
	{"8388608TiB", false, 0, ""},
	{"64", false, 0, ""},
	{"64MB", false, 0, ""},
	{"64M", false, 0, ""},
};

static void check(const struct row *row, bool (*read)(const char *, int64_t *), void (*write)(char *, int64_t))
{
	char text[VALUE_TEXT_SIZE];
	int64_t value = -7;
	bool got = read(row->text, &value);

	if (got != row->want || value != (row->want ? row->want_value : -7))
		fail_msg("`%s`: %d, %lld", row->text, got, (long long)value);
	if (!got)
		return;
	write(text, value);
	if (!text_equal(text, row->want_text))
		fail_msg("`%s` is written back as `%s`", row->text, text);
}

static void times_have_a_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(DURATIONS) / sizeof(DURATIONS[0]); i++)
		check(&DURATIONS[i], value_to_duration, value_from_duration);
}

static void sizes_have_a_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++)
		check(&SIZES[i], value_to_bytes, value_from_bytes);
}

static void a_flag_is_true_or_false_and_nothing_else(void **state)
{
	(void)state;
	bool flag = false;

	assert_true(value_to_flag("true", &flag));
	assert_true(flag);
	assert_true(value_to_flag("false", &flag));
	assert_false(flag);
	assert_true(value_to_flag("True", &flag));
	assert_true(flag);
	assert_true(value_to_flag("FALSE", &flag));
	assert_false(flag);
	assert_true(value_to_flag("TRUE", &flag));
	assert_true(flag);
	assert_true(value_to_flag("False", &flag));
	assert_false(flag);
	assert_false(value_to_flag("yes", &flag));
	assert_false(value_to_flag("tRUE", &flag));
	assert_false(value_to_flag("", &flag));
	assert_false(value_to_flag("false true", &flag));
}

static void words_are_found_whole(void **state)
{
	(void)state;
	char word[VALUE_TEXT_SIZE];

	assert_int_equal(value_word_index("debug info warn error", "debug"), 0);
	assert_int_equal(value_word_index("debug info warn error", "error"), 3);
	assert_int_equal(value_word_index("debug info warn error", "warning"), -1);
	assert_int_equal(value_word_index("debug info warn error", "inf"), -1);
	assert_int_equal(value_word_index("debug info warn error", ""), -1);
	value_word_at(word, "3.1.1 5", 1);
	assert_string_equal(word, "5");
	value_word_at(word, "3.1.1 5", 0);
	assert_string_equal(word, "3.1.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_have_a_unit),
		cmocka_unit_test(sizes_have_a_unit),
		cmocka_unit_test(a_flag_is_true_or_false_and_nothing_else),
		cmocka_unit_test(words_are_found_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
