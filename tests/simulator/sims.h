/* sims - the SIMs of the account: by sid and by unique name.
 *
 * Threads:   none of its own; under the simulator's lock.
 * Promise:   without a list every SIM exists and is made when it is first named; a unique name
 *            always has the same sid. With a list only those on it exist.
 * Ownership: SIMs live until sims_clear(). */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_SIMS_H
#define SIMULATOR_SIMS_H

#include "bridge/base/limits.h"
#include "tests/simulator/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Indexes of resources, oldest first. */
struct index_list {
	uint32_t *at;
	size_t count, capacity;
};

void index_list_add(struct index_list *list, uint32_t index);
void index_list_clear(struct index_list *list);

struct sim {
	char sid[SID_SIZE];
	char *unique_name; /* "" for none */
	char status[16];
	int64_t created_ms;
	struct index_list commands;
};

struct sims {
	struct table by_sid, by_name;
	struct sim **all;
	size_t count, capacity;
	bool is_closed; /* only the listed ones exist */
};

/* Reads a list: a line a SIM, `sid`, `unique_name` or `sid unique_name`, then optionally a
 * status; `#` begins a comment. False with the reason in `why`. */
bool sims_load(struct sims *sims, const char *path, char why[WHY_SIZE]);
void sims_clear(struct sims *sims);

/* By sid or unique name; NULL when it does not exist. */
struct sim *sims_find(struct sims *sims, const char *sid_or_name);

/* `HS` and 32 hex digits. */
bool sims_is_sid(const char *text);

#endif
