/* Is what may have been sent already, and is not to be found in the API's list, left to an operator? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconcile.h"

#include "bridge/flow/command_answer.h"
#include "tests/flow/api_pages.h"

/* ---- a yes without a sid ----------------------------------------------------------------------------- */

static const struct {
	const char *name, *body;
	enum command_state want;
} unnamed[] = {
	{"no sid", "{\"status\": \"queued\"}", STATE_HELD},
	{"half an answer", "{\"sid\": \"HCaaaa", STATE_HELD},
	{"nothing at all", "", STATE_HELD},
	{"a portal's page", "\r\n <!DOCTYPE html>", STATE_ACCEPTED},
};

/* The job is sent, and the API's answer is a 201 with this body. */
static void say_yes(struct world *world, const char *body)
{
	struct store_attempt taken;
	int64_t next_ms;
	world_command(world, 1, "job");
	int64_t now_ms = timekeeper_now(world->time);
	assert_int_equal(store_take_due(world->store, now_ms, &taken, 1, &next_ms), 1);
	struct store_settlement settlement = {.seq = taken.seq, .due_ms = now_ms};
	command_answer_judge(
		&(struct http_result){
			.status = 201, .body_started = true, .body = body, .len = strlen(body), .error = ""},
		&settlement);
	store_settle(world->store, &settlement, 1, now_ms);
	want_state(world, "job", STATE_UNKNOWN);
}

static void one_unnamed(size_t i)
{
	void *state = NULL;
	world_setup(&state);
	struct world *world = state;
	say_yes(world, unnamed[i].body);
	reconcile_unknown(&world->reconcile);
	want_text(unnamed[i].name, "state", lifecycle_name(world_find(world, "job").state),
		  lifecycle_name(unnamed[i].want));
	world_teardown(&state);
}

/* The API's own yes is never answered with the same again, whatever its list lacks. */
static void what_the_api_said_yes_to_is_never_sent_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(unnamed); i++)
		one_unnamed(i);
}

/* ---- from an older copy of the spool ------------------------------------------------------------------ */

static void recover(struct world *world)
{
	world->store_options.recover = true;
	world_reopen(world);
	want_state(world, "job", STATE_UNKNOWN);
	fake_clock_advance(MINUTE);
}

/* It waited when the copy was made. */
static void restore(struct world *world)
{
	world_command(world, 1, "job");
	recover(world);
}

static void what_was_sent_since_is_adopted(void **state)
{
	struct world *world = *state;
	restore(world);
	LIST({.sid = SID_A, .status = "delivered"});
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_DELIVERED);
	assert_string_equal(world_find(world, "job").error_code, "");
}

/* It may have been cancelled since: nobody but an operator can know. */
static void what_was_not_sent_since_is_for_an_operator(void **state)
{
	struct world *world = *state;
	restore(world);
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_HELD);
	assert_string_equal(world_find(world, "job").error_code, STORE_RESTORED);
	assert_int_equal(counters_get(&world->counters, COUNT_RESOLVED_HELD), 1);
}

static void what_was_not_sent_in_its_time_is_expired(void **state)
{
	struct world *world = *state;
	restore(world);
	fake_clock_advance(2 * DAY);
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_EXPIRED);
}

/* That it may be at the API is known for certain, and outlives its time and the doubt. */
static void what_the_api_said_yes_to_is_held_also_from_an_older_copy(void **state)
{
	struct world *world = *state;
	say_yes(world, unnamed[0].body);
	recover(world);
	fake_clock_advance(2 * DAY);
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_HELD);
	assert_string_equal(world_find(world, "job").error_code, "no_sid");
}

/* Nothing of the API's is in a portal's page: its word is no yes. */
static void what_a_portal_answered_is_in_doubt_as_all_else(void **state)
{
	struct world *world = *state;
	say_yes(world, "<!DOCTYPE html>");
	recover(world);
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_HELD);
	assert_string_equal(world_find(world, "job").error_code, STORE_RESTORED);
}

/* ---- a list that the API refuses ---------------------------------------------------------------------- */

#define LIST_OF_1 "Sim=" SIM_1

/* Passes until it is held, every five minutes; how long that took. */
static int64_t passes_until_held(struct world *world, int64_t most_ms)
{
	int64_t passed_ms = 0;
	for (; passed_ms < most_ms && !world_is(world, "job", STATE_HELD); passed_ms += 5 * MINUTE) {
		reconcile_unknown(&world->reconcile);
		fake_clock_advance(5 * MINUTE);
	}
	return passed_ms;
}

static void a_refused_list_is_asked_for_ever_more_seldom(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	fake_http_always(LIST_OF_1, (struct fake_answer){.status = 404});
	for (int i = 0; i < 720; i++, fake_clock_advance(5 * SECOND))
		reconcile_unknown(&world->reconcile);
	assert_in_range(fake_http_count(LIST_OF_1), 12, 80);
	want_state(world, "job", STATE_UNKNOWN);
	/* But not so seldom that an answer would be missed for long. */
	fake_http_always(LIST_OF_1, (struct fake_answer){.status = 200, .body = page_text(NULL, 0, "")});
	fake_clock_advance(5 * MINUTE);
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_ACCEPTED);
}

static void what_is_refused_for_max_age_is_for_an_operator(void **state)
{
	struct world *world = *state;
	world->settings->limits_max_age_ms = 6 * HOUR;
	world_unknown(world, "job");
	fake_http_always(LIST_OF_1, (struct fake_answer){.status = 400, .body = "{\"message\": \"no such Sim\"}"});
	assert_in_range(passes_until_held(world, DAY), 6 * HOUR - MINUTE, 6 * HOUR + 10 * MINUTE);
	struct store_record record = world_find(world, "job");
	want_state(world, "job", STATE_HELD);
	assert_string_equal(record.error_code, "list_refused");
	assert_non_null(strstr(record.error_message, "no such Sim"));
	assert_int_equal(counters_get(&world->counters, COUNT_RESOLVED_HELD), 1);
	/* Nobody asks for it any more; and the SIM's next command goes on. */
	size_t before = fake_http_count(LIST_OF_1);
	reconcile_unknown(&world->reconcile);
	assert_int_equal(fake_http_count(LIST_OF_1), before);
	world_queued(world, "next", SID_C);
}

/* That the API has it is what an operator must know before all else. */
static void what_the_api_said_yes_to_is_still_known_for_it(void **state)
{
	struct world *world = *state;
	say_yes(world, unnamed[0].body);
	fake_http_always(LIST_OF_1, (struct fake_answer){.status = 404});
	passes_until_held(world, 2 * DAY);
	want_state(world, "job", STATE_HELD);
	assert_string_equal(world_find(world, "job").error_code, "no_sid");
}

/* A callback has named it, and the first page shows it: the rest of the list does not matter. */
static void what_is_named_and_listed_needs_no_further_page(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	const struct store_report report = {.seq = world_find(world, "job").seq,
					    .sid = SID_A,
					    .sim_sid = SIM_1,
					    .status = API_OTHER,
					    .error_code = "",
					    .error_message = ""};
	store_report(world->store, &report, clock_wall_ms());
	const struct listed list[] = {{.sid = SID_A, .status = "delivered"}};
	fake_http_always(
		LIST_OF_1,
		(struct fake_answer){.status = 200, .body = page_text(list, 1, API_URL "/SmsCommands?PageToken=2")});
	fake_http_always("PageToken=2", (struct fake_answer){.status = 400});
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_DELIVERED);
}

/* The first no after days may be a mishap. */
static void a_long_absence_makes_no_refusal_final(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	fake_clock_advance(3 * DAY);
	fake_http_next(LIST_OF_1, (struct fake_answer){.status = 404});
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_UNKNOWN);
	LIST({.sid = SID_A, .status = "delivered", .created_ms = clock_wall_ms() - 3 * DAY});
	fake_clock_advance(5 * MINUTE);
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_DELIVERED);
}

static void an_outage_of_days_holds_nothing(void **state)
{
	struct world *world = *state;
	const struct fake_answer outages[] = {{.unsent = true}, {.status = 503}, {.status = 200, .body = "<html>"}};
	world_unknown(world, "job");
	for (size_t i = 0; i < ROWS(outages); i++) {
		fake_http_always(LIST_OF_1, outages[i]);
		assert_int_equal(passes_until_held(world, DAY), DAY);
	}
	fake_http_always(LIST_OF_1, (struct fake_answer){.status = 200, .body = page_text(NULL, 0, "")});
	fake_clock_advance(5 * SECOND);
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_api_said_yes_to_is_never_sent_again),
		WORLD_TEST(what_was_sent_since_is_adopted),
		WORLD_TEST(what_was_not_sent_since_is_for_an_operator),
		WORLD_TEST(what_was_not_sent_in_its_time_is_expired),
		WORLD_TEST(what_the_api_said_yes_to_is_held_also_from_an_older_copy),
		WORLD_TEST(what_a_portal_answered_is_in_doubt_as_all_else),
		FROZEN_WORLD_TEST(a_refused_list_is_asked_for_ever_more_seldom),
		FROZEN_WORLD_TEST(what_is_refused_for_max_age_is_for_an_operator),
		FROZEN_WORLD_TEST(what_the_api_said_yes_to_is_still_known_for_it),
		FROZEN_WORLD_TEST(what_is_named_and_listed_needs_no_further_page),
		FROZEN_WORLD_TEST(a_long_absence_makes_no_refusal_final),
		FROZEN_WORLD_TEST(an_outage_of_days_holds_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
