// input - parts, files in memory, demands.
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE /* memfd_create */
#include "tests/fuzz/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

void input_require(bool is_true, const char *what)
{
	if (is_true)
		return;
	fprintf(stderr, "not true: %s\n", what);
	abort();
}

char *input_part(const uint8_t *data, size_t size, char separator, size_t *ret_rest)
{
	const uint8_t *end = size > 0 ? memchr(data, separator, size) : NULL;
	size_t len = end != NULL ? (size_t)(end - data) : size;
	*ret_rest = end != NULL ? len + 1 : size;
	return memory_copied(data, len);
}

const char *input_file(const uint8_t *data, size_t size)
{
	static int file = -1;
	static char path[64];
	if (file < 0)
		file = memfd_create("fuzz", MFD_CLOEXEC);
	input_require(file >= 0 && fchmod(file, 0600) == 0, "a file in memory");
	input_require(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size, "written");
	text_format(path, sizeof(path), "/proc/self/fd/%d", file);
	return path;
}
