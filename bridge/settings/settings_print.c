/* settings_print - the settings in use, line by line. */
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "bridge/settings/settings_loading.h"
#include "bridge/settings/value.h"

static void print_text(FILE *to, const char *text)
{
	fputs(text[0] ? text : "\"\"", to);
}

static void print_list(FILE *to, const struct settings_list *list)
{
	if (list->count == 1) {
		fputs(list->items[0], to);
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		fprintf(to, "%s%s", i ? ", " : "[", list->items[i]);
	fputc(']', to);
}

static void print_choice(FILE *to, const struct setting *setting, const int *index)
{
	char word[VALUE_TEXT_SIZE];

	value_word_at(word, setting->values, *index);
	fputs(word, to);
}

/* A default as the documentation writes it: 24h, not 1d. */
static void print_number(FILE *to, const struct setting *setting, int64_t number)
{
	char text[VALUE_TEXT_SIZE];
	int64_t fallback = -1;

	setting_to_number(setting, setting->fallback, &fallback, text, sizeof(text));
	if (number == fallback)
		text_copy(text, sizeof(text), setting->fallback);
	else if (setting->kind == SETTING_DURATION)
		value_from_duration(text, number);
	else if (setting->kind == SETTING_BYTES)
		value_from_bytes(text, number);
	else
		text_format(text, sizeof(text), "%" PRId64, number);
	fputs(text, to);
}

static void print_time(FILE *to, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE] = "";

	if (ms >= 0)
		clock_to_text(ms, text);
	print_text(to, text);
}

static void print_secret(FILE *to, bool is_set)
{
	fputs(is_set ? "********" : "\"\"", to);
}

static void print_value(FILE *to, const struct setting *setting, const struct settings *settings)
{
	const void *value = setting_value(setting, settings);

	switch (setting->kind) {
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_URL:
	case SETTING_LISTEN:
	case SETTING_WORD:
		print_text(to, *(char *const *)value);
		break;
	case SETTING_URLS:
		print_list(to, value);
		break;
	case SETTING_CHOICE:
		print_choice(to, setting, value);
		break;
	case SETTING_FLAG:
		fputs(*(const bool *)value ? "true" : "false", to);
		break;
	case SETTING_NUMBER:
	case SETTING_DURATION:
	case SETTING_BYTES:
		print_number(to, setting, *(const int64_t *)value);
		break;
	case SETTING_TIME:
		print_time(to, *(const int64_t *)value);
		break;
	case SETTING_SECRET:
		print_secret(to, (*(char *const *)value)[0] != '\0');
		break;
	case SETTING_KEYS:
		print_secret(to, ((const struct settings_keys *)value)->count > 0);
		break;
	}
}

static void print_origin(FILE *to, const char *path, const struct setting_origin *origin)
{
	switch (origin->source) {
	case SOURCE_DEFAULT:
		fputs("default", to);
		break;
	case SOURCE_FILE:
		fprintf(to, "file %s:%zu", path, origin->line);
		break;
	case SOURCE_ENVIRONMENT:
		fputs("environment", to);
		break;
	}
}

bool settings_print(const char *path, FILE *to, struct settings_faults *faults)
{
	struct settings_loading loading = {.path = path, .faults = faults};

	if (!settings_loading_run(&loading))
		return false;
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		fprintf(to, "%s = ", SETTINGS[i].path);
		print_value(to, &SETTINGS[i], loading.settings);
		fputs("   # ", to);
		print_origin(to, path, &loading.origins[i]);
		fputc('\n', to);
	}
	settings_free(loading.settings);
	return true;
}
