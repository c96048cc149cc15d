/* Does the process die, or a thread hang, at the named point, in the named pass, and nowhere else? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/crash.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Passes `point` up to four times; the exit status is how often it was survived, 100 + signal if killed. */
static int passes_survived(const char *wanted, const char *point)
{
	int progress[2];
	assert_int_equal(pipe(progress), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (wanted == NULL)
			unsetenv("BRIDGE_CRASH_AT");
		else
			setenv("BRIDGE_CRASH_AT", wanted, 1);
		for (int i = 0; i < 4; i++) {
			crash_when_named(point);
			if (write(progress[1], "x", 1) != 1)
				_exit(9);
		}
		_exit(0);
	}
	close(progress[1]);
	int survived = 0;
	char byte;
	while (read(progress[0], &byte, 1) == 1)
		survived++;
	close(progress[0]);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (survived < 4)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return survived;
}

static void a_point_kills_in_the_wanted_pass_only(void **state)
{
	(void)state;
	static const struct {
		const char *name, *wanted, *point;
		int want_survived;
	} rows[] = {
		{"first pass", "take-after-commit", "take-after-commit", 0},
		{"third pass", "take-after-commit:3", "take-after-commit", 2},
		{"another point", "take-before-commit", "take-after-commit", 4},
		{"a prefix only", "take", "take-after-commit", 4},
		{"longer name", "take-after-commit-twice", "take-after-commit", 4},
		{"later than it runs", "take-after-commit:5", "take-after-commit", 4},
		{"not asked for", NULL, "take-after-commit", 4},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int survived = passes_survived(rows[i].wanted, rows[i].point);
		if (survived != rows[i].want_survived)
			fail_msg("%s: survived %d passes, want %d", rows[i].name, survived, rows[i].want_survived);
	}
}

/* The thread alone: others go on. */
static void a_point_hangs_in_the_wanted_pass(void **state)
{
	(void)state;
	int progress[2];
	char byte;
	assert_int_equal(pipe(progress), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		setenv("BRIDGE_HANG_AT", "take-after-commit:2", 1);
		for (int i = 0; i < 2; i++) {
			crash_when_named("take-after-commit");
			if (write(progress[1], "x", 1) != 1)
				_exit(9);
		}
		_exit(0);
	}
	close(progress[1]);
	assert_int_equal(read(progress[0], &byte, 1), 1);
	struct pollfd ready = {.fd = progress[0], .events = POLLIN};
	assert_int_equal(poll(&ready, 1, 200), 0);
	kill(child, SIGKILL);
	close(progress[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_point_kills_in_the_wanted_pass_only),
		cmocka_unit_test(a_point_hangs_in_the_wanted_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
