/* files - whole files as text, and the logs of a failed test. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_FILES_H
#define TESTS_HARNESS_FILES_H

#include <stdbool.h>

/* A whole file as text, yours to free; empty when it cannot be read. */
char *file_text(const char *path);

/* Writes a whole file with mode 0600; fails the test when that is not possible. */
void file_write(const char *path, const char *text);

/* Prints the last lines of every log in a test's folder: for failures only. */
void files_print_logs(const char *folder);

/* Removes a test's folder and all in it. */
void files_remove(const char *folder);

#endif
