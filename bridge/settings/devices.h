/* devices - which device is which SIM (mappings/devices.yaml).
 *
 * Threads:   a table is immutable once loaded; a reload makes a new one and the owner swaps.
 * Promise:   a table that loads has no SIM twice, no bad device name, no malformed sid. A million
 *            devices load in under 2 s and in under 300 MB: names live in one arena, and two
 *            open-addressing indexes hold offsets.
 * Ownership: devices_free(); what is found is borrowed from the table, or, of a device that is not listed,
 *            from the caller: its name and SIM are the text that was asked for. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_DEVICES_H
#define BRIDGE_SETTINGS_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/codec/command.h"
#include "bridge/settings/settings.h"

enum devices_up_form { UP_JSON, UP_TEXT };
enum devices_unlisted { UNLISTED_REJECT, UNLISTED_UNIQUE_NAME };

struct device {
	const char *name;  /* the topic level */
	const char *sim;   /* HS sid or unique_name */
	const char *label; /* for people; "" when the mapping gives none */
	enum command_form cmd;
	enum devices_up_form up;
};

struct devices;

/* NULL when there was a fault; yours to free. A file that cannot be read is a fault of `line` in `named_in`, the
 * configuration that names it. */
struct devices *devices_load(const char *path, const char *named_in, size_t line, struct settings_faults *faults);
void devices_free(struct devices *devices);
size_t devices_count(const struct devices *devices);
enum devices_unlisted devices_unlisted(const struct devices *devices);

/* By the topic level. With `unlisted: unique_name` a device not listed is found too: its SIM is its name.
 * False: unknown. */
bool devices_find(const struct devices *devices, const char *name, struct device *ret);

/* Is it in the file, whatever `unlisted` says of others? */
bool devices_lists(const struct devices *devices, const char *name);

/* By a SIM's sid or unique_name, as the mapping wrote it; either may be "". */
bool devices_find_sim(const struct devices *devices, const char *sim_sid, const char *unique_name, struct device *ret);

/* Can a SIM be meant by its unique_name, so that its sid alone does not tell whether the mapping names it? */
bool devices_need_names(const struct devices *devices);

/* In file order, 0 .. count-1. */
void devices_at(const struct devices *devices, size_t index, struct device *ret);

#endif
