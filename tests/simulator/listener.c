// A listening TCP socket.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/base/text.h"

/* Cuts HOST:PORT or [HOST]:PORT in place. */
static const char *split(char *host)
{
	char *colon = strrchr(host, ':');
	if (colon == NULL)
		return NULL;
	*colon = '\0';
	size_t len = strlen(host);
	if (host[0] == '[' && len > 1 && host[len - 1] == ']') {
		host[len - 1] = '\0';
		memmove(host, host + 1, len - 1);
	}
	return colon + 1;
}

static int bound_port(int fd)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	if (getsockname(fd, (struct sockaddr *)&name, &len) != 0)
		return 0;
	if (name.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)&name)->sin6_port);
	return ntohs(((const struct sockaddr_in *)(const void *)&name)->sin_port);
}

static int open_one(const struct addrinfo *info)
{
	int yes = 1;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, 1024) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

int listener_open(const char *listen_on, char address[URL_SIZE], char why[WHY_SIZE])
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *info = NULL;
	char host[256];
	const char *port = text_copy(host, sizeof(host), listen_on) ? split(host) : NULL;
	int problem = port != NULL ? getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &info) : EAI_NONAME;
	if (problem != 0) {
		text_format(why, WHY_SIZE, "cannot listen on %s: %s; give HOST:PORT", listen_on, gai_strerror(problem));
		return -1;
	}
	int fd = open_one(info);
	freeaddrinfo(info);
	if (fd < 0)
		text_format(why, WHY_SIZE, "cannot listen on %s: %s", listen_on, strerror(errno));
	else
		text_format(address, URL_SIZE, strchr(host, ':') == NULL ? "%s:%d" : "[%s]:%d",
			    host[0] == '\0' ? "0.0.0.0" : host, bound_port(fd));
	return fd;
}
