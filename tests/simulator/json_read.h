/* json_read - what the control interface is told.
 *
 * Threads:   any; no state.
 * Ownership: json_read() gives a tree to free with json_read_free(); all else is borrowed. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_JSON_READ_H
#define SIMULATOR_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;

/* NULL when `text` (NUL-terminated) is no JSON; "" is read as an empty object. */
struct json *json_read(const char *text);
void json_read_free(struct json *root);

/* NULL when there is no such member; all functions take NULL for "nothing". */
const struct json *json_read_member(const struct json *object, const char *name);
/* `fallback` when it is missing or of another type. */
const char *json_read_text(const struct json *object, const char *name, const char *fallback);
int64_t json_read_number(const struct json *object, const char *name, int64_t fallback);
bool json_read_bool(const struct json *object, const char *name, bool fallback);

/* The node itself as text; "" when it is no string. */
const char *json_read_string(const struct json *node);

bool json_read_is_array(const struct json *node);
bool json_read_is_object(const struct json *node);
size_t json_read_count(const struct json *array);
const struct json *json_read_item(const struct json *array, size_t index);

/* The first member whose name is not in the NULL-ended list; "" when all are. */
const char *json_read_unknown(const struct json *object, const char *const *known);

#endif
