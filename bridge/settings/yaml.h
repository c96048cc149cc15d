/* yaml - the part of YAML that people write by hand, as a stream of events with line numbers.
 *
 * Mappings, lists and scalars of one document. What makes YAML surprising is refused: anchors,
 * aliases, tags, merge keys, directives and further documents. Scalars are texts; what a text
 * means is up to the caller.
 *
 * Threads:   a reader belongs to one thread.
 * Promise:   depth is at most YAML_DEPTH_MAX, no text holds a NUL, events nest properly.
 * Ownership: the bytes are borrowed until yaml_destroy(); an event's text until the next call.
 * Failure:   false with the line and a sentence; the reader is then at its end. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_YAML_H
#define BRIDGE_SETTINGS_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/settings/text_file.h"

enum { YAML_DEPTH_MAX = 16 };

enum yaml_kind { YAML_SCALAR, YAML_MAPPING, YAML_LIST, YAML_CLOSE, YAML_END };

struct yaml_event {
	enum yaml_kind kind;
	const char *text; /* of a scalar, NUL-terminated */
	size_t len;
	size_t line; /* from 1 */
	bool quoted; /* "so", 'so' or as a block: never a mere absence of a value */
};

struct yaml_reader;

struct yaml_reader *yaml_create(struct text_file *file);
void yaml_destroy(struct yaml_reader *reader);

bool yaml_next(struct yaml_reader *reader, struct yaml_event *ret, struct text_problem *problem);

/* Goes past the value that `event` began: to its CLOSE; a scalar is past already. */
bool yaml_skip(struct yaml_reader *reader, const struct yaml_event *event, struct text_problem *problem);

#endif
