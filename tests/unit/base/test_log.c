/* Does a log line reach stderr, and never hold anybody up? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bridge/base/clock.h"
#include "tests/unit/table.h"

static int saved_stderr;

/* Puts the writing end of `ends` in the place of stderr. */
static void capture(int ends[2])
{
	saved_stderr = dup(STDERR_FILENO);
	assert_true(saved_stderr >= 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
}

static void release(void)
{
	assert_int_equal(dup2(saved_stderr, STDERR_FILENO), STDERR_FILENO);
	close(saved_stderr);
}

/* What is in the pipe now, terminated. */
static const char *drain(int end)
{
	static char text[1 << 20];
	size_t len = 0;
	ssize_t got;

	assert_return_code(fcntl(end, F_SETFL, O_NONBLOCK), errno);
	while (len < sizeof(text) - 1 && (got = read(end, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	return text;
}

static void lines_below_the_level_are_not_written(void **state)
{
	int ends[2];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	log_setup(LOG_WARN, LOG_AS_TEXT, false);
	capture(ends);
	log_info("x", "quiet", LOG_NUMBER("n", 1));
	log_warn("x", "loud", LOG_NUMBER("n", 2));
	release();
	const char *text = drain(ends[0]);

	assert_null(strstr(text, "quiet"));
	want_part("text", "stderr", text, "Z warn x loud n=2\n");
	close(ends[0]);
}

static void the_priority_prefix_is_only_for_the_real_journal(void **state)
{
	int ends[2];
	struct stat status;
	char stream[64];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fstat(ends[1], &status), 0);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
		       (unsigned long long)status.st_ino);
	capture(ends);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_setup(LOG_DEBUG, LOG_AS_TEXT, false);
	log_error("", "to_journal", LOG_NUMBER("n", 1));
	assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0);
	log_setup(LOG_DEBUG, LOG_AS_TEXT, false);
	log_error("", "redirected", LOG_NUMBER("n", 2));
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	log_setup(LOG_DEBUG, LOG_AS_TEXT, false);
	release();
	const char *text = drain(ends[0]);

	assert_memory_equal(text, "<3>error - to_journal n=1\n20", 28);
	want_part("redirected", "stderr", text, "Z error - redirected n=2\n");
	close(ends[0]);
}

static void expect_no_hold_up(int ends[2])
{
	uint64_t before = log_dropped();
	int64_t start = clock_mono_ms();

	capture(ends);
	for (int i = 0; i < 5000; i++)
		log_info("", "flood", LOG_TEXT("filler", "................................................"));
	int64_t took = clock_mono_ms() - start;
	uint64_t lost = log_dropped() - before;
	const char *text = drain(ends[0]);
	size_t lines = 0;

	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	/* The reader is back: the next line comes through, and a line says what was lost. */
	log_info("", "again", LOG_NUMBER("n", 1));
	release();
	assert_true(took < 60000); /* far below the 250 s of 50 ms for each */
	assert_true(lost > 0 && lost < 5000);
	assert_in_range(lines + lost, 5000, 5001);
	text = drain(ends[0]);
	want_part("again", "stderr", text, " again n=1\n");
	want_part("count", "stderr", text, "warn - log_lines_dropped count=");
	close(ends[0]);
}

static void a_full_pipe_costs_lines_and_not_time(void **state)
{
	int ends[2];
	(void)state;
	log_setup(LOG_INFO, LOG_AS_TEXT, false);
	assert_int_equal(pipe(ends), 0);
	expect_no_hold_up(ends);
}

static void a_full_socket_costs_lines_and_not_time(void **state)
{
	int ends[2];
	(void)state;
	log_setup(LOG_INFO, LOG_AS_TEXT, false);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	expect_no_hold_up(ends);
}

static void a_closed_reader_and_a_closed_stderr_are_survived(void **state)
{
	int ends[2];
	uint64_t before = log_dropped();
	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	capture(ends);
	log_info("", "nobody", LOG_NUMBER("n", 1)); /* SIGPIPE is at its default and would end the test */
	close(STDERR_FILENO);
	log_info("", "nowhere", LOG_NUMBER("n", 2));
	release();
	assert_int_equal(log_dropped() - before, 2);
}

static void *write_many(void *name)
{
	for (int i = 0; i < 200; i++)
		log_info("", "thread", LOG_TEXT("name", name), LOG_NUMBER("i", i));
	return NULL;
}

static void lines_of_several_threads_never_mix(void **state)
{
	char path[] = "/tmp/test_log_XXXXXX", line[256], names[][4] = {"one", "two", "six"};
	int file = mkstemp(path), count = 0;
	pthread_t threads[3];
	(void)state;
	assert_true(file >= 0);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, names[i]), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	release();
	FILE *lines = fdopen(file, "r");

	assert_non_null(lines);
	rewind(lines);
	while (fgets(line, sizeof(line), lines)) {
		if (strstr(line, "log_lines_dropped")) /* by the tests before */
			continue;
		/* `2026-11-22T10:00:00.123Z ` is 25 characters. */
		assert_memory_equal(line + 25, "info - thread name=", 19);
		assert_memory_equal(line + 47, " i=", 3);
		count++;
	}
	fclose(lines);
	unlink(path);
	assert_int_equal(count, 600);
}

static void a_fatal_line_says_what_and_why_and_exits_1(void **state)
{
	int ends[2], status;
	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();

	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		log_fatal("the spool cannot be written", "disk full");
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	want_part("fatal", "stderr", drain(ends[0]),
		  "error - fatal what=\"the spool cannot be written\" why=\"disk full\"\n");
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_below_the_level_are_not_written),
		cmocka_unit_test(the_priority_prefix_is_only_for_the_real_journal),
		cmocka_unit_test(a_full_pipe_costs_lines_and_not_time),
		cmocka_unit_test(a_full_socket_costs_lines_and_not_time),
		cmocka_unit_test(a_closed_reader_and_a_closed_stderr_are_survived),
		cmocka_unit_test(lines_of_several_threads_never_mix),
		cmocka_unit_test(a_fatal_line_says_what_and_why_and_exits_1),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
