// Lists in pages.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/page.h"

#include <inttypes.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/simulator/json_write.h"

enum { SIZE_DEFAULT = 50, SIZE_MAX_ALLOWED = 1000 };

static const char order_letters[ORDER_COUNT] = {[ORDER_NEWEST] = 'N', [ORDER_OLDEST] = 'O', [ORDER_RANDOM] = 'R'};

static bool read_number(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	return text[0] == '\0' || text_to_int(text, min, max, ret);
}

/* A token is `PT`, the order's letter, the length of the walk, `-`, the position. */
static bool read_token(const char *token, uint64_t count, struct page *page)
{
	char total_text[24];
	int64_t total, position;
	if (!text_starts_with(token, "PT") || token[2] == '\0')
		return false;
	const char *letter = memchr(order_letters, token[2], sizeof(order_letters));
	size_t len = strcspn(token + 3, "-");
	if (letter == NULL || token[3 + len] == '\0' ||
	    !text_copy_bytes(total_text, sizeof(total_text), token + 3, len) ||
	    !text_to_int(total_text, 0, (int64_t)count, &total) ||
	    !text_to_int(token + 3 + len + 1, 0, total, &position))
		return false;
	page->order = (enum list_order)(letter - order_letters);
	page->total = (uint64_t)total;
	page->position = (uint64_t)position;
	page->is_by_token = true;
	return true;
}

bool page_read(const struct form *query, enum list_order order, uint64_t count, struct page *ret, char why[WHY_SIZE])
{
	const char *token = form_get(query, "PageToken");
	*ret = (struct page){.order = order, .size = SIZE_DEFAULT, .total = count};
	if (!read_number(form_get(query, "PageSize"), 1, SIZE_MAX_ALLOWED, &ret->size)) {
		text_format(why, WHY_SIZE, "PageSize must be 1 to %d", SIZE_MAX_ALLOWED);
		return false;
	}
	if (!read_number(form_get(query, "Page"), 0, INT32_MAX, &ret->number)) {
		text_copy(why, WHY_SIZE, "Page must be 0 or more");
		return false;
	}
	ret->skip = (uint64_t)ret->number * (uint64_t)ret->size;
	if (token[0] == '\0')
		return true;
	ret->skip = 0;
	if (read_token(token, count, ret))
		return true;
	text_copy(why, WHY_SIZE, "PageToken is not one of ours");
	return false;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* A walk in big strides that have no divisor in common with the length meets every element once. */
static uint64_t shuffled(uint64_t position, uint64_t total)
{
	uint64_t stride = total / 2 + total / 8 + 1;
	while (common_divisor(stride, total) != 1)
		stride++;
	return (position * stride + total / 3) % total;
}

uint64_t page_index(const struct page *page, uint64_t position)
{
	if (page->order == ORDER_NEWEST)
		return page->total - 1 - position;
	return page->order == ORDER_OLDEST ? position : shuffled(position, page->total);
}

/* The URL of a page of this list: its filters, its size, its number, and a token when it needs one. */
static void write_url(struct buffer *out, const char *name, const struct form *query, const char *base,
		      const struct page *page)
{
	struct buffer fields, url;
	char text[64];
	buffer_init(&fields, SIZE_MAX / 4);
	buffer_init(&url, SIZE_MAX / 4);
	for (size_t i = 0; i < query->count; i++)
		if (!text_starts_with(query->fields[i].name, "Page"))
			form_add(&fields, query->fields[i].name, query->fields[i].value);
	text_format(text, sizeof(text), "%" PRId64, page->size);
	form_add(&fields, "PageSize", text);
	text_format(text, sizeof(text), "%" PRId64, page->number);
	form_add(&fields, "Page", text);
	text_format(text, sizeof(text), "PT%c%" PRIu64 "-%" PRIu64, order_letters[page->order], page->total,
		    page->position);
	if (page->is_by_token)
		form_add(&fields, "PageToken", text);
	buffer_append_format(&url, "%s?%s", base, buffer_text(&fields));
	json_write_text(out, name, buffer_text(&url));
	buffer_clear(&fields);
	buffer_clear(&url);
}

void page_write_meta(struct buffer *out, const struct page *page, const struct form *query, const char *host,
		     const char *path, const char *key)
{
	char base[URL_SIZE];
	struct page first = {.size = page->size};
	struct page previous = {.size = page->size, .number = page->number - 1};
	struct page next = *page;
	text_format(base, sizeof(base), "http://%s%s", host, path);
	next.number++;
	next.position = page->next;
	next.is_by_token = true;
	json_write_open(out, "meta", '{');
	json_write_text(out, "key", key);
	json_write_number(out, "page", page->number);
	json_write_number(out, "page_size", page->size);
	write_url(out, "url", query, base, page);
	write_url(out, "first_page_url", query, base, &first);
	if (page->number == 0)
		json_write_null(out, "previous_page_url");
	else
		write_url(out, "previous_page_url", query, base, &previous);
	if (page->has_next)
		write_url(out, "next_page_url", query, base, &next);
	else
		json_write_null(out, "next_page_url");
	json_write_close(out, '}');
}
