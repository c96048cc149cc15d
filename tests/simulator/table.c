// Text keys to pointers: open addressing, linear probing, at most half full.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/table.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"

/* FNV-1a; the sids that are the keys are random already. */
static uint64_t hash_of(const char *key)
{
	uint64_t hash = 14695981039346656037U;
	for (const char *at = key; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211U;
	return hash ^ (hash >> 32);
}

/* The slot that holds the key, or the free one where it belongs. */
static struct table_slot *slot_of(const struct table *table, const char *key, uint64_t hash)
{
	size_t at = (size_t)hash & (table->capacity - 1);
	for (;; at = (at + 1) & (table->capacity - 1)) {
		struct table_slot *slot = &table->slots[at];
		if (slot->key == NULL || (slot->hash == hash && strcmp(slot->key, key) == 0))
			return slot;
	}
}

void *table_get(const struct table *table, const char *key)
{
	if (table->count == 0)
		return NULL;
	return slot_of(table, key, hash_of(key))->value;
}

static void grow(struct table *table)
{
	struct table old = *table;
	table->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
	table->slots = memory_zeroed(table->capacity, sizeof(*table->slots));
	for (size_t i = 0; i < old.capacity; i++)
		if (old.slots[i].key != NULL)
			*slot_of(table, old.slots[i].key, old.slots[i].hash) = old.slots[i];
	free(old.slots);
}

void table_put(struct table *table, const char *key, void *value)
{
	if ((table->count + 1) * 2 > table->capacity)
		grow(table);
	uint64_t hash = hash_of(key);
	struct table_slot *slot = slot_of(table, key, hash);
	if (slot->key == NULL) {
		slot->key = key;
		slot->hash = hash;
		table->count++;
	}
	slot->value = value;
}

void table_clear(struct table *table)
{
	free(table->slots);
	*table = (struct table){0};
}
