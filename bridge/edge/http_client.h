/* http_client - HTTP requests through libcurl's multi interface, each leaving at most once.
 *
 * Why so:    libcurl sends a POST again by itself when a reused connection dies before the first byte
 *            of an answer. The body therefore goes through a READFUNCTION with a SEEKFUNCTION that
 *            refuses: libcurl cannot rewind, so it cannot repeat.
 * Threads:   a client belongs to one thread; only http_client_wake() may be called from others.
 * Promise:   `body_started` false = the request body surely never left. No redirect is followed, no
 *            proxy or netrc obeyed, certificates and host names always verified. An answer that is no 2xx
 *            quotes no Authorization, and holds 16 KiB at most.
 * Ownership: what http_client_start() is given is copied; a result is borrowed during on_done.
 * Failure:   a result with status 0 and a sentence in `error`. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_CLIENT_H
#define BRIDGE_EDGE_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/limits.h"

struct http_client;

struct http_client_options {
	const char *ca_file; /* "" : the system's */
	int64_t timeout_ms, connect_timeout_ms;
	size_t max_answer; /* bytes; more is cut and `truncated` set */
	int64_t max_connections;
	_Atomic bool *abort; /* once true, a poll ends what is under way as if it had failed; NULL: never */
};

struct http_request_out {
	const char *method; /* GET or POST */
	const char *url;
	const char *authorization;	 /* the whole header value, "" for none; never logged */
	const char *username, *password; /* for Basic, "" for none */
	const char *body;		 /* form-encoded; NULL for GET */
	size_t body_len;
};

struct http_result {
	int status;	   /* 0: no status line came */
	bool body_started; /* libcurl asked for the body: it may have left */
	bool truncated;
	const char *body; /* NUL-terminated */
	size_t len;
	const char *content_type; /* "" */
	int64_t retry_after_ms;	  /* -1: none; clamped to [0, 1 h] */
	int64_t elapsed_us;
	char error[ERROR_TEXT_SIZE]; /* transport's own words, without secrets; "" */
};

typedef void http_done(void *ctx, const struct http_result *result);

struct http_client *http_client_create(const struct http_client_options *options);

/* Aborts what is under way (no on_done) and frees. NULL is fine. */
void http_client_destroy(struct http_client *client);

/* Begins a request; `done` is called from http_client_poll(), exactly once. */
void http_client_start(struct http_client *client, const struct http_request_out *request, http_done *done, void *ctx);

/* How many are under way. */
size_t http_client_busy(const struct http_client *client);

/* Moves transfers on; waits up to `timeout_ms` for something to happen or for a wake. */
void http_client_poll(struct http_client *client, int64_t timeout_ms);
void http_client_wake(struct http_client *client);

/* One request, waited for. `done` is called before it returns, `waits` about once a second until then; NULL: no need.
 */
void http_client_fetch(struct http_client *client, const struct http_request_out *request, http_done *done,
		       void (*waits)(void *ctx), void *ctx);

/* Within: does `options.abort` say so? The numbers, libcurl's progress, do not matter. */
int http_client_is_aborted(void *abort, int64_t a, int64_t b, int64_t c, int64_t d);

#endif
