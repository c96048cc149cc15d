/* yaml - the only file that knows libyaml. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/yaml.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"

enum { KEPT = 1024 * 1024 };

struct yaml_reader {
	struct text_file *file;
	size_t given; /* of its text, to the parser */
	yaml_parser_t parser;
	yaml_event_t event;
	bool holds_event;
	size_t depth;
};

/* libyaml takes 16 KiB at a time. What it says of a character that it refuses is told by its place in the text, so a
 * while of that is kept. */
static int on_read(void *ctx, unsigned char *to, size_t size, size_t *ret_len)
{
	struct yaml_reader *reader = ctx;
	size_t rest = reader->file->len - reader->given;

	*ret_len = rest < size ? rest : size;
	memcpy(to, reader->file->text + reader->given, *ret_len);
	reader->given += *ret_len;
	if (reader->given > KEPT)
		text_file_drop(reader->file, reader->given - KEPT);
	return 1;
}

struct yaml_reader *yaml_create(struct text_file *file)
{
	struct yaml_reader *reader = memory_zeroed(1, sizeof(*reader));

	reader->file = file;
	if (!yaml_parser_initialize(&reader->parser))
		log_fatal("out of memory", "the YAML parser could not start");
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input(&reader->parser, on_read, reader);
	return reader;
}

static void drop_event(struct yaml_reader *reader)
{
	if (reader->holds_event)
		yaml_event_delete(&reader->event);
	reader->holds_event = false;
}

void yaml_destroy(struct yaml_reader *reader)
{
	if (reader == NULL)
		return;
	drop_event(reader);
	yaml_parser_delete(&reader->parser);
	free(reader);
}

static bool refuse(struct text_problem *problem, size_t line, const char *why)
{
	problem->line = line;
	text_copy(problem->why, sizeof(problem->why), why);
	return false;
}

/* libyaml counts lines from 0 and, for characters that it refuses, only bytes. */
static bool parser_problem(const struct yaml_reader *reader, struct text_problem *problem)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *said = parser->problem ? parser->problem : "cannot be parsed";

	if (parser->error == YAML_MEMORY_ERROR)
		log_fatal("out of memory", "the YAML parser could not go on");
	if (parser->error == YAML_READER_ERROR) {
		problem->line = text_file_line(reader->file, parser->problem_offset);
		text_format(problem->why, sizeof(problem->why), "not YAML: %s; remove the character", said);
		return false;
	}
	problem->line = parser->problem_mark.line + 1;
	text_format(problem->why, sizeof(problem->why),
		    "not YAML: %s%s%s; look at indentation (spaces, no tabs), quotes and colons here and above", said,
		    parser->context ? " " : "", parser->context ? parser->context : "");
	return false;
}

static bool parse(struct yaml_reader *reader, struct text_problem *problem)
{
	drop_event(reader);
	if (!yaml_parser_parse(&reader->parser, &reader->event))
		return parser_problem(reader, problem);
	reader->holds_event = true;
	return true;
}

static bool take_scalar(const yaml_event_t *event, struct yaml_event *ret, struct text_problem *problem)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;

	if (event->data.scalar.anchor)
		return refuse(problem, ret->line, "an anchor (&); write the value out");
	if (event->data.scalar.tag)
		return refuse(problem, ret->line, "a tag (!); leave it out");
	if (!quoted && len == 2 && memcmp(text, "<<", 2) == 0)
		return refuse(problem, ret->line, "a merge key (<<); write the keys out");
	if (memchr(text, '\0', len))
		return refuse(problem, ret->line, "a NUL character; leave it out");
	ret->kind = YAML_SCALAR;
	ret->text = text;
	ret->len = len;
	ret->quoted = quoted;
	return true;
}

struct opening {
	enum yaml_kind kind;
	const yaml_char_t *anchor, *tag;
};

static bool take_opening(struct yaml_reader *reader, const struct opening *opening, struct yaml_event *ret,
			 struct text_problem *problem)
{
	if (opening->anchor != NULL)
		return refuse(problem, ret->line, "an anchor (&); write the value out");
	if (opening->tag != NULL)
		return refuse(problem, ret->line, "a tag (!); leave it out");
	if (reader->depth == YAML_DEPTH_MAX)
		return refuse(problem, ret->line, "nested too deeply; nothing here needs more than three levels");
	reader->depth++;
	ret->kind = opening->kind;
	return true;
}

static bool take_close(struct yaml_reader *reader, struct yaml_event *ret)
{
	reader->depth--;
	ret->kind = YAML_CLOSE;
	return true;
}

/* Past one document only the end of the stream may follow. */
static bool take_end(struct yaml_reader *reader, struct yaml_event *ret, struct text_problem *problem)
{
	while (reader->event.type != YAML_STREAM_END_EVENT) {
		if (!parse(reader, problem))
			return false;
		if (reader->event.type == YAML_DOCUMENT_START_EVENT)
			return refuse(problem, reader->event.start_mark.line + 1,
				      "a second document (---); keep one document in a file");
	}
	ret->kind = YAML_END;
	return true;
}

static bool begins_plainly(const yaml_event_t *event)
{
	return !event->data.document_start.version_directive &&
	       event->data.document_start.tag_directives.start == event->data.document_start.tag_directives.end;
}

bool yaml_next(struct yaml_reader *reader, struct yaml_event *ret, struct text_problem *problem)
{
	const yaml_event_t *event = &reader->event;

	for (;;) {
		if (!parse(reader, problem))
			return false;
		*ret = (struct yaml_event){.line = event->start_mark.line + 1, .text = ""};
		switch (event->type) {
		case YAML_NO_EVENT:
		case YAML_STREAM_START_EVENT:
			continue;
		case YAML_DOCUMENT_START_EVENT:
			if (!begins_plainly(event))
				return refuse(problem, ret->line, "a directive (%); leave it out");
			continue;
		case YAML_DOCUMENT_END_EVENT:
		case YAML_STREAM_END_EVENT:
			return take_end(reader, ret, problem);
		case YAML_ALIAS_EVENT:
			return refuse(problem, ret->line, "an alias (*); write the value out, or put it in quotes");
		case YAML_SCALAR_EVENT:
			return take_scalar(event, ret, problem);
		case YAML_SEQUENCE_START_EVENT:
			return take_opening(reader,
					    &(struct opening){YAML_LIST, event->data.sequence_start.anchor,
							      event->data.sequence_start.tag},
					    ret, problem);
		case YAML_MAPPING_START_EVENT:
			return take_opening(reader,
					    &(struct opening){YAML_MAPPING, event->data.mapping_start.anchor,
							      event->data.mapping_start.tag},
					    ret, problem);
		case YAML_SEQUENCE_END_EVENT:
		case YAML_MAPPING_END_EVENT:
			return take_close(reader, ret);
		}
	}
}

bool yaml_skip(struct yaml_reader *reader, const struct yaml_event *event, struct text_problem *problem)
{
	struct yaml_event inner = *event;
	size_t open = event->kind == YAML_MAPPING || event->kind == YAML_LIST;

	while (open > 0) {
		if (!yaml_next(reader, &inner, problem))
			return false;
		if (inner.kind == YAML_MAPPING || inner.kind == YAML_LIST)
			open++;
		else if (inner.kind == YAML_CLOSE)
			open--;
	}
	return true;
}
