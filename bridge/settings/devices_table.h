/* devices_table - the table of devices while it is filled; what the two readers of the file share.
 *
 * devices_plain reads the lines that nearly every mapping consists of, fast; devices_yaml reads all of
 * YAML. Both hand what they read to the same functions here, so that both mean the same.
 *
 * Threads: a table is filled by one thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_DEVICES_TABLE_H
#define BRIDGE_SETTINGS_DEVICES_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/base/limits.h"
#include "bridge/settings/devices.h"
#include "bridge/settings/text_file.h"

enum { DEVICES_FILE_MAX = 1 << 30, DEVICES_MAX = 16 * 1000 * 1000, LABEL_SIZE = 129 };

/* A piece of text that is not terminated. */
struct slice {
	const char *text;
	size_t len;
};

/* A file being read into a table. */
struct devices_loading {
	const char *path; /* borrowed */
	struct devices *devices;
	struct settings_faults *faults;
	bool has_devices, has_unlisted;
};

/* One device as it is read. */
struct device_draft {
	char name[DEVICE_SIZE], sim[SIM_SIZE], label[LABEL_SIZE];
	enum command_form cmd;
	enum devices_up_form up;
	size_t line;
	unsigned fields; /* which were given: bits */
	bool failed;	 /* has a fault already */
};

struct devices *devices_create(size_t text_bytes);

/* Begins a device; a bad name is a fault. */
void device_begin(struct devices_loading *loading, struct device_draft *draft, struct slice name, size_t line);

/* sim, name, cmd or up. Of the short form `device: SIM` the key is sim. */
void device_field(struct devices_loading *loading, struct device_draft *draft, struct slice key, struct slice value,
		  size_t line);

/* Checks it against the others and adds it. */
void device_end(struct devices_loading *loading, const struct device_draft *draft);

/* The value of `unlisted:`. */
void devices_set_unlisted(struct devices_loading *loading, struct slice value, size_t line);

/* Adds to the table; false and the line of the other where the name or the SIM is taken. */
enum devices_clash { CLASH_NONE, CLASH_NAME, CLASH_SIM };
enum devices_clash devices_add(struct devices *devices, const struct device_draft *draft, size_t *ret_line);
void devices_choose_unlisted(struct devices *devices, enum devices_unlisted unlisted);

/* Gives back what filling it reserved. */
void devices_trim(struct devices *devices);

/* Both drop what they have read of the file: it is not in memory as a whole beside the whole table.
 * False: a line that only the full reader understands; then the table and the faults are of no use. */
bool devices_read_plain(struct devices_loading *loading, struct text_file *file);

void devices_read_yaml(struct devices_loading *loading, struct text_file *file);

/* devices_load() with the fast reader left out, for tests: both must agree. */
struct devices *devices_load_by(const char *path, struct settings_faults *faults, bool try_plain);

#endif
