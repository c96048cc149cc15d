/* http_patience - requests that wait for the disk: one that has waited too long is answered without it.
 *
 * Why so:    a provider hangs up after 15 s and may count that as delivered badly, or not at all; a 503 before that is
 *            asked again for certain.
 * Threads:   begin and end from any, by one at a time for each request; an own thread gives up.
 * Promise:   of http_patience_end() and the giving up exactly one has a request.
 * Ownership: a request is borrowed from begin until then. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_PATIENCE_H
#define BRIDGE_EDGE_HTTP_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct http_incoming;
struct http_patience;

/* Answers the request. With a lock held: not to call back from here. */
typedef void http_give_up(void *ctx, struct http_incoming *incoming);

struct http_patience *http_patience_create(int64_t patience_ms, http_give_up *give_up, void *ctx);

/* Nothing waits any more. NULL is fine. */
void http_patience_destroy(struct http_patience *patience);

void http_patience_begin(struct http_patience *patience, struct http_incoming *incoming);

/* False: it was given up, and is answered already. */
bool http_patience_end(struct http_patience *patience, struct http_incoming *incoming);

#endif
