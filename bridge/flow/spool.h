/* spool - the store as the settings want it, and a word about what it found.
 *
 * Threads: main. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_SPOOL_H
#define BRIDGE_FLOW_SPOOL_H

#include <stdio.h>

#include "bridge/edge/store.h"
#include "bridge/settings/settings.h"

/* Opens it, for good; NULL and why. `recover`: it is an older copy, and nothing that waits in it is simply sent. */
struct store *spool_open(const struct settings *settings, bool recover, char *why, size_t why_size);

/* What --recover does: opens it so, tells, and closes it again. False and why. */
bool spool_recover(const struct settings *settings, FILE *to, char *why, size_t why_size);

#endif
