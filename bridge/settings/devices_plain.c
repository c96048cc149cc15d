/* devices_plain - the fast reader of a mapping: the lines that nearly every mapping consists of.
 *
 *   # comment                                    ASCII
 *   devices:
 *     meter-001: HSaaaa…     # comment           indented by two blanks
 *     "gate 7": 'Gate 7'                         quoted, without escapes
 *     front-gate: {sim: Gate-7, name: Front gate, cmd: text}
 *   unlisted: reject
 *
 * Each of these lines is complete in itself, and means to YAML what it means here. At the first line
 * that is anything else the file is left to the full reader, from its beginning. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/settings/devices_table.h"

/* YAML ends the search for a key's colon after 1024 characters. */
enum { TOKEN_MAX = 512, ENTRY_INDENT = 2 };

struct cursor {
	const char *at, *end; /* of the line, without its end */
	size_t line;
};

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
	       c == '-';
}

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

static size_t skip_blanks(struct cursor *cursor)
{
	const char *from = cursor->at;

	while (cursor->at < cursor->end && *cursor->at == ' ')
		cursor->at++;
	return (size_t)(cursor->at - from);
}

static bool take(struct cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

/* The rest of the line says nothing: blanks, and behind a blank (or at the line's start) a comment. */
static bool rest_is_nothing(struct cursor *cursor, bool at_start)
{
	size_t blanks = skip_blanks(cursor);

	if (cursor->at == cursor->end)
		return true;
	if (*cursor->at != '#' || (blanks == 0 && !at_start))
		return false;
	while (cursor->at < cursor->end && (is_printable(*cursor->at) || *cursor->at == '\t'))
		cursor->at++;
	return cursor->at == cursor->end;
}

static bool take_quoted(struct cursor *cursor, char quote, struct slice *ret)
{
	const char *from = cursor->at;

	while (cursor->at < cursor->end && *cursor->at != quote) {
		if (!is_printable(*cursor->at) || (quote == '"' && *cursor->at == '\\'))
			return false;
		cursor->at++;
	}
	*ret = (struct slice){from, (size_t)(cursor->at - from)};
	return take(cursor, quote); /* of the escape '' the second quote is then one too many for the caller */
}

/* A word, or a quoted text. A word that begins with a dash may be a list. */
static bool take_text(struct cursor *cursor, struct slice *ret)
{
	if (take(cursor, '"'))
		return take_quoted(cursor, '"', ret);
	if (take(cursor, '\''))
		return take_quoted(cursor, '\'', ret);
	const char *from = cursor->at;

	while (cursor->at < cursor->end && is_plain(*cursor->at))
		cursor->at++;
	*ret = (struct slice){from, (size_t)(cursor->at - from)};
	return ret->len > 0 && from[0] != '-';
}

static bool take_key(struct cursor *cursor, struct slice *ret)
{
	return take_text(cursor, ret) && ret->len <= TOKEN_MAX && take(cursor, ':') && skip_blanks(cursor) > 0;
}

/* Between braces, words may have blanks between them. */
static bool take_flow_text(struct cursor *cursor, struct slice *ret)
{
	if (cursor->at < cursor->end && (*cursor->at == '"' || *cursor->at == '\''))
		return take_text(cursor, ret);
	const char *from = cursor->at, *last = from;

	if (from == cursor->end || !is_plain(*from) || *from == '-')
		return false;
	for (; cursor->at < cursor->end && (is_plain(*cursor->at) || *cursor->at == ' '); cursor->at++)
		if (*cursor->at != ' ')
			last = cursor->at;
	*ret = (struct slice){from, (size_t)(last + 1 - from)};
	return true;
}

/* Behind the opening brace. */
static bool take_fields(struct devices_loading *loading, struct device_draft *draft, struct cursor *cursor)
{
	struct slice key, value;

	do {
		skip_blanks(cursor);
		if (!take_key(cursor, &key) || !take_flow_text(cursor, &value))
			return false;
		device_field(loading, draft, key, value, cursor->line);
		skip_blanks(cursor);
	} while (take(cursor, ','));
	return take(cursor, '}');
}

static bool take_device(struct devices_loading *loading, struct cursor *cursor)
{
	struct device_draft draft;
	struct slice name, sim;

	if (!take_key(cursor, &name))
		return false;
	device_begin(loading, &draft, name, cursor->line);
	if (take(cursor, '{')) {
		if (!take_fields(loading, &draft, cursor))
			return false;
	} else {
		if (!take_text(cursor, &sim))
			return false;
		device_field(loading, &draft, (struct slice){"sim", 3}, sim, cursor->line);
	}
	if (!rest_is_nothing(cursor, false))
		return false;
	device_end(loading, &draft);
	return true;
}

static bool take_word(struct cursor *cursor, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, word, len) != 0)
		return false;
	cursor->at += len;
	return true;
}

static bool take_unlisted(struct devices_loading *loading, struct cursor *cursor)
{
	struct slice value;

	if (loading->has_unlisted || skip_blanks(cursor) == 0 || !take_text(cursor, &value) ||
	    !rest_is_nothing(cursor, false))
		return false;
	loading->has_unlisted = true;
	devices_set_unlisted(loading, value, cursor->line);
	return true;
}

static bool take_line(struct devices_loading *loading, struct cursor *cursor, bool *in_devices)
{
	struct cursor start = *cursor;

	if (rest_is_nothing(cursor, true))
		return true;
	*cursor = start;
	size_t indent = skip_blanks(cursor);

	if (indent > 0)
		return indent == ENTRY_INDENT && *in_devices && take_device(loading, cursor);
	*in_devices = take_word(cursor, "devices:");
	if (*in_devices) {
		bool first = !loading->has_devices;

		loading->has_devices = true;
		return first && rest_is_nothing(cursor, false);
	}
	return take_word(cursor, "unlisted:") && take_unlisted(loading, cursor);
}

bool devices_read_plain(struct devices_loading *loading, struct text_file *file)
{
	const char *at = file->text, *end = file->text + file->len;
	bool in_devices = false;

	for (size_t line = 1; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct cursor cursor = {at, stop != NULL ? stop : end, line};

		at = stop != NULL ? stop + 1 : end;
		if (stop != NULL && cursor.end > cursor.at && cursor.end[-1] == '\r')
			cursor.end--;
		if (!take_line(loading, &cursor, &in_devices))
			return false;
		text_file_drop(file, (size_t)(at - file->text));
	}
	return true;
}
