/* Does a buffer grow to its cap and never beyond? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/buffer.h"

#include "tests/unit/table.h"

static void a_new_buffer_is_the_empty_text_and_may_be_cleared_twice(void **state)
{
	struct buffer buf;
	(void)state;
	buffer_init(&buf, 10);
	assert_string_equal(buffer_text(&buf), "");
	buffer_clear(&buf);
	buffer_clear(&buf);
	assert_int_equal(buf.max, 10);
}

static void appends_follow_each_other_and_stay_terminated(void **state)
{
	struct buffer buf;
	(void)state;
	buffer_init(&buf, 1000);
	assert_true(buffer_append(&buf, "ab\0c", 4));
	assert_true(buffer_append(&buf, NULL, 0));
	assert_true(buffer_append_text(&buf, "-"));
	assert_true(buffer_append_format(&buf, "%s=%d", "key", 7));
	assert_int_equal(buf.len, 10);
	assert_memory_equal(buffer_text(&buf), "ab\0c-key=7", 11);
	buffer_clear(&buf);
}

static void the_cap_can_be_filled_exactly(void **state)
{
	struct buffer buf;
	(void)state;
	buffer_init(&buf, 5);
	assert_true(buffer_append_text(&buf, "abc"));
	assert_true(buffer_append_format(&buf, "%d", 12));
	assert_false(buf.overflow);
	assert_string_equal(buffer_text(&buf), "abc12");
	buffer_clear(&buf);
}

static void past_the_cap_nothing_is_written_and_overflow_stays(void **state)
{
	struct buffer buf;
	(void)state;
	buffer_init(&buf, 5);
	assert_true(buffer_append_text(&buf, "abc"));
	assert_false(buffer_append_text(&buf, "def"));
	assert_true(buf.overflow);
	/* It would fit, but the text would have a hole. */
	assert_false(buffer_append_text(&buf, "g"));
	assert_false(buffer_append_format(&buf, "%d", 1));
	assert_string_equal(buffer_text(&buf), "abc");
	buffer_reset(&buf);
	assert_false(buf.overflow);
	assert_true(buffer_append_text(&buf, "fresh"));
	assert_string_equal(buffer_text(&buf), "fresh");
	buffer_clear(&buf);
}

static void a_length_that_would_wrap_around_overflows(void **state)
{
	struct buffer buf;
	(void)state;
	buffer_init(&buf, 100);
	assert_true(buffer_append_text(&buf, "x"));
	assert_false(buffer_append(&buf, "y", SIZE_MAX));
	assert_string_equal(buffer_text(&buf), "x");
	buffer_clear(&buf);
}

static void much_is_kept_whole(void **state)
{
	struct buffer buf;
	(void)state;
	buffer_init(&buf, 100000);
	for (int i = 0; i < 10000; i++)
		assert_true(buffer_append_format(&buf, "%09d\n", i));
	assert_int_equal(buf.len, 100000);
	assert_memory_equal(buffer_text(&buf) + 99990, "000009999\n", 11);
	assert_false(buffer_append_text(&buf, "."));
	buffer_clear(&buf);
}

static void what_is_taken_leaves_an_empty_buffer_with_its_cap(void **state)
{
	struct buffer buf;
	char *taken;
	(void)state;
	buffer_init(&buf, 4);
	taken = buffer_take(&buf);
	assert_string_equal(taken, "");
	free(taken);
	assert_true(buffer_append_text(&buf, "abcd"));
	taken = buffer_take(&buf);
	assert_string_equal(taken, "abcd");
	free(taken);
	assert_int_equal(buf.len, 0);
	assert_true(buffer_append_text(&buf, "wxyz"));
	assert_false(buffer_append_text(&buf, "!"));
	buffer_clear(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_buffer_is_the_empty_text_and_may_be_cleared_twice),
		cmocka_unit_test(appends_follow_each_other_and_stay_terminated),
		cmocka_unit_test(the_cap_can_be_filled_exactly),
		cmocka_unit_test(past_the_cap_nothing_is_written_and_overflow_stays),
		cmocka_unit_test(a_length_that_would_wrap_around_overflows),
		cmocka_unit_test(much_is_kept_whole),
		cmocka_unit_test(what_is_taken_leaves_an_empty_buffer_with_its_cap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
