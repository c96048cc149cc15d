/* settings_assign - from a text to a field, one function a kind. */
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/settings/secret.h"
#include "bridge/settings/settings_loading.h"
#include "bridge/settings/text_file.h"
#include "bridge/settings/url.h"
#include "bridge/settings/value.h"

enum { PATH_BYTES_MAX = 4095 };

struct assignment {
	const struct setting *setting;
	void *field;
	const char *text;
	const char *file;
	char *why; /* WHY_SIZE */
};

static bool refuse(const struct assignment *a, const char *why)
{
	text_copy(a->why, WHY_SIZE, why);
	return false;
}

static bool replace_text(const struct assignment *a, char *made)
{
	char **field = a->field;

	if (made == NULL)
		return false;
	free(*field);
	*field = made;
	return true;
}

static bool assign_text(const struct assignment *a)
{
	char min_text[VALUE_TEXT_SIZE], max_text[VALUE_TEXT_SIZE];
	int64_t min = 0, max = 0, len = (int64_t)strlen(a->text);

	setting_range(a->setting, min_text, max_text);
	text_to_int(min_text, 0, INT32_MAX, &min);
	text_to_int(max_text, 0, INT32_MAX, &max);
	if (len < min)
		return refuse(a, "empty; write a value, or leave the line out for the default");
	if (len > max) {
		text_format(a->why, WHY_SIZE, "longer than %s bytes; shorten it", max_text);
		return false;
	}
	return replace_text(a, memory_copied_text(a->text));
}

static bool assign_path(const struct assignment *a)
{
	if (strlen(a->text) > PATH_BYTES_MAX)
		return refuse(a, "a path that is too long; shorten it");
	return replace_text(a, text_file_beside(a->file, a->text));
}

static bool assign_url(const struct assignment *a)
{
	return replace_text(a, a->text[0] ? url_for_http(a->text, a->why) : memory_copied_text(""));
}

static bool assign_urls(const struct assignment *a)
{
	struct settings_list *list = a->field;

	if (list->count == SETTINGS_LIST_MAX)
		return refuse(a, "more than 16 addresses; leave some out");
	char *url = url_for_mqtt(a->text, a->why);

	if (url == NULL)
		return false;
	list->items[list->count++] = url;
	return true;
}

static bool assign_listen(const struct assignment *a)
{
	if (a->text[0] && !url_is_listen_address(a->text, a->why))
		return false;
	return replace_text(a, memory_copied_text(a->text));
}

static bool assign_word(const struct assignment *a)
{
	if (value_word_index(a->setting->values, a->text) >= 0)
		return replace_text(a, memory_copied_text(a->text));
	text_format(a->why, WHY_SIZE, "not one of: %s", a->setting->values);
	return false;
}

/* Enums are ints in memory, as the table checks. */
static bool assign_choice(const struct assignment *a)
{
	int index = value_word_index(a->setting->values, a->text);

	if (index >= 0) {
		memcpy(a->field, &index, sizeof(index));
		return true;
	}
	text_format(a->why, WHY_SIZE, "not one of: %s", a->setting->values);
	return false;
}

static bool assign_flag(const struct assignment *a)
{
	return value_to_flag(a->text, a->field) || refuse(a, "neither true nor false");
}

static bool assign_number(const struct assignment *a)
{
	return setting_to_number(a->setting, a->text, a->field, a->why, WHY_SIZE);
}

static bool assign_time(const struct assignment *a)
{
	int64_t *field = a->field;
	int64_t ms = a->text[0] ? clock_from_text(a->text) : -1;

	if (ms < 0 && a->text[0])
		return refuse(a, "not a time such as 2026-11-22T10:00:00Z");
	*field = ms;
	return true;
}

static bool assign_secret(const struct assignment *a)
{
	char **field = a->field;

	if (!secret_is_line(a->text, a->why))
		return false;
	secret_free(*field);
	*field = memory_copied_text(a->text);
	return true;
}

static bool assign_keys(const struct assignment *a)
{
	struct settings_keys keys, *field = a->field;

	if (!secret_to_keys(&keys, a->text, a->why))
		return false;
	secret_keys_clear(field);
	*field = keys;
	return true;
}

static bool (*const ASSIGN[])(const struct assignment *) = {
	[SETTING_TEXT] = assign_text,	    [SETTING_PATH] = assign_path,     [SETTING_URL] = assign_url,
	[SETTING_URLS] = assign_urls,	    [SETTING_LISTEN] = assign_listen, [SETTING_WORD] = assign_word,
	[SETTING_CHOICE] = assign_choice,   [SETTING_FLAG] = assign_flag,     [SETTING_NUMBER] = assign_number,
	[SETTING_DURATION] = assign_number, [SETTING_BYTES] = assign_number,  [SETTING_TIME] = assign_time,
	[SETTING_SECRET] = assign_secret,   [SETTING_KEYS] = assign_keys,
};

static bool has_odd_characters(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7F)
			return true;
	return !text_is_utf8(text, strlen(text));
}

bool setting_assign(struct settings *settings, const struct setting *setting, const char *text, const char *file,
		    char why[WHY_SIZE])
{
	struct assignment a = {setting, setting_field(setting, settings), text, file, why};

	if (!setting_is_secret(setting) && has_odd_characters(text))
		return refuse(&a, "a control character or bytes that are not UTF-8; leave them out");
	return ASSIGN[setting->kind](&a);
}

static void clear_list(struct settings_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	*list = (struct settings_list){0};
}

void setting_clear(struct settings *settings, const struct setting *setting)
{
	void *field = setting_field(setting, settings);

	switch (setting->kind) {
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_URL:
	case SETTING_LISTEN:
	case SETTING_WORD:
	case SETTING_SECRET:
		secret_free(*(char **)field);
		*(char **)field = NULL;
		break;
	case SETTING_URLS:
		clear_list(field);
		break;
	case SETTING_KEYS:
		secret_keys_clear(field);
		break;
	case SETTING_CHOICE:
	case SETTING_FLAG:
	case SETTING_NUMBER:
	case SETTING_DURATION:
	case SETTING_BYTES:
	case SETTING_TIME:
		break;
	}
}
