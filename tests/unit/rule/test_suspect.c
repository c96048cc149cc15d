/* suspect: is the event dropped that kills every connection, and no other? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/suspect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void die(struct suspect *suspect, int64_t oldest, int times)
{
	for (int i = 0; i < times; i++)
		assert_false(suspect_died(suspect, oldest));
}

static void stay_aside(struct suspect *suspect, int64_t event)
{
	die(suspect, event, ASIDE_TRIES - 1);
	assert_int_equal(suspect->aside, 0);
	assert_false(suspect_died(suspect, event));
	assert_int_equal(suspect->aside, event);
	assert_true(suspect_waits(suspect));
}

static void who_is_at_the_head_of_three_deaths_goes_alone(void **state)
{
	struct suspect suspect = {0};
	(void)state;
	die(&suspect, 7, SUSPECT_TRIES - 1);
	assert_false(suspect_goes_alone(&suspect));
	die(&suspect, 7, 1);
	assert_true(suspect_goes_alone(&suspect));
	assert_false(suspect_answered(&suspect, true));
	assert_false(suspect_goes_alone(&suspect));
	assert_false(suspect_waits(&suspect));
}

static void deaths_with_different_heads_prove_nothing(void **state)
{
	struct suspect suspect = {0};
	(void)state;
	for (int64_t event = 1; event <= 100; event++)
		die(&suspect, event, 1);
	assert_false(suspect_goes_alone(&suspect));
}

static void it_is_guilty_when_others_get_through_and_it_does_not(void **state)
{
	struct suspect suspect = {0};
	(void)state;
	stay_aside(&suspect, 7);
	assert_true(suspect_answered(&suspect, false));
	assert_true(suspect_goes_alone(&suspect));
	assert_true(suspect_died(&suspect, 7));
	assert_false(suspect_waits(&suspect));
}

static void its_own_puback_on_the_last_chance_acquits_it(void **state)
{
	struct suspect suspect = {0};
	(void)state;
	stay_aside(&suspect, 7);
	assert_true(suspect_answered(&suspect, false));
	assert_false(suspect_answered(&suspect, true));
	die(&suspect, 7, 1);
}

static void a_death_without_it_acquits_it(void **state)
{
	struct suspect suspect = {0};
	(void)state;
	stay_aside(&suspect, 7);
	die(&suspect, 9, 1);
	assert_false(suspect_answered(&suspect, false));
	assert_false(suspect_waits(&suspect));
}

static void a_death_with_nothing_in_flight_counts_for_nobody(void **state)
{
	struct suspect suspect = {0};
	(void)state;
	die(&suspect, 0, 100);
	assert_false(suspect_waits(&suspect));
	stay_aside(&suspect, 7);
	die(&suspect, 0, 100);
	assert_true(suspect_answered(&suspect, false));
	die(&suspect, 0, 100);
	assert_true(suspect_died(&suspect, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_at_the_head_of_three_deaths_goes_alone),
		cmocka_unit_test(deaths_with_different_heads_prove_nothing),
		cmocka_unit_test(it_is_guilty_when_others_get_through_and_it_does_not),
		cmocka_unit_test(its_own_puback_on_the_last_chance_acquits_it),
		cmocka_unit_test(a_death_without_it_acquits_it),
		cmocka_unit_test(a_death_with_nothing_in_flight_counts_for_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
