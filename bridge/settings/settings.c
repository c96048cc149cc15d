/* settings - loading and letting go. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/settings.h"

#include <stdlib.h>

#include "bridge/settings/settings_loading.h"
#include "bridge/settings/settings_table.h"

struct settings *settings_load(const char *path, struct settings_faults *faults)
{
	struct settings_loading loading = {.path = path, .faults = faults};

	return settings_loading_run(&loading) ? loading.settings : NULL;
}

void settings_free(struct settings *settings)
{
	if (settings == NULL)
		return;
	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		setting_clear(settings, &SETTINGS[i]);
	free(settings);
}
