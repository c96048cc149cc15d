/* Does the reconciler ask when something is due, and only then? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconciler.h"

#include "tests/flow/api_pages.h"

#define MO_LISTS "Direction=from_sim"

static const struct fake_answer down = {.unsent = true, .error = "connection refused"};

/* Time passes in steps until that many lists were read; how many steps it took. */
static int steps_until(struct world *world, size_t lists, int64_t step_ms)
{
	int steps = 0;
	for (; fake_http_count(MO_LISTS) < lists; steps++) {
		assert_true(steps < 1000);
		world_advance(world, step_ms);
		for (int i = 0; i < 10; i++)
			nap();
	}
	return steps;
}

static void lists_are_read_at_the_start_and_after_each_interval(void **state)
{
	struct world *world = *state;
	world_start_reconciler(world);
	WAIT_FOR(fake_http_count(MO_LISTS) == 1);
	/* Five minutes; a slow machine may note the end of a reading a step late. */
	assert_in_range(steps_until(world, 3, MINUTE), 10, 20);
}

/* Another bridge of the same account does it. */
static void lists_are_not_read_where_that_is_switched_off(void **state)
{
	struct world *world = *state;
	world->settings->reconcile_messages = false;
	world_queued(world, "job", SID_A);
	answer_fetch(&(struct listed){.sid = SID_A, .status = "delivered"});
	world_start_reconciler(world);
	/* What became of a command is asked for all the same. */
	world_advance(world, 20 * MINUTE);
	WAIT_FOR(world_is(world, "job", STATE_DELIVERED));
	assert_int_equal(fake_http_count(MO_LISTS), 0);
}

static void polling_alone_it_reads_them_every_ten_seconds(void **state)
{
	struct world *world = *state;
	world_polling_only(world);
	world_start_reconciler(world);
	WAIT_FOR(fake_http_count(MO_LISTS) == 1);
	assert_in_range(steps_until(world, 4, SECOND), 20, 60);
}

/* It gets longer while something waits: not every ten seconds again, as after an outage. */
static void a_list_that_waits_for_a_name_is_read_ever_more_seldom(void **state)
{
	struct world *world = *state;
	const struct listed waiting = {.sid = SID_A,
				       .sim = SIM_GATE,
				       .status = "received",
				       .direction = "from_sim",
				       .created_ms = CLOCK_BEGIN + MINUTE};
	fake_http_always(MO_LISTS, (struct fake_answer){.status = 200, .body = page_text(&waiting, 1, "")});
	fake_http_always(SIMS, (struct fake_answer){.status = 500});
	world_start_reconciler(world);
	WAIT_FOR(fake_http_count(SIMS) == 1);
	for (int i = 0; i < 120; i++) {
		world_advance(world, 30 * SECOND);
		for (int j = 0; j < 10; j++)
			nap();
	}
	assert_in_range(fake_http_count(MO_LISTS), 10, 80);
}

/* Polling only, nothing ever calls us: the whole journey of a command and of an SMS by lists and look-ups. */
static void polling_alone_it_finds_everything(void **state)
{
	struct world *world = *state;
	const struct listed delivered = {.sid = SID_A, .status = "delivered"};
	const struct listed mo = {.sid = SID_B,
				  .payload = "T=21.5",
				  .status = "received",
				  .direction = "from_sim",
				  .created_ms = CLOCK_BEGIN + MINUTE};
	world_polling_only(world);
	answer_fetch(&delivered);
	fake_http_next(MO_LISTS, (struct fake_answer){.status = 200, .body = page_text(NULL, 0, "")});
	fake_http_always(MO_LISTS, (struct fake_answer){.status = 200, .body = page_text(&mo, 1, "")});
	world_queued(world, "job", SID_A);
	world_start_reconciler(world);
	WAIT_FOR(world_is(world, "job", STATE_DELIVERED));
	steps_until(world, 2, 10 * SECOND);
	WAIT_FOR(counters_get(&world->counters, COUNT_MO_LISTED) == 1);
	want_told(world, "meter-1 job accepted, meter-1 job queued, meter-1 job delivered, devices/meter-1/up");
}

static void an_unknown_outcome_is_looked_for_after_its_time_to_settle(void **state)
{
	struct world *world = *state;
	fake_http_next("POST", (struct fake_answer){.status = 0});
	world_start_reconciler(world);
	WAIT_FOR(fake_http_count(MO_LISTS) == 1);
	world_start_sender(world);
	world_command(world, 1, "job");
	WAIT_FOR(world_is(world, "job", STATE_UNKNOWN));
	assert_int_equal(fake_http_count("Direction=to_sim"), 0);
	world_advance(world, world->settings->reconcile_settle_ms);
	/* The API does not have it: it is sent again, once. */
	WAIT_FOR(world_is(world, "job", STATE_QUEUED));
	assert_int_equal(fake_http_count("Direction=to_sim"), 1);
	assert_int_equal(fake_http_count("POST"), 2);
	assert_int_equal(world_find(world, "job").attempts, 2);
}

/* Three jobs are due; the first that fails tells for all of them. */
static void an_outage_costs_one_request_for_each_pause(void **state)
{
	struct world *world = *state;
	world_queued(world, "silent", SID_A);
	world_unknown(world, "unknown");
	fake_http_always("GET", down);
	world_start_reconciler(world);
	for (size_t i = 1; i <= 5; i++) {
		WAIT_FOR(fake_http_count("GET") == i);
		for (int j = 0; j < 30; j++) {
			nap();
			assert_int_equal(fake_http_count("GET"), i);
		}
		world_advance(world, 10 * SECOND);
	}
	want_state(world, "silent", STATE_QUEUED);
	want_state(world, "unknown", STATE_UNKNOWN);
	fake_http_always("GET", (struct fake_answer){.status = 200, .body = page_text(NULL, 0, "")});
	world_advance(world, MINUTE);
	WAIT_FOR(world_is(world, "unknown", STATE_ACCEPTED));
}

static void without_a_token_nothing_is_asked(void **state)
{
	struct world *world = *state;
	fake_token_lose();
	world_start_reconciler(world);
	account_on_change(world->account, reconciler_wake, world->reconciler);
	for (int i = 0; i < 5; i++) {
		world_advance(world, MINUTE);
		nap();
	}
	assert_int_equal(fake_http_count(""), 0);
	fake_token_renew();
	WAIT_FOR(fake_http_count(MO_LISTS) == 1);
	assert_string_equal(fake_http_request("GET", 0).authorization, "Bearer token-2");
}

/* `api.timeout` may be ten minutes, for creates; one question must not keep all others waiting for so long. */
static void no_question_takes_longer_than_a_minute(void **state)
{
	struct world *world = *state;
	world->settings->api_timeout_ms = 10 * MINUTE;
	api_query_destroy(api_query_create(world->settings, world->account, &world->reconcile_thread));
	assert_int_equal(fake_http_timeout_ms(), MINUTE);
	world->settings->api_timeout_ms = 5 * SECOND;
	api_query_destroy(api_query_create(world->settings, world->account, &world->reconcile_thread));
	assert_int_equal(fake_http_timeout_ms(), 5 * SECOND);
}

static void a_stop_waits_for_no_answer(void **state)
{
	struct world *world = *state;
	fake_http_always("GET", (struct fake_answer){.held = true});
	world_start_reconciler(world);
	WAIT_FOR(fake_http_count(MO_LISTS) == 1);
	int64_t began_ms = real_ms();
	reconciler_stop(world->reconciler);
	assert_in_range(real_ms() - began_ms, 0, 20 * SECOND); /* the answer never comes */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(lists_are_read_at_the_start_and_after_each_interval),
		WORLD_TEST(lists_are_not_read_where_that_is_switched_off),
		WORLD_TEST(polling_alone_it_reads_them_every_ten_seconds),
		WORLD_TEST(a_list_that_waits_for_a_name_is_read_ever_more_seldom),
		WORLD_TEST(polling_alone_it_finds_everything),
		WORLD_TEST(an_unknown_outcome_is_looked_for_after_its_time_to_settle),
		FROZEN_WORLD_TEST(an_outage_costs_one_request_for_each_pause),
		WORLD_TEST(without_a_token_nothing_is_asked),
		WORLD_TEST(no_question_takes_longer_than_a_minute),
		WORLD_TEST(a_stop_waits_for_no_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
