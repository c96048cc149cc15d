/* admin_http - the admin listener: /metrics, /healthz, /readyz, and the status page.
 *
 * Threads: runs on the threads of the HTTP server's connections. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_ADMIN_HTTP_H
#define BRIDGE_FLOW_ADMIN_HTTP_H

#include "bridge/edge/http_server.h"
#include "bridge/flow/health.h"
#include "bridge/flow/page.h"

/* All borrowed. */
struct admin_http {
	const struct health *health;
	struct page *page;
	/* Do the threads make progress? `ctx` comes back. */
	bool (*is_alive)(void *ctx);
	void *ctx;
};

/* NULL and why: the address is not to be had. `admin` is borrowed until http_server_stop(). */
struct http_server *admin_http_start(struct admin_http *admin, const char *listen, char *why, size_t why_size);

#endif
