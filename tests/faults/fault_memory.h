/* fault_memory - memory that runs out on order: the n-th allocation fails, once or from then on; ours, SQLite's and
 * cJSON's, counted together.
 *
 * Ours are reached because the linker sends malloc(), calloc() and realloc() of our objects here (--wrap); the
 * libraries are told by their own means.
 *
 * Threads:   any.
 * Ownership: one in a process, for good: install it in a child, before anything of SQLite's is open. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FAULTS_FAULT_MEMORY_H
#define TESTS_FAULTS_FAULT_MEMORY_H

#include <stdint.h>

/* `*struck` counts the allocations that failed. */
void fault_memory_install(int64_t *struck);

/* The n-th allocation from now fails, and `times` in a row; 0: none. */
void fault_memory_plan(int64_t nth, int64_t times);

#endif
