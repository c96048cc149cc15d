/* Does one failure hold the account, and one probe free it? */
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bridge/rule/circuit.h"
#include "bridge/rule/retry.h"

static const uint64_t RANDOM = 0x123456789;

static void a_closed_circuit_allows_all_that_is_wanted(void **state)
{
	(void)state;
	struct circuit circuit = {0};
	assert_int_equal(circuit_allow(&circuit, 8, 1000), 8);
	assert_int_equal(circuit_wait_ms(&circuit, 1000), 0);
}

static void a_failure_allows_nothing_until_its_wait_is_over(void **state)
{
	(void)state;
	struct circuit circuit = {0};
	circuit_failure(&circuit, 1000, 5000, RANDOM);
	assert_int_equal(circuit_allow(&circuit, 8, 5999), 0);
	assert_true(circuit_wait_ms(&circuit, 1000) >= 5000);
	assert_true(circuit_wait_ms(&circuit, 1000) <= RETRY_AFTER_MAX_MS);
}

static void after_the_wait_exactly_one_probe_goes_out(void **state)
{
	(void)state;
	struct circuit circuit = {0};
	circuit_failure(&circuit, 0, 2000, RANDOM);
	int64_t later = circuit_wait_ms(&circuit, 0);
	assert_int_equal(circuit_allow(&circuit, 8, later), 1);
	assert_int_equal(circuit_allow(&circuit, 8, later), 0);
}

static void a_probe_that_found_nothing_to_send_may_be_taken_again(void **state)
{
	(void)state;
	struct circuit circuit = {0};
	circuit_failure(&circuit, 0, 2000, RANDOM);
	int64_t later = circuit_wait_ms(&circuit, 0);
	assert_int_equal(circuit_allow(&circuit, 8, later), 1);
	circuit_unused(&circuit);
	assert_int_equal(circuit_allow(&circuit, 8, later), 1);
}

static void success_closes_it_and_failure_of_the_probe_waits_again(void **state)
{
	(void)state;
	struct circuit circuit = {0};
	circuit_failure(&circuit, 0, 1000, RANDOM);
	int64_t later = circuit_wait_ms(&circuit, 0);
	assert_int_equal(circuit_allow(&circuit, 8, later), 1);
	circuit_failure(&circuit, later, 1000, RANDOM);
	assert_int_equal(circuit.failures, 2);
	assert_int_equal(circuit_allow(&circuit, 8, later + 999), 0);
	circuit_success(&circuit);
	assert_int_equal(circuit_allow(&circuit, 8, later), 8);
}

static void failures_of_requests_already_under_way_do_not_lengthen_the_wait(void **state)
{
	(void)state;
	struct circuit circuit = {0};
	circuit_failure(&circuit, 0, 3000, RANDOM);
	int64_t wait = circuit_wait_ms(&circuit, 0);
	for (int i = 0; i < 7; i++)
		circuit_failure(&circuit, 1, 3000, RANDOM);
	assert_int_equal(circuit.failures, 1);
	assert_int_equal(circuit_wait_ms(&circuit, 0), wait);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_circuit_allows_all_that_is_wanted),
		cmocka_unit_test(a_failure_allows_nothing_until_its_wait_is_over),
		cmocka_unit_test(after_the_wait_exactly_one_probe_goes_out),
		cmocka_unit_test(a_probe_that_found_nothing_to_send_may_be_taken_again),
		cmocka_unit_test(success_closes_it_and_failure_of_the_probe_waits_again),
		cmocka_unit_test(failures_of_requests_already_under_way_do_not_lengthen_the_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
