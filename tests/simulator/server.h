/* server - the HTTP server: a thread a connection, so that a handler may take its time.
 *
 * Threads:   `handle` and `finished` are called on the connection's thread.
 * Promise:   handle() gets whole requests; finished() says whether the whole reply left.
 * Failure:   an address that cannot be bound is a value; the rest is a broken machine. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_SERVER_H
#define SIMULATOR_SERVER_H

#include "bridge/base/limits.h"
#include "tests/simulator/http.h"

struct server;

struct server_hooks {
	void *context;
	void (*handle)(void *context, const struct request *request, struct reply *reply);
	void (*finished)(void *context, const struct reply *reply, bool is_complete);
};

/* `listen_on` is HOST:PORT; the address with the real port goes to `address`. NULL with the reason in `why`. */
struct server *server_create(const char *listen_on, const struct server_hooks *hooks, char address[URL_SIZE],
			     char why[WHY_SIZE]);

/* Handlers must be able to end: release whoever waits before. NULL is fine. */
void server_destroy(struct server *server);

#endif
