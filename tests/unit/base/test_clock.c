/* Are times written and read as RFC 3339 says? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/clock.h"

#include "tests/unit/table.h"

/* The numbers are from `date -u -d @… +%FT%TZ`. */
static void times_are_written_in_utc_with_milliseconds(void **state)
{
	static const struct {
		const char *name;
		int64_t ms;
		const char *want;
	} ROW[] = {
		{"the beginning", 0, "1970-01-01T00:00:00.000Z"},
		{"the example of the contract", 1795341600123, "2026-11-22T10:00:00.123Z"},
		{"a leap day", 1709209805007, "2024-02-29T12:30:05.007Z"},
		{"the day behind it", 1709251200000, "2024-03-01T00:00:00.000Z"},
		{"2000 is a leap year", 951782400000, "2000-02-29T00:00:00.000Z"},
		{"2100 is none", 4107542400000, "2100-03-01T00:00:00.000Z"},
		{"over 32 bits", 2147483648000, "2038-01-19T03:14:08.000Z"},
		{"the last", 253402300799999, "9999-12-31T23:59:59.999Z"},
		{"behind the last", INT64_MAX, "9999-12-31T23:59:59.999Z"},
		{"before the first", -1, "1970-01-01T00:00:00.000Z"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char text[CLOCK_TEXT_SIZE];

		clock_to_text(ROW[i].ms, text);
		want_text(ROW[i].name, "text", text, ROW[i].want);
	}
}

static void times_are_read_in_both_forms_of_the_api_and_refused_else(void **state)
{
	static const struct {
		const char *name, *text;
		int64_t want;
	} ROW[] = {
		{"with milliseconds", "2025-01-20T21:51:49.636Z", 1737409909636},
		{"without", "2015-07-30T20:00:00Z", 1438286400000},
		{"one digit", "2015-07-30T20:00:00.5Z", 1438286400500},
		{"nine digits", "2015-07-30T20:00:00.123456789Z", 1438286400123},
		{"ten digits", "2015-07-30T20:00:00.1234567890Z", -1},
		{"a dot without digits", "2015-07-30T20:00:00.Z", -1},
		{"ahead of UTC", "2015-07-30T22:00:00+02:00", 1438286400000},
		{"behind UTC", "2015-07-30T14:30:00-05:30", 1438286400000},
		{"no colon in the zone", "2015-07-30T22:00:00+0200", -1},
		{"lower-case letters", "2015-07-30t20:00:00z", 1438286400000},
		{"a leap second", "2016-12-31T23:59:60Z", 1483228800000},
		{"a leap day", "2024-02-29T00:00:00Z", 1709164800000},
		{"no leap day", "2023-02-29T00:00:00Z", -1},
		{"no zone", "2015-07-30T20:00:00", -1},
		{"date only", "2015-07-30", -1},
		{"month 13", "2015-13-01T00:00:00Z", -1},
		{"month 0", "2015-00-01T00:00:00Z", -1},
		{"day 0", "2015-01-00T00:00:00Z", -1},
		{"day 31 in April", "2015-04-31T00:00:00Z", -1},
		{"hour 24", "2015-04-01T24:00:00Z", -1},
		{"minute 60", "2015-04-01T23:60:00Z", -1},
		{"second 61", "2015-04-01T23:59:61Z", -1},
		{"a space for T", "2015-04-01 23:59:59Z", -1},
		{"something behind", "2015-07-30T20:00:00Z ", -1},
		{"before 1970", "1969-12-31T23:59:59Z", -1},
		{"before 1970 by its zone", "1970-01-01T00:00:00+01:00", -1},
		{"the first", "1970-01-01T00:00:00Z", 0},
		{"the last", "9999-12-31T23:59:59.999Z", 253402300799999},
		{"behind the last by its zone", "9999-12-31T23:59:59-01:00", -1},
		{"RFC 2822", "Thu, 30 Jul 2015 20:00:00 +0000", -1},
		{"empty", "", -1},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++)
		want_number(ROW[i].name, "time", clock_from_text(ROW[i].text), ROW[i].want);
}

static void every_day_of_four_centuries_survives_writing_and_reading(void **state)
{
	char text[CLOCK_TEXT_SIZE];
	(void)state;
	for (int64_t day = 0; day < 146097; day++) {
		clock_to_text(day * 86400000 + 1, text);
		assert_int_equal(clock_from_text(text), day * 86400000 + 1);
	}
}

static void monotonic_time_never_goes_back_and_units_agree(void **state)
{
	int64_t before = clock_mono_us(), ms = clock_mono_ms(), after = clock_mono_us();
	(void)state;
	assert_true(before <= after);
	assert_true(before / 1000 <= ms && ms <= after / 1000);
	assert_true(clock_wall_ms() > 1700000000000);
}

static void random_bytes_fill_all_and_differ(void **state)
{
	unsigned char a[600] = {0}, b[600] = {0}, guard[3] = {7, 7, 7};
	(void)state;
	clock_random(a, sizeof(a));
	clock_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + 568, b + 568, 32);
	clock_random(guard + 1, 0);
	assert_memory_equal(guard, "\7\7\7", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_written_in_utc_with_milliseconds),
		cmocka_unit_test(times_are_read_in_both_forms_of_the_api_and_refused_else),
		cmocka_unit_test(every_day_of_four_centuries_survives_writing_and_reading),
		cmocka_unit_test(monotonic_time_never_goes_back_and_units_agree),
		cmocka_unit_test(random_bytes_fill_all_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
