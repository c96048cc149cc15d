/* memory - allocation that succeeds or does not return.
 *
 * Threads:   any.
 * Promise:   no function here returns NULL.
 * Ownership: what they return is yours to free with free().
 * Failure:   out of memory is a broken machine: one line on stderr, exit 1. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_BASE_MEMORY_H
#define BRIDGE_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed memory for `count` objects of `size` bytes; the product may not overflow. Yours to free. */
void *memory_zeroed(size_t count, size_t size) __attribute__((returns_nonnull, malloc));

/* realloc() that cannot fail; `old` may be NULL. Yours to free. */
void *memory_resized(void *old, size_t size) __attribute__((returns_nonnull));

/* A copy of `len` bytes with a NUL behind them. `text` may be NULL when `len` is 0. Yours to free. */
char *memory_copied(const void *text, size_t len) __attribute__((returns_nonnull, malloc));

/* After much was freed: what the allocator keeps of it goes back to the system. */
void memory_give_back(void);

/* A copy of a string; NULL is copied as the empty string. Yours to free. */
char *memory_copied_text(const char *text) __attribute__((returns_nonnull, malloc));

#endif
