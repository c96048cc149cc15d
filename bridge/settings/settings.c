/* settings - loading, reloading and letting go. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/settings.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/settings/settings_loading.h"
#include "bridge/settings/settings_table.h"

struct settings *settings_load(const char *path, struct settings_faults *faults)
{
	struct settings_loading loading = {.path = path, .faults = faults};

	return settings_loading_run(&loading) ? loading.settings : NULL;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		setting_clear(settings, &SETTINGS[i]);
	free(settings);
}

static void swap_bytes(void *a, void *b, size_t len)
{
	char kept[sizeof(struct settings_keys)];

	memcpy(kept, a, len);
	memcpy(a, b, len);
	memcpy(b, kept, len);
}

static void swap_secrets(struct settings *a, struct settings *b)
{
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		void *field_a = setting_field(&SETTINGS[i], a), *field_b = setting_field(&SETTINGS[i], b);

		if (SETTINGS[i].kind == SETTING_SECRET)
			swap_bytes(field_a, field_b, sizeof(char *));
		else if (SETTINGS[i].kind == SETTING_KEYS)
			swap_bytes(field_a, field_b, sizeof(struct settings_keys));
	}
}

/* The whole file is read and must be free of faults. Its secrets must also fit the settings in use, which may
 * differ from the file by now: only a restart takes those over. */
bool settings_reload_secrets(struct settings *settings, const char *path, struct settings_faults *faults)
{
	struct settings_loading loading = {.path = path, .faults = faults};

	if (!settings_loading_run(&loading))
		return false;
	struct settings *fresh = loading.settings;
	size_t before = faults->count;

	swap_secrets(settings, fresh);
	loading.settings = settings;
	settings_check_secrets(&loading);
	bool fits = faults->count == before;

	if (!fits)
		swap_secrets(settings, fresh);
	settings_free(fresh);
	return fits;
}
