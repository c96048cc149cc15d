/* json_write - the writing half of json: flat building of text, no tree. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "bridge/codec/json.h"

/* The two-character escape of a byte, or 0. */
static char short_escape(unsigned char byte)
{
	static const char FROM[] = "\"\\\b\f\n\r\t", TO[] = "\"\\bfnrt";
	const char *found = byte ? strchr(FROM, byte) : NULL;

	return found != NULL ? TO[found - FROM] : '\0';
}

/* How many bytes from here on need no look of their own. */
static size_t plain_run(const char *text, size_t len)
{
	size_t run = 0;

	while (run < len && text[run] >= ' ' && text[run] <= '~' && text[run] != '"' && text[run] != '\\')
		run++;
	return run;
}

void json_append_quoted(struct buffer *to, const char *text)
{
	size_t len = strlen(text);

	(void)buffer_append_text(to, "\"");
	while (len) {
		uint32_t character = 0;
		size_t run = plain_run(text, len);
		size_t step = run ? run : text_next_utf8(text, len, &character);

		if (step == 0)
			(void)buffer_append_text(to, "\xEF\xBF\xBD");
		else if (!run && step == 1 && short_escape((unsigned char)*text))
			(void)buffer_append_format(to, "\\%c", short_escape((unsigned char)*text));
		else if (!run && character < 0x20)
			(void)buffer_append_format(to, "\\u%04x", (unsigned)character);
		else
			(void)buffer_append(to, text, step);
		text += step ? step : 1;
		len -= step ? step : 1;
	}
	(void)buffer_append_text(to, "\"");
}

/* The comma, unless this is the first of its container, and the key. A value never ends in an
 * opening bracket: strings end in a quote. */
static void begin(struct buffer *to, const char *key)
{
	char last = to->len ? to->data[to->len - 1] : '\0';

	if (to->len && last != '{' && last != '[')
		(void)buffer_append_text(to, ",");
	if (*key) {
		json_append_quoted(to, key);
		(void)buffer_append_text(to, ":");
	}
}

void json_open_object(struct buffer *to, const char *key)
{
	begin(to, key);
	(void)buffer_append_text(to, "{");
}

void json_close_object(struct buffer *to)
{
	(void)buffer_append_text(to, "}");
}

void json_open_array(struct buffer *to, const char *key)
{
	begin(to, key);
	(void)buffer_append_text(to, "[");
}

void json_close_array(struct buffer *to)
{
	(void)buffer_append_text(to, "]");
}

void json_put_text(struct buffer *to, const char *key, const char *value)
{
	begin(to, key);
	json_append_quoted(to, value);
}

void json_put_integer(struct buffer *to, const char *key, int64_t value)
{
	begin(to, key);
	(void)buffer_append_format(to, "%lld", (long long)value);
}

void json_put_bool(struct buffer *to, const char *key, bool value)
{
	json_put_raw(to, key, value ? "true" : "false");
}

void json_put_null(struct buffer *to, const char *key)
{
	json_put_raw(to, key, "null");
}

void json_put_raw(struct buffer *to, const char *key, const char *value)
{
	begin(to, key);
	(void)buffer_append_text(to, value);
}
