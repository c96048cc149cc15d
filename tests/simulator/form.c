// application/x-www-form-urlencoded, both ways.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/form.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes in place up to the end of the string; false on a broken escape or a NUL. */
static bool decode(char *text, bool plus_is_space)
{
	char *to = text;
	for (const char *from = text; *from != '\0'; from++) {
		if (*from == '+' && plus_is_space) {
			*to++ = ' ';
		} else if (*from == '%') {
			int high = hex_digit(from[1]);
			int low = high < 0 ? -1 : hex_digit(from[2]);
			if (low < 0 || (high == 0 && low == 0))
				return false;
			*to++ = (char)(high * 16 + low);
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return text_is_utf8(text, (size_t)(to - text));
}

static const struct form_field *find(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (text_equal(form->fields[i].name, name))
			return &form->fields[i];
	return NULL;
}

/* Takes one `name=value`; says what is wrong with it, "" when nothing is. */
static const char *take(struct form *form, char *pair)
{
	char *equals = strchr(pair, '=');
	char *value = equals != NULL ? equals + 1 : pair + strlen(pair);
	if (equals != NULL)
		*equals = '\0';
	if (!decode(pair, true) || !decode(value, true))
		return "a field is not percent-encoded UTF-8";
	if (find(form, pair) != NULL)
		return "a field is repeated";
	if (form->count == FORM_FIELDS_MAX)
		return "too many fields";
	form->fields[form->count++] = (struct form_field){.name = pair, .value = value};
	return "";
}

void form_read(struct form *form, const char *text, size_t len)
{
	*form = (struct form){.malformed = ""};
	form->storage = memory_copied(text, len);
	if (strlen(form->storage) != len) {
		form->malformed = "a NUL byte";
		return;
	}
	for (char *pair = form->storage; *pair != '\0' && form->malformed[0] == '\0';) {
		char *end = pair + strcspn(pair, "&");
		char *next = *end == '&' ? end + 1 : end;
		*end = '\0';
		form->malformed = *pair == '\0' ? "an empty field" : take(form, pair);
		pair = next;
	}
}

void form_clear(struct form *form)
{
	free(form->storage);
	*form = (struct form){.malformed = ""};
}

const char *form_get(const struct form *form, const char *name)
{
	const struct form_field *field = find(form, name);
	return field != NULL ? field->value : "";
}

const char *form_unknown(const struct form *form, const char *const *known)
{
	for (size_t i = 0; i < form->count; i++) {
		const char *const *at = known;
		while (*at != NULL && !text_equal(*at, form->fields[i].name))
			at++;
		if (*at == NULL)
			return form->fields[i].name;
	}
	return "";
}

static void encode(struct buffer *out, const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
			     c == '.' || c == '_' || c == '*';
		if (plain)
			buffer_append(out, at, 1);
		else if (c == ' ')
			buffer_append(out, "+", 1);
		else
			buffer_append_format(out, "%%%02X", c);
	}
}

void form_add(struct buffer *out, const char *name, const char *value)
{
	if (out->len > 0)
		buffer_append_text(out, "&");
	encode(out, name);
	buffer_append_text(out, "=");
	encode(out, value);
}

bool form_decode_segment(const char *from, size_t len, char *to, size_t size)
{
	return text_copy_bytes(to, size, from, len) && decode(to, false);
}
