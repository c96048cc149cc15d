/* http_server with a batch handler: what comes while it waits is served together, and each gets its own answer. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_server.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "tests/unit/edge/http_disk.h"

enum { CLIENTS = 40, LIVES = 2000, MOMENTS = 50, MOMENT_US = 20 };

static void what_comes_while_the_disk_is_busy_is_served_together(void **state)
{
	struct disk *disk = *state;
	struct http_server_options options = raw_options();
	int fds[CLIENTS];

	stall(disk, true);
	struct http_server *server = disk_start(&options, disk);

	fds[0] = ask(server, 0);
	wait_for_batch(disk);
	for (int i = 1; i < CLIENTS; i++)
		fds[i] = ask(server, i);
	wait_for_read(disk, CLIENTS);
	stall(disk, false);
	for (int i = 0; i < CLIENTS; i++)
		expect_own_answer(fds[i], i);
	http_server_stop(server);
	assert_int_equal(disk->requests, CLIENTS);
	print_message("  %d requests, %d batches, the largest of %zu\n", CLIENTS, disk->batches, disk->largest);
	assert_in_range(disk->largest, CLIENTS - 2, CLIENTS - 1);
	assert_in_range(disk->batches, 2, 3);
}

static void a_client_that_is_gone_does_not_disturb_the_others(void **state)
{
	struct disk *disk = *state;
	struct http_server_options options = raw_options();

	stall(disk, true);
	struct http_server *server = disk_start(&options, disk);
	int impatient = ask(server, 1);

	wait_for_batch(disk);
	int second = ask(server, 2), third = ask(server, 3);

	tcp_reset(impatient);
	tcp_reset(second);
	stall(disk, false);
	expect_own_answer(third, 3);
	expect_own_answer(ask(server, 4), 4);
	http_server_stop(server);
}

static void who_closes_his_side_while_the_disk_is_busy_gets_his_answer(void **state)
{
	struct disk *disk = *state;
	struct http_server_options options = raw_options();

	stall(disk, true);
	struct http_server *server = disk_start(&options, disk);
	int fds[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = ask(server, i);
		shutdown(fds[i], SHUT_WR);
	}
	wait_for_read(disk, CLIENTS);
	stall(disk, false);
	for (int i = 0; i < CLIENTS; i++)
		expect_own_answer(fds[i], i);
	http_server_stop(server);
}

static void what_needs_no_disk_does_not_wait_for_it(void **state)
{
	struct disk *disk = *state;
	struct http_server_options options = raw_options();
	char answer[RAW_ANSWER];

	stall(disk, true);
	struct http_server *server = disk_start(&options, disk);
	int fd = ask(server, 6);

	wait_for_batch(disk);
	assert_int_equal(raw_ask(http_server_port(server), "GET /no HTTP/1.1\r\nHost: h\r\n\r\n", answer), 403);
	stall(disk, false);
	expect_own_answer(fd, 6);
	http_server_stop(server);
	assert_int_equal(disk->requests, 1);
}

/* The others wait in the kernel until there is room. */
static void more_clients_than_connections_are_all_served(void **state)
{
	struct disk *disk = *state;
	struct http_server_options options = raw_options();
	int fds[CLIENTS];

	options.max_connections = 4;
	stall(disk, true);
	struct http_server *server = disk_start(&options, disk);

	for (int i = 0; i < CLIENTS; i++)
		fds[i] = ask(server, i);
	wait_for_batch(disk);
	stall(disk, false);
	for (int i = 0; i < CLIENTS; i++)
		expect_own_answer(fds[i], i);
	http_server_stop(server);
	assert_int_equal(disk->requests, CLIENTS);
	assert_in_range(disk->largest, 1, 4);
}

static void *stop(void *server)
{
	http_server_stop(server);
	return NULL;
}

static void the_end_waits_for_the_batch_under_way(void **state)
{
	struct disk *disk = *state;
	struct http_server_options options = raw_options();
	pthread_t thread;

	stall(disk, true);
	struct http_server *server = disk_start(&options, disk);
	int fd = ask(server, 5);

	wait_for_batch(disk);
	assert_int_equal(pthread_create(&thread, NULL, stop, server), 0);
	stall(disk, false);
	expect_own_answer(fd, 5);
	pthread_join(thread, NULL);
}

/* A loopback address of this process alone: nobody else answers at a port that has just been given back. */
static in_addr_t own_address(void)
{
	return htonl(INADDR_LOOPBACK + ((in_addr_t)getpid() & 0x3fffff));
}

struct caller {
	_Atomic int port; /* 0: nobody is there */
	atomic_bool enough;
	int answered; /* the caller's own */
};

static void *call_on(void *ctx)
{
	struct caller *caller = ctx;
	char answer[RAW_ANSWER];

	while (!atomic_load(&caller->enough)) {
		struct sockaddr_in address = {.sin_family = AF_INET,
					      .sin_port = htons((uint16_t)atomic_load(&caller->port)),
					      .sin_addr.s_addr = own_address()};
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (!connect(fd, (struct sockaddr *)&address, sizeof(address))) {
			raw_send(fd, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n", 29);
			caller->answered += raw_read(fd, answer, RAW_ANSWER) > 0;
		}
		close(fd);
	}
	return NULL;
}

/* One that is accepted in the very moment of the end is served, or cut, and does no harm. */
static void it_ends_at_any_moment_of_a_request(void **state)
{
	struct http_server_options options = raw_options();
	struct in_addr address = {.s_addr = own_address()};
	struct caller caller = {0};
	struct disk *disk = *state;
	char listen[32], host[INET_ADDRSTRLEN];
	pthread_t thread;

	text_format(listen, sizeof(listen), "%s:0", inet_ntop(AF_INET, &address, host, sizeof(host)));
	options.listen = listen;
	assert_int_equal(pthread_create(&thread, NULL, call_on, &caller), 0);
	int64_t enough_ms = clock_mono_ms() + RAW_PATIENCE_MS;
	int lives = 0;

	for (; lives < LIVES && (clock_mono_ms() < enough_ms || disk->requests < LIVES / 100); lives++) {
		struct http_server *server = disk_start(&options, disk);
		int64_t until = clock_mono_us() + lives % MOMENTS * MOMENT_US;

		atomic_store(&caller.port, http_server_port(server));
		while (clock_mono_us() < until)
			sched_yield();
		http_server_stop(server);
	}
	atomic_store(&caller.enough, true);
	pthread_join(thread, NULL);
	print_message("  %d lives, %d requests served, %d answered\n", lives, disk->requests, caller.answered);
	assert_in_range(caller.answered, 1, disk->requests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_comes_while_the_disk_is_busy_is_served_together, setup, teardown),
		cmocka_unit_test_setup_teardown(a_client_that_is_gone_does_not_disturb_the_others, setup, teardown),
		cmocka_unit_test_setup_teardown(who_closes_his_side_while_the_disk_is_busy_gets_his_answer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_needs_no_disk_does_not_wait_for_it, setup, teardown),
		cmocka_unit_test_setup_teardown(it_ends_at_any_moment_of_a_request, setup, teardown),
		cmocka_unit_test_setup_teardown(more_clients_than_connections_are_all_served, setup, teardown),
		cmocka_unit_test_setup_teardown(the_end_waits_for_the_batch_under_way, setup, teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
