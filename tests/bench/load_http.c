/* load_http - callers of a webhook, as the provider is one: a connection for each call.
 *
 * One thread plays them all: a caller with a thread of its own costs the machine more than some of the programs that it
 * is to measure. */
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/meter.h"

enum { CONNECTIONS_MAX = 256, REQUEST_SIZE = 1024, STATUS_LEN = 13, TICK_MS = 100, PATIENCE_US = 10000000 };

struct caller {
	int fd; /* -1: none */
	bool sent;
	size_t len, got;
	int64_t until_us;
	char request[REQUEST_SIZE], answer[REQUEST_SIZE];
};

static const struct load_options *given;
static struct caller callers[CONNECTIONS_MAX];
static int64_t caller_count;
static int poller;
static pthread_t thread;
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

static void end(struct caller *caller, bool taken)
{
	if (!taken)
		atomic_fetch_add(&failures, 1);
	close(caller->fd);
	caller->fd = -1;
}

/* On loopback it is connected at once, as a rule, and goes out with the first try. */
static void try_to_send(struct caller *caller)
{
	ssize_t sent = send(caller->fd, caller->request, caller->len, MSG_NOSIGNAL);
	if (sent == (ssize_t)caller->len)
		caller->sent = true;
	else if (sent >= 0 || (errno != EAGAIN && errno != ENOTCONN))
		end(caller, false);
}

static void try_to_read(struct caller *caller)
{
	ssize_t more = recv(caller->fd, caller->answer + caller->got, REQUEST_SIZE - caller->got, 0);
	if (more < 0 && errno == EAGAIN)
		return;
	caller->got += more > 0 ? (size_t)more : 0;
	if (more <= 0 || caller->got >= STATUS_LEN)
		end(caller, caller->got >= STATUS_LEN && strncmp(caller->answer, "HTTP/1.1 20", 11) == 0);
}

/* False: there is nothing more to say. */
static bool begin(struct caller *caller)
{
	const struct sockaddr_in at = {.sin_family = AF_INET,
				       .sin_port = htons((uint16_t)given->webhook),
				       .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = caller}};
	int64_t number = meter_send();
	if (number < 0)
		return false;
	caller->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (caller->fd < 0)
		load_fail("no socket");
	caller->len = write_request(caller->request, number);
	caller->sent = false;
	caller->got = 0;
	caller->until_us = meter_now_us() + PATIENCE_US;
	if ((connect(caller->fd, (const struct sockaddr *)&at, sizeof(at)) != 0 && errno != EINPROGRESS) ||
	    epoll_ctl(poller, EPOLL_CTL_ADD, caller->fd, &event) != 0)
		end(caller, false);
	else
		try_to_send(caller);
	return true;
}

static void go_on(struct caller *caller)
{
	if (caller->fd >= 0 && !caller->sent)
		try_to_send(caller);
	if (caller->fd >= 0 && caller->sent)
		try_to_read(caller);
}

static void give_up_late(int64_t now_us)
{
	for (int64_t i = 0; i < caller_count; i++)
		if (callers[i].fd >= 0 && callers[i].until_us < now_us)
			end(&callers[i], false);
}

/* True: somebody still has a call under way. */
static bool start_idle(void)
{
	bool any = false, more = !atomic_load(&stopping);
	for (int64_t i = 0; i < caller_count; i++) {
		if (callers[i].fd < 0 && more)
			more = begin(&callers[i]);
		any = any || callers[i].fd >= 0;
	}
	return any;
}

static void *run(void *arg)
{
	struct epoll_event events[CONNECTIONS_MAX];
	(void)arg;
	while (start_idle()) {
		int count = epoll_wait(poller, events, CONNECTIONS_MAX, TICK_MS);
		for (int i = 0; i < count; i++)
			go_on(events[i].data.ptr);
		give_up_late(meter_now_us());
	}
	return NULL;
}

void load_http_start(const struct load_options *options)
{
	given = options;
	caller_count = options->connections < CONNECTIONS_MAX ? options->connections : CONNECTIONS_MAX;
	for (int64_t i = 0; i < caller_count; i++)
		callers[i].fd = -1;
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (poller < 0 || pthread_create(&thread, NULL, run, NULL) != 0)
		load_fail("cannot start a thread");
}

void load_http_stop(void)
{
	atomic_store(&stopping, true);
	pthread_join(thread, NULL);
	close(poller);
}

int64_t load_http_failures(void)
{
	return atomic_load(&failures);
}
