// ports - ports are tried from a start that depends on the process, locked by an abstract socket's name.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"

/* Below Linux's default ip_local_port_range, which starts at 32768. */
enum { PORT_FIRST = 12000, PORT_COUNT = 20000 };

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* An abstract socket's name belongs to one process and vanishes with it: a lock that nobody must clean up. */
static bool lock_port(int port)
{
	int lock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (lock < 0)
		return false;
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	text_format(name.sun_path + 1, sizeof(name.sun_path) - 1, "mqtt-sms-bridge-test-port-%d", port);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name.sun_path + 1));
	if (bind(lock, (const struct sockaddr *)&name, len) == 0)
		return true; /* held open until the program ends */
	close(lock);
	return false;
}

static bool can_bind(int port)
{
	int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = loopback(port);
	bool free = probe >= 0 && bind(probe, (const struct sockaddr *)&address, sizeof(address)) == 0;
	if (probe >= 0)
		close(probe);
	return free;
}

int port_free(void)
{
	uint32_t random = 0;
	clock_random(&random, sizeof(random));
	for (uint32_t i = 0; i < PORT_COUNT; i++) {
		int port = PORT_FIRST + (int)((random + i) % PORT_COUNT);
		if (can_bind(port) && lock_port(port))
			return port;
	}
	fail_msg("no free port on 127.0.0.1");
	return -1;
}

bool port_answers(int port)
{
	int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = loopback(port);
	bool answers = probe >= 0 && connect(probe, (const struct sockaddr *)&address, sizeof(address)) == 0;
	if (probe >= 0)
		close(probe);
	return answers;
}
