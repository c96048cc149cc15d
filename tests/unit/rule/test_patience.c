/* Is who fails asked ever more seldom, and not for ever, and does it cost the others nothing? */
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bridge/base/text.h"
#include "bridge/rule/patience.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static void a_pause_is_a_tenth_within_its_bounds(void **state)
{
	static const struct {
		const char *name;
		int64_t so_far_ms, want_ms;
	} rows[] = {
		{"at the beginning", 0, 5 * SECOND},	 {"short", 49 * SECOND, 5 * SECOND},
		{"a tenth", 10 * MINUTE, MINUTE},	 {"long", 24 * HOUR, 5 * MINUTE},
		{"a clock set back", -HOUR, 5 * SECOND},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("  %s\n", rows[i].name);
		assert_int_equal(patience_pause_ms(rows[i].so_far_ms, 5 * SECOND, 5 * MINUTE), rows[i].want_ms);
	}
}

static void who_fails_is_asked_ever_more_seldom(void **state)
{
	(void)state;
	struct patience patience = {0};
	assert_true(patience_may_ask(&patience, "x", 0));
	assert_true(patience_failed(&patience, "x", 0));
	assert_false(patience_may_ask(&patience, "x", PATIENCE_LEAST_MS - 1));
	assert_true(patience_may_ask(&patience, "x", PATIENCE_LEAST_MS));
	assert_false(patience_failed(&patience, "x", 5 * MINUTE));
	assert_false(patience_may_ask(&patience, "x", 5 * MINUTE + 30 * SECOND - 1));
	assert_true(patience_may_ask(&patience, "x", 5 * MINUTE + 30 * SECOND));
	/* But never more seldom than that. */
	int64_t now_ms = 5 * MINUTE;
	for (int i = 0; i < 1000; i++)
		patience_failed(&patience, "x", now_ms += 5 * MINUTE);
	assert_true(patience_may_ask(&patience, "x", now_ms + PATIENCE_MOST_MS));
}

static void one_that_fails_says_nothing_of_another(void **state)
{
	(void)state;
	struct patience patience = {0};
	patience_failed(&patience, "x", 0);
	assert_true(patience_may_ask(&patience, "y", 0));
	assert_false(patience_is_over(&patience, "y", 0));
}

static void who_was_answered_begins_anew(void **state)
{
	(void)state;
	struct patience patience = {0};
	patience_failed(&patience, "x", 0);
	patience_failed(&patience, "y", 0);
	patience_failed(&patience, "x", 5 * MINUTE);
	patience_ended(&patience, "x");
	patience_ended(&patience, "nobody");
	assert_true(patience_may_ask(&patience, "x", 5 * MINUTE));
	assert_false(patience_may_ask(&patience, "y", 0));
	assert_true(patience_failed(&patience, "x", 5 * MINUTE));
	assert_false(patience_is_over(&patience, "x", SECOND));
}

static void patience_ends_after_its_time(void **state)
{
	(void)state;
	struct patience patience = {0};
	int64_t now_ms = 0;
	for (; now_ms < HOUR; now_ms += 5 * MINUTE) {
		patience_failed(&patience, "x", now_ms);
		assert_false(patience_is_over(&patience, "x", HOUR));
	}
	patience_failed(&patience, "x", now_ms);
	assert_true(patience_is_over(&patience, "x", HOUR));
}

/* The machine slept, or the API was away as a whole. */
static void time_in_which_nothing_was_asked_does_not_count(void **state)
{
	(void)state;
	struct patience patience = {0};
	patience_failed(&patience, "x", 0);
	patience_failed(&patience, "x", 20 * HOUR);
	assert_false(patience_is_over(&patience, "x", PATIENCE_STEP_MS + 1));
	assert_true(patience_is_over(&patience, "x", PATIENCE_STEP_MS));
}

/* One that was given up long ago is not given up at once when it fails again. */
static void after_a_day_without_a_question_all_begins_anew(void **state)
{
	(void)state;
	struct patience patience = {0};
	for (int64_t now_ms = 0; now_ms <= HOUR; now_ms += 5 * MINUTE)
		patience_failed(&patience, "x", now_ms);
	assert_true(patience_is_over(&patience, "x", HOUR));
	patience_failed(&patience, "x", 30 * HOUR);
	assert_false(patience_is_over(&patience, "x", 1));
	assert_true(patience_knows(&patience, "x"));
}

static void the_first_pause_that_ends_is_waited_for(void **state)
{
	(void)state;
	struct patience patience = {0};
	assert_int_equal(patience_wait_ms(&patience, 0), 0);
	patience_failed(&patience, "x", 0);
	patience_failed(&patience, "x", 10 * MINUTE);
	patience_failed(&patience, "y", 10 * MINUTE);
	assert_int_equal(patience_wait_ms(&patience, 10 * MINUTE), PATIENCE_LEAST_MS);
	patience_ended(&patience, "y");
	assert_int_equal(patience_wait_ms(&patience, 10 * MINUTE), MINUTE);
	assert_int_equal(patience_wait_ms(&patience, 11 * MINUTE), 0);
	assert_int_equal(patience_wait_ms(&patience, HOUR), 0);
}

static void when_all_places_are_taken_only_the_idle_give_way_and_others_are_asked_all_the_same(void **state)
{
	(void)state;
	struct patience patience = {0};
	char name[SID_SIZE];
	for (int i = 0; i < PATIENCE_MAX; i++) {
		text_format(name, sizeof(name), "sim-%d", i);
		patience_failed(&patience, name, i == 7 ? 0 : SECOND);
	}
	assert_true(patience_may_ask(&patience, "one more", PATIENCE_IDLE_MS));
	assert_false(patience_failed(&patience, "one more", PATIENCE_IDLE_MS));
	assert_false(patience_knows(&patience, "one more"));
	assert_true(patience_may_ask(&patience, "sim-8", PATIENCE_IDLE_MS));
	assert_true(patience_failed(&patience, "one more", PATIENCE_IDLE_MS + 1));
	assert_false(patience_knows(&patience, "sim-7"));
	assert_false(patience_is_over(&patience, "one more", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_is_a_tenth_within_its_bounds),
		cmocka_unit_test(who_fails_is_asked_ever_more_seldom),
		cmocka_unit_test(one_that_fails_says_nothing_of_another),
		cmocka_unit_test(who_was_answered_begins_anew),
		cmocka_unit_test(patience_ends_after_its_time),
		cmocka_unit_test(time_in_which_nothing_was_asked_does_not_count),
		cmocka_unit_test(the_first_pause_that_ends_is_waited_for),
		cmocka_unit_test(after_a_day_without_a_question_all_begins_anew),
		cmocka_unit_test(when_all_places_are_taken_only_the_idle_give_way_and_others_are_asked_all_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
