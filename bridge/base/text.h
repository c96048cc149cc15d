/* text - small things about strings that the C library leaves to accident.
 *
 * Threads:   any; no state.
 * Promise:   destinations are always NUL-terminated; nothing is cut in silence. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_BASE_TEXT_H
#define BRIDGE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies `from` into `to` of `size` bytes; false when it was cut (at a UTF-8 boundary). */
bool text_copy(char *to, size_t size, const char *from);

/* The same for `len` bytes that need not be terminated; a NUL byte inside ends the copy (false). */
bool text_copy_bytes(char *to, size_t size, const void *from, size_t len);

/* printf into `to` of `size` bytes; false when it was cut. */
bool text_format(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Copies for people to read: control characters (C0, DEL, C1) and bytes that are not UTF-8 become
 * spaces; false when it was cut (at a UTF-8 boundary). */
bool text_copy_clean(char *to, size_t size, const void *from, size_t len);

bool text_equal(const char *a, const char *b);
bool text_starts_with(const char *text, const char *prefix);

/* A decimal integer that fills all of `text` and lies in [min, max]; else false, *ret untouched. */
bool text_to_int(const char *text, int64_t min, int64_t max, int64_t *ret);

/* Well-formed UTF-8 (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF). */
bool text_is_utf8(const void *bytes, size_t len);

/* Decodes the character at `bytes`; its length 1..4, or 0 when malformed or `len` is 0. */
size_t text_next_utf8(const void *bytes, size_t len, uint32_t *ret_character);

/* Writes `*` over what `text` has of a secret: every run of a dozen bytes that is also in it (all of a shorter one).
 * So a quotation is not seen even where it was cut, or escaped here and there. */
void text_conceal(char *text, size_t len, const char *secret);

/* Lower-case hex of `len` bytes into `to`, which holds 2 * len + 1. */
void text_to_hex(char *to, const void *bytes, size_t len);

#endif
