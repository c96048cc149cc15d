/* admin_http - the admin listener: /metrics, /healthz, /readyz.
 *
 * Threads: runs on the HTTP server's pool threads. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_ADMIN_HTTP_H
#define BRIDGE_FLOW_ADMIN_HTTP_H

#include "bridge/edge/http_server.h"
#include "bridge/flow/health.h"

/* All borrowed. */
struct admin_http {
	const struct health *health;
	/* Do the threads make progress? `ctx` comes back. */
	bool (*is_alive)(void *ctx);
	void *ctx;
};

int admin_http_gate(void *ctx, const char *method, const char *path);
void admin_http_handle(void *ctx, const struct http_request_in *request, struct http_reply *reply);

#endif
