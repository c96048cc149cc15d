/* json_scan - is this one clean JSON text (RFC 8259)? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/json_scan.h"

#include <stdint.h>
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"

struct scan {
	const char *at, *end;
	int depth;
	const char *fault; /* the first one; `at` stays there */
};

static bool scan_value(struct scan *scan);

static bool fail(struct scan *scan, const char *fault)
{
	if (scan->fault == NULL)
		scan->fault = fault;
	return false;
}

/* The byte here, or 0 at the end (raw NUL is no part of JSON either). */
static char peek(const struct scan *scan)
{
	return scan->at < scan->end ? *scan->at : '\0';
}

static bool take(struct scan *scan, char byte)
{
	if (peek(scan) != byte)
		return false;
	scan->at++;
	return true;
}

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end && strchr(" \t\r\n", *scan->at) && *scan->at)
		scan->at++;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Four hex digits at `at`, of which `len` bytes exist; -1 when they are not. */
static int32_t hex4(const char *at, size_t len)
{
	int32_t value = 0;

	if (len < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char byte = at[i];
		int digit = is_digit(byte)		 ? byte - '0'
			    : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
			    : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
							 : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static bool is_high_surrogate(int32_t unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(int32_t unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* The length of the \u escape at `at` (6, or 12 for a pair), 0 when it stands for no character that a
 * string can hold, -1 when it is not even an escape. */
static int unicode_escape(const char *at, size_t len)
{
	int32_t unit = len >= 2 ? hex4(at + 2, len - 2) : -1, second = -1;

	if (unit < 0)
		return -1;
	if (is_high_surrogate(unit) && len >= 12 && at[6] == '\\' && at[7] == 'u')
		second = hex4(at + 8, 4);
	if (is_high_surrogate(unit))
		return is_low_surrogate(second) ? 12 : 0;
	return unit == 0 || is_low_surrogate(unit) ? 0 : 6;
}

/* Behind a backslash or at a plain character inside a string. */
static bool scan_escape(struct scan *scan)
{
	size_t left = (size_t)(scan->end - scan->at);

	if (left < 2)
		return fail(scan, "a string that does not end");
	if (scan->at[1] != 'u') {
		if (!scan->at[1] || !strchr("\"\\/bfnrt", scan->at[1]))
			return fail(scan, "an unknown escape");
		scan->at += 2;
		return true;
	}
	int length = unicode_escape(scan->at, left);

	if (length < 0)
		return fail(scan, "an escape without four hex digits");
	if (length == 0)
		return fail(scan, "an escape for NUL or half a surrogate pair");
	scan->at += length;
	return true;
}

static bool scan_string(struct scan *scan)
{
	uint32_t ignored;

	if (!take(scan, '"'))
		return fail(scan, "something else where a string must be");
	while (scan->at < scan->end) {
		size_t step = text_next_utf8(scan->at, (size_t)(scan->end - scan->at), &ignored);

		if (take(scan, '"'))
			return true;
		if (*scan->at == '\\') {
			if (!scan_escape(scan))
				return false;
			continue;
		}
		if (step == 0)
			return fail(scan, "bytes that are not UTF-8");
		if ((unsigned char)*scan->at < 0x20)
			return fail(scan, "a control character in a string");
		scan->at += step;
	}
	return fail(scan, "a string that does not end");
}

static bool scan_digits(struct scan *scan)
{
	if (!is_digit(peek(scan)))
		return fail(scan, "a number that is not JSON");
	while (is_digit(peek(scan)))
		scan->at++;
	return true;
}

static bool scan_number(struct scan *scan)
{
	const char *start = scan->at;

	(void)take(scan, '-');
	if (take(scan, '0')) {
		if (is_digit(peek(scan)))
			return fail(scan, "a number with a leading zero");
	} else if (!scan_digits(scan)) {
		return false;
	}
	if (take(scan, '.') && !scan_digits(scan))
		return false;
	if (take(scan, 'e') || take(scan, 'E')) {
		if (!take(scan, '+'))
			(void)take(scan, '-');
		if (!scan_digits(scan))
			return false;
	}
	return scan->at - start <= JSON_NUMBER_MAX || fail(scan, "a number of too many digits");
}

static bool scan_literal(struct scan *scan)
{
	static const char *const LITERALS[] = {"true", "false", "null"};
	size_t left = (size_t)(scan->end - scan->at);

	for (size_t i = 0; i < sizeof(LITERALS) / sizeof(LITERALS[0]); i++) {
		size_t len = strlen(LITERALS[i]);

		if (len <= left && memcmp(scan->at, LITERALS[i], len) == 0) {
			scan->at += len;
			return true;
		}
	}
	return fail(scan, left ? "something that is no JSON value" : "nothing where a value must be");
}

static bool scan_member(struct scan *scan)
{
	skip_space(scan);
	if (!scan_string(scan))
		return false;
	skip_space(scan);
	if (!take(scan, ':'))
		return fail(scan, "a member without a colon");
	return scan_value(scan);
}

static bool scan_items(struct scan *scan, char close, bool (*scan_item)(struct scan *scan))
{
	if (++scan->depth > JSON_DEPTH_MAX)
		return fail(scan, "too many levels");
	scan->at++;
	skip_space(scan);
	if (!take(scan, close)) {
		do {
			if (!scan_item(scan))
				return false;
			skip_space(scan);
		} while (take(scan, ','));
		if (!take(scan, close))
			return fail(scan, close == '}' ? "an object that does not end" : "an array that does not end");
	}
	scan->depth--;
	return true;
}

static bool scan_value(struct scan *scan)
{
	skip_space(scan);
	char first = peek(scan);

	if (first == '{')
		return scan_items(scan, '}', scan_member);
	if (first == '[')
		return scan_items(scan, ']', scan_value);
	if (first == '"')
		return scan_string(scan);
	if (first == '-' || is_digit(first))
		return scan_number(scan);
	return scan_literal(scan);
}

bool json_scan(const char *bytes, size_t len, char *why, size_t why_size)
{
	struct scan scan = {.at = bytes, .end = len ? bytes + len : bytes};

	if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		(void)fail(&scan, "a byte order mark");
	else if (scan_value(&scan))
		skip_space(&scan);
	if (scan.fault == NULL && scan.at < scan.end)
		(void)fail(&scan, "text behind its end");
	if (scan.fault != NULL)
		(void)text_format(why, why_size, "the JSON holds %s (byte %zu)", scan.fault,
				  (size_t)(scan.at - bytes) + 1);
	return scan.fault == NULL;
}

const char *json_scan_number(const char **at, size_t *len)
{
	const char *from = *at;

	while (*from != '-' && !is_digit(*from)) {
		if (*from++ != '"')
			continue;
		for (; *from != '"'; from++)
			from += *from == '\\';
		from++;
	}
	*len = strspn(from, "+-.0123456789eE");
	*at = from + *len;
	return from;
}

/* One step inside a string; how many bytes it took. */
static size_t repair_in_string(struct buffer *to, const char *at, size_t len)
{
	static const char REPLACEMENT[] = "\xEF\xBF\xBD";
	uint32_t ignored;
	size_t step = text_next_utf8(at, len, &ignored);

	if (step == 0 || *at == '\0') {
		(void)buffer_append_text(to, REPLACEMENT);
		return 1;
	}
	if (*at == '\\' && len >= 2 && at[1] == 'u') {
		int length = unicode_escape(at, len);

		if (length == 0)
			(void)buffer_append_text(to, REPLACEMENT);
		else
			(void)buffer_append(to, at, length < 0 ? 2 : (size_t)length);
		return length < 0 ? 2 : length == 0 ? 6 : (size_t)length;
	}
	if ((unsigned char)*at < 0x20) {
		(void)buffer_append_format(to, "\\u%04x", (unsigned)*at);
		return 1;
	}
	if (*at == '\\' && len >= 2 && (unsigned char)at[1] < 0x80)
		step = 2;
	(void)buffer_append(to, at, step);
	return step;
}

void json_scan_repair(struct buffer *to, const char *bytes, size_t len)
{
	bool in_string = false;

	for (size_t i = 0; i < len;) {
		if (bytes[i] == '"') {
			in_string = !in_string;
			(void)buffer_append(to, &bytes[i++], 1);
		} else if (in_string) {
			i += repair_in_string(to, bytes + i, len - i);
		} else {
			(void)buffer_append(to, &bytes[i++], 1);
		}
	}
}
