/* page_inside - what the files of the page share; nobody else includes it.
 *
 * page.c         files, devices, samples        page_stream.c  Server-Sent Events
 * page_json.c    entries as JSON                page_send.c    a command from the page */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_PAGE_INSIDE_H
#define BRIDGE_FLOW_PAGE_INSIDE_H

#include <stdatomic.h>

#include "bridge/base/buffer.h"
#include "bridge/flow/page.h"

struct page {
	struct page_parts parts;
	struct recent *recent;
	_Atomic int streams;
	int64_t epoch_ms; /* of this process: versions of another one mean nothing */
	int64_t sample_due_ms;
};

/* The answer's body and its security headers. Takes the body. */
void page_answer(struct http_reply *reply, int status, const char *type, struct buffer *body);

/* One entry as a JSON object; bodies only where they may be shown. */
void page_encode_entry(struct buffer *to, const struct recent_entry *entry, bool bodies);

/* What a page must know before all else. */
void page_encode_hello(struct buffer *to, const struct page *page);

void page_open_stream(struct page *page, const struct http_request_in *request, struct http_reply *reply);
void page_send(struct page *page, const struct http_request_in *request, struct http_reply *reply);

#endif
