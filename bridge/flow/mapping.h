/* mapping - the device table in use, swapped as a whole by a reload.
 *
 * Threads:   any. A look-up copies what it found, so that nobody holds a table that is going away.
 * Ownership: takes the table given; results are copies. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_MAPPING_H
#define BRIDGE_FLOW_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/base/limits.h"
#include "bridge/settings/devices.h"

struct mapping;

struct mapped_device {
	char device[DEVICE_SIZE], sim[SIM_SIZE];
	char label[DEVICE_SIZE];
	enum command_form cmd;
	enum devices_up_form up;
};

struct mapping *mapping_create(struct devices *devices);
void mapping_destroy(struct mapping *mapping);

/* Puts a new table in the place of the old one, which is freed. */
void mapping_replace(struct mapping *mapping, struct devices *devices);

bool mapping_find(struct mapping *mapping, const char *device, struct mapped_device *ret);
bool mapping_find_sim(struct mapping *mapping, const char *sim_sid, const char *unique_name, struct mapped_device *ret);

/* Can a SIM be meant by its unique_name, so that its sid alone does not tell whether the mapping names it? */
bool mapping_needs_names(struct mapping *mapping);

/* Is it in the mapping file, whatever `unlisted` says of others? */
bool mapping_lists(struct mapping *mapping, const char *device);
size_t mapping_count(struct mapping *mapping);

/* The device at `index` in file order; false past the end. For walking in small steps. */
bool mapping_at(struct mapping *mapping, size_t index, struct mapped_device *ret);

#endif
