/* load_http - callers of a webhook, as the provider is one: a connection for each call. */
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/meter.h"

enum { CONNECTIONS_MAX = 256, REQUEST_SIZE = 1024 };

static const struct load_options *given;
static pthread_t threads[CONNECTIONS_MAX];
static int64_t thread_count;
static atomic_bool stopping;
static _Atomic int64_t failures;

static size_t write_request(char *to, long long number)
{
	char body[512];
	long long device = given->first + number % given->devices;
	int len = snprintf(body, sizeof(body),
			   "CommandSid=HC%032llx&AccountSid=AC%032x&SimSid=HS%032llx&SimUniqueName=&Payload=m%lld"
			   "&PayloadType=text&Direction=from_sim&Status=received",
			   number + 1, 1U, device, number);
	return (size_t)snprintf(to, REQUEST_SIZE,
				"POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
				given->path, given->webhook, len, body);
}

static bool talk(int fd, const char *request, size_t len)
{
	char answer[1024];
	size_t got = 0;
	const struct sockaddr_in at = {.sin_family = AF_INET,
				       .sin_port = htons((uint16_t)given->webhook),
				       .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const struct timeval patience = {.tv_sec = 10};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
		return false;
	while (got < 13) {
		ssize_t more = recv(fd, answer + got, sizeof(answer) - 1 - got, 0);
		if (more <= 0)
			return false;
		got += (size_t)more;
	}
	return strncmp(answer, "HTTP/1.1 20", 11) == 0;
}

static bool call(long long number)
{
	char request[REQUEST_SIZE];
	size_t len = write_request(request, number);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	bool taken = talk(fd, request, len);
	close(fd);
	return taken;
}

static void *run(void *arg)
{
	(void)arg;
	while (!atomic_load(&stopping)) {
		int64_t number = meter_send();
		if (number < 0)
			break;
		if (!call(number))
			atomic_fetch_add(&failures, 1);
	}
	return NULL;
}

void load_http_start(const struct load_options *options)
{
	given = options;
	thread_count = options->connections < CONNECTIONS_MAX ? options->connections : CONNECTIONS_MAX;
	for (int64_t i = 0; i < thread_count; i++)
		if (pthread_create(&threads[i], NULL, run, NULL) != 0)
			load_fail("cannot start a thread");
}

void load_http_stop(void)
{
	atomic_store(&stopping, true);
	for (int64_t i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
}

int64_t load_http_failures(void)
{
	return atomic_load(&failures);
}
