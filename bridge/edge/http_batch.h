/* http_batch - requests that have come whole, gathered while those before them are served.
 *
 * Threads:   http_batch_add() from one thread; served on one of its own; another one gives up those who wait too long.
 * Promise:   each is served once, in the order of arrival, and gets one answer: its own, or 503 when that is late.
 * Ownership: an exchange is copied; what it points to is its request's, which is held until it was served. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_BATCH_H
#define BRIDGE_EDGE_HTTP_BATCH_H

#include <stdbool.h>

#include "bridge/edge/http_server.h"

struct http_batch;
struct http_incoming;
struct http_service;

/* At most `max_connections` of the service are served at once, and as many wait. `go_on` is called for each whose reply
 * is there, from any of the threads; it must not call back. */
typedef void http_go_on(struct http_incoming *incoming);
struct http_batch *http_batch_start(const struct http_service *service, http_go_on *go_on);

/* Whether as many wait as may. */
bool http_batch_is_full(struct http_batch *batch);

/* It is not full. After the end it is served in here. */
void http_batch_add(struct http_batch *batch, struct http_incoming *incoming, const struct http_exchange *exchange);

/* Serves what is there, then ends. NULL is fine, here and below. */
void http_batch_end(struct http_batch *batch);

/* Ended before, and nobody adds any more. */
void http_batch_destroy(struct http_batch *batch);

#endif
