/* http_listen - a listening TCP socket from `host:port`, and who is at the other end.
 *
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_LISTEN_H
#define BRIDGE_EDGE_HTTP_LISTEN_H

#include <stddef.h>

struct sockaddr;

enum { HTTP_PEER_SIZE = 64 };

/* `host:port`, `[v6]:port` or `:port` (every address); port 0: any free one, which *ret_port names. The
 * descriptor, yours to close; -1 and why. */
int http_listen(const char *where, int *ret_port, char *why, size_t why_size);

/* Another descriptor of the same socket, yours to close. */
int http_listen_copy(int fd);

/* Closes a copy of `fd` that somebody else may have closed already, and only if it still is that. */
void http_listen_drop(int copy, int fd);

/* The numeric address, without the port; an IPv4 client of an IPv6 socket looks like IPv4. "" when unknown. */
void http_peer(const struct sockaddr *address, char to[HTTP_PEER_SIZE]);

/* Whom to count as one: the address, or for IPv6 its first 64 bits, since whoever has one such address has them all. */
void http_network(const struct sockaddr *address, char to[HTTP_PEER_SIZE]);

#endif
