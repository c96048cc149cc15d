/* http_watch: who is counted as one. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_watch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/edge/http_listen.h"
#include "tests/unit/table.h"

enum { DEADLINE_MS = 60000, SHORT_MS = 300, PATIENCE_MS = 20000 };

/* The linker's --wrap puts this clock in the place of the real one: it goes where a test says. */
int64_t __wrap_clock_mono_ms(void);
static _Atomic int64_t now_ms = 1000;

int64_t __wrap_clock_mono_ms(void)
{
	return atomic_load(&now_ms);
}

/* An address of either kind, whose text this is. */
static struct sockaddr_storage address_of(const char *text)
{
	struct sockaddr_storage to = {0};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(1234)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(1234)};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		memcpy(&to, &v4, sizeof(v4));
	else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
		memcpy(&to, &v6, sizeof(v6));
	else
		fail_msg("%s is no address", text);
	return to;
}

static void a_network_is_an_address_or_64_bits_of_one(void **state)
{
	static const struct {
		const char *name, *address, *want_peer, *want_network;
	} ROW[] = {
		{"IPv4", "192.0.2.7", "192.0.2.7", "192.0.2.7"},
		{"IPv4 on an IPv6 socket", "::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"},
		{"IPv6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"the next network", "2001:db8:1:3::1", "2001:db8:1:3::1", "2001:db8:1:3::"},
		{"loopback", "::1", "::1", "::"},
	};
	char peer[HTTP_PEER_SIZE], network[HTTP_PEER_SIZE];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct sockaddr_storage address = address_of(ROW[i].address);

		http_peer((const struct sockaddr *)&address, peer);
		http_network((const struct sockaddr *)&address, network);
		want_text(ROW[i].name, "peer", peer, ROW[i].want_peer);
		want_text(ROW[i].name, "network", network, ROW[i].want_network);
	}
	http_network(NULL, network);
	assert_string_equal(network, "");
}

static unsigned count(struct http_watch *watch, const char *address)
{
	struct sockaddr_storage from = address_of(address);

	return http_watch_count(watch, (const struct sockaddr *)&from);
}

static struct http_link *add(struct http_watch *watch, const char *address)
{
	struct sockaddr_storage from = address_of(address);

	return http_watch_add(watch, -1, (const struct sockaddr *)&from);
}

static void addresses_of_one_ipv6_network_count_together(void **state)
{
	struct http_watch *watch = http_watch_create(DEADLINE_MS);
	(void)state;
	assert_int_equal(count(watch, "2001:db8:1:2::1"), 0);
	struct http_link *first = add(watch, "2001:db8:1:2::1");
	struct http_link *second = add(watch, "2001:db8:1:2:ffff::1");
	struct http_link *third = add(watch, "192.0.2.7");

	assert_int_equal(count(watch, "2001:db8:1:2:aaaa::"), 2);
	assert_int_equal(count(watch, "2001:db8:1:3::1"), 0);
	assert_int_equal(count(watch, "::ffff:192.0.2.7"), 1);
	assert_int_equal(count(watch, "192.0.2.8"), 0);
	http_watch_remove(watch, second);
	assert_int_equal(count(watch, "2001:db8:1:2::1"), 1);
	http_watch_remove(watch, first);
	http_watch_remove(watch, third);
	http_watch_destroy(watch);
}

/* Its time began with the connection: else a head that drips would have it twice. */
static void the_first_line_of_a_request_buys_no_time(void **state)
{
	struct sockaddr_storage from = address_of("192.0.2.7");
	struct http_watch *watch = http_watch_create(SHORT_MS);
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	struct http_link *link = http_watch_add(watch, ends[0], (const struct sockaddr *)&from);
	struct pollfd cut = {.fd = ends[1], .events = POLLIN};

	atomic_fetch_add(&now_ms, SHORT_MS - 1);
	http_watch_phase(watch, link, HTTP_READING);
	assert_int_equal(poll(&cut, 1, 2 * SHORT_MS), 0);
	atomic_fetch_add(&now_ms, 1);
	assert_int_equal(poll(&cut, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(ends[1], &byte, 1, 0), 0);
	assert_int_equal(http_watch_cuts(watch), 1);
	http_watch_remove(watch, link);
	http_watch_destroy(watch);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_is_an_address_or_64_bits_of_one),
		cmocka_unit_test(addresses_of_one_ipv6_network_count_together),
		cmocka_unit_test(the_first_line_of_a_request_buys_no_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
