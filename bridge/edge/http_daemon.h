/* http_daemon - the cover over libmicrohttpd: one listener with its connections; http_server.c starts and ends it.
 *
 * Two ways to serve, by what a handler waits for. One that waits for something of its own, like a stream of events, has
 * a thread for each connection, bounded by their number. The webhook's handlers all wait for the same, the disk: there
 * one thread reads and writes all connections, and one serves what has come meanwhile as one batch, which shares one
 * commit. So no thread is made, woken or put to sleep for a request.
 *
 * Not with epoll: its events are edges here, and the library takes a read that fills less than its buffer for the last
 * there is. A peer that says half a request and closes, both before the read, would keep its place until the deadline.
 *
 * Threads:   as above. What is below may be called from any, by one at a time.
 * Ownership: the service and the socket are borrowed until http_daemon_stop(), which frees the daemon. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_DAEMON_H
#define BRIDGE_EDGE_HTTP_DAEMON_H

#include "bridge/edge/http_server.h"
#include "bridge/edge/http_tls.h"

/* What is served, whatever the certificate; shared by a daemon and the one that replaces it. */
struct http_service {
	struct http_server_options options;
	const char *allow;
	http_gate *gate;       /* NULL: none */
	http_handler *handler; /* this, */
	http_sift *sift;       /* or these two; the rest is NULL */
	http_batch_handler *batch;
	void *ctx;
	_Atomic int64_t requests, refused;
};

struct http_daemon;

/* Listens on a copy of the socket. NULL, and the library's own words. */
struct http_daemon *http_daemon_start(struct http_service *service, int listen_fd, const struct http_tls *tls,
				      char *why, size_t why_size);

/* How many connections were cut by the deadline. */
int64_t http_daemon_cuts(const struct http_daemon *daemon);

/* Accepts nobody any more. */
void http_daemon_quiet(struct http_daemon *daemon);

/* Quiet before: gives requests under way their time, then ends and frees. Returns how many were cut. */
int64_t http_daemon_stop(struct http_daemon *daemon, int listen_fd);

#endif
