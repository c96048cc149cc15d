/* Does memory come zeroed, terminated, or not at all? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/memory.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/table.h"

static void zeroed_memory_is_zero_and_never_null(void **state)
{
	static const unsigned char ZEROS[64];
	void *some = memory_zeroed(8, 8), *none = memory_zeroed(0, 8);
	(void)state;
	assert_memory_equal(some, ZEROS, 64);
	assert_non_null(none);
	free(some);
	free(none);
}

static void resizing_keeps_what_was_there(void **state)
{
	char *text = memory_resized(NULL, 3);
	(void)state;
	memcpy(text, "ab", 3);
	text = memory_resized(text, 1000);
	assert_string_equal(text, "ab");
	free(text);
}

static void copies_are_terminated(void **state)
{
	char *bytes = exact_copy("xyz", 3);
	char *copy = memory_copied(bytes, 3), *nothing = memory_copied(NULL, 0), *null = memory_copied_text(NULL);
	char *text = memory_copied_text("text");
	(void)state;
	assert_string_equal(copy, "xyz");
	assert_string_equal(nothing, "");
	assert_string_equal(null, "");
	assert_string_equal(text, "text");
	free(bytes);
	free(copy);
	free(nothing);
	free(null);
	free(text);
}

static int status_of_child(void (*body)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		(void)!freopen("/dev/null", "w", stderr);
		body();
		_exit(77);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void ask_for_an_overflowing_length(void)
{
	free(memory_copied("", SIZE_MAX));
}

static void an_impossible_allocation_ends_the_process_with_status_1(void **state)
{
	(void)state;
	assert_int_equal(status_of_child(ask_for_an_overflowing_length), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_memory_is_zero_and_never_null),
		cmocka_unit_test(resizing_keeps_what_was_there),
		cmocka_unit_test(copies_are_terminated),
		cmocka_unit_test(an_impossible_allocation_ends_the_process_with_status_1),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
