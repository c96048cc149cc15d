/* fake_http_header - requests to the webhook without a server: headers come from a short list.
 *
 * Takes the place of edge/http_server. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_FAKE_HTTP_HEADER_H
#define TESTS_FLOW_FAKE_HTTP_HEADER_H

#include "bridge/edge/http_server.h"

enum { FAKE_HEADERS_MAX = 4 };

struct http_headers {
	const char *names[FAKE_HEADERS_MAX], *values[FAKE_HEADERS_MAX]; /* NULL: no more */
};

#endif
