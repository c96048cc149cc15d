/* http_stream - an answer without end, part by part, each with a deadline.
 *
 * Threads:   the connection's own.
 * Ownership: http_stream_free() ends the reply's stream and frees. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_STREAM_H
#define BRIDGE_EDGE_HTTP_STREAM_H

#include <stdint.h>
#include <sys/types.h>

#include "bridge/edge/http_server.h"
#include "bridge/edge/http_watch.h"

enum { HTTP_STREAM_END = -1 };

/* The context of the two below; the reply's stream is copied. */
void *http_stream_create(struct http_watch *watch, struct http_link *link, const struct http_reply *reply);

/* The next part, or HTTP_STREAM_END. */
ssize_t http_stream_read(void *stream, uint64_t position, char *to, size_t size);
void http_stream_free(void *stream);

#endif
