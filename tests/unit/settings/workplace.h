/* workplace - a folder of a test's own for the files that it loads, gone with the test.
 *
 * Threads: the test's main thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_SETTINGS_WORKPLACE_H
#define TESTS_UNIT_SETTINGS_WORKPLACE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"

enum { WORKPLACE_PATH_SIZE = 512 };

static char workplace[WORKPLACE_PATH_SIZE];

static inline int workplace_open(void **state)
{
	(void)state;
	const char *base = getenv("TMPDIR");

	text_format(workplace, sizeof(workplace), "%s/bridge-settings-XXXXXX", base != NULL ? base : "/tmp");
	return mkdtemp(workplace) ? 0 : -1;
}

static inline const char *workplace_path(char to[WORKPLACE_PATH_SIZE], const char *name)
{
	assert_true(text_format(to, WORKPLACE_PATH_SIZE, "%s/%s", workplace, name));
	return to;
}

/* The files lie flat in it. */
static inline int workplace_close(void **state)
{
	(void)state;
	DIR *folder = opendir(workplace);
	const struct dirent *file;
	char path[WORKPLACE_PATH_SIZE];

	if (folder == NULL)
		return -1;
	while ((file = readdir(folder)) != NULL)
		if (file->d_name[0] != '.')
			unlink(workplace_path(path, file->d_name));
	closedir(folder);
	return rmdir(workplace);
}

static inline void workplace_write_bytes(const char *name, const void *bytes, size_t len)
{
	char path[WORKPLACE_PATH_SIZE];
	FILE *file = fopen(workplace_path(path, name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static inline void workplace_write(const char *name, const char *text)
{
	workplace_write_bytes(name, text, strlen(text));
}

/* A whole file; yours to free. */
static inline char *whole_file(const char *path)
{
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	long size = ftell(file);

	assert_true(size > 0);
	rewind(file);
	char *text = calloc((size_t)size + 1, 1);

	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, file), size);
	fclose(file);
	return text;
}

#endif
