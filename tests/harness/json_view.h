/* json_view - reading JSON in tests by paths such as `error.code` or `ledger[2].payload`.
 *
 * Independent of the bridge's own codec on purpose: a test does not judge the bridge by itself.
 *
 * Threads:   any; a view has one owner.
 * Ownership: a view is yours to close; texts are borrowed until then. NULL views hold nothing.
 * Failure:   what is not there is "", -1, 0 or false, so a test asserts on the value alone. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_JSON_VIEW_H
#define TESTS_HARNESS_JSON_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_view;

/* NULL when it is not exactly one JSON value. The path "" is the whole. */
struct json_view *json_view_open(const char *text);
void json_view_close(struct json_view *view);

bool json_view_has(const struct json_view *view, const char *path);
const char *json_view_text(const struct json_view *view, const char *path);
int64_t json_view_int(const struct json_view *view, const char *path);
bool json_view_bool(const struct json_view *view, const char *path);

/* Elements of an array, or members of an object. */
size_t json_view_count(const struct json_view *view, const char *path);

/* One string (or number, as text) out of a JSON text, copied; "" when it is not there. */
void json_pick(const char *text, const char *path, char *ret, size_t size);

#endif
