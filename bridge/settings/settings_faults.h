/* settings_faults - what only the loaders of this floor need of faults.
 *
 * Threads: any; one owner at a time. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_SETTINGS_FAULTS_H
#define BRIDGE_SETTINGS_SETTINGS_FAULTS_H

#include "bridge/settings/settings.h"

/* More are counted, not written: nobody reads them, and a wrong file may hold a million. */
enum { FAULTS_WRITTEN_MAX = 50 };

/* At the end of a load: says how many more there are. */
void settings_faults_close(struct settings_faults *faults, const char *file);

/* Adds what `from` holds, and clears it. */
void settings_faults_move(struct settings_faults *faults, struct settings_faults *from);

#endif
