/* devices - entries in file order, their texts in one arena, and two hash indexes of entry numbers. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/devices.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/api_message.h"
#include "bridge/codec/topic.h"
#include "bridge/settings/devices_table.h"

/* 20 bytes a device; texts are offsets into the arena, which the cap on the file keeps below 4 GiB. */
struct entry {
	uint32_t name, sim, label;
	uint32_t line;
	uint8_t cmd, up;
};

/* Open addressing, linear probing, never more than half full. A slot is 0 (free), or an entry's number from 1 in
 * its low 24 bits and eight bits of the text's hash in the high ones: other texts are passed by without a look. */
struct index {
	uint32_t *slots;
	size_t size; /* a power of two */
};

struct devices {
	struct entry *entries;
	size_t count, capacity;
	char *arena; /* arena[0] is the empty text */
	size_t arena_len, arena_capacity;
	struct index by_name, by_sim;
	enum devices_unlisted unlisted;
	bool by_unique_name; /* some are named so */
};

enum { ENTRIES_FIRST = 1024, INDEX_FIRST = 4096, NUMBER_BITS = 24, TAG_BITS = 8 };

static const uint32_t NUMBER_MASK = (UINT32_C(1) << NUMBER_BITS) - 1;

_Static_assert(DEVICES_MAX < 1 << NUMBER_BITS, "a device's number fits a slot");

typedef const char *text_of(const struct devices *devices, size_t entry);

static const char *name_of(const struct devices *devices, size_t entry)
{
	return devices->arena + devices->entries[entry].name;
}

static const char *sim_of(const struct devices *devices, size_t entry)
{
	return devices->arena + devices->entries[entry].sim;
}

/* FNV-1a, the high half mixed in: places are taken from the low bits, tags from the high ones. */
static uint64_t hash(const char *text)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return value ^ (value >> 32);
}

static uint32_t tag_of(uint64_t hashed)
{
	return (uint32_t)(hashed >> (64 - TAG_BITS)) << NUMBER_BITS;
}

/* The slot that holds `text`, or the free one where it would go. */
static uint32_t *find_slot(const struct devices *devices, const struct index *index, text_of *of, const char *text)
{
	uint64_t hashed = hash(text);
	size_t at = hashed & (index->size - 1);

	for (; index->slots[at]; at = (at + 1) & (index->size - 1))
		if ((index->slots[at] & ~NUMBER_MASK) == tag_of(hashed) &&
		    text_equal(of(devices, (index->slots[at] & NUMBER_MASK) - 1), text))
			break;
	return &index->slots[at];
}

/* An entry's number from 1; 0: none. */
static uint32_t find_number(const struct devices *devices, const struct index *index, text_of *of, const char *text)
{
	return *find_slot(devices, index, of, text) & NUMBER_MASK;
}

static void index_grow(const struct devices *devices, struct index *index, text_of *of)
{
	free(index->slots);
	index->size *= 2;
	index->slots = memory_zeroed(index->size, sizeof(*index->slots));
	/* All are different, so no text needs to be compared. */
	for (size_t i = 0; i < devices->count; i++) {
		uint64_t hashed = hash(of(devices, i));
		size_t at = hashed & (index->size - 1);

		while (index->slots[at])
			at = (at + 1) & (index->size - 1);
		index->slots[at] = (uint32_t)(i + 1) | tag_of(hashed);
	}
}

static void index_init(struct index *index)
{
	index->size = INDEX_FIRST;
	index->slots = memory_zeroed(index->size, sizeof(*index->slots));
}

struct devices *devices_create(size_t text_bytes)
{
	struct devices *devices = memory_zeroed(1, sizeof(*devices));

	index_init(&devices->by_name);
	index_init(&devices->by_sim);
	devices->arena_capacity = text_bytes + 1;
	devices->arena = memory_resized(NULL, devices->arena_capacity);
	devices->arena[0] = '\0';
	devices->arena_len = 1;
	return devices;
}

void devices_free(struct devices *devices)
{
	if (devices == NULL)
		return;
	free(devices->entries);
	free(devices->arena);
	free(devices->by_name.slots);
	free(devices->by_sim.slots);
	free(devices);
}

static uint32_t keep_text(struct devices *devices, const char *text)
{
	size_t size = strlen(text) + 1, at = devices->arena_len;

	if (size == 1)
		return 0;
	if (size > devices->arena_capacity - at) {
		devices->arena_capacity += devices->arena_capacity / 2 + size;
		devices->arena = memory_resized(devices->arena, devices->arena_capacity);
	}
	assert(at + size <= UINT32_MAX);
	memcpy(devices->arena + at, text, size);
	devices->arena_len += size;
	return (uint32_t)at;
}

static void make_room(struct devices *devices)
{
	if (devices->count == devices->capacity) {
		devices->capacity = devices->capacity ? devices->capacity * 2 : ENTRIES_FIRST;
		devices->entries = memory_resized(devices->entries, devices->capacity * sizeof(*devices->entries));
	}
	if ((devices->count + 1) * 2 > devices->by_name.size) {
		index_grow(devices, &devices->by_name, name_of);
		index_grow(devices, &devices->by_sim, sim_of);
	}
}

enum devices_clash devices_add(struct devices *devices, const struct device_draft *draft, size_t *ret_line)
{
	make_room(devices);
	uint32_t *name_slot = find_slot(devices, &devices->by_name, name_of, draft->name);
	uint32_t *sim_slot = find_slot(devices, &devices->by_sim, sim_of, draft->sim);
	uint32_t taken = (*name_slot ? *name_slot : *sim_slot) & NUMBER_MASK;

	if (taken) {
		*ret_line = devices->entries[taken - 1].line;
		return *name_slot ? CLASH_NAME : CLASH_SIM;
	}
	struct entry *entry = &devices->entries[devices->count++];

	entry->name = keep_text(devices, draft->name);
	entry->sim = keep_text(devices, draft->sim);
	entry->label = keep_text(devices, draft->label);
	entry->line = (uint32_t)draft->line;
	entry->cmd = (uint8_t)draft->cmd;
	entry->up = (uint8_t)draft->up;
	devices->by_unique_name |= !api_sid_is_valid(draft->sim, "HS");
	*name_slot = (uint32_t)devices->count | tag_of(hash(draft->name));
	*sim_slot = (uint32_t)devices->count | tag_of(hash(draft->sim));
	return CLASH_NONE;
}

void devices_choose_unlisted(struct devices *devices, enum devices_unlisted unlisted)
{
	devices->unlisted = unlisted;
}

void devices_trim(struct devices *devices)
{
	devices->arena = memory_resized(devices->arena, devices->arena_len);
	devices->arena_capacity = devices->arena_len;
	if (devices->count == 0)
		return;
	devices->entries = memory_resized(devices->entries, devices->count * sizeof(*devices->entries));
	devices->capacity = devices->count;
}

size_t devices_count(const struct devices *devices)
{
	return devices->count;
}

enum devices_unlisted devices_unlisted(const struct devices *devices)
{
	return devices->unlisted;
}

bool devices_need_names(const struct devices *devices)
{
	return devices->by_unique_name || devices->unlisted == UNLISTED_UNIQUE_NAME;
}

void devices_at(const struct devices *devices, size_t index, struct device *ret)
{
	assert(index < devices->count);
	const struct entry *entry = &devices->entries[index];

	*ret = (struct device){
		.name = devices->arena + entry->name,
		.sim = devices->arena + entry->sim,
		.label = devices->arena + entry->label,
		.cmd = (enum command_form)entry->cmd,
		.up = (enum devices_up_form)entry->up,
	};
}

/* A device that the file does not list, where that is allowed: its SIM is its name. */
static bool find_unlisted(const struct devices *devices, const char *name, struct device *ret)
{
	char why[WHY_SIZE];

	if (devices->unlisted != UNLISTED_UNIQUE_NAME || !topic_device_is_valid(name, why, sizeof(why)))
		return false;
	*ret = (struct device){.name = name, .sim = name, .label = "", .cmd = COMMAND_ANY, .up = UP_JSON};
	return true;
}

bool devices_find(const struct devices *devices, const char *name, struct device *ret)
{
	uint32_t found = find_number(devices, &devices->by_name, name_of, name);

	if (!found)
		return find_unlisted(devices, name, ret);
	devices_at(devices, found - 1, ret);
	return true;
}

bool devices_lists(const struct devices *devices, const char *name)
{
	return find_number(devices, &devices->by_name, name_of, name) != 0;
}

static uint32_t find_listed_sim(const struct devices *devices, const char *sim)
{
	return sim[0] ? find_number(devices, &devices->by_sim, sim_of, sim) : 0;
}

bool devices_find_sim(const struct devices *devices, const char *sim_sid, const char *unique_name, struct device *ret)
{
	uint32_t found = find_listed_sim(devices, sim_sid);

	if (!found)
		found = find_listed_sim(devices, unique_name);
	if (found) {
		devices_at(devices, found - 1, ret);
		return true;
	}
	/* A SIM that happens to be called like a listed device is not that device's SIM. */
	if (find_number(devices, &devices->by_name, name_of, unique_name))
		return false;
	return find_unlisted(devices, unique_name, ret);
}
