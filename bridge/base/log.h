/* log - one event, one line: time, level, id, event, then key=value fields.
 *
 * Threads:   any. A line is one write(2) to stderr; when stderr would block for longer than
 *            a moment the line is dropped and counted: logging never holds up the data path.
 * Promise:   no text from outside can start a new line or hide in one: control characters,
 *            quotes, backslashes, U+2028/2029 and bidi controls are escaped, long values cut.
 * Use:       flow code and main only; library code returns reasons instead. Secrets are never
 *            given to it; message bodies only through LOG_BODY, which masks them by default. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_BASE_LOG_H
#define BRIDGE_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_AS_TEXT, LOG_AS_JSON };

struct log_field {
	const char *key;
	const char *text; /* borrowed; NULL: the field is the number */
	int64_t number;
	bool is_body;
};

#define LOG_TEXT(name, value)	((struct log_field){.key = (name), .text = (value)})
#define LOG_NUMBER(name, value) ((struct log_field){.key = (name), .number = (value)})
/* An SMS text: shown as its length unless log_setup() was told to show bodies. */
#define LOG_BODY(name, value) ((struct log_field){.key = (name), .text = (value), .is_body = true})

/* log_info("b3f9-17", "accepted", LOG_TEXT("device", device), LOG_NUMBER("bytes", n)); the id is
 * the command's, "" for none; at least one field. */
#define LOG_EVENT(level, id, event, ...)                                           \
	log_event((level), (id), (event), (const struct log_field[]){__VA_ARGS__}, \
		  sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#define log_debug(id, event, ...) LOG_EVENT(LOG_DEBUG, id, event, __VA_ARGS__)
#define log_info(id, event, ...)  LOG_EVENT(LOG_INFO, id, event, __VA_ARGS__)
#define log_warn(id, event, ...)  LOG_EVENT(LOG_WARN, id, event, __VA_ARGS__)
#define log_error(id, event, ...) LOG_EVENT(LOG_ERROR, id, event, __VA_ARGS__)

void log_setup(enum log_level level, enum log_format format, bool show_bodies);
void log_event(enum log_level level, const char *id, const char *event, const struct log_field *fields, size_t count);

/* Lines dropped because stderr did not take them. */
uint64_t log_dropped(void);

/* The machine is broken: one line, then exit(1) without running the rest. Does not return. */
_Noreturn void log_fatal(const char *what, const char *why);

#endif
