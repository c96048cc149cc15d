/* fake_http_server - requests to a listener without one: gate and handler are called as its server would.
 *
 * Takes the place of edge/http_server. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_FAKE_HTTP_SERVER_H
#define TESTS_FLOW_FAKE_HTTP_SERVER_H

#include "bridge/edge/http_server.h"

enum { FAKE_HEADERS_MAX = 4 };

struct http_headers {
	const char *names[FAKE_HEADERS_MAX], *values[FAKE_HEADERS_MAX]; /* NULL: no more */
};

/* A request to the listener that was started last: the gate's status, or the handler's reply, whose body is yours. */
struct http_reply fake_http_serve(const struct http_request_in *request);

#endif
