/* supervisor: what systemd is told, read from a socket of our own in its place. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/supervisor.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "bridge/base/text.h"

static char folder[] = "/tmp/test_supervisor.XXXXXX";
static char path[64];

static int setup(void **state)
{
	static int fd;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_non_null(mkdtemp(folder));
	text_format(path, sizeof(path), "%s/notify", folder);
	text_copy(address.sun_path, sizeof(address.sun_path), path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	*state = &fd;
	return 0;
}

static int teardown(void **state)
{
	close(*(int *)*state);
	unlink(path);
	rmdir(folder);
	unsetenv("NOTIFY_SOCKET");
	return 0;
}

static const char *heard(void **state)
{
	static char text[1024];
	struct pollfd ready = {.fd = *(int *)*state, .events = POLLIN};

	assert_int_equal(poll(&ready, 1, 10000), 1);
	ssize_t len = recv(ready.fd, text, sizeof(text) - 1, 0);

	assert_true(len >= 0);
	text[len] = '\0';
	return text;
}

static void each_step_has_its_word(void **state)
{
	supervisor_ready();
	assert_string_equal(heard(state), "READY=1");
	supervisor_alive();
	assert_string_equal(heard(state), "WATCHDOG=1");
	supervisor_stopping();
	assert_string_equal(heard(state), "STOPPING=1");
	supervisor_reloading();
	const char *text = heard(state), *number = strstr(text, "MONOTONIC_USEC=");

	assert_true(text_starts_with(text, "RELOADING=1\n"));
	assert_non_null(number);
	assert_true(strtoll(number + 15, NULL, 10) > 0);
}

static void the_watchdog_is_fed_twice_in_its_time(void **state)
{
	char pid[16];

	(void)state;
	assert_int_equal(supervisor_watchdog_ms(), 0);
	text_format(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(supervisor_watchdog_ms(), 15000);
	setenv("WATCHDOG_USEC", "1", 1);
	assert_int_equal(supervisor_watchdog_ms(), 1);
	setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
	assert_int_equal(supervisor_watchdog_ms(), 0);
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}

static void without_systemd_nothing_happens(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	supervisor_ready();
	supervisor_alive();
	struct pollfd ready = {.fd = *(int *)*state, .events = POLLIN};

	assert_int_equal(poll(&ready, 1, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_has_its_word),
		cmocka_unit_test(the_watchdog_is_fed_twice_in_its_time),
		cmocka_unit_test(without_systemd_nothing_happens),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
