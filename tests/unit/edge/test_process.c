/* process: how a stop ends that does not come to its end. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_S = 600 };

/* Stops, and hangs in it; what its status is then. `number`: the signal that it is sent, 0: none. */
static int hang_in_a_stop(unsigned most_s, int number)
{
	int ends[2], status;
	char byte;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		process_block_signals();
		process_stop_at_once_on_signal(most_s);
		if (write(ends[1], "x", 1) != 1)
			_exit(9);
		for (;;)
			pause();
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	if (number != 0)
		assert_int_equal(kill(child, number), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	close(ends[0]);
	close(ends[1]);
	return WEXITSTATUS(status);
}

static void a_stop_that_hangs_is_cut_short(void **state)
{
	(void)state;
	assert_int_equal(hang_in_a_stop(1, 0), 1);
}

static void a_second_signal_ends_a_stop_at_once(void **state)
{
	(void)state;
	assert_int_equal(hang_in_a_stop(LONG_S, SIGTERM), 0);
	assert_int_equal(hang_in_a_stop(LONG_S, SIGINT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stop_that_hangs_is_cut_short),
		cmocka_unit_test(a_second_signal_ends_a_stop_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
