/* load_api - plays the API, only to note when each create arrives. */
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE /* memmem */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/meter.h"

enum { REQUEST_MAX = 16384 };

static int listener;
static _Atomic long long answered;

/* The length of the first request in `text`; 0: not all of it is there yet. */
static size_t request_length(const char *text, size_t len)
{
	const char *end = strstr(text, "\r\n\r\n");
	if (end == NULL)
		return 0;
	const char *header = strcasestr(text, "content-length:");
	size_t body = header != NULL && header < end ? strtoul(header + 15, NULL, 10) : 0;
	size_t whole = (size_t)(end - text) + 4 + body;
	return whole <= len ? whole : 0;
}

static bool answer(int fd, const char *request, size_t len)
{
	char text[512], body[256];
	static const char mark[] = "Payload=m";
	const char *at = memmem(request, len, mark, sizeof(mark) - 1);
	bool create = at != NULL && strncmp(request, "POST ", 5) == 0;
	if (create)
		meter_see_at_api(at + 8, len - (size_t)(at + 8 - request));
	int size = create ? snprintf(body, sizeof(body), "{\"sid\":\"HC%032llx\",\"status\":\"queued\"}",
				     atomic_fetch_add(&answered, 1) + 1)
			  : snprintf(body, sizeof(body), "{\"sms_commands\":[],\"meta\":{\"next_page_url\":null}}");
	size = snprintf(text, sizeof(text),
			"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			create ? "201 Created" : "200 OK", size, body);
	return send(fd, text, (size_t)size, MSG_NOSIGNAL) == size;
}

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char text[REQUEST_MAX];
	size_t got = 0;
	bool open = true;
	while (open && got < sizeof(text) - 1) {
		ssize_t more = recv(fd, text + got, sizeof(text) - 1 - got, 0);
		if (more <= 0)
			break;
		got += (size_t)more;
		text[got] = '\0';
		for (size_t len = request_length(text, got); open && len > 0; len = request_length(text, got)) {
			open = answer(fd, text, len);
			got -= len;
			memmove(text, text + len, got + 1);
		}
	}
	close(fd);
	return NULL;
}

static void *accept_all(void *arg)
{
	(void)arg;
	for (;;) {
		int one = 1;
		pthread_t thread;
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0)
			load_fail("cannot start a thread");
		pthread_detach(thread);
	}
	return NULL;
}

void load_api_start(const struct load_options *options)
{
	int one = 1;
	pthread_t thread;
	const struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)options->api), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (listener < 0 || bind(listener, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(listener, 64) != 0)
		load_fail("cannot listen");
	if (pthread_create(&thread, NULL, accept_all, NULL) != 0)
		load_fail("cannot start a thread");
	pthread_detach(thread);
}
