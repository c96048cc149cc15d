// A small HTTP server in a test: what the callbacks call.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"

enum { REQUESTS_MAX = 256, REQUEST_SIZE = 16384 };

struct receiver {
	int listener, port;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t gate;
	bool is_closed, is_stopping;
	int status;
	unsigned status_count;
	struct received requests[REQUESTS_MAX];
	size_t count;
};

/* Reads one request: up to the head's end, then Content-Length bytes. False when the other side went away. */
static bool read_request(int fd, char *request)
{
	size_t len = 0;
	while (len < REQUEST_SIZE - 1) {
		ssize_t got = recv(fd, request + len, REQUEST_SIZE - 1 - len, 0);
		if (got <= 0)
			return false;
		len += (size_t)got;
		request[len] = '\0';
		const char *end = strstr(request, "\r\n\r\n");
		const char *length = strstr(request, "\r\nContent-Length: ");
		size_t body = length != NULL ? (size_t)strtoul(length + 18, NULL, 10) : 0;
		if (end != NULL && len >= (size_t)(end - request) + 4 + body)
			return true;
	}
	return false;
}

/* Notes the request, waits for the gate; the status to answer. */
static int note(struct receiver *receiver, char *request)
{
	char *body = strstr(request, "\r\n\r\n") + 4;
	pthread_mutex_lock(&receiver->lock);
	if (receiver->count < REQUESTS_MAX) {
		struct received *received = &receiver->requests[receiver->count++];
		received->body = memory_copied_text(body);
		received->head = memory_copied(request, (size_t)(body - request));
	}
	while (receiver->is_closed && !receiver->is_stopping)
		pthread_cond_wait(&receiver->gate, &receiver->lock);
	int status = receiver->status_count > 0 ? receiver->status : 204;
	if (receiver->status_count > 0)
		receiver->status_count--;
	pthread_mutex_unlock(&receiver->lock);
	return status;
}

static void serve(struct receiver *receiver, int fd)
{
	char request[REQUEST_SIZE], answer[128];
	if (!read_request(fd, request))
		return;
	text_format(answer, sizeof(answer), "HTTP/1.1 %d X\r\nConnection: close\r\n%s\r\n", note(receiver, request),
		    "Content-Length: 0\r\n");
	send(fd, answer, strlen(answer), MSG_NOSIGNAL);
}

static void *run(void *context)
{
	struct receiver *receiver = context;
	for (;;) {
		int fd = accept(receiver->listener, NULL, NULL);
		if (fd < 0)
			return NULL;
		serve(receiver, fd);
		close(fd);
	}
}

struct receiver *receiver_create(void)
{
	struct receiver *receiver = memory_zeroed(1, sizeof(*receiver));
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(name);
	receiver->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(receiver->listener, (struct sockaddr *)&name, len), 0);
	assert_int_equal(listen(receiver->listener, 64), 0);
	assert_int_equal(getsockname(receiver->listener, (struct sockaddr *)&name, &len), 0);
	receiver->port = ntohs(name.sin_port);
	pthread_mutex_init(&receiver->lock, NULL);
	pthread_cond_init(&receiver->gate, NULL);
	assert_int_equal(pthread_create(&receiver->thread, NULL, run, receiver), 0);
	return receiver;
}

void receiver_destroy(struct receiver *receiver)
{
	pthread_mutex_lock(&receiver->lock);
	receiver->is_stopping = true;
	pthread_cond_broadcast(&receiver->gate);
	pthread_mutex_unlock(&receiver->lock);
	shutdown(receiver->listener, SHUT_RDWR);
	pthread_join(receiver->thread, NULL);
	close(receiver->listener);
	for (size_t i = 0; i < receiver->count; i++) {
		free(receiver->requests[i].head);
		free(receiver->requests[i].body);
	}
	pthread_cond_destroy(&receiver->gate);
	pthread_mutex_destroy(&receiver->lock);
	free(receiver);
}

int receiver_port(const struct receiver *receiver)
{
	return receiver->port;
}

void receiver_answer(struct receiver *receiver, int status, unsigned count)
{
	pthread_mutex_lock(&receiver->lock);
	receiver->status = status;
	receiver->status_count = count;
	pthread_mutex_unlock(&receiver->lock);
}

static void set_gate(struct receiver *receiver, bool is_closed)
{
	pthread_mutex_lock(&receiver->lock);
	receiver->is_closed = is_closed;
	pthread_cond_broadcast(&receiver->gate);
	pthread_mutex_unlock(&receiver->lock);
}

void receiver_close_gate(struct receiver *receiver)
{
	set_gate(receiver, true);
}

void receiver_open_gate(struct receiver *receiver)
{
	set_gate(receiver, false);
}

size_t receiver_count(struct receiver *receiver)
{
	pthread_mutex_lock(&receiver->lock);
	size_t count = receiver->count;
	pthread_mutex_unlock(&receiver->lock);
	return count;
}

struct wanted_count {
	struct receiver *receiver;
	size_t count;
};

static bool has_count(void *context)
{
	const struct wanted_count *wanted = context;
	return receiver_count(wanted->receiver) >= wanted->count;
}

void receiver_await(struct receiver *receiver, size_t count)
{
	struct wanted_count wanted = {receiver, count};
	if (!await(has_count, &wanted, STEP_MS))
		fail_msg("%zu callbacks came, not %zu", receiver_count(receiver), count);
}

bool receiver_stays_at(struct receiver *receiver, size_t count, int64_t ms)
{
	struct wanted_count wanted = {receiver, count + 1};
	return !await(has_count, &wanted, ms);
}

const struct received *receiver_get(struct receiver *receiver, size_t index)
{
	assert_true(index < receiver_count(receiver));
	return &receiver->requests[index];
}

static const char *find_header(const struct received *received, const char *name)
{
	size_t len = strlen(name);
	for (const char *line = strstr(received->head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n"))
		if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':')
			return line + 2 + len + 1;
	return NULL;
}

void received_header(const struct received *received, const char *name, char *ret, size_t size)
{
	const char *value = find_header(received, name);
	text_copy(ret, size, "");
	if (value == NULL)
		return;
	value += strspn(value, " ");
	text_copy_bytes(ret, size, value, strcspn(value, "\r"));
}

bool received_has_header(const struct received *received, const char *name)
{
	return find_header(received, name) != NULL;
}

bool received_has_field(const struct received *received, const char *name_and_value)
{
	bool is_get = text_starts_with(received->head, "GET ");
	const char *text = is_get ? received->head : received->body;
	size_t len = strlen(name_and_value);
	for (const char *at = strstr(text, name_and_value); at != NULL; at = strstr(at + 1, name_and_value)) {
		bool begins = at == text || at[-1] == '&' || at[-1] == '?';
		if (begins && strchr("& ", at[len]) != NULL)
			return true;
	}
	return false;
}
