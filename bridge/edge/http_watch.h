/* http_watch - the deadlines of a server's connections: whoever takes too long is cut.
 *
 * Why so:    libmicrohttpd's own timeout is inactivity only, so a byte a second holds a connection for ever.
 *            A thread of our own shuts such sockets down; the library then sees the end and cleans up.
 * Threads:   any; one mutex inside and one thread. A connection must be removed before its socket is closed,
 *            else the number could be another's already.
 * Promise:   from the first byte to the last of a request, and from the first to the last of its answer, no more
 *            than the deadline each; a handler that waits for the disk is never cut. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_WATCH_H
#define BRIDGE_EDGE_HTTP_WATCH_H

#include <stdint.h>

struct sockaddr;
struct http_watch;
struct http_link; /* one connection */

enum http_phase {
	HTTP_IDLE,    /* nothing of a request has come */
	HTTP_READING, /* it is coming */
	HTTP_HANDLING,
	HTTP_WRITING,
	HTTP_STREAMING, /* an answer without end: each part has a deadline of its own */
};

struct http_watch *http_watch_create(int64_t deadline_ms);
void http_watch_destroy(struct http_watch *watch);

struct http_link *http_watch_add(struct http_watch *watch, int fd, const struct sockaddr *peer);
void http_watch_remove(struct http_watch *watch, struct http_link *link);

/* How many connections there are from this peer's network (see http_network()). */
unsigned http_watch_count(struct http_watch *watch, const struct sockaddr *peer);

/* Enters a phase, and its deadline begins. */
void http_watch_phase(struct http_watch *watch, struct http_link *link, enum http_phase phase);

/* No more connections come: cuts idle ones and streams, gives requests under way a moment to arrive, waits for handlers
 * and answers. Returns when none is left, at the latest after the deadline. */
void http_watch_drain(struct http_watch *watch);

/* How many were cut for being late. */
int64_t http_watch_cuts(struct http_watch *watch);

#endif
