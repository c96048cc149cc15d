/* tcp_script - a TCP server on loopback that does with each connection what a test tells it to.
 *
 * Threads: one that accepts and one for each connection; tcp_stop() cuts and joins them all. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_EDGE_TCP_SCRIPT_H
#define TESTS_UNIT_EDGE_TCP_SCRIPT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TCP_CONNECTIONS = 64, TCP_TEXT = 16384 };

struct tcp_server;

/* Plays one connection; `nth` counts from 1. It is closed when this returns. */
typedef void tcp_play(struct tcp_server *server, int fd, int nth);

struct tcp_link {
	struct tcp_server *server;
	pthread_t thread;
	int fd, nth;
};

struct tcp_server {
	int listen_fd, port;
	pthread_t thread;
	tcp_play *play;
	pthread_mutex_t lock;
	struct tcp_link links[TCP_CONNECTIONS];
	int count;
	char last[TCP_TEXT];			 /* the last whole request */
	atomic_int begun, requests, connections; /* begun: at least one byte of it came */
	atomic_int choice;			 /* for the script: what to do next */
};

static inline void tcp_send(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		len -= (size_t)sent;
	}
}

/* Closes with a RST instead of a FIN. */
static inline void tcp_reset(int fd)
{
	struct linger now = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* How long a request is that begins in `text`; 0: not whole yet. */
static inline size_t tcp_request_len(const char *text, size_t len)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strstr(text, "Content-Length: ");

	if (end == NULL)
		return 0;
	size_t need = (size_t)(end + 4 - text);

	if (length != NULL && length < end)
		need += strtoul(length + 16, NULL, 10);
	return len >= need ? need : 0;
}

/* Reads one whole request; false at the end of the connection. The client sends no second one before its answer. */
static inline bool tcp_read_request(struct tcp_server *server, int fd)
{
	char text[TCP_TEXT] = "";
	size_t len = 0;

	while (!tcp_request_len(text, len)) {
		ssize_t got = recv(fd, text + len, sizeof(text) - 1 - len, 0);

		if (got <= 0)
			return false;
		if (!len)
			atomic_fetch_add(&server->begun, 1);
		len += (size_t)got;
		text[len] = '\0';
	}
	pthread_mutex_lock(&server->lock);
	memcpy(server->last, text, len + 1);
	pthread_mutex_unlock(&server->lock);
	atomic_fetch_add(&server->requests, 1);
	return true;
}

static inline void *tcp_link_run(void *ctx)
{
	struct tcp_link *link = ctx;

	link->server->play(link->server, link->fd, link->nth);
	pthread_mutex_lock(&link->server->lock);
	close(link->fd);
	link->fd = -1;
	pthread_mutex_unlock(&link->server->lock);
	return NULL;
}

static inline void *tcp_accept_run(void *ctx)
{
	struct tcp_server *server = ctx;
	int fd;

	while ((fd = accept(server->listen_fd, NULL, NULL)) >= 0) {
		if (server->count == TCP_CONNECTIONS)
			abort();
		struct tcp_link *link = &server->links[server->count];

		*link = (struct tcp_link){.server = server, .fd = fd, .nth = server->count + 1};
		atomic_fetch_add(&server->connections, 1);
		if (pthread_create(&link->thread, NULL, tcp_link_run, link))
			abort();
		server->count++;
	}
	return NULL;
}

/* A listening socket on a free port of 127.0.0.1. */
static inline int tcp_listen(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		abort();
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* A port of 127.0.0.1 that refuses and cannot become anybody else's, until the descriptor is closed. */
static inline int tcp_refuse(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) || getsockname(fd, (struct sockaddr *)&address, &len))
		abort();
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static inline struct tcp_server *tcp_start(tcp_play *play)
{
	struct tcp_server *server = calloc(1, sizeof(*server));

	if (server == NULL)
		abort();
	server->play = play;
	server->listen_fd = tcp_listen(&server->port);
	pthread_mutex_init(&server->lock, NULL);
	if (pthread_create(&server->thread, NULL, tcp_accept_run, server))
		abort();
	return server;
}

static inline void tcp_stop(struct tcp_server *server)
{
	shutdown(server->listen_fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listen_fd);
	pthread_mutex_lock(&server->lock);
	for (int i = 0; i < server->count; i++)
		if (server->links[i].fd >= 0)
			shutdown(server->links[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&server->lock);
	for (int i = 0; i < server->count; i++)
		pthread_join(server->links[i].thread, NULL);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

/* Connects to a port of 127.0.0.1. */
static inline int tcp_connect(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		abort();
	return fd;
}

#endif
