/* http - raw HTTP for tests: exactly the bytes that the test says, and one plain request helper.
 *
 * Threads:   any.
 * Promise:   nothing is tidied up on the way: malformed requests leave as they are written.
 * Ownership: answers are yours to clear. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_HTTP_H
#define TESTS_HARNESS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_answer {
	int status; /* 0: the connection ended without an answer */
	char *head; /* status line and header lines; never NULL */
	char *body; /* never NULL */
	size_t body_len;
};
void http_answer_clear(struct http_answer *answer);

/* A connection to 127.0.0.1:port; -1 when nobody listens. Receives wait at most patient(timeout_ms). */
int http_connect(int port, int64_t timeout_ms);
void http_close(int connection);

/* False when the other side has gone. */
bool http_send(int connection, const void *bytes, size_t len);

/* Reads until the other side closes or the time is over; *ret_closed tells which. Yours to free. */
char *http_receive(int connection, size_t *ret_len, bool *ret_closed);

/* Sends these bytes on a new connection and reads the answer until the other side closes. */
void http_raw(int port, const void *bytes, size_t len, struct http_answer *ret);

/* A proper request with Connection: close. `headers` are further lines, each ended by \r\n; "" for none. A body
 * is given a Content-Length, and the type of a form unless `headers` names one. */
void http_request(int port, const char *method, const char *path, const char *headers, const char *body,
		  struct http_answer *ret);

/* The status of a request, the rest forgotten. */
int http_status(int port, const char *method, const char *path, const char *body);

/* The value of a header line, copied; "" when it is not there. */
void http_header(const struct http_answer *answer, const char *name, char *ret, size_t size);

#endif
