/* fault_vfs - SQLite's way to the disk, with faults on order: the n-th write, sync, open or truncation fails, once or
 * from then on; or the power goes at that moment, and takes with it what was not synced.
 *
 * A write that fails leaves half of its bytes behind. After a power cut each file is what it was at its last sync, plus
 * nothing, or a random part of what was written since (in sectors of 512 bytes). Names of files are not part of the
 * game: a file that was made is there, one that was deleted is gone.
 *
 * Threads:   any; a lock of its own.
 * Ownership: one in a process, for good: install it in a child. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FAULTS_FAULT_VFS_H
#define TESTS_FAULTS_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum fault_step { STEP_WRITE, STEP_SYNC, STEP_OPEN, STEP_TRUNCATE, STEP_ANY };
enum { FAULT_STEPS = STEP_ANY };

enum fault_kind { FAULT_ERROR, FAULT_NO_SPACE, FAULT_POWER_CUT };

struct fault_plan {
	enum fault_kind kind;
	enum fault_step step;
	int64_t nth;	/* the n-th such step from now; 0: none */
	int64_t times;	/* how many in a row fail */
	bool survivors; /* of a power cut: part of what was not synced survives, else nothing */
	uint64_t seed;
};

enum { FAULT_POWER_CUT_STATUS = 77 }; /* the exit status of a process whose power went */

/* Becomes what SQLite uses. `*struck` (in shared memory, if the process may die) counts the faults that happened.
 * `tracking`: remember what is not synced; needed for power cuts. */
void fault_vfs_install(int64_t *struck, bool tracking);

/* Replaces the plan; counting begins anew. NULL: no more faults. */
void fault_vfs_plan(const struct fault_plan *plan);

#endif
