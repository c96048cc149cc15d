/* http_listen - a listening TCP socket from `host:port`, and who is at the other end. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/log.h"
#include "bridge/base/text.h"

enum { BACKLOG = 1024, HOST_SIZE = 256 };

struct place {
	char host[HOST_SIZE];
	char port[8];
};

static bool split(const char *where, struct place *ret, char *why, size_t why_size)
{
	const char *colon = strrchr(where, ':');
	const char *host = where, *end = colon;
	int64_t port = 0;
	bool bracketed = colon != NULL && where[0] == '[' && colon > where + 1 && colon[-1] == ']';

	if (bracketed) {
		host++;
		end--;
	}
	if (colon == NULL || !text_to_int(colon + 1, 0, 65535, &port) ||
	    (!bracketed && memchr(where, ':', (size_t)(colon - where))) ||
	    !text_copy_bytes(ret->host, sizeof(ret->host), host, (size_t)(end - host))) {
		text_format(why, why_size, "'%s' is no address to listen on: write host:port or [IPv6 address]:port",
			    where);
		return false;
	}
	text_format(ret->port, sizeof(ret->port), "%d", (int)port);
	return true;
}

static int open_socket(const struct addrinfo *address)
{
	int yes = 1, no = 0;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	/* A restart must not wait for the old connections' TIME_WAIT; [::] serves IPv4 too, whatever the system's
	 * default is. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (address->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (!bind(fd, address->ai_addr, address->ai_addrlen) && !listen(fd, BACKLOG))
		return fd;
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

static int port_of(int fd)
{
	struct sockaddr_storage address = {0};
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	socklen_t len = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &len))
		return 0;
	memcpy(&v4, &address, sizeof(v4));
	memcpy(&v6, &address, sizeof(v6));
	return ntohs(address.ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

int http_listen(const char *where, int *ret_port, char *why, size_t why_size)
{
	struct place place;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *list = NULL;

	if (!split(where, &place, why, why_size))
		return -1;
	int failed = getaddrinfo(place.host[0] ? place.host : NULL, place.port, &hints, &list);

	if (failed) {
		text_format(why, why_size, "cannot listen on %s: %s", where, gai_strerror(failed));
		return -1;
	}
	int fd = -1;

	for (const struct addrinfo *at = list; at != NULL && fd < 0; at = at->ai_next)
		fd = open_socket(at);
	if (fd < 0)
		text_format(why, why_size, "cannot listen on %s: %s%s", where, strerror(errno),
			    errno == EADDRINUSE ? ": stop what has it, or choose another port" : "");
	else
		*ret_port = port_of(fd);
	freeaddrinfo(list);
	return fd;
}

int http_listen_copy(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (copy < 0)
		log_fatal("out of file descriptors", strerror(errno));
	return copy;
}

void http_listen_drop(int copy, int fd)
{
	struct stat a, b;

	if (!fstat(copy, &a) && !fstat(fd, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		close(copy);
}

static void put_address(const struct sockaddr *address, size_t v6_bytes, char to[HTTP_PEER_SIZE])
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	to[0] = '\0';
	if (address != NULL && address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		(void)inet_ntop(AF_INET, &v4.sin_addr, to, HTTP_PEER_SIZE);
	} else if (address != NULL && address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
			(void)inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], to, HTTP_PEER_SIZE);
			return;
		}
		memset(v6.sin6_addr.s6_addr + v6_bytes, 0, sizeof(v6.sin6_addr.s6_addr) - v6_bytes);
		(void)inet_ntop(AF_INET6, &v6.sin6_addr, to, HTTP_PEER_SIZE);
	}
}

void http_peer(const struct sockaddr *address, char to[HTTP_PEER_SIZE])
{
	put_address(address, 16, to);
}

void http_network(const struct sockaddr *address, char to[HTTP_PEER_SIZE])
{
	put_address(address, 8, to);
}
