/* devices_load - a mapping file to a table: the fast reader first, the full one where it must. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/devices_table.h"
#include "bridge/settings/settings_faults.h"

static bool try_plain_reader(struct devices_loading *loading, struct text_file *file)
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

/* Where the file is named, for a fault of the file as a whole. */
struct source {
	const char *path, *named_in;
	size_t line;
};

static bool read_file(struct text_file *file, const struct source *source, struct settings_faults *faults)
{
	struct text_problem problem;

	if (text_file_read(file, source->path, DEVICES_FILE_MAX, &problem))
		return true;
	if (problem.line > 0)
		settings_fault(faults, source->path, problem.line, "%s", problem.why);
	else
		settings_fault(faults, source->named_in, source->line, "mappings: %s %s", source->path, problem.why);
	return false;
}

/* The fast reader may have dropped a part before it gave up: then the file is read once more. */
static void read_fully(struct devices_loading *loading, struct text_file *file, const struct source *source)
{
	devices_free(loading->devices);
	loading->devices = devices_create(file->len);
	loading->has_devices = loading->has_unlisted = false;
	if (file->dropped > 0)
		text_file_clear(file);
	if (file->text != NULL || read_file(file, source, loading->faults))
		devices_read_yaml(loading, file);
}

static struct devices *load(const struct source *source, struct settings_faults *faults, bool try_plain)
{
	struct devices_loading loading = {.path = source->path, .faults = faults};
	size_t before = faults->count;
	struct text_file file;

	if (!read_file(&file, source, faults))
		return NULL;
	loading.devices = devices_create(file.len);
	if (!try_plain || !try_plain_reader(&loading, &file))
		read_fully(&loading, &file, source);
	text_file_clear(&file);
	if (faults->count > before) {
		settings_faults_close(faults, source->path);
		devices_free(loading.devices);
		return NULL;
	}
	devices_trim(loading.devices);
	return loading.devices;
}

struct devices *devices_load_by(const char *path, struct settings_faults *faults, bool try_plain)
{
	return load(&(struct source){path, path, 0}, faults, try_plain);
}

struct devices *devices_load(const char *path, const char *named_in, size_t line, struct settings_faults *faults)
{
	return load(&(struct source){path, named_in, line}, faults, true);
}
