/* rate: the pace of creates, and what a 429 does to it. Time is a number here. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Takes all there is, every millisecond from `from_ms` to before `to_ms`. */
static int64_t taken_between(struct rate *rate, int64_t from_ms, int64_t to_ms)
{
	int64_t sum = 0;

	for (int64_t now = from_ms; now < to_ms; now++)
		sum += rate_take(rate, 1000000, now);
	return sum;
}

/* The most that was taken in any 1000 ms of [from_ms, from_ms + 3000). */
static int64_t most_in_a_second(struct rate *rate, int64_t from_ms)
{
	int64_t taken[3000], sum = 0, most = 0;

	for (int64_t i = 0; i < 3000; i++) {
		taken[i] = rate_take(rate, 1000000, from_ms + i);
		sum += taken[i] - (i >= 1000 ? taken[i - 1000] : 0);
		most = sum > most ? sum : most;
	}
	return most;
}

static void no_second_holds_more_than_the_rate(void **state)
{
	static const int64_t PACES[] = {1, 3, 7, 10, 20, 100, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(PACES) / sizeof(PACES[0]); i++) {
		int64_t limit = PACES[i] + (PACES[i] > 20 ? PACES[i] / 20 : 0);
		struct rate rate;

		print_message("  %d a second\n", (int)PACES[i]);
		rate_init(&rate, PACES[i], 5000);
		assert_in_range(most_in_a_second(&rate, 5000), PACES[i], limit);
		/* Nor after a long rest. */
		assert_in_range(most_in_a_second(&rate, 10000000), PACES[i], limit);
	}
}

static void looking_takes_nothing(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 200, 5000);
	assert_int_equal(rate_spare(&rate, 100, 5000), 10);
	assert_int_equal(rate_spare(&rate, 3, 5000), 3);
	assert_int_equal(rate_take(&rate, 4, 5000), 4);
	assert_int_equal(rate_spare(&rate, 100, 5000), 6);
	rate_slow_down(&rate, 1000, 5000);
	assert_int_equal(rate_spare(&rate, 100, 5000), 0);
}

static void the_pace_holds_over_time(void **state)
{
	static const int64_t PACES[] = {1, 3, 7, 10, 100, 999};

	(void)state;
	for (size_t i = 0; i < sizeof(PACES) / sizeof(PACES[0]); i++) {
		struct rate rate;

		print_message("  %d a second\n", (int)PACES[i]);
		rate_init(&rate, PACES[i], 0);
		taken_between(&rate, 0, 1);
		/* Whole milliseconds round a wait up, and never down. */
		assert_in_range(taken_between(&rate, 1, 60001), PACES[i] * 60 * 99 / 100, PACES[i] * 60);
	}
}

static void waiting_as_told_is_enough_and_not_too_long(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 3, 0);
	assert_int_equal(rate_wait_ms(&rate, 0), 0);
	assert_int_equal(rate_take(&rate, 3, 0), 1);
	int64_t wait = rate_wait_ms(&rate, 0);

	assert_int_equal(wait, 334);
	assert_int_equal(rate_take(&rate, 1, wait - 1), 0);
	assert_int_equal(rate_take(&rate, 1, wait), 1);
}

static void what_is_given_back_can_be_taken_again(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 100, 0);
	assert_int_equal(rate_take(&rate, 5, 0), 5);
	rate_give_back(&rate, 2);
	assert_int_equal(rate_take(&rate, 5, 0), 2);
	rate_give_back(&rate, 1000);
	assert_int_equal(rate_take(&rate, 1000, 0), 5);
}

static void no_limit_is_no_limit(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 0, 0);
	assert_int_equal(rate_take(&rate, 100000, 0), 100000);
	assert_int_equal(rate_take(&rate, 100000, 1), 100000);
	assert_int_equal(rate_wait_ms(&rate, 1), 0);
}

static void a_429_stops_everybody_until_retry_after(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 10, 0);
	rate_slow_down(&rate, 30000, 100);
	assert_int_equal(rate_wait_ms(&rate, 100), 30000);
	assert_int_equal(taken_between(&rate, 100, 30100), 0);
	assert_int_equal(rate_wait_ms(&rate, 30100), 0);
	assert_true(rate_take(&rate, 1, 30100) == 1);
}

static void a_429_that_says_nothing_pauses_a_second(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 10, 0);
	rate_slow_down(&rate, 0, 0);
	assert_int_equal(taken_between(&rate, 0, RATE_PAUSE_MS), 0);
	assert_int_equal(rate_take(&rate, 1, RATE_PAUSE_MS), 1);
}

static void a_429_halves_the_pace_and_time_restores_it(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 100, 0);
	taken_between(&rate, 0, 5000);
	rate_slow_down(&rate, 1000, 5000);
	assert_in_range(taken_between(&rate, 6000, 16000), 500, 550);
	/* A quarter more every ten seconds: 50 62 78 97 100. */
	assert_in_range(taken_between(&rate, 16000, 26000), 620, 630);
	taken_between(&rate, 26000, 46000);
	assert_int_equal(taken_between(&rate, 46000, 56000), 1000);
	assert_in_range(most_in_a_second(&rate, 1000000), 100, 105);
}

static void many_429_of_one_burst_count_once(void **state)
{
	struct rate once, often;

	(void)state;
	rate_init(&once, 100, 0);
	taken_between(&once, 0, 5000);
	often = once;
	rate_slow_down(&once, 2000, 5000);
	for (int i = 0; i < 8; i++)
		rate_slow_down(&often, 2000, 5000);
	assert_int_equal(often.pace_milli, once.pace_milli);
	assert_int_equal(rate_wait_ms(&often, 5000), 2000);
}

static void a_longer_wish_within_the_burst_wins(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 100, 0);
	rate_slow_down(&rate, 2000, 0);
	rate_slow_down(&rate, 60000, 10);
	rate_slow_down(&rate, 1000, 20);
	assert_int_equal(rate_wait_ms(&rate, 20), 59990);
}

static void endless_429_leave_one_create_in_ten_seconds(void **state)
{
	struct rate rate;
	int64_t now = 0, sent = 0;

	(void)state;
	rate_init(&rate, 1000, 0);
	for (int i = 0; i < 1000; i++) {
		now += rate_wait_ms(&rate, now);
		sent += rate_take(&rate, 1, now);
		rate_slow_down(&rate, 0, now);
	}
	assert_int_equal(sent, 1000);
	assert_in_range(rate.pace_milli, 100, 1000);
	assert_in_range(rate_wait_ms(&rate, now), RATE_PAUSE_MS, 10000);
}

/* One create, and a 429: that says little of what the API would take. */
static void one_429_of_little_traffic_leaves_one_a_second(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 10, 0);
	assert_int_equal(rate_take(&rate, 1, 0), 1);
	rate_slow_down(&rate, 0, 10);
	assert_in_range(taken_between(&rate, 1010, 11010), 10, 11);
}

static void without_a_limit_a_429_halves_what_was_sent(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 0, 0);
	for (int64_t now = 0; now < 5000; now += 100)
		assert_int_equal(rate_take(&rate, 4, now), 4); /* 40 a second */
	rate_slow_down(&rate, 0, 5000);
	assert_in_range(taken_between(&rate, 6000, 16000), 200, 225);
	/* After a quarter of an hour without a 429 there is no limit again. */
	assert_int_equal(rate_take(&rate, 100000, 1000000), 100000);
}

static void a_clock_that_stands_still_gives_nothing(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 1, 1000);
	assert_int_equal(rate_take(&rate, 1, 1000), 1);
	assert_int_equal(rate_take(&rate, 1, 1000), 0);
	assert_int_equal(rate_take(&rate, 1, 0), 0);
	assert_int_equal(rate_take(&rate, 1, 2000), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_second_holds_more_than_the_rate),
		cmocka_unit_test(looking_takes_nothing),
		cmocka_unit_test(the_pace_holds_over_time),
		cmocka_unit_test(waiting_as_told_is_enough_and_not_too_long),
		cmocka_unit_test(what_is_given_back_can_be_taken_again),
		cmocka_unit_test(no_limit_is_no_limit),
		cmocka_unit_test(a_429_stops_everybody_until_retry_after),
		cmocka_unit_test(a_429_that_says_nothing_pauses_a_second),
		cmocka_unit_test(a_429_halves_the_pace_and_time_restores_it),
		cmocka_unit_test(many_429_of_one_burst_count_once),
		cmocka_unit_test(a_longer_wish_within_the_burst_wins),
		cmocka_unit_test(endless_429_leave_one_create_in_ten_seconds),
		cmocka_unit_test(one_429_of_little_traffic_leaves_one_a_second),
		cmocka_unit_test(without_a_limit_a_429_halves_what_was_sent),
		cmocka_unit_test(a_clock_that_stands_still_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
