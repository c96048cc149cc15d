/* input - what fuzz targets share: the bytes as text or as a file, and a demand that no build leaves out.
 *
 * A target is one function, LLVMFuzzerTestOneInput(), fed by libFuzzer (-DFUZZ=ON, tests/fuzz/run) or, in every other
 * build, by replay.c with the files of tests/fuzz/corpus: what was once found stays found.
 *
 * Threads: one. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, loudly, unless it is true. */
void input_require(bool is_true, const char *what);

/* The bytes up to the first `separator`, which is left out, or all: NUL-terminated, yours to free. *ret_rest is what
 * stands behind it. */
char *input_part(const uint8_t *data, size_t size, char separator, size_t *ret_rest);

/* The path of a file with these bytes, in memory; good until the next call. */
const char *input_file(const uint8_t *data, size_t size);

#endif
