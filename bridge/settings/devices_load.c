/* devices_load - a mapping file to a table: the fast reader first, the full one where it must. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/devices_table.h"
#include "bridge/settings/settings_faults.h"

static bool try_plain_reader(struct devices_loading *loading, const struct text_file *file)
{
	struct settings_faults *kept = loading->faults, own;

	settings_faults_init(&own);
	loading->faults = &own;
	bool understood = devices_read_plain(loading, file);

	loading->faults = kept;
	if (understood)
		settings_faults_move(kept, &own);
	settings_faults_clear(&own);
	return understood;
}

static void read_text(struct devices_loading *loading, const struct text_file *file, bool try_plain)
{
	loading->devices = devices_create(file->len);
	if (try_plain && try_plain_reader(loading, file))
		return;
	devices_free(loading->devices);
	loading->devices = devices_create(file->len);
	loading->has_devices = loading->has_unlisted = false;
	devices_read_yaml(loading, file);
}

static bool read_file(struct text_file *file, const char *path, const char *named_in, size_t line,
		      struct settings_faults *faults)
{
	struct text_problem problem;

	if (text_file_read(file, path, DEVICES_FILE_MAX, &problem))
		return true;
	if (problem.line > 0)
		settings_fault(faults, path, problem.line, "%s", problem.why);
	else
		settings_fault(faults, named_in, line, "mappings: %s %s", path, problem.why);
	return false;
}

static struct devices *load(const struct text_file *file, const char *path, struct settings_faults *faults,
			    bool try_plain)
{
	struct devices_loading loading = {.path = path, .faults = faults};
	size_t before = faults->count;

	read_text(&loading, file, try_plain);
	if (faults->count > before) {
		settings_faults_close(faults, path);
		devices_free(loading.devices);
		return NULL;
	}
	devices_trim(loading.devices);
	return loading.devices;
}

struct devices *devices_load_by(const char *path, struct settings_faults *faults, bool try_plain)
{
	struct text_file file;

	if (!read_file(&file, path, path, 0, faults))
		return NULL;
	struct devices *devices = load(&file, path, faults, try_plain);

	text_file_clear(&file);
	return devices;
}

struct devices *devices_load(const char *path, const char *named_in, size_t line, struct settings_faults *faults)
{
	struct text_file file;

	if (!read_file(&file, path, named_in, line, faults))
		return NULL;
	struct devices *devices = load(&file, path, faults, true);

	text_file_clear(&file);
	return devices;
}
