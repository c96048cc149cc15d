/* Is the alphabet that of 3GPP TS 23.038, and are characters counted as it says? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/gsm7.h"

#include "tests/unit/table.h"

/* Section 6.2.1, read column by column from the printed table (0x00, 0x10, … 0x70). */
static const char *const COLUMNS[] = {
	"@\xC2\xA3$\xC2\xA5\xC3\xA8\xC3\xA9\xC3\xB9\xC3\xAC\xC3\xB2\xC3\x87\n\xC3\x98\xC3\xB8\r\xC3\x85\xC3\xA5",
	"\xCE\x94_\xCE\xA6\xCE\x93\xCE\x9B\xCE\xA9\xCE\xA0\xCE\xA8\xCE\xA3\xCE\x98\xCE\x9E"
	"\xC3\x86\xC3\xA6\xC3\x9F\xC3\x89", /* 15: the escape is no character */
	" !\"#\xC2\xA4%&'()*+,-./",
	"0123456789:;<=>?",
	"\xC2\xA1"
	"ABCDEFGHIJKLMNO",
	"PQRSTUVWXYZ\xC3\x84\xC3\x96\xC3\x91\xC3\x9C\xC2\xA7",
	"\xC2\xBF"
	"abcdefghijklmno",
	"pqrstuvwxyz\xC3\xA4\xC3\xB6\xC3\xB1\xC3\xBC\xC3\xA0",
};
static const char EXTENSION[] = "\f^{}\\[~]|\xE2\x82\xAC";

static void every_character_of_the_tables_costs_what_the_standard_says(void **state)
{
	static const size_t WANT_COUNT[] = {16, 15, 16, 16, 16, 16, 16, 16};
	(void)state;
	for (size_t i = 0; i < ROWS(COLUMNS); i++) {
		struct gsm7_measure measure = gsm7_measure(COLUMNS[i], strlen(COLUMNS[i]));

		assert_true(measure.sendable);
		assert_int_equal(measure.characters, WANT_COUNT[i]);
		assert_int_equal(measure.septets, WANT_COUNT[i]);
	}
	struct gsm7_measure measure = gsm7_measure(EXTENSION, strlen(EXTENSION));

	assert_true(measure.sendable);
	assert_int_equal(measure.characters, 10);
	assert_int_equal(measure.septets, 20);
}

static void exactly_127_characters_cost_one_and_ten_cost_two(void **state)
{
	int counts[3] = {0};
	(void)state;
	for (uint32_t character = 0; character <= 0x10FFFF; character++)
		counts[gsm7_septets(character)]++;
	assert_int_equal(counts[1], 127);
	assert_int_equal(counts[2], 10);
}

static void characters_outside_the_tables_are_found_with_their_position(void **state)
{
	static const struct {
		const char *name, *text;
		uint32_t want_offender;
		size_t want_position;
	} ROW[] = {
		{"backtick", "a`b", '`', 2},
		{"small c with cedilla: only the capital is there", "\xC3\x87\xC3\xA7", 0xE7, 2},
		{"tab", "\t", '\t', 1},
		{"a control", "\x01", 1, 1},
		{"escape", "ab\x1B", 0x1B, 3},
		{"DEL", "\x7F", 0x7F, 1},
		{"a with acute", "\xC3\xA1", 0xE1, 1},
		{"Greek capital alpha, which only looks like A", "\xCE\x91", 0x391, 1},
		{"small omega", "\xCF\x89", 0x3C9, 1},
		{"typographic quote", "it\xE2\x80\x99s", 0x2019, 3},
		{"no-break space", "\xC2\xA0", 0xA0, 1},
		{"byte order mark", "\xEF\xBB\xBFx", 0xFEFF, 1},
		{"combining acute", "e\xCC\x81", 0x301, 2},
		{"right-to-left override", "\xE2\x80\xAE", 0x202E, 1},
		{"Cyrillic", "\xD0\x94\xD0\xB0", 0x414, 1},
		{"full-width digit", "\xEF\xBC\x91", 0xFF11, 1},
		{"emoji behind the euro", "\xE2\x82\xAC\xF0\x9F\x98\x80", 0x1F600, 2},
		{"the first of two",
		 "\xE2\x82\xAC"
		 "ab\xE2\x80\x9C\xE2\x80\x9D",
		 0x201C, 4},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct gsm7_measure measure = gsm7_measure(ROW[i].text, strlen(ROW[i].text));

		want_bool(ROW[i].name, "sendable", measure.sendable, false);
		want_number(ROW[i].name, "offender", measure.offender, ROW[i].want_offender);
		want_number(ROW[i].name, "position", (int64_t)measure.offender_position, (int64_t)ROW[i].want_position);
	}
}

static void nothing_measures_nothing_and_malformed_bytes_are_not_sendable(void **state)
{
	struct gsm7_measure measure = gsm7_measure("", 0);
	char *bytes = exact_copy("ab\xE2\x82", 4);
	(void)state;
	assert_true(measure.sendable);
	assert_int_equal(measure.characters + measure.septets, 0);
	measure = gsm7_measure(bytes, 4);
	assert_false(measure.sendable);
	assert_int_equal(measure.offender_position, 3);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_of_the_tables_costs_what_the_standard_says),
		cmocka_unit_test(exactly_127_characters_cost_one_and_ten_cost_two),
		cmocka_unit_test(characters_outside_the_tables_are_found_with_their_position),
		cmocka_unit_test(nothing_measures_nothing_and_malformed_bytes_are_not_sendable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
