/* json_write - answers as JSON, straight into a buffer, commas by themselves.
 *
 * Threads:   any; no state. A `name` of "" writes a value without a name (in arrays, at the root). */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_JSON_WRITE_H
#define SIMULATOR_JSON_WRITE_H

#include "bridge/base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

void json_write_open(struct buffer *out, const char *name, char bracket);
void json_write_close(struct buffer *out, char bracket);
void json_write_text(struct buffer *out, const char *name, const char *value);
void json_write_number(struct buffer *out, const char *name, int64_t value);
void json_write_bool(struct buffer *out, const char *name, bool value);
void json_write_null(struct buffer *out, const char *name);

#endif
