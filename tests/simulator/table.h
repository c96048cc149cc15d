/* table - text keys to pointers, in constant time however many there are.
 *
 * Threads:   none of its own; the caller's lock.
 * Ownership: keys and values are borrowed and must outlive the table's use of them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_TABLE_H
#define SIMULATOR_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_slot {
	uint64_t hash;
	const char *key; /* NULL: free */
	void *value;
};

/* All zero is an empty table. */
struct table {
	struct table_slot *slots;
	size_t capacity, count;
};

/* NULL when the key is not there. */
void *table_get(const struct table *table, const char *key);

/* Adds, or replaces the value (the first key stays). */
void table_put(struct table *table, const char *key, void *value);

/* Forgets everything; the table is empty again. */
void table_clear(struct table *table);

#endif
