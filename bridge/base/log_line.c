/* log_line - one log line in a fixed space: nothing from outside can end it, hide in it or grow it. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/log_line.h"

#include <assert.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"

/* Kept free for what must still follow a cut value: `…`, a quote, `}` and the newline. */
enum { TAIL_SIZE = 8, ESCAPE_SIZE = 16 };

static const char ELLIPSIS[] = "\xE2\x80\xA6";
static const char *const LEVEL_NAMES[] = {"debug", "info", "warn", "error"};
static const char *const JOURNAL_PRIORITIES[] = {"<7>", "<6>", "<4>", "<3>"};

/* Characters that a terminal or reader does not show as themselves: controls, line and paragraph
 * separators, zero-width and bidi controls, the byte order mark, tags. */
struct range {
	uint32_t first, last;
};

static const struct range HIDDEN[] = {
	{0x00, 0x1F},	  {0x7F, 0x9F},	    {0xAD, 0xAD},     {0x61C, 0x61C},	{0x200B, 0x200F},
	{0x2028, 0x202E}, {0x2060, 0x2069}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

static bool is_hidden(uint32_t character)
{
	for (size_t i = 0; i < sizeof(HIDDEN) / sizeof(HIDDEN[0]); i++)
		if (character >= HIDDEN[i].first && character <= HIDDEN[i].last)
			return true;
	return false;
}

/* Appends when it fits in the first `limit` bytes of the line. */
static bool put(struct log_line *line, size_t limit, const char *text, size_t len)
{
	if (len > limit || line->len > limit - len)
		return false;
	memcpy(line->text + line->len, text, len);
	line->len += len;
	return true;
}

static void put_text(struct log_line *line, const char *text)
{
	(void)put(line, LOG_LINE_SIZE - TAIL_SIZE, text, strlen(text));
}

/* What stands for the character at `text` (which is not at its end); *step is how many bytes it took. */
static void escape(char to[ESCAPE_SIZE], const char *text, enum log_format format, size_t *step)
{
	uint32_t character = 0;
	size_t len = text_next_utf8(text, strnlen(text, 4), &character);

	*step = len ? len : 1;
	if (!len && format == LOG_AS_JSON)
		(void)text_copy(to, ESCAPE_SIZE, "\\ufffd");
	else if (!len)
		(void)text_format(to, ESCAPE_SIZE, "\\x%02x", (unsigned)(unsigned char)*text);
	else if (character == '"' || character == '\\')
		(void)text_format(to, ESCAPE_SIZE, "\\%c", (int)character);
	else if (character == '\n')
		(void)text_copy(to, ESCAPE_SIZE, "\\n");
	else if (character == '\r')
		(void)text_copy(to, ESCAPE_SIZE, "\\r");
	else if (character == '\t')
		(void)text_copy(to, ESCAPE_SIZE, "\\t");
	else if (character > 0xFFFF && is_hidden(character))
		(void)text_format(to, ESCAPE_SIZE, "\\u%04x\\u%04x", (unsigned)(0xD7C0 + (character >> 10)),
				  (unsigned)(0xDC00 + (character & 0x3FF)));
	else if (is_hidden(character))
		(void)text_format(to, ESCAPE_SIZE, "\\u%04x", (unsigned)character);
	else
		(void)text_copy_bytes(to, ESCAPE_SIZE, text, len);
}

/* Would somebody who splits the line at spaces and `=` misread this value without quotes? */
static bool needs_quotes(const char *text)
{
	size_t step;
	char shown[ESCAPE_SIZE];

	if (!*text || text_equal(text, "-"))
		return true;
	for (; *text; text += step) {
		escape(shown, text, LOG_AS_TEXT, &step);
		if (*text == ' ' || *text == '=' || strncmp(shown, text, step) != 0 || shown[step])
			return true;
	}
	return false;
}

static void put_value(struct log_line *line, enum log_format format, const char *text)
{
	bool quoted = format == LOG_AS_JSON || needs_quotes(text);
	size_t room = LOG_LINE_SIZE - TAIL_SIZE, limit = line->len + LOG_VALUE_SIZE, step;
	char shown[ESCAPE_SIZE];

	if (limit > room)
		limit = room;
	if (quoted)
		(void)put(line, LOG_LINE_SIZE, "\"", 1);
	for (; *text; text += step) {
		escape(shown, text, format, &step);
		if (!put(line, limit, shown, strlen(shown))) {
			(void)put(line, LOG_LINE_SIZE, ELLIPSIS, strlen(ELLIPSIS));
			break;
		}
	}
	if (quoted)
		(void)put(line, LOG_LINE_SIZE, "\"", 1);
}

static size_t count_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

static void put_field(struct log_line *line, struct log_style style, const struct log_field *field)
{
	char number[40];
	bool json = style.format == LOG_AS_JSON;
	/* A key without its value would break the line's form: no room for both, no field. */
	size_t needed = strlen(field->key) + sizeof(number) + 8;

	if (line->len + needed > LOG_LINE_SIZE - TAIL_SIZE)
		return;
	put_text(line, json ? ",\"" : " ");
	put_text(line, field->key);
	put_text(line, json ? "\":" : "=");
	if (field->text == NULL) {
		(void)text_format(number, sizeof(number), "%lld", (long long)field->number);
		put_text(line, number);
	} else if (field->is_body && !style.show_bodies) {
		(void)text_format(number, sizeof(number), "<%zu characters>", count_characters(field->text));
		put_value(line, style.format, number);
	} else {
		put_value(line, style.format, field->text);
	}
}

static void put_head_as_text(struct log_line *line, bool to_journal, const char *time, enum log_level level)
{
	if (!to_journal) {
		put_text(line, time);
		put_text(line, " ");
	}
	put_text(line, LEVEL_NAMES[level]);
	put_text(line, " ");
}

static void put_head_as_json(struct log_line *line, const char *time, enum log_level level)
{
	put_text(line, "{\"time\":\"");
	put_text(line, time);
	put_text(line, "\",\"level\":\"");
	put_text(line, LEVEL_NAMES[level]);
	put_text(line, "\",\"id\":");
}

void log_line_write(struct log_line *line, struct log_style style, int64_t wall_ms, enum log_level level,
		    const char *id, const char *event, const struct log_field *fields, size_t count)
{
	char time[CLOCK_TEXT_SIZE];
	bool json = style.format == LOG_AS_JSON;

	line->len = 0;
	clock_to_text(wall_ms, time);
	if (style.to_journal)
		put_text(line, JOURNAL_PRIORITIES[level]);
	if (json)
		put_head_as_json(line, time, level);
	else
		put_head_as_text(line, style.to_journal, time, level);
	if (!json && !*id)
		put_text(line, "-");
	else
		put_value(line, style.format, id);
	put_text(line, json ? ",\"event\":\"" : " ");
	put_text(line, event);
	put_text(line, json ? "\"" : "");
	for (size_t i = 0; i < count; i++)
		put_field(line, style, &fields[i]);
	(void)put(line, LOG_LINE_SIZE, json ? "}\n" : "\n", json ? 2 : 1);
	assert(line->text[line->len - 1] == '\n');
}
