/* expand - one scanner, run twice: to measure and to write, so that no secret stays in an outgrown buffer. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/expand.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

enum { NAME_SIZE = 128 };

struct output {
	char *to; /* NULL: only measure */
	size_t len;
	bool replaced;
};

static void put(struct output *out, const char *bytes, size_t len)
{
	if (out->to != NULL)
		memcpy(out->to + out->len, bytes, len);
	out->len += len;
}

static size_t name_length(const char *text)
{
	size_t len = 0;

	if (isdigit((unsigned char)text[0]))
		return 0;
	while (isalnum((unsigned char)text[len]) || text[len] == '_')
		len++;
	return len;
}

static bool put_variable(struct output *out, const char *name, const char *fallback, size_t fallback_len,
			 char why[WHY_SIZE])
{
	const char *value = getenv(name);

	if (value == NULL && fallback == NULL) {
		text_format(why, WHY_SIZE, "the environment variable %s is not set; set it, or write ${%s:-default}",
			    name, name);
		return false;
	}
	if (fallback != NULL && (value == NULL || !*value)) {
		put(out, fallback, fallback_len);
		return true;
	}
	put(out, value, strlen(value));
	out->replaced = true;
	return true;
}

/* `text` stands behind `${`; returns what stands behind the `}`. */
static const char *put_reference(struct output *out, const char *text, char why[WHY_SIZE])
{
	const char *close = strchr(text, '}'), *fallback = NULL;
	size_t len = name_length(text);
	char name[NAME_SIZE];

	if (close != NULL && text_starts_with(text + len, ":-"))
		fallback = text + len + 2;
	if (close == NULL || len == 0 || len >= sizeof(name) || (fallback == NULL && text + len != close)) {
		text_format(why, WHY_SIZE,
			    "a ${ that is not ${NAME} or ${NAME:-default}; write $${ for the characters ${");
		return NULL;
	}
	const char *inner = fallback != NULL ? strstr(fallback, "${") : NULL;

	/* The first } ends it: of one inside the other, half would be left standing as text. */
	if (inner != NULL && inner < close) {
		text_copy(why, WHY_SIZE, "a ${ inside the default of another, which is not possible here");
		return NULL;
	}
	text_copy_bytes(name, sizeof(name), text, len);
	if (!put_variable(out, name, fallback, fallback != NULL ? (size_t)(close - fallback) : 0, why))
		return NULL;
	return close + 1;
}

static bool scan(struct output *out, const char *text, char why[WHY_SIZE])
{
	while (*text) {
		size_t plain = strcspn(text, "$");

		put(out, text, plain);
		text += plain;
		if (text[0] == '$' && text[1] == '{') {
			text = put_reference(out, text + 2, why);
			if (text == NULL)
				return false;
		} else if (text[0] == '$') {
			put(out, "$", 1);
			text += text[1] == '$' ? 2 : 1;
		}
	}
	return true;
}

char *expand_text(const char *text, bool *ret_replaced, char why[WHY_SIZE])
{
	struct output out = {0};

	if (!scan(&out, text, why))
		return NULL;
	out.to = memory_resized(NULL, out.len + 1);
	out.len = 0;
	scan(&out, text, why);
	out.to[out.len] = '\0';
	*ret_replaced = out.replaced;
	return out.to;
}
