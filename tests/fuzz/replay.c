// replay - feeds the files of the folders on its command line to a fuzz target, where there is no libFuzzer.
// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/fuzz/input.h"

enum { INPUT_MAX = 1 << 20, PATH_SIZE = 1024 };

static void feed(const char *path)
{
	FILE *file = fopen(path, "rb");
	input_require(file != NULL, path);
	uint8_t *bytes = memory_zeroed(1, INPUT_MAX);
	size_t len = fread(bytes, 1, INPUT_MAX, file);
	fclose(file);
	/* A piece of memory of just that size, so that a read behind its end is seen. */
	uint8_t *exact = memory_zeroed(1, len > 0 ? len : 1);
	for (size_t i = 0; i < len; i++)
		exact[i] = bytes[i];
	free(bytes);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static size_t feed_all(const char *folder)
{
	char path[PATH_SIZE];
	size_t count = 0;
	DIR *entries = opendir(folder);
	input_require(entries != NULL, folder);
	for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
		if (entry->d_name[0] == '.')
			continue;
		input_require(text_format(path, sizeof(path), "%s/%s", folder, entry->d_name), entry->d_name);
		feed(path);
		count++;
	}
	closedir(entries);
	return count;
}

int main(int argc, char **argv)
{
	size_t count = 0;
	for (int i = 1; i < argc; i++)
		count += feed_all(argv[i]);
	printf("%zu inputs\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
