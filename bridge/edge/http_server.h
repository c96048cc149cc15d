/* http_server - a small, hard HTTP/1.1 listener through libmicrohttpd.
 *
 * Closed holes: whole-request deadline (a watchdog cuts slow headers and bodies), limits on
 *            connections in all and for each address, Content-Length required with a body, two of them or one with
 *            Transfer-Encoding refused, body cap answered at the headers, raw path (never decoded by the library),
 *            no keep-alive unless asked for.
 * Threads:   a handler runs on its connection's own thread and may block. With batches one thread reads all
 *            connections: gate and sift run there and must not block; the batch handler runs on another one, and may
 *            block for what its whole batch waits for: the disk.
 * Ownership: a request is borrowed during the handler; a reply's body is handed over.
 * Failure:   http_server_start() says why (address in use, unreadable certificate). */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_SERVER_H
#define BRIDGE_EDGE_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_server;
struct http_headers; /* opaque; see http_header() */

struct http_request_in {
	const char *method; /* exactly as sent */
	const char *path;   /* raw, without the query */
	const char *query;  /* raw, without the `?`; "" */
	const char *body;   /* NUL-terminated; "" */
	size_t body_len;
	const char *peer; /* numeric address */
	const struct http_headers *headers;
};

/* The value of a header that came once; "" when it is missing or came more than once. */
const char *http_header(const struct http_request_in *request, const char *name);

enum { HTTP_REPLY_BODY_MAX = 4 * 1024 * 1024 };

struct http_reply {
	int status;
	const char *content_type; /* "" : none */
	const char *allow;	  /* for 405; "" */
	const char *const *more;  /* further headers: name, value, ..., NULL; NULL: none. Borrowed: constants. */
	char *body;		  /* malloc'ed: the server frees it; NULL: none */
	size_t body_len;
	/* Instead of a body, an answer without end (Server-Sent Events): asked again and again for up to `size` bytes,
	 * it waits until there are some, at most a quarter of a minute; 0: the end. NULL: none. */
	size_t (*stream)(void *stream_ctx, char *to, size_t size);
	void (*stream_end)(void *stream_ctx); /* the stream is over, or its peer is gone; NULL: nothing to do */
	void *stream_ctx;
};

typedef void http_handler(void *ctx, const struct http_request_in *request, struct http_reply *reply);

/* Reads a request that has come whole. True: the reply says all, and goes out at once. False: it is to be served in a
 * batch, with what `*ret_read` points to. */
typedef bool http_sift(void *ctx, const struct http_request_in *request, struct http_reply *reply, void **ret_read);

struct http_exchange {
	struct http_request_in request;
	struct http_reply reply; /* to be filled in; no stream */
	void *read;		 /* what the sift left, now the batch handler's */
};

/* All requests that came while the last batch was served, 1 to max_connections, in the order of their arrival. Their
 * headers are not to be asked for: a connection can be gone already. */
typedef void http_batch_handler(void *ctx, struct http_exchange *exchanges, size_t count);

/* May look at method and path before the body is read; 0: go on, else the status to answer at once. */
typedef int http_gate(void *ctx, const char *method, const char *path);

struct http_server_options {
	const char *listen;		  /* host:port, [v6]:port; port 0: any free one */
	const char *cert_file, *key_file; /* "" : plain HTTP */
	size_t max_body;
	int64_t request_deadline_ms; /* from the first byte to the last of a request */
	int64_t answer_deadline_ms;  /* of a batch: who waits longer has a 503, and is served nevertheless */
	/* An IPv6 network of 64 bits counts as one address; 0 for each address: no limit. */
	unsigned max_connections, max_connections_per_address;
	const char *allow; /* the Allow header when the gate answers 405; NULL: none */
	bool keep_alive;
};

struct http_server_stats {
	int64_t requests, refused, cut; /* cut: by the deadline */
};

/* NULL and why. `gate` may be NULL. */
struct http_server *http_server_start(const struct http_server_options *options, http_gate *gate, http_handler *handler,
				      void *ctx, char *why, size_t why_size);
struct http_server *http_server_start_batched(const struct http_server_options *options, http_gate *gate,
					      http_sift *sift, http_batch_handler *handler, void *ctx, char *why,
					      size_t why_size);
int http_server_port(const struct http_server *server);
void http_server_stats(struct http_server *server, struct http_server_stats *ret);

/* Reads certificate and key again; new connections get them, those under way end in their own time. False and why: the
 * old ones stay in use. For the thread that started the server. */
bool http_server_reload(struct http_server *server, char *why, size_t why_size);

/* Stops accepting, lets handlers finish, closes. NULL is fine. */
void http_server_stop(struct http_server *server);

#endif
