/* settings_loading - a load of the settings under way, as its steps see it: values, where each came from, faults.
 *
 * Threads: one load belongs to one thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_SETTINGS_LOADING_H
#define BRIDGE_SETTINGS_SETTINGS_LOADING_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/base/limits.h"
#include "bridge/settings/settings.h"
#include "bridge/settings/settings_table.h"

enum { SETTINGS_FILE_MAX = 1 << 20 };

enum setting_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT };

struct setting_origin {
	enum setting_source source;
	size_t line;	     /* 0: not in the file */
	size_t section_line; /* 0: not in the file either */
	bool failed;	     /* has a fault already: what follows from it is not worth another */
};

struct settings_loading {
	const char *path; /* borrowed */
	struct settings *settings;
	struct settings_faults *faults;
	struct setting_origin origins[SETTINGS_COUNT];
};

/* Loads and checks into `loading`, whose path and faults are set; false, and no settings, when there was a fault. */
bool settings_loading_run(struct settings_loading *loading);

/* The line to look at for a setting: its own, its section's, or the first. */
size_t settings_loading_line(const struct settings_loading *loading, enum setting_index index);

/* What no single value can tell: what contradicts another, what is missing for another. */
void settings_check(struct settings_loading *loading);

/* Converts `text`, which has no variables left, into the field of `setting`. Of a list it adds an item.
 * `file`: what relative paths are relative to. False, and why, when it is not valid. */
bool setting_assign(struct settings *settings, const struct setting *setting, const char *text, const char *file,
		    char why[WHY_SIZE]);

/* Frees and zeroes the field; wipes secrets. */
void setting_clear(struct settings *settings, const struct setting *setting);

#endif
