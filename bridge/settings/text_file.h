/* text_file - a whole text file in memory: regular, within its cap, UTF-8, without NUL.
 *
 * Threads:   any; no state.
 * Promise:   text[len] is NUL; a byte order mark at the front is gone; line ends are as in the file.
 * Ownership: text_file_clear() wipes and frees, and may be called twice. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_TEXT_FILE_H
#define BRIDGE_SETTINGS_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bridge/base/limits.h"

struct text_file {
	char *text;
	size_t len;
	mode_t mode;		       /* its permissions, as it was opened */
	size_t dropped, dropped_lines; /* text_file_drop() */
};

/* Where a file is wrong, and how. Line 0: the file as a whole. */
struct text_problem {
	size_t line;
	char why[WHY_SIZE];
};

bool text_file_read(struct text_file *ret, const char *path, size_t max, struct text_problem *problem);
void text_file_clear(struct text_file *file);

/* Who reads a large file from front to end needs what is before `offset` no more: that memory goes back to the system
 * when it has become some megabytes. The text before `dropped` must not be looked at again. */
void text_file_drop(struct text_file *file, size_t offset);

/* The line, from 1, of the byte at `offset`, which was not dropped. */
size_t text_file_line(const struct text_file *file, size_t offset);

/* `path` as seen from the folder of `file`; an absolute or empty one stays as it is. Yours to free. */
char *text_file_beside(const char *file, const char *path);

#endif
