/* settings_table - the rows of settings.def as data: what the loader, the printer and the reference page read.
 *
 * Threads: any; constant. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_SETTINGS_TABLE_H
#define BRIDGE_SETTINGS_SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/buffer.h"
#include "bridge/settings/settings.h"
#include "bridge/settings/value.h"

enum setting_kind {
	SETTING_TEXT,
	SETTING_PATH,
	SETTING_URL,
	SETTING_URLS,
	SETTING_LISTEN,
	SETTING_WORD,
	SETTING_CHOICE,
	SETTING_FLAG,
	SETTING_NUMBER,
	SETTING_DURATION,
	SETTING_BYTES,
	SETTING_TIME,
	SETTING_SECRET,
	SETTING_KEYS
};

struct setting {
	enum setting_kind kind;
	size_t offset;	  /* of its field in struct settings */
	const char *path; /* mqtt.url */
	const char *fallback;
	const char *values; /* see settings.def */
	const char *help;
};

/* The number of a row: AT_mqtt_url. */
enum setting_index {
#define SETTING(kind, field, path, fallback, values, help) AT_##field,
#include "bridge/settings/settings.def"
#undef SETTING
	SETTINGS_COUNT
};

extern const struct setting SETTINGS[SETTINGS_COUNT];

/* The row of `section`.`key` ("" for no section); NULL: none. `ret_is_file`: it is the `_file` twin of a secret. */
const struct setting *setting_find(const char *section, const char *key, bool *ret_is_file);
bool setting_is_section(const char *key);
bool setting_is_secret(const struct setting *setting);

/* The length of `mqtt` in `mqtt.url`; 0 where there is no section. */
size_t setting_section_length(const struct setting *setting);

/* Its field. */
void *setting_field(const struct setting *setting, struct settings *settings);
const void *setting_value(const struct setting *setting, const struct settings *settings);

/* The ends of `values` as texts: "1s" and "18h". */
void setting_range(const struct setting *setting, char min[VALUE_TEXT_SIZE], char max[VALUE_TEXT_SIZE]);

/* What may stand there, for people: "time, 1s to 18h", "one of `3.1.1` `5`". */
enum { SETTING_DESCRIPTION_MAX = 1024 };
void setting_describe(struct buffer *to, const struct setting *setting);

/* Is it the first row of its section? (One without a section is a section of its own.) */
bool setting_begins_section(const struct setting *setting);

/* A number, duration or size in that range; else false, and why. */
bool setting_to_number(const struct setting *setting, const char *text, int64_t *ret, char *why, size_t why_size);

/* The known key that `key` most probably meant; "" for none. */
void setting_suggest(char *to, size_t size, const char *section, const char *key);

#endif
