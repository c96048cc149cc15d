// http - a blocking socket with a receive timeout; the answer is whatever came until the end.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bridge/base/buffer.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"

enum { ANSWER_MAX = 64 * 1024 * 1024, REQUEST_MAX = 1024 * 1024, CHUNK = 65536 };

int http_connect(int port, int64_t timeout_ms)
{
	int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection < 0)
		return -1;
	int64_t ms = patient(timeout_ms);
	struct timeval timeout = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000) * 1000};
	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(connection, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return connection;
	close(connection);
	return -1;
}

void http_close(int connection)
{
	if (connection >= 0)
		close(connection);
}

bool http_send(int connection, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len > 0) {
		ssize_t sent = send(connection, at, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		len -= (size_t)sent;
	}
	return true;
}

char *http_receive(int connection, size_t *ret_len, bool *ret_closed)
{
	struct buffer all;
	buffer_init(&all, ANSWER_MAX);
	char chunk[CHUNK];
	ssize_t got = -1;
	for (;;) {
		got = recv(connection, chunk, sizeof(chunk), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		buffer_append(&all, chunk, (size_t)got);
	}
	*ret_closed = got == 0 || errno == ECONNRESET;
	*ret_len = all.len;
	return buffer_take(&all);
}

/* Cuts what came into head and body. */
static void split(struct http_answer *ret, char *all, size_t len)
{
	int64_t status = 0;
	char digits[4] = "";
	const char *end = strstr(all, "\r\n\r\n");
	size_t head_len = end != NULL ? (size_t)(end - all) + 4 : len;
	if (text_starts_with(all, "HTTP/1.") && len > 12)
		text_copy_bytes(digits, sizeof(digits), all + 9, 3);
	text_to_int(digits, 100, 999, &status);
	ret->status = (int)status;
	ret->head = memory_copied(all, head_len);
	ret->body_len = len - head_len;
	ret->body = memory_copied(all + head_len, ret->body_len);
	free(all);
}

void http_answer_clear(struct http_answer *answer)
{
	free(answer->head);
	free(answer->body);
	*answer = (struct http_answer){.status = 0};
}

void http_raw(int port, const void *bytes, size_t len, struct http_answer *ret)
{
	size_t answer_len = 0;
	bool closed = false;
	char *all = NULL;
	int connection = http_connect(port, STEP_MS);
	if (connection >= 0) {
		http_send(connection, bytes, len); /* a server may answer and close before it has read all */
		all = http_receive(connection, &answer_len, &closed);
	}
	http_close(connection);
	split(ret, all != NULL ? all : memory_copied_text(""), answer_len);
}

void http_request(int port, const char *method, const char *path, const char *headers, const char *body,
		  struct http_answer *ret)
{
	struct buffer request;
	buffer_init(&request, REQUEST_MAX);
	buffer_append_format(&request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n%s", method, path,
			     port, headers);
	if (*body != '\0' && strstr(headers, "Content-Type:") == NULL)
		buffer_append_text(&request, "Content-Type: application/x-www-form-urlencoded\r\n");
	if (*body != '\0' || text_equal(method, "POST"))
		buffer_append_format(&request, "Content-Length: %zu\r\n", strlen(body));
	buffer_append_text(&request, "\r\n");
	buffer_append_text(&request, body);
	http_raw(port, buffer_text(&request), request.len, ret);
	buffer_clear(&request);
}

int http_status(int port, const char *method, const char *path, const char *body)
{
	struct http_answer answer;
	http_request(port, method, path, "", body, &answer);
	int status = answer.status;
	http_answer_clear(&answer);
	return status;
}

void http_header(const struct http_answer *answer, const char *name, char *ret, size_t size)
{
	text_copy(ret, size, "");
	size_t name_len = strlen(name);
	for (const char *line = strstr(answer->head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
		const char *at = line + 2;
		if (strncasecmp(at, name, name_len) != 0 || at[name_len] != ':')
			continue;
		at += name_len + 1;
		at += strspn(at, " ");
		text_copy_bytes(ret, size, at, strcspn(at, "\r"));
		return;
	}
}
