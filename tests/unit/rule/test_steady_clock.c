/* Does time run on, whatever the wall clock does? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/steady_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define SECOND	((int64_t)1000)
#define MINUTE	(60 * SECOND)
#define HOUR	(60 * MINUTE)
#define START	((int64_t)1795341600000) /* 2026-11-22T10:00:00Z */
#define IN_2038 ((int64_t)2147483648000) /* 2038-01-19T03:14:08Z: past 31 bits of seconds */

static void time_passes_as_on_the_wall(void **state)
{
	(void)state;
	struct steady_clock clock;
	steady_clock_init(&clock, START, 5 * HOUR, 0);
	assert_int_equal(steady_clock_now(&clock, START, 5 * HOUR), START);
	for (int64_t s = 1; s <= 3600; s++)
		assert_int_equal(steady_clock_now(&clock, START + s * SECOND, 5 * HOUR + s * SECOND),
				 START + s * SECOND);
}

struct jump {
	const char *name;
	int64_t wall_ms;
};

static const struct jump jumps[] = {
	{"an hour forward", START + HOUR}, {"an hour back", START - HOUR}, {"to 1970", 0},
	{"to before 1970", -HOUR},	   {"past 2038", IN_2038},	   {"two minutes back", START - 2 * MINUTE},
};

/* For four minutes the wall shows another time, then the right one again. */
static void a_jump_that_does_not_last_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct steady_clock clock;
		steady_clock_init(&clock, START, 0, 0);
		for (int64_t s = 1; s <= 240; s++) {
			int64_t now = steady_clock_now(&clock, jumps[i].wall_ms + s * SECOND, s * SECOND);
			if (now != START + s * SECOND)
				fail_msg("%s: after %d s it is %+lld ms off", jumps[i].name, (int)s,
					 (long long)(now - START - s * SECOND));
		}
		assert_int_equal(steady_clock_now(&clock, START + 241 * SECOND, 241 * SECOND), START + 241 * SECOND);
	}
}

static void a_jump_that_stands_for_five_minutes_is_believed(void **state)
{
	(void)state;
	static const int64_t offsets[] = {HOUR, -HOUR, 100 * 24 * HOUR};
	for (size_t i = 0; i < 3; i++) {
		struct steady_clock clock;
		steady_clock_init(&clock, START, 0, 0);
		int64_t wall = START + offsets[i];
		assert_int_equal(steady_clock_now(&clock, wall, 0), START);
		assert_int_equal(steady_clock_now(&clock, wall + 4 * MINUTE, 4 * MINUTE), START + 4 * MINUTE);
		assert_int_equal(steady_clock_now(&clock, wall + 5 * MINUTE, 5 * MINUTE), wall + 5 * MINUTE);
	}
}

static void a_clock_that_jumps_about_is_never_believed(void **state)
{
	(void)state;
	struct steady_clock clock;
	steady_clock_init(&clock, START, 0, 0);
	for (int64_t m = 1; m <= 60; m++) {
		int64_t wall = START + m * MINUTE + (m % 2 == 0 ? HOUR : 3 * HOUR);
		assert_int_equal(steady_clock_now(&clock, wall, m * MINUTE), START + m * MINUTE);
	}
}

static void a_time_before_2024_is_not_believed_however_long_it_stands(void **state)
{
	(void)state;
	struct steady_clock clock;
	steady_clock_init(&clock, START, 0, 0);
	for (int64_t m = 1; m <= 120; m++)
		assert_int_equal(steady_clock_now(&clock, m * MINUTE, m * MINUTE), START + m * MINUTE);
}

static void a_machine_without_a_clock_starts_at_the_last_known_time(void **state)
{
	(void)state;
	struct steady_clock clock;
	steady_clock_init(&clock, 30 * SECOND, 30 * SECOND, START);
	assert_int_equal(steady_clock_now(&clock, 40 * SECOND, 40 * SECOND), START + 10 * SECOND);
	/* NTP answers: two hours have passed since the machine went down. */
	assert_int_equal(steady_clock_now(&clock, START + 2 * HOUR, 50 * SECOND), START + 20 * SECOND);
	assert_int_equal(steady_clock_now(&clock, START + 2 * HOUR + 5 * MINUTE, 5 * MINUTE + 50 * SECOND),
			 START + 2 * HOUR + 5 * MINUTE);
}

static void a_small_step_forward_is_followed_at_once(void **state)
{
	(void)state;
	struct steady_clock clock;
	steady_clock_init(&clock, START, 0, 0);
	assert_int_equal(steady_clock_now(&clock, START + 31 * SECOND, SECOND), START + 31 * SECOND);
}

static void a_small_step_back_is_followed_at_half_speed_and_never_backwards(void **state)
{
	(void)state;
	struct steady_clock clock;
	steady_clock_init(&clock, START, 0, 0);
	int64_t before = START;
	for (int64_t s = 1; s <= 70; s++) {
		int64_t now = steady_clock_now(&clock, START - 30 * SECOND + s * SECOND, s * SECOND);
		assert_true(now >= before);
		before = now;
		if (s == 30)
			assert_int_equal(now, START + 15 * SECOND);
	}
	assert_int_equal(before, START + 40 * SECOND);
}

static void a_suspended_machine_moves_on_by_the_time_it_slept(void **state)
{
	(void)state;
	struct steady_clock clock;
	steady_clock_init(&clock, START, 0, 0);
	assert_int_equal(steady_clock_now(&clock, START + 8 * HOUR, 8 * HOUR), START + 8 * HOUR);
}

static void a_monotonic_time_from_an_earlier_call_takes_nothing_back(void **state)
{
	(void)state;
	struct steady_clock clock;
	steady_clock_init(&clock, START, 0, 0);
	assert_int_equal(steady_clock_now(&clock, START + 20, 20), START + 20);
	assert_int_equal(steady_clock_now(&clock, START + 10, 10), START + 20);
	assert_int_equal(steady_clock_now(&clock, START + 40, 40), START + 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_passes_as_on_the_wall),
		cmocka_unit_test(a_jump_that_does_not_last_changes_nothing),
		cmocka_unit_test(a_jump_that_stands_for_five_minutes_is_believed),
		cmocka_unit_test(a_clock_that_jumps_about_is_never_believed),
		cmocka_unit_test(a_time_before_2024_is_not_believed_however_long_it_stands),
		cmocka_unit_test(a_machine_without_a_clock_starts_at_the_last_known_time),
		cmocka_unit_test(a_small_step_forward_is_followed_at_once),
		cmocka_unit_test(a_small_step_back_is_followed_at_half_speed_and_never_backwards),
		cmocka_unit_test(a_suspended_machine_moves_on_by_the_time_it_slept),
		cmocka_unit_test(a_monotonic_time_from_an_earlier_call_takes_nothing_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
