/* log_line - one log line in a fixed space: nothing from outside can end it, hide in it or grow it.
 *
 * Threads: any; no state. Allocates nothing, so that it also works when memory is gone. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_BASE_LOG_LINE_H
#define BRIDGE_BASE_LOG_LINE_H

#include "bridge/base/log.h"

enum { LOG_LINE_SIZE = 2048, LOG_VALUE_SIZE = 512 };

struct log_line {
	char text[LOG_LINE_SIZE];
	size_t len;
};

/* How lines are to look. */
struct log_style {
	enum log_format format;
	bool show_bodies;
	bool to_journal; /* a `<n>` priority in front; as text without the time, which the journal knows */
};

/* Writes the whole line with its newline. Values over LOG_VALUE_SIZE, or for which the line has no
 * room, are cut and end in `…`. */
void log_line_write(struct log_line *line, struct log_style style, int64_t wall_ms, enum log_level level,
		    const char *id, const char *event, const struct log_field *fields, size_t count);

#endif
