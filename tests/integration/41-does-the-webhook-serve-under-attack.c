// Question: are real callbacks served while others hold the webhook's connections or throw garbage at it?
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/harness/world.h"

enum {
	SLOW = 290,	   /* connections that the attacker opens; the bridge allows 256 to one address */
	CUT_MS = 60000,	   /* a request has 10 s */
	SERVED_MS = 30000, /* far below what asking the API would take (reconcile.poll_after) */
	GARBAGE = 1500,
	GARBAGE_SIZE = 600,
	DRIPS = 8
};

/* From another address than the simulator's, as an attacker would be. */
static int connect_from_elsewhere(int port)
{
	struct sockaddr_in from = {.sin_family = AF_INET},
			   to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(connection >= 0);
	assert_int_equal(bind(connection, (const struct sockaddr *)&from, sizeof(from)), 0);
	if (connect(connection, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		close(connection);
		return -1;
	}
	fcntl(connection, F_SETFL, O_NONBLOCK);
	return connection;
}

/* Has the other side closed it? What it said before that is thrown away. */
static bool is_closed(int connection)
{
	char bytes[512];
	ssize_t got;
	do {
		got = recv(connection, bytes, sizeof(bytes), 0);
	} while (got > 0);
	return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

struct attack {
	int connections[SLOW];
};

static bool is_over(void *ctx)
{
	struct attack *attack = ctx;
	bool over = true;
	for (size_t i = 0; i < SLOW; i++) {
		if (attack->connections[i] < 0)
			continue;
		if (is_closed(attack->connections[i])) {
			close(attack->connections[i]);
			attack->connections[i] = -1;
		} else {
			over = false;
		}
	}
	return over;
}

static void drip(struct attack *attack, const char *bytes)
{
	for (size_t i = 0; i < SLOW; i++)
		if (attack->connections[i] >= 0)
			send(attack->connections[i], bytes, strlen(bytes), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void expect_served(struct world *world, int number)
{
	char command[128], id[32];
	text_format(id, sizeof(id), "c-%d", number);
	text_format(command, sizeof(command), "{\"payload\":\"under attack %d\",\"id\":\"%s\"}", number, id);
	int64_t began_ms = clock_mono_ms();
	command_send(world->client, "meter-001", command);
	status_expect(world->client, "meter-001", id, "delivered");
	if (clock_mono_ms() - began_ms > patient(SERVED_MS))
		fail_msg("the callback of %s came after %lld ms", id, (long long)(clock_mono_ms() - began_ms));
}

static void attack_slowly(struct world *world, const char *first, const char *next)
{
	struct attack attack;
	for (size_t i = 0; i < SLOW; i++)
		attack.connections[i] = connect_from_elsewhere(bridge_port(world->bridge));
	drip(&attack, first);
	for (int i = 0; i < DRIPS; i++) {
		drip(&attack, next);
		expect_served(world, i);
		assert_int_equal(http_status(bridge_admin_port(world->bridge), "GET", "/healthz", ""), 200);
	}
	/* Each byte came in time, but not the request: all of them are cut. */
	int64_t deadline = clock_mono_ms() + patient(CUT_MS);
	while (!is_over(&attack) && clock_mono_ms() < deadline) {
		drip(&attack, next);
		pause_ms(100);
	}
	assert_true(is_over(&attack));
	expect_served(world, DRIPS);
}

static void start(struct world *world)
{
	static const char *const lines[] = {"reconcile.poll_after: 1h", NULL};
	const struct world_options options = {.lines = lines};
	world_start(world, &options);
}

static void slow_headers_keep_nobody_out(struct world *world)
{
	start(world);
	attack_slowly(world, "POST /callback/sms/x HTTP/1.1\r\nHost: x\r\nX-", "a");
}

static void slow_bodies_keep_nobody_out(struct world *world)
{
	start(world);
	attack_slowly(world,
		      "POST /callback/sms/x HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
		      "Content-Length: 16000\r\n\r\n",
		      "a");
}

static void silent_connections_keep_nobody_out(struct world *world)
{
	start(world);
	attack_slowly(world, "", "");
}

/* The same garbage in every run. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static size_t write_garbage(char bytes[GARBAGE_SIZE], uint32_t *state)
{
	static const char *const heads[] = {
		"",
		"POST /callback/status/x HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
		"POST /callback/sms/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"};
	const char *head = heads[next_random(state) % (sizeof(heads) / sizeof(heads[0]))];
	size_t len = strlen(head), more = next_random(state) % (GARBAGE_SIZE - 200);
	memcpy(bytes, head, len);
	for (size_t i = 0; i < more; i++)
		bytes[len + i] = (char)next_random(state);
	return len + more;
}

static void a_flood_of_garbage_keeps_nobody_out(struct world *world)
{
	char bytes[GARBAGE_SIZE];
	uint32_t state = 7;
	start(world);
	for (int i = 0; i < GARBAGE; i++) {
		int connection = connect_from_elsewhere(bridge_port(world->bridge));
		size_t len = write_garbage(bytes, &state);
		if (connection >= 0)
			send(connection, bytes, len, MSG_NOSIGNAL);
		if (connection >= 0)
			close(connection);
		if (i % (GARBAGE / 5) == 0)
			expect_served(world, i);
	}
	expect_served(world, GARBAGE);
	assert_int_equal(bridge_metric(world->bridge, "mqtt_sms_bridge_callbacks_total{result=\"unmapped\"}"), 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(slow_headers_keep_nobody_out),
		WORLD_TEST(slow_bodies_keep_nobody_out),
		WORLD_TEST(silent_connections_keep_nobody_out),
		WORLD_TEST(a_flood_of_garbage_keeps_nobody_out),
	};
	return WORLD_RUN(tests);
}
