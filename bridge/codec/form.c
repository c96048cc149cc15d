/* form - application/x-www-form-urlencoded, strictly. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/form.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Decodes `text` in place; NULL when it is well, else what is wrong. */
static const char *decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '+') {
			*to++ = ' ';
		} else if (*from == '%') {
			int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);

			if (low < 0)
				return "a % without two hex digits";
			if (high == 0 && low == 0)
				return "an encoded NUL";
			*to++ = (char)(high << 4 | low);
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return text_is_utf8(text, (size_t)(to - text)) ? NULL : "text that is not UTF-8";
}

/* One pair, NUL-terminated. A name without `=` has the empty value, as the standard says. */
static const char *take_pair(struct form *form, char *pair)
{
	char *equals = strchr(pair, '=');
	char *value = equals != NULL ? equals + 1 : pair + strlen(pair);

	if (form->count == FORM_FIELDS_MAX)
		return "too many fields";
	if (equals != NULL)
		*equals = '\0';
	if (!*pair)
		return "a field without a name";
	const char *fault = decode(pair);

	if (fault == NULL && equals != NULL)
		fault = decode(value);
	if (fault != NULL)
		return fault;
	if (form_value(form, pair) != NULL)
		return "a name that is there twice";
	form->fields[form->count++] = (struct form_field){.name = pair, .value = equals != NULL ? value : ""};
	return NULL;
}

static const char *take_pairs(struct form *form)
{
	const char *fault = NULL;
	char *pair = form->memory;

	while (pair != NULL && fault == NULL) {
		char *ampersand = strchr(pair, '&');

		if (ampersand != NULL)
			*ampersand = '\0';
		fault = take_pair(form, pair);
		pair = ampersand != NULL ? ampersand + 1 : NULL;
	}
	return fault;
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

bool form_parse(struct form *form, const char *text, size_t len, char *why, size_t why_size)
{
	const char *fault = NULL;

	*form = (struct form){0};
	if (len > FORM_BODY_MAX)
		fault = "more bytes than a callback can have";
	else if (!is_printable(text, len))
		fault = "a byte that is never part of form encoding";
	if (fault == NULL && len) {
		form->memory = memory_copied(text, len);
		fault = take_pairs(form);
	}
	if (fault == NULL)
		return true;
	(void)text_format(why, why_size, "the form holds %s", fault);
	form_clear(form);
	return false;
}

void form_clear(struct form *form)
{
	free(form->memory);
	*form = (struct form){0};
}

const char *form_value(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (text_equal(form->fields[i].name, name))
			return form->fields[i].value;
	return NULL;
}

void form_put(struct buffer *to, const char *name, const char *value)
{
	/* After a `?` a query begins: its first pair, too. An encoded value never ends in one. */
	if (to->len && to->data[to->len - 1] != '?')
		(void)buffer_append_text(to, "&");
	form_percent_encode(to, name);
	(void)buffer_append_text(to, "=");
	form_percent_encode(to, value);
}

void form_percent_encode(struct buffer *to, const char *text)
{
	static const char UNRESERVED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	while (*text) {
		size_t plain = strspn(text, UNRESERVED);

		(void)buffer_append(to, text, plain);
		text += plain;
		if (*text)
			(void)buffer_append_format(to, "%%%02X", (unsigned)(unsigned char)*text++);
	}
}
