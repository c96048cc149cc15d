/* page - lists in pages: where one begins, in which order, and the `meta` that leads to the next.
 *
 * Threads:   none of its own.
 * Promise:   following next_page_url shows each element that was there at the first page exactly
 *            once, in all orders, also while new ones arrive. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_PAGE_H
#define SIMULATOR_PAGE_H

#include "tests/simulator/form.h"
#include "tests/simulator/simulator.h"

struct page {
	enum list_order order;
	int64_t size, number;
	uint64_t total;	   /* elements of the walk */
	uint64_t position; /* where this page begins */
	uint64_t skip;	   /* matching elements to pass over, when only `Page` was given */
	uint64_t next;	   /* where the next page begins; set it when has_next */
	bool has_next;
	bool is_by_token;
};

/* Reads PageSize, Page and PageToken; `count` elements exist. False with the reason. */
bool page_read(const struct form *query, enum list_order order, uint64_t count, struct page *ret, char why[WHY_SIZE]);

/* The element at a position of the walk. */
uint64_t page_index(const struct page *page, uint64_t position);

/* Writes "meta". `path` is absolute from the host; filters are taken from the query. */
void page_write_meta(struct buffer *out, const struct page *page, const struct form *query, const char *host,
		     const char *path, const char *key);

#endif
