// http_server with a batch handler whose disk hangs: how long a caller waits, and what is taken meanwhile.
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_server.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/edge/http_disk.h"

enum { CLIENTS = 40, DEADLINE_MS = 4000, PATIENCE_MS = 100 };

/* The deadline is the client's and not the disk's. */
static void nobody_is_cut_while_his_request_waits_for_the_disk(void **state)
{
	struct disk *disk = *state;
	struct http_server_options options = raw_options();
	struct http_server_stats stats;

	options.request_deadline_ms = DEADLINE_MS;
	stall(disk, true);
	struct http_server *server = disk_start(&options, disk);
	int fd = ask(server, 7);
	struct pollfd nothing = {.fd = fd, .events = POLLIN};

	wait_for_batch(disk);
	assert_int_equal(poll(&nothing, 1, DEADLINE_MS + 1000), 0);
	stall(disk, false);
	expect_own_answer(fd, 7);
	http_server_stats(server, &stats);
	assert_int_equal(stats.cut, 0);
	http_server_stop(server);
}

static void expect_late(int fd)
{
	char answer[RAW_ANSWER];

	raw_read(fd, answer, RAW_ANSWER);
	assert_true(text_starts_with(answer, "HTTP/1.1 503 "));
	close(fd);
}

/* Those of the batch that hangs, and those that wait behind it; what they brought is stored when the disk is back. */
static void who_waits_too_long_for_the_disk_is_asked_to_come_again_and_is_served(void **state)
{
	struct disk *disk = *state;
	struct http_server_options options = raw_options();
	int fds[CLIENTS];

	options.answer_deadline_ms = PATIENCE_MS;
	stall(disk, true);
	struct http_server *server = disk_start(&options, disk);

	for (int i = 0; i < CLIENTS; i++)
		fds[i] = ask(server, i);
	for (int i = 0; i < CLIENTS; i++)
		expect_late(fds[i]);
	stall(disk, false);
	http_server_stop(server);
	assert_int_equal(disk->requests, CLIENTS);
}

/* Two batches are full of what was given up: no more is read before the disk is back. */
static void while_the_disk_hangs_only_so_much_is_taken(void **state)
{
	enum { CONNECTIONS = 3, MOST = 2 * CONNECTIONS };
	struct disk *disk = *state;
	struct http_server_options options = raw_options();

	options.max_connections = CONNECTIONS;
	options.answer_deadline_ms = PATIENCE_MS;
	stall(disk, true);
	struct http_server *server = disk_start(&options, disk);

	for (int i = 0; i < 2 * MOST; i++)
		expect_late(ask(server, i));
	stall(disk, false);
	http_server_stop(server);
	assert_in_range(disk->read, CONNECTIONS + 1, MOST);
	assert_int_equal(disk->requests, disk->read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_is_cut_while_his_request_waits_for_the_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(who_waits_too_long_for_the_disk_is_asked_to_come_again_and_is_served,
						setup, teardown),
		cmocka_unit_test_setup_teardown(while_the_disk_hangs_only_so_much_is_taken, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
