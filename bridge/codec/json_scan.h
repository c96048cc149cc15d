/* json_scan - is this one clean JSON text (RFC 8259)? Asked before the parser sees it.
 *
 * Threads: any; no state. Recursion is bounded by JSON_DEPTH_MAX.
 * Refuses: what the grammar refuses, and also raw NUL, \u0000, surrogate escapes without a partner,
 *          malformed UTF-8, a byte order mark, a depth over JSON_DEPTH_MAX, and numbers of more
 *          characters than the parser reads. Repeated names are found later, in the tree. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_CODEC_JSON_SCAN_H
#define BRIDGE_CODEC_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/base/buffer.h"

/* cJSON reads a number through a buffer of 64. */
enum { JSON_NUMBER_MAX = 63 };

/* False and `why`, with the byte counted from 1, when it is not. */
bool json_scan(const char *bytes, size_t len, char *why, size_t why_size);

/* The number at or behind *at outside of strings, *len characters; *at moves behind it. Only for a
 * text that json_scan() accepted and that has one more number. */
const char *json_scan_number(const char **at, size_t *len);

/* Appends the text with U+FFFD for what strings cannot hold: malformed UTF-8, NUL (raw or escaped),
 * single surrogates. Raw control characters in strings are escaped. The rest stays as it is. */
void json_scan_repair(struct buffer *to, const char *bytes, size_t len);

#endif
