/* fault_memory - three allocators with one counter before them. */
// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/fault_memory.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

static struct {
	pthread_mutex_t lock;
	int64_t nth, times, done, *struck;
	sqlite3_mem_methods sqlite;
} faults = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_out(void)
{
	pthread_mutex_lock(&faults.lock);
	faults.done += faults.nth > 0;
	bool out = faults.nth > 0 && faults.done >= faults.nth && faults.done - faults.nth < faults.times;
	if (out)
		++*faults.struck;
	pthread_mutex_unlock(&faults.lock);
	return out;
}

/* ---- ours: names that the linker gives ------------------------------------------------------------------ */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	return is_out() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_out() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return is_out() ? NULL : __real_realloc(old, size);
}

/* ---- SQLite's and cJSON's -------------------------------------------------------------------------------- */

static void *sqlite_malloc(int size)
{
	return is_out() ? NULL : faults.sqlite.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
	return is_out() ? NULL : faults.sqlite.xRealloc(old, size);
}

static void *json_malloc(size_t size)
{
	return is_out() ? NULL : __real_malloc(size);
}

void fault_memory_install(int64_t *struck)
{
	faults.struck = struck;
	sqlite3_shutdown();
	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &faults.sqlite);
	sqlite3_mem_methods mine = faults.sqlite;
	mine.xMalloc = sqlite_malloc;
	mine.xRealloc = sqlite_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &mine);
	sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* else small ones never come here */
	cJSON_Hooks hooks = {.malloc_fn = json_malloc, .free_fn = free};
	cJSON_InitHooks(&hooks);
}

void fault_memory_plan(int64_t nth, int64_t times)
{
	pthread_mutex_lock(&faults.lock);
	faults.nth = nth;
	faults.times = times;
	faults.done = 0;
	pthread_mutex_unlock(&faults.lock);
}
