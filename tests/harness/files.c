// files - whole files as text, and the logs of a failed test.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/buffer.h"
#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"

enum { FILE_MAX = 256 * 1024 * 1024, CHUNK = 65536, TAIL_LINES = 60, PATH_SIZE = 1024 };

char *file_text(const char *path)
{
	struct buffer text;
	buffer_init(&text, FILE_MAX);
	FILE *file = fopen(path, "re");
	char chunk[CHUNK];
	for (size_t len = 1; file != NULL && len > 0;) {
		len = fread(chunk, 1, sizeof(chunk), file);
		buffer_append(&text, chunk, len);
	}
	if (file != NULL)
		fclose(file);
	return buffer_take(&text);
}

void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		fail_msg("cannot write %s", path);
	size_t len = strlen(text);
	for (ssize_t n = 0; len > 0; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n < 0)
			fail_msg("cannot write %s", path);
	}
	close(fd);
}

static const char *tail(const char *text)
{
	const char *at = text + strlen(text);
	for (int lines = 0; at > text; at--)
		if (at[-1] == '\n' && lines++ == TAIL_LINES)
			break;
	return at;
}

static bool is_log(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot != NULL && (text_equal(dot, ".log") || text_equal(dot, ".out") || text_equal(dot, ".err"));
}

void files_print_logs(const char *folder)
{
	DIR *entries = opendir(folder);
	for (struct dirent *entry = NULL; entries != NULL && (entry = readdir(entries)) != NULL;) {
		if (!is_log(entry->d_name))
			continue;
		char path[PATH_SIZE];
		text_format(path, sizeof(path), "%s/%s", folder, entry->d_name);
		char *text = file_text(path);
		printf("---- the end of %s\n%s\n", path, tail(text));
		free(text);
	}
	if (entries != NULL)
		closedir(entries);
	fflush(stdout);
}

/* Folders inside are few and flat (a broker's data): the recursion is as deep as they are. */
static void remove_tree(const char *folder)
{
	DIR *entries = opendir(folder);
	for (struct dirent *entry = NULL; entries != NULL && (entry = readdir(entries)) != NULL;) {
		char path[PATH_SIZE];
		if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, ".."))
			continue;
		text_format(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (unlink(path) != 0)
			remove_tree(path);
	}
	if (entries != NULL)
		closedir(entries);
	rmdir(folder);
}

void files_remove(const char *folder)
{
	if (strstr(folder, "/mqtt-sms-bridge-test-") != NULL)
		remove_tree(folder);
}
