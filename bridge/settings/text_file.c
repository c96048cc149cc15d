/* text_file - reading and checking a file before anything parses it. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

enum { DROP_MIN = 4 * 1024 * 1024 };

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

static bool problem_set(struct text_problem *problem, size_t line, const char *what, const char *detail)
{
	problem->line = line;
	text_format(problem->why, sizeof(problem->why), "%s%s", what, detail);
	return false;
}

/* O_NONBLOCK: opening a pipe that nobody writes to must not hang; it is refused as not regular. */
static int open_regular(const char *path, size_t max, struct stat *info, struct text_problem *problem)
{
	const char *wrong = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, info) != 0) {
		problem_set(problem, 0, "cannot be read; check the path and its permissions: ", strerror(errno));
		goto failed;
	}
	if (S_ISDIR(info->st_mode))
		wrong = "is a directory; name a file in it";
	else if (!S_ISREG(info->st_mode))
		wrong = "is not a regular file; name a plain file";
	else if (info->st_size < 0 || (uintmax_t)info->st_size > max)
		wrong = "is too large; is it the right file?";
	if (wrong != NULL) {
		problem_set(problem, 0, wrong, "");
		goto failed;
	}
	return fd;

failed:
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool read_all(int fd, size_t size, struct text_file *file, struct text_problem *problem)
{
	file->text = memory_resized(NULL, size + 1);
	file->len = 0;
	while (file->len < size) {
		ssize_t got = read(fd, file->text + file->len, size - file->len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return problem_set(problem, 0, "cannot be read: ", strerror(errno));
		if (got == 0) /* half a file may parse, and would mean something else */
			return problem_set(problem, 0, "changed while it was read; try again", "");
		file->len += (size_t)got;
	}
	file->text[file->len] = '\0';
	return true;
}

static void drop_byte_order_mark(struct text_file *file)
{
	size_t mark = sizeof(BYTE_ORDER_MARK) - 1;

	if (file->len < mark || memcmp(file->text, BYTE_ORDER_MARK, mark) != 0)
		return;
	file->len -= mark;
	memmove(file->text, file->text + mark, file->len + 1);
}

/* Most files are ASCII, and mappings can be large: eight bytes at a time while no high bit is set. */
static size_t ascii_run(const char *text, size_t len)
{
	size_t at = 0;
	uint64_t chunk;

	for (; at + sizeof(chunk) <= len; at += sizeof(chunk)) {
		memcpy(&chunk, text + at, sizeof(chunk));
		if (chunk & UINT64_C(0x8080808080808080))
			break;
	}
	while (at < len && (unsigned char)text[at] < 0x80)
		at++;
	return at;
}

static bool check_characters(const struct text_file *file, struct text_problem *problem)
{
	const char *nul = memchr(file->text, '\0', file->len);
	size_t at = 0;
	uint32_t character;

	if (nul != NULL)
		return problem_set(problem, text_file_line(file, (size_t)(nul - file->text)),
				   "a NUL byte; save the file as UTF-8 text", "");
	for (at = ascii_run(file->text, file->len); at < file->len; at += ascii_run(file->text + at, file->len - at)) {
		size_t len = text_next_utf8(file->text + at, file->len - at, &character);

		if (len == 0)
			return problem_set(problem, text_file_line(file, at),
					   "bytes that are not UTF-8; save the file as UTF-8 text", "");
		at += len;
	}
	return true;
}

bool text_file_read(struct text_file *ret, const char *path, size_t max, struct text_problem *problem)
{
	struct text_file file = {0};
	struct stat info;
	int fd = open_regular(path, max, &info, problem);

	if (fd < 0)
		return false;
	bool whole = read_all(fd, (size_t)info.st_size, &file, problem);

	close(fd);
	file.mode = info.st_mode;
	if (whole)
		drop_byte_order_mark(&file);
	if (!whole || !check_characters(&file, problem)) {
		text_file_clear(&file);
		return false;
	}
	*ret = file;
	return true;
}

void text_file_clear(struct text_file *file)
{
	if (file->text != NULL)
		explicit_bzero(file->text + file->dropped, file->len - file->dropped);
	free(file->text);
	*file = (struct text_file){0};
}

static size_t count_lines(const char *at, const char *end)
{
	size_t lines = 0;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		lines++;
		at++;
	}
	return lines;
}

void text_file_drop(struct text_file *file, size_t offset)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = (uintptr_t)file->text + file->dropped, to = (uintptr_t)file->text + offset;

	if (offset < file->dropped + DROP_MIN)
		return;
	from = (from + page - 1) / page * page;
	to = to / page * page;
	size_t dropped = to - (uintptr_t)file->text;

	file->dropped_lines += count_lines(file->text + file->dropped, file->text + dropped);
	(void)madvise(file->text + (from - (uintptr_t)file->text), to - from, MADV_DONTNEED);
	file->dropped = dropped;
}

size_t text_file_line(const struct text_file *file, size_t offset)
{
	size_t end = offset < file->len ? offset : file->len;

	return 1 + file->dropped_lines + count_lines(file->text + file->dropped, file->text + end);
}

char *text_file_beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');

	if (path[0] == '\0' || path[0] == '/' || slash == NULL)
		return memory_copied_text(path);
	size_t folder = (size_t)(slash - file) + 1, len = strlen(path);
	char *joined = memory_resized(NULL, folder + len + 1);

	memcpy(joined, file, folder);
	memcpy(joined + folder, path, len + 1);
	return joined;
}
