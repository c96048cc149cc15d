/* http_batch - requests that have come whole, gathered while those before them are served.
 *
 * Threads:   http_batch_add() from one thread; served on one of its own.
 * Promise:   each is served once, in the order of arrival.
 * Ownership: an exchange is copied; what it points to is borrowed until it was served. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_BATCH_H
#define BRIDGE_EDGE_HTTP_BATCH_H

#include <stddef.h>

#include "bridge/edge/http_server.h"

struct http_batch;

/* Never more than `max` are under way: the caller knows. */
struct http_batch *http_batch_start(size_t max, http_batch_handler *serve, void *ctx);

/* False: it has ended, nobody serves it. */
bool http_batch_add(struct http_batch *batch, const struct http_exchange *exchange);

/* Serves what is there, then ends. NULL is fine, here and below. */
void http_batch_end(struct http_batch *batch);

/* Ended before, and nobody adds any more. */
void http_batch_destroy(struct http_batch *batch);

#endif
