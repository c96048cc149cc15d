/* mapping - a read-write lock around the table in use. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/mapping.h"

#include <pthread.h>
#include <stdlib.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

struct mapping {
	pthread_rwlock_t lock;
	struct devices *devices;
};

struct mapping *mapping_create(struct devices *devices)
{
	struct mapping *mapping = memory_zeroed(1, sizeof(*mapping));
	pthread_rwlock_init(&mapping->lock, NULL);
	mapping->devices = devices;
	return mapping;
}

void mapping_destroy(struct mapping *mapping)
{
	if (mapping == NULL)
		return;
	devices_free(mapping->devices);
	pthread_rwlock_destroy(&mapping->lock);
	free(mapping);
}

void mapping_replace(struct mapping *mapping, struct devices *devices)
{
	pthread_rwlock_wrlock(&mapping->lock);
	struct devices *old = mapping->devices;
	mapping->devices = devices;
	pthread_rwlock_unlock(&mapping->lock);
	devices_free(old);
	memory_give_back();
}

static void copy_device(struct mapped_device *ret, const struct device *device)
{
	text_copy(ret->device, sizeof(ret->device), device->name);
	text_copy(ret->sim, sizeof(ret->sim), device->sim);
	text_copy(ret->label, sizeof(ret->label), device->label);
	ret->cmd = device->cmd;
	ret->up = device->up;
}

bool mapping_find(struct mapping *mapping, const char *device, struct mapped_device *ret)
{
	struct device found;
	pthread_rwlock_rdlock(&mapping->lock);
	bool known = devices_find(mapping->devices, device, &found);
	if (known)
		copy_device(ret, &found);
	pthread_rwlock_unlock(&mapping->lock);
	return known;
}

bool mapping_find_sim(struct mapping *mapping, const char *sim_sid, const char *unique_name, struct mapped_device *ret)
{
	struct device found;
	pthread_rwlock_rdlock(&mapping->lock);
	bool known = devices_find_sim(mapping->devices, sim_sid, unique_name, &found);
	if (known)
		copy_device(ret, &found);
	pthread_rwlock_unlock(&mapping->lock);
	return known;
}

bool mapping_needs_names(struct mapping *mapping)
{
	pthread_rwlock_rdlock(&mapping->lock);
	bool needs = devices_need_names(mapping->devices);
	pthread_rwlock_unlock(&mapping->lock);
	return needs;
}

bool mapping_lists(struct mapping *mapping, const char *device)
{
	pthread_rwlock_rdlock(&mapping->lock);
	bool lists = devices_lists(mapping->devices, device);
	pthread_rwlock_unlock(&mapping->lock);
	return lists;
}

size_t mapping_count(struct mapping *mapping)
{
	pthread_rwlock_rdlock(&mapping->lock);
	size_t count = devices_count(mapping->devices);
	pthread_rwlock_unlock(&mapping->lock);
	return count;
}

bool mapping_at(struct mapping *mapping, size_t index, struct mapped_device *ret)
{
	struct device found;
	pthread_rwlock_rdlock(&mapping->lock);
	bool known = index < devices_count(mapping->devices);
	if (known) {
		devices_at(mapping->devices, index, &found);
		copy_device(ret, &found);
	}
	pthread_rwlock_unlock(&mapping->lock);
	return known;
}
