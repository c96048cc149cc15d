/* text - small things about strings that the C library leaves to accident. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/* The longest length up to `max` that does not end inside a character of `from`, whose byte at
 * `max` exists. Malformed text has no boundary to keep and is cut at `max`. */
static size_t boundary_before(const char *from, size_t max)
{
	size_t cut = max;

	while (cut > 0 && max - cut < 3 && is_continuation((unsigned char)from[cut]))
		cut--;
	return is_continuation((unsigned char)from[cut]) ? max : cut;
}

bool text_copy(char *to, size_t size, const char *from)
{
	return text_copy_bytes(to, size, from, strlen(from));
}

bool text_copy_bytes(char *to, size_t size, const void *from, size_t len)
{
	assert(size > 0);
	const char *nul = len ? memchr(from, '\0', len) : NULL;
	size_t count = nul != NULL ? (size_t)(nul - (const char *)from) : len;
	bool whole = nul == NULL && count < size;

	if (count >= size)
		count = boundary_before(from, size - 1);
	if (count)
		memcpy(to, from, count);
	to[count] = '\0';
	return whole;
}

bool text_format(char *to, size_t size, const char *format, ...)
{
	assert(size > 0);
	va_list args;

	va_start(args, format);
	int len = vsnprintf(to, size, format, args);
	va_end(args);
	if (len < 0) {
		to[0] = '\0';
		return false;
	}
	if ((size_t)len < size)
		return true;
	/* vsnprintf cut at a byte; drop the character that it split. */
	size_t start = size - 1;

	while (start > 0 && size - 1 - start < 3 && is_continuation((unsigned char)to[start - 1]))
		start--;
	uint32_t ignored;

	if (start > 0 && (unsigned char)to[start - 1] >= 0xC0 &&
	    !text_next_utf8(to + start - 1, size - start, &ignored))
		to[start - 1] = '\0';
	return false;
}

bool text_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_to_int(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = text[0] == '-';
	const char *digit = negative ? text + 1 : text;
	int64_t value = 0;

	if (!*digit)
		return false;
	for (; *digit; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		int64_t step = negative ? '0' - *digit : *digit - '0';

		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, step, &value))
			return false;
	}
	if (value < min || value > max)
		return false;
	*ret = value;
	return true;
}

/* How a lead byte begins a character: its length, and the range of the byte that follows, which is
 * where RFC 3629 shuts out overlong forms, surrogates and what lies above U+10FFFF. */
struct lead {
	unsigned char first, last, len, second_min, second_max;
};

static const struct lead LEADS[] = {
	{0x00, 0x7F, 1, 0x00, 0x00}, {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
	{0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
	{0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

static const struct lead *lead_of(unsigned char byte)
{
	for (size_t i = 0; i < sizeof(LEADS) / sizeof(LEADS[0]); i++)
		if (byte >= LEADS[i].first && byte <= LEADS[i].last)
			return &LEADS[i];
	return NULL;
}

size_t text_next_utf8(const void *bytes, size_t len, uint32_t *ret_character)
{
	const unsigned char *at = bytes;
	const struct lead *lead = len ? lead_of(at[0]) : NULL;

	if (lead == NULL || lead->len > len)
		return 0;
	if (lead->len == 1) {
		*ret_character = at[0];
		return 1;
	}
	if (at[1] < lead->second_min || at[1] > lead->second_max)
		return 0;
	uint32_t character = at[0] & (0x7FU >> lead->len);

	for (size_t i = 1; i < lead->len; i++) {
		if (!is_continuation(at[i]))
			return 0;
		character = character << 6 | (at[i] & 0x3FU);
	}
	*ret_character = character;
	return lead->len;
}

bool text_is_utf8(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint32_t character;

	while (len) {
		size_t step = text_next_utf8(at, len, &character);

		if (!step)
			return false;
		at += step;
		len -= step;
	}
	return true;
}

bool text_copy_clean(char *to, size_t size, const void *from, size_t len)
{
	assert(size > 0);
	const char *at = from;
	size_t used = 0;

	while (len) {
		uint32_t character = 0;
		size_t step = text_next_utf8(at, len, &character);
		bool dirty = !step || character < 0x20 || (character >= 0x7F && character <= 0x9F);
		size_t take = step ? step : 1, put = dirty ? 1 : take;

		if (put > size - 1 - used)
			break;
		memcpy(to + used, dirty ? " " : at, put);
		used += put;
		at += take;
		len -= take;
	}
	to[used] = '\0';
	return len == 0;
}

void text_to_hex(char *to, const void *bytes, size_t len)
{
	static const char DIGITS[] = "0123456789abcdef";
	const unsigned char *from = bytes;

	for (size_t i = 0; i < len; i++) {
		*to++ = DIGITS[from[i] >> 4];
		*to++ = DIGITS[from[i] & 0x0F];
	}
	*to = '\0';
}

static bool has_piece(const char *secret, size_t len, const char *piece, size_t piece_len)
{
	for (size_t i = 0; i + piece_len <= len; i++)
		if (secret[i] == piece[0] && memcmp(secret + i, piece, piece_len) == 0)
			return true;
	return false;
}

void text_conceal(char *text, size_t len, const char *secret)
{
	enum { RUN = 12 };
	size_t secret_len = strlen(secret), until = 0;
	size_t run = secret_len < RUN ? secret_len : RUN;

	if (run == 0)
		return;
	/* Each step looks only at what is not overwritten yet. */
	for (size_t i = 0; i < len; i++) {
		if (i + run <= len && has_piece(secret, secret_len, text + i, run))
			until = i + run;
		if (i < until)
			text[i] = '*';
	}
}
