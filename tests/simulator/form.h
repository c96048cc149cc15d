/* form - application/x-www-form-urlencoded, both ways; also query strings.
 *
 * Threads:   any; no state.
 * Promise:   strict, because a test must notice what a lenient server would forgive: a broken
 *            percent-escape, a NUL, bytes that are no UTF-8 and a repeated name are malformed.
 * Ownership: form_clear() frees; names and values are borrowed from the form. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_FORM_H
#define SIMULATOR_FORM_H

#include "bridge/base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum { FORM_FIELDS_MAX = 32 };

struct form_field {
	const char *name, *value;
};

struct form {
	struct form_field fields[FORM_FIELDS_MAX];
	size_t count;
	char *storage;
	const char *malformed; /* what is wrong, for people; "" when nothing is */
};

void form_read(struct form *form, const char *text, size_t len);
void form_clear(struct form *form);

/* "" when there is no such field. */
const char *form_get(const struct form *form, const char *name);

/* The first field whose name is not in the NULL-ended list; "" when all are. */
const char *form_unknown(const struct form *form, const char *const *known);

/* Appends `name=value`, escaped, with `&` before it when `out` holds something. */
void form_add(struct buffer *out, const char *name, const char *value);

/* Percent-decodes one path segment into `to`; false when malformed or too long. */
bool form_decode_segment(const char *from, size_t len, char *to, size_t size);

#endif
