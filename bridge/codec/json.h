/* json - reading and writing JSON with the parser's traps closed.
 *
 * cJSON accepts \u0000, raw NUL, repeated keys, trailing text, malformed UTF-8 and any depth
 * below 1000; a document that json_parse() returns has none of these, nor numbers of more than 63
 * characters, which cJSON cannot read. json.c is the only file that includes cJSON.
 *
 * Threads:   none of its own; a document belongs to one thread.
 * Ownership: a document is yours to free with json_free(); values inside it are borrowed.
 * Failure:   json_parse() returns NULL and says what is wrong and at which byte. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_CODEC_JSON_H
#define BRIDGE_CODEC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/buffer.h"

struct json; /* a value: of a document, or one inside it */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Parses `len` bytes (cap the length before). NULL and `why` when it is not clean JSON. */
struct json *json_parse(const void *bytes, size_t len, char *why, size_t why_size);

/* The same for what a foreign system wrote and we must not lose: NUL, malformed UTF-8 and half
 * surrogate pairs in its strings become U+FFFD first, a byte order mark is skipped. Never for commands. */
struct json *json_parse_repaired(const void *bytes, size_t len, char *why, size_t why_size);
void json_free(struct json *document);

enum json_type json_type_of(const struct json *value);

/* The member of exactly that name, or NULL: also when `object` is NULL or no object. */
const struct json *json_member(const struct json *object, const char *name);

/* Walking: the first child of an object or array, the next sibling; NULL at the end. */
const struct json *json_first(const struct json *container);
const struct json *json_next(const struct json *value);
const char *json_name(const struct json *member);

/* The string, or "" when `value` is NULL, null or of another type (borrowed). */
const char *json_text(const struct json *value);

/* True and *ret when it is a number without a fraction within [min, max] (and below 2^53). */
bool json_integer(const struct json *value, int64_t min, int64_t max, int64_t *ret);

/* True and *ret when it is a boolean. */
bool json_bool(const struct json *value, bool *ret);

/* Appends the value as compact JSON; numbers keep the digits that they were read with (also beyond 2^53). */
void json_print(const struct json *value, struct buffer *to);

/* Writing: flat building of text. json_put_* writes `,` where one is due, the key (unless "" for
 * an array element) and the value. Strings are escaped; malformed UTF-8 becomes U+FFFD. */
void json_open_object(struct buffer *to, const char *key);
void json_close_object(struct buffer *to);
void json_open_array(struct buffer *to, const char *key);
void json_close_array(struct buffer *to);
void json_put_text(struct buffer *to, const char *key, const char *value);
void json_put_integer(struct buffer *to, const char *key, int64_t value);
void json_put_bool(struct buffer *to, const char *key, bool value);
void json_put_null(struct buffer *to, const char *key);
/* Only the string in its quotes: no comma, no key. */
void json_append_quoted(struct buffer *to, const char *text);
/* `value` is JSON already, taken as it is. */
void json_put_raw(struct buffer *to, const char *key, const char *value);
/* A value that was read, as json_print() does. */
void json_put_value(struct buffer *to, const char *key, const struct json *value);

#endif
