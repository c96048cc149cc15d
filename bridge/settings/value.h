/* value - numbers with units as people write them: 500ms 30s 5m 24h 30d, 64MiB.
 *
 * Threads: any; no state.
 * Failure: false, and *ret untouched. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_VALUE_H
#define BRIDGE_SETTINGS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

enum { VALUE_TEXT_SIZE = 32 };

/* One whole number and one unit; a bare 0 needs none. Milliseconds. */
bool value_to_duration(const char *text, int64_t *ret_ms);

/* The same in B, KiB, MiB, GiB, TiB. */
bool value_to_bytes(const char *text, int64_t *ret_bytes);

/* As YAML 1.2 writes it (core schema, 10.3.2): `true`, `True`, `TRUE` and likewise. */
bool value_to_flag(const char *text, bool *ret);

/* With the largest unit that leaves a whole number; not negative. */
void value_from_duration(char to[VALUE_TEXT_SIZE], int64_t ms);
void value_from_bytes(char to[VALUE_TEXT_SIZE], int64_t bytes);

/* Which of the words (one blank between two) `text` is, from 0; -1: none. */
int value_word_index(const char *words, const char *text);

/* The word at `index`, which exists. */
void value_word_at(char to[VALUE_TEXT_SIZE], const char *words, int index);

#endif
