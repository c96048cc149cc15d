/* buffer - bytes that grow up to a named cap, never beyond it.
 *
 * Threads:   none of its own; one owner at a time.
 * Promise:   buffer_text() is always NUL-terminated; past the cap nothing is written and
 *            `overflow` stays set, so a caller may append many times and ask once.
 * Ownership: buffer_init() allocates nothing; buffer_clear() frees and may be called twice. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_BASE_BUFFER_H
#define BRIDGE_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *data;
	size_t len, capacity, max;
	bool overflow;
};

/* Empty, and able to hold up to `max` bytes (the NUL not counted). */
void buffer_init(struct buffer *buf, size_t max);

/* Frees; the buffer is empty again and keeps its cap. */
void buffer_clear(struct buffer *buf);

/* Empties without freeing. */
void buffer_reset(struct buffer *buf);

/* Appends; false (and `overflow`) when it would pass the cap: then nothing is appended. */
bool buffer_append(struct buffer *buf, const void *bytes, size_t len);
bool buffer_append_text(struct buffer *buf, const char *text);
bool buffer_append_format(struct buffer *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The bytes so far, NUL-terminated; borrowed until the next append or clear. */
const char *buffer_text(const struct buffer *buf);

/* Hands the bytes over (NUL-terminated, yours to free) and leaves the buffer empty. */
char *buffer_take(struct buffer *buf);

#endif
