/* memory - allocation that succeeds or does not return. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/log.h"

void *memory_zeroed(size_t count, size_t size)
{
	/* calloc(0) may be NULL, which would look like a failure. calloc itself refuses an overflowing product. */
	void *memory = count && size ? calloc(count, size) : calloc(1, 1);

	if (memory == NULL)
		log_fatal("out of memory", "an allocation failed");
	return memory;
}

void *memory_resized(void *old, size_t size)
{
	void *memory = realloc(old, size ? size : 1);

	if (memory == NULL)
		log_fatal("out of memory", "an allocation failed");
	return memory;
}

char *memory_copied(const void *text, size_t len)
{
	if (len == SIZE_MAX)
		log_fatal("out of memory", "a length overflowed");
	char *copy = memory_resized(NULL, len + 1);

	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *memory_copied_text(const char *text)
{
	return text != NULL ? memory_copied(text, strlen(text)) : memory_copied("", 0);
}

#ifdef __GLIBC__
void memory_give_back(void)
{
	(void)malloc_trim(0);
}
#else
void memory_give_back(void)
{
	/* others do it by themselves */
}
#endif
