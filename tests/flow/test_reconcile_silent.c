/* Is a status that no callback brought asked for, and told in the end? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconcile.h"

#include "tests/flow/api_pages.h"

static int64_t next_in(struct world *world)
{
	return reconcile_silent(&world->reconcile) - timekeeper_now(world->time);
}

static const struct {
	const char *status;
	enum command_state want;
	const char *want_told;
} statuses[] = {
	{"queued", STATE_QUEUED, ""},
	{"sent", STATE_SENT, "meter-1 job sent"},
	{"delivered", STATE_DELIVERED, "meter-1 job delivered"},
	{"failed", STATE_FAILED, "meter-1 job failed"},
	{"something new", STATE_QUEUED, ""},
};

static void one_status(size_t i)
{
	void *state = NULL;
	const struct listed resource = {.sid = SID_A, .status = statuses[i].status};
	world_setup(&state);
	struct world *world = state;
	world_queued(world, "job", SID_A);
	world_told(world);
	answer_fetch(&resource);
	reconcile_silent(&world->reconcile);
	want_text(statuses[i].status, "state", lifecycle_name(world_find(world, "job").state),
		  lifecycle_name(statuses[i].want));
	want_text(statuses[i].status, "told", world_told(world), statuses[i].want_told);
	want_number(statuses[i].status, "polled", counters_get(&world->counters, COUNT_POLLED), 1);
	world_teardown(&state);
}

static void a_silent_status_is_fetched(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(statuses); i++)
		one_status(i);
}

static void the_reason_of_a_failure_is_told_where_the_resource_has_one(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	world_told(world);
	fake_http_always(FETCH,
			 (struct fake_answer){.status = 200,
					      .body = "{\"sid\": \"" SID_A "\", \"status\": \"failed\","
						      " \"error_code\": 83999, \"error_message\": \"no route\"}"});
	reconcile_silent(&world->reconcile);
	assert_string_equal(world_told(world), "meter-1 job failed:83999");
	assert_string_equal(world_find(world, "job").error_message, "no route");
}

static void it_is_asked_for_by_sid_and_not_before_its_time(void **state)
{
	struct world *world = *state;
	const struct listed resource = {.sid = SID_A, .status = "sent"};
	answer_fetch(&resource);
	world_queued(world, "job", SID_A);
	reconcile_silent(&world->reconcile);
	assert_string_equal(fake_http_request(FETCH, 0).line, FETCH SID_A);
	assert_string_equal(fake_http_request(FETCH, 0).authorization, "Bearer token-1");
	int64_t poll_after_ms = world->settings->reconcile_poll_after_ms;
	assert_in_range(next_in(world), poll_after_ms - MINUTE, poll_after_ms);
	assert_int_equal(fake_http_count(FETCH), 1);
	fake_clock_advance(poll_after_ms);
	reconcile_silent(&world->reconcile);
	assert_int_equal(fake_http_count(FETCH), 2);
}

/* A tenth of its age, an hour at most: for a day some forty times. */
static void the_longer_it_is_silent_the_more_seldom_it_is_asked_for(void **state)
{
	struct world *world = *state;
	const struct listed resource = {.sid = SID_A, .status = "sent"};
	answer_fetch(&resource);
	world_queued(world, "job", SID_A);
	for (int minutes = 0; minutes < 23 * 60; minutes += 5) {
		reconcile_silent(&world->reconcile);
		fake_clock_advance(5 * MINUTE);
	}
	assert_in_range(fake_http_count(FETCH), 24, 60);
}

static void polling_alone_it_is_asked_for_every_ten_seconds_at_first(void **state)
{
	struct world *world = *state;
	const struct listed resource = {.sid = SID_A, .status = "sent"};
	world_polling_only(world);
	answer_fetch(&resource);
	world_queued(world, "job", SID_A);
	for (int i = 0; i < 6; i++) {
		reconcile_silent(&world->reconcile);
		fake_clock_advance(10 * SECOND);
	}
	assert_int_equal(fake_http_count(FETCH), 6);
}

static const struct {
	const char *name;
	struct fake_answer answer;
} silences[] = {
	{"still sent", {.status = 200, .body = "{\"sid\": \"" SID_A "\", \"status\": \"sent\"}"}},
	{"gone", {.status = 404}},
	{"of no meaning", {.status = 200, .body = "{\"sid\": \"" SID_A "\", \"status\": \"received\"}"}},
	{"of another one", {.status = 200, .body = "{\"sid\": \"" SID_B "\", \"status\": \"delivered\"}"}},
};

static void one_silence(size_t i)
{
	void *state = NULL;
	world_setup(&state);
	struct world *world = state;
	world_queued(world, "job", SID_A);
	world_told(world);
	fake_http_always(FETCH, silences[i].answer);
	reconcile_silent(&world->reconcile);
	fake_clock_advance(DAY - MINUTE);
	reconcile_silent(&world->reconcile);
	want_bool(silences[i].name, "unconfirmed within the day", world_is(world, "job", STATE_UNCONFIRMED), false);
	fake_clock_advance(2 * HOUR);
	reconcile_silent(&world->reconcile);
	want_part(silences[i].name, "told", world_told(world), "meter-1 job unconfirmed");
	/* Once. */
	fake_clock_advance(DAY);
	reconcile_silent(&world->reconcile);
	want_text(silences[i].name, "told again", world_told(world), "");
	world_teardown(&state);
}

static void after_a_day_of_silence_it_is_unconfirmed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(silences); i++)
		one_silence(i);
}

/* Without a public address nobody else would ever tell. */
static void a_late_delivery_is_still_found(void **state)
{
	struct world *world = *state;
	struct listed resource = {.sid = SID_A, .status = "sent"};
	world_polling_only(world);
	world_queued(world, "job", SID_A);
	answer_fetch(&resource);
	fake_clock_advance(25 * HOUR);
	reconcile_silent(&world->reconcile);
	want_state(world, "job", STATE_UNCONFIRMED);
	resource.status = "delivered";
	answer_fetch(&resource);
	size_t before = fake_http_count(FETCH);
	fake_clock_advance(DAY);
	reconcile_silent(&world->reconcile);
	want_state(world, "job", STATE_DELIVERED);
	assert_int_equal(fake_http_count(FETCH), before + 1);
}

static void a_late_callback_is_still_told(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	fake_http_always(FETCH, (struct fake_answer){.status = 404});
	fake_clock_advance(25 * HOUR);
	reconcile_silent(&world->reconcile);
	world_told(world);
	const struct store_report report = {
		.seq = 0, .sid = SID_A, .sim_sid = "", .status = API_DELIVERED, .error_code = "", .error_message = ""};
	assert_int_equal(store_report(world->store, &report, timekeeper_now(world->time)), STORE_NEWS);
	want_told(world, "meter-1 job delivered");
}

static void an_api_that_cannot_be_asked_changes_nothing(void **state)
{
	struct world *world = *state;
	static const struct fake_answer answers[] = {
		{.unsent = true}, {.status = 0}, {.status = 500}, {.status = 200, .body = "<html></html>"},
		{.status = 401},
	};
	world_queued(world, "job", SID_A);
	world_told(world);
	fake_clock_advance(25 * HOUR);
	for (size_t i = 0; i < ROWS(answers); i++) {
		fake_http_always(FETCH, answers[i]);
		int64_t in_ms = next_in(world);
		assert_in_range(in_ms, SECOND, MINUTE);
		assert_int_equal(fake_http_count(FETCH), i + 1);
		fake_clock_advance(MINUTE);
	}
	/* Nobody was asked: silence is not known. */
	want_told(world, "");
	want_state(world, "job", STATE_QUEUED);
}

/* On a full disk nothing can be postponed: what was asked once would be due at once, again and again. */
static void a_full_disk_is_no_reason_to_hammer_the_api(void **state)
{
	struct world *world = *state;
	const struct listed resource = {.sid = SID_A, .status = "sent"};
	answer_fetch(&resource);
	world_queued(world, "job", SID_A);
	world_fill_disk(world);
	for (int i = 0; i < 10; i++)
		assert_in_range(next_in(world), SECOND, MINUTE);
	assert_in_range(fake_http_count(FETCH), 0, 1);
	world_free_disk(world);
	fake_clock_advance(MINUTE);
	reconcile_silent(&world->reconcile);
	want_state(world, "job", STATE_SENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_status_is_fetched),
		WORLD_TEST(the_reason_of_a_failure_is_told_where_the_resource_has_one),
		WORLD_TEST(it_is_asked_for_by_sid_and_not_before_its_time),
		WORLD_TEST(the_longer_it_is_silent_the_more_seldom_it_is_asked_for),
		WORLD_TEST(polling_alone_it_is_asked_for_every_ten_seconds_at_first),
		cmocka_unit_test(after_a_day_of_silence_it_is_unconfirmed),
		WORLD_TEST(a_late_delivery_is_still_found),
		WORLD_TEST(a_late_callback_is_still_told),
		WORLD_TEST(an_api_that_cannot_be_asked_changes_nothing),
		WORLD_TEST(a_full_disk_is_no_reason_to_hammer_the_api),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
