/* settings_table - the rows, and finding one by the names of the file. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/settings_table.h"

#include <assert.h>
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "bridge/settings/suggest.h"

/* What type a field has by its kind. A row that names another does not compile. */
#define FIELD_TEXT     char **
#define FIELD_PATH     char **
#define FIELD_URL      char **
#define FIELD_URLS     struct settings_list *
#define FIELD_LISTEN   char **
#define FIELD_WORD     char **
#define FIELD_CHOICE   int * : 1, unsigned int *
#define FIELD_FLAG     bool *
#define FIELD_NUMBER   int64_t *
#define FIELD_DURATION int64_t *
#define FIELD_BYTES    int64_t *
#define FIELD_TIME     int64_t *
#define FIELD_SECRET   char **
#define FIELD_KEYS     struct settings_keys *

#define OFFSET_CHECKED(field, type) \
	(offsetof(struct settings, field) * _Generic(&((struct settings *)0)->field, type : 1))

const struct setting SETTINGS[SETTINGS_COUNT] = {
#define SETTING(kind, field, path, fallback, values, help) \
	{SETTING_##kind, OFFSET_CHECKED(field, FIELD_##kind), path, fallback, values, help},
#include "bridge/settings/settings.def"
#undef SETTING
};

size_t setting_section_length(const struct setting *setting)
{
	const char *dot = strchr(setting->path, '.');

	return dot != NULL ? (size_t)(dot - setting->path) : 0;
}

static bool is_in_section(const struct setting *setting, const char *section)
{
	size_t len = setting_section_length(setting);

	return strlen(section) == len && memcmp(setting->path, section, len) == 0;
}

static const char *key_of(const struct setting *setting)
{
	size_t len = setting_section_length(setting);

	return setting->path + (len ? len + 1 : 0);
}

bool setting_is_secret(const struct setting *setting)
{
	return setting->kind == SETTING_SECRET || setting->kind == SETTING_KEYS;
}

static bool is_twin(const struct setting *setting, const char *key)
{
	size_t len = strlen(key_of(setting));

	return setting_is_secret(setting) && strncmp(key, key_of(setting), len) == 0 && text_equal(key + len, "_file");
}

const struct setting *setting_find(const char *section, const char *key, bool *ret_is_file)
{
	for (const struct setting *row = SETTINGS; row < SETTINGS + SETTINGS_COUNT; row++) {
		if (!is_in_section(row, section))
			continue;
		if (text_equal(key_of(row), key) || is_twin(row, key)) {
			*ret_is_file = !text_equal(key_of(row), key);
			return row;
		}
	}
	return NULL;
}

bool setting_is_section(const char *key)
{
	for (const struct setting *row = SETTINGS; row < SETTINGS + SETTINGS_COUNT; row++)
		if (key[0] != '\0' && is_in_section(row, key))
			return true;
	return false;
}

void *setting_field(const struct setting *setting, struct settings *settings)
{
	return (char *)settings + setting->offset;
}

const void *setting_value(const struct setting *setting, const struct settings *settings)
{
	return (const char *)settings + setting->offset;
}

void setting_range(const struct setting *setting, char min[VALUE_TEXT_SIZE], char max[VALUE_TEXT_SIZE])
{
	const char *dots = strstr(setting->values, "..");

	assert(dots);
	text_copy_bytes(min, VALUE_TEXT_SIZE, setting->values, (size_t)(dots - setting->values));
	text_copy(max, VALUE_TEXT_SIZE, dots + 2);
}

static bool to_any_number(enum setting_kind kind, const char *text, int64_t *ret)
{
	if (kind == SETTING_DURATION)
		return value_to_duration(text, ret);
	if (kind == SETTING_BYTES)
		return value_to_bytes(text, ret);
	return text_to_int(text, INT64_MIN, INT64_MAX, ret);
}

static const char *form_of(enum setting_kind kind)
{
	if (kind == SETTING_DURATION)
		return "a time with its unit, such as 500ms, 30s, 5m, 24h or 30d";
	if (kind == SETTING_BYTES)
		return "a size with its unit, such as 64MiB or 1GiB";
	return "a whole number";
}

bool setting_to_number(const struct setting *setting, const char *text, int64_t *ret, char *why, size_t why_size)
{
	char min_text[VALUE_TEXT_SIZE], max_text[VALUE_TEXT_SIZE];
	int64_t value = 0, min = 0, max = 0;

	setting_range(setting, min_text, max_text);
	to_any_number(setting->kind, min_text, &min);
	to_any_number(setting->kind, max_text, &max);
	if (!to_any_number(setting->kind, text, &value)) {
		text_format(why, why_size, "not %s", form_of(setting->kind));
		return false;
	}
	if (value < min || value > max) {
		text_format(why, why_size, "out of range; use %s to %s", min_text, max_text);
		return false;
	}
	*ret = value;
	return true;
}

/* Keys of the section first, then sections themselves, then the same key in another section. */
void setting_suggest(char *to, size_t size, const char *section, const char *key)
{
	struct suggestion near = suggestion_for(key);
	const struct setting *elsewhere = NULL;
	char name[ERROR_CODE_SIZE];

	for (const struct setting *row = SETTINGS; row < SETTINGS + SETTINGS_COUNT; row++) {
		size_t len = setting_section_length(row);

		if (is_in_section(row, section)) {
			suggestion_offer(&near, key_of(row));
			text_format(name, sizeof(name), "%s_file", key_of(row));
			if (setting_is_secret(row))
				suggestion_offer(&near, name);
		} else if (section[0] == '\0') {
			text_copy_bytes(name, sizeof(name), row->path, len);
			suggestion_offer(&near, name);
		}
		if (elsewhere == NULL && (text_equal(key_of(row), key) || is_twin(row, key)))
			elsewhere = row;
	}
	text_copy(to, size, near.best);
	if (near.best[0] == '\0' && elsewhere != NULL)
		text_format(to, size, "%.*s.%s", (int)setting_section_length(elsewhere), elsewhere->path, key);
	else if (near.best[0] != '\0' && section[0] != '\0')
		text_format(to, size, "%s.%s", section, near.best);
}
