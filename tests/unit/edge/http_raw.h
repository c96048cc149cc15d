/* http_raw - a server under test, and requests to it byte by byte. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_EDGE_HTTP_RAW_H
#define TESTS_UNIT_EDGE_HTTP_RAW_H

#include <poll.h>
#include <stdio.h>
#include <sys/time.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "bridge/edge/http_server.h"
#include "tests/unit/edge/tcp_script.h"

enum { RAW_ANSWER = 65536, RAW_PATIENCE_MS = 20000 };

/* Reads until the server closes, or up to `want` bytes. Returns how many; the text is terminated. */
static inline size_t raw_read(int fd, char to[RAW_ANSWER], size_t want)
{
	int64_t until = clock_mono_ms() + RAW_PATIENCE_MS;
	size_t len = 0;

	to[0] = '\0';
	while (len < want && len < RAW_ANSWER - 1) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int64_t left = until - clock_mono_ms();
		ssize_t got;

		if (left <= 0 || poll(&ready, 1, (int)left) <= 0)
			break;
		got = recv(fd, to + len, RAW_ANSWER - 1 - len, 0);
		if (got <= 0)
			break;
		len += (size_t)got;
		to[len] = '\0';
	}
	return len;
}

/* Did the server close (or reset) within patience? */
static inline bool raw_is_closed(int fd)
{
	char rest[RAW_ANSWER];
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	raw_read(fd, rest, RAW_ANSWER);
	return poll(&ready, 1, 0) == 1 && recv(fd, rest, 1, 0) <= 0;
}

static inline void raw_send(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the server has already refused */
		bytes += sent;
		len -= (size_t)sent;
	}
}

/* One connection: sends, reads the answer to the end. The status, or 0 without an answer. */
static inline int raw_exchange(int port, const char *bytes, size_t len, char answer[RAW_ANSWER])
{
	int64_t status = 0;
	char digits[4] = "";
	int fd = tcp_connect(port);

	raw_send(fd, bytes, len);
	raw_read(fd, answer, RAW_ANSWER);
	close(fd);
	if (text_starts_with(answer, "HTTP/1.1 ")) {
		memcpy(digits, answer + 9, 3);
		(void)text_to_int(digits, 100, 599, &status);
	}
	return (int)status;
}

static inline int raw_ask(int port, const char *request, char answer[RAW_ANSWER])
{
	return raw_exchange(port, request, strlen(request), answer);
}

static inline struct http_server_options raw_options(void)
{
	return (struct http_server_options){.listen = "127.0.0.1:0",
					    .cert_file = "",
					    .key_file = "",
					    .max_body = 16384,
					    .request_deadline_ms = 10000,
					    .answer_deadline_ms = 600000,
					    .max_connections = 64,
					    .max_connections_per_address = 64};
}

/* Both ways to serve keep the same promises: set, a server has one thread for all connections. */
static bool raw_batched;
static http_handler *raw_handler;

static inline bool raw_sift(void *ctx, const struct http_request_in *request, struct http_reply *reply, void **ret_read)
{
	(void)ctx, (void)request, (void)reply, (void)ret_read;
	return false;
}

static inline void raw_handle_all(void *ctx, struct http_exchange *exchanges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		raw_handler(ctx, &exchanges[i].request, &exchanges[i].reply);
}

static inline struct http_server *raw_try(const struct http_server_options *options, http_gate *gate,
					  http_handler *handler, void *ctx, char *why, size_t why_size)
{
	raw_handler = handler;
	return raw_batched ? http_server_start_batched(options, gate, raw_sift, raw_handle_all, ctx, why, why_size)
			   : http_server_start(options, gate, handler, ctx, why, why_size);
}

static inline struct http_server *raw_start(const struct http_server_options *options, http_gate *gate,
					    http_handler *handler, void *ctx)
{
	char why[256] = "";
	struct http_server *server = raw_try(options, gate, handler, ctx, why, sizeof(why));

	if (server == NULL) {
		printf("no server: %s\n", why);
		abort();
	}
	return server;
}

#endif
