/* form - application/x-www-form-urlencoded, strictly (WHATWG URL 5.1 for the encoding).
 *
 * Threads:   any; no state.
 * Promise:   a body that form_parse() accepts holds only printable form bytes, no name twice, no
 *            %00, well-formed UTF-8, at most FORM_FIELDS_MAX fields. That also closes length
 *            extension of SHA-256 signatures over the raw body.
 * Ownership: fields point into memory that the form owns; form_clear() frees it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_CODEC_FORM_H
#define BRIDGE_CODEC_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/base/buffer.h"

enum { FORM_FIELDS_MAX = 32 };

struct form_field {
	const char *name, *value;
};

struct form {
	struct form_field fields[FORM_FIELDS_MAX];
	size_t count;
	char *memory;
};

/* Parses a body or a query (without the `?`); false and `why` when malformed: then nothing to clear. */
bool form_parse(struct form *form, const char *text, size_t len, char *why, size_t why_size);
void form_clear(struct form *form);

/* The value of `name`, or NULL when it is not there (borrowed). */
const char *form_value(const struct form *form, const char *name);

/* Appends `name=value`, percent-encoded, with a `&` before it unless it is the first. */
void form_put(struct buffer *to, const char *name, const char *value);

/* Appends `text` percent-encoded for a path segment or query value (RFC 3986 unreserved kept). */
void form_percent_encode(struct buffer *to, const char *text);

#endif
