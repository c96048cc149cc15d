/* unsynced - what has been written to files since their last sync, and the loss of it.
 *
 * Threads:   one at a time (SQLite's connection has one owner).
 * Ownership: what is remembered stays until the process ends. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FAULTS_UNSYNCED_H
#define TESTS_FAULTS_UNSYNCED_H

#include <stdbool.h>
#include <stdint.h>

struct unsynced;

/* A file was opened: what is in it now counts as synced, unless it is known already. */
struct unsynced *unsynced_open(const char *path);

/* `file` NULL: nothing is remembered. */
void unsynced_write(struct unsynced *file, const void *bytes, int64_t len, int64_t offset);
void unsynced_truncate(struct unsynced *file, int64_t size);
void unsynced_sync(struct unsynced *file);
void unsynced_delete(const char *path);

/* Makes every file what it was when it was synced last; with `survivors` a random part of what came since is kept. */
void unsynced_lose(bool survivors, uint64_t seed);

#endif
