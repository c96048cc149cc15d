// Answers as JSON, straight into a buffer.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/json_write.h"

#include <inttypes.h>
#include <string.h>

static void quoted(struct buffer *out, const char *text)
{
	buffer_append(out, "\"", 1);
	while (*text != '\0') {
		size_t plain = 0;
		while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\')
			plain++;
		buffer_append(out, text, plain);
		text += plain;
		if (*text == '"' || *text == '\\')
			buffer_append_format(out, "\\%c", *text++);
		else if (*text != '\0')
			buffer_append_format(out, "\\u%04x", (unsigned char)*text++);
	}
	buffer_append(out, "\"", 1);
}

/* The comma that is due here, and the name. */
static void begin(struct buffer *out, const char *name)
{
	if (out->len > 0 && strchr("{[", out->data[out->len - 1]) == NULL)
		buffer_append(out, ",", 1);
	if (name[0] == '\0')
		return;
	quoted(out, name);
	buffer_append(out, ":", 1);
}

void json_write_open(struct buffer *out, const char *name, char bracket)
{
	begin(out, name);
	buffer_append(out, &bracket, 1);
}

void json_write_close(struct buffer *out, char bracket)
{
	buffer_append(out, &bracket, 1);
}

void json_write_text(struct buffer *out, const char *name, const char *value)
{
	begin(out, name);
	quoted(out, value);
}

void json_write_number(struct buffer *out, const char *name, int64_t value)
{
	begin(out, name);
	buffer_append_format(out, "%" PRId64, value);
}

void json_write_bool(struct buffer *out, const char *name, bool value)
{
	begin(out, name);
	buffer_append_text(out, value ? "true" : "false");
}

void json_write_null(struct buffer *out, const char *name)
{
	begin(out, name);
	buffer_append_text(out, "null");
}
