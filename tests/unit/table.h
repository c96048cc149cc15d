/* table - assertions that name the row of a test table on failure, and inputs without a byte too many. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_TABLE_H
#define TESTS_UNIT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A literal and its length, NUL bytes inside counted. */
#define BYTES(literal) (literal), sizeof(literal) - 1
#define ROWS(table)    (sizeof(table) / sizeof(table)[0])

static inline void want_text(const char *row, const char *what, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("%s: %s is `%s`, want `%s`", row, what, got, want);
}

static inline void want_number(const char *row, const char *what, int64_t got, int64_t want)
{
	if (got != want)
		fail_msg("%s: %s is %lld, want %lld", row, what, (long long)got, (long long)want);
}

static inline void want_bool(const char *row, const char *what, bool got, bool want)
{
	if (got != want)
		fail_msg("%s: %s is %s, want %s", row, what, got ? "true" : "false", want ? "true" : "false");
}

static inline void want_part(const char *row, const char *what, const char *got, const char *part)
{
	if (!strstr(got, part))
		fail_msg("%s: %s is `%s`, want `%s` in it", row, what, got, part);
}

/* `len` bytes on the heap and nothing behind them, so that a sanitizer sees a read over the end. */
static inline char *exact_copy(const void *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

#endif
