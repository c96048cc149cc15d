/* http_incoming - one request on its way in: its raw URL, how long its body may be, the body so far.
 *
 * Threads:   none of its own.
 * Ownership: the library's connection has it; while it waits in a batch, that has it too. Each lets go once. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_INCOMING_H
#define BRIDGE_EDGE_HTTP_INCOMING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "bridge/edge/http_listen.h"
#include "bridge/edge/http_server.h"

/* Its place among those who wait: see http_patience. */
struct http_wait {
	struct http_incoming *next, *previous;
	int64_t due_ms;
	bool is_on;
};

struct http_incoming {
	atomic_int holders;
	char peer[HTTP_PEER_SIZE];
	char *path, *query; /* one piece of memory */
	char *body;	    /* NUL-terminated once http_incoming_expect() was called */
	size_t body_len, body_max;
	void *connection; /* the library's; borrowed */
	enum { HTTP_NEW, HTTP_WHOLE, HTTP_SERVED } stage;
	struct http_reply reply; /* of one that was served in a batch, until the library takes it */
	struct http_wait wait;
};

/* What the headers say about the framing. */
struct http_framing {
	int lengths, encodings, hosts; /* how often each came */
	const char *length;	       /* the value of Content-Length, when it came once */
	bool odd;		       /* a header came that is none: see http_incoming_is_header() */
};

/* RFC 9110, section 5: a name of token characters, a value without control characters. Somebody in front of us may
 * read "Transfer-Encoding<tab>:" as what it looks like, and end a line where the library does not. */
bool http_incoming_is_header(const char *name, const char *value);

/* `uri` as it was sent: the path, and behind `?` the query. */
struct http_incoming *http_incoming_create(const char *uri, const struct sockaddr *peer, void *connection);

/* The one behind a request that was made of it. */
struct http_incoming *http_incoming_of(const struct http_request_in *request);

/* Another one has it. */
void http_incoming_hold(struct http_incoming *incoming);

/* The last one frees it. NULL is fine. */
void http_incoming_release(struct http_incoming *incoming);

/* 0 and room for the body, or the status to refuse with: 400, 411 or 413. */
int http_incoming_expect(struct http_incoming *incoming, const char *method, const struct http_framing *framing,
			 size_t max_body);

/* A piece of the body; that of a GET is dropped. */
void http_incoming_collect(struct http_incoming *incoming, const void *bytes, size_t len);

#endif
