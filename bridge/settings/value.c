/* value - units are tables; reading and writing use the same one. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/value.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "bridge/base/text.h"

struct unit {
	const char *name;
	int64_t factor;
};

/* Smallest first; the last row is empty. */
static const struct unit DURATION_UNITS[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}, {"d", 24 * 60 * 60 * 1000}, {0},
};

static const struct unit BYTE_UNITS[] = {
	{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", INT64_C(1) << 40}, {0},
};

static bool to_number(const struct unit *unit, const char *text, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	char number[VALUE_TEXT_SIZE];
	int64_t value;

	if (digits == 0 || digits >= sizeof(number))
		return false;
	text_copy_bytes(number, sizeof(number), text, digits);
	if (!text_to_int(number, 0, INT64_MAX, &value))
		return false;
	while (unit->name != NULL && !text_equal(unit->name, text + digits))
		unit++;
	if (unit->name == NULL && !(value == 0 && text[digits] == '\0'))
		return false;
	if (unit->name != NULL && __builtin_mul_overflow(value, unit->factor, &value))
		return false;
	*ret = value;
	return true;
}

bool value_to_duration(const char *text, int64_t *ret_ms)
{
	return to_number(DURATION_UNITS, text, ret_ms);
}

bool value_to_bytes(const char *text, int64_t *ret_bytes)
{
	return to_number(BYTE_UNITS, text, ret_bytes);
}

bool value_to_flag(const char *text, bool *ret)
{
	int index = value_word_index("false true False True FALSE TRUE", text);

	if (index < 0)
		return false;
	*ret = index % 2 == 1;
	return true;
}

static void from_number(char to[VALUE_TEXT_SIZE], const struct unit *unit, int64_t value)
{
	assert(value >= 0);
	const struct unit *best = unit;

	for (; unit->name != NULL && value > 0; unit++)
		if (value % unit->factor == 0)
			best = unit;
	text_format(to, VALUE_TEXT_SIZE, "%" PRId64 "%s", value / best->factor, best->name);
}

void value_from_duration(char to[VALUE_TEXT_SIZE], int64_t ms)
{
	from_number(to, ms == 0 ? DURATION_UNITS + 1 : DURATION_UNITS, ms);
}

void value_from_bytes(char to[VALUE_TEXT_SIZE], int64_t bytes)
{
	from_number(to, BYTE_UNITS, bytes);
}

int value_word_index(const char *words, const char *text)
{
	size_t len = strlen(text);

	for (int index = 0; *words; index++) {
		size_t word = strcspn(words, " ");

		if (word == len && memcmp(words, text, len) == 0)
			return index;
		words += word + (words[word] == ' ');
	}
	return -1;
}

void value_word_at(char to[VALUE_TEXT_SIZE], const char *words, int index)
{
	for (; index > 0; index--) {
		words = strchr(words, ' ');
		assert(words);
		words++;
	}
	text_copy_bytes(to, VALUE_TEXT_SIZE, words, strcspn(words, " "));
}
