// fake_http_server - whose gate and handler were given last, and a look-up in a list of headers.
// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/fake_http_server.h"

#include <strings.h>

struct http_server {
	http_gate *gate;
	http_handler *handler;
	void *ctx;
};

static struct http_server server;

const char *http_header(const struct http_request_in *request, const char *name)
{
	const struct http_headers *headers = request->headers;
	for (int i = 0; i < FAKE_HEADERS_MAX && headers->names[i] != NULL; i++)
		if (strcasecmp(headers->names[i], name) == 0)
			return headers->values[i];
	return "";
}

struct http_server *http_server_start(const struct http_server_options *options, http_gate *gate, http_handler *handler,
				      void *ctx, char *why, size_t why_size)
{
	(void)options;
	(void)why;
	(void)why_size;
	server = (struct http_server){gate, handler, ctx};
	return &server;
}

struct http_reply fake_http_serve(const struct http_request_in *request)
{
	struct http_reply reply = {.status = server.gate(server.ctx, request->method, request->path)};
	if (reply.status == 0)
		server.handler(server.ctx, request, &reply);
	return reply;
}
