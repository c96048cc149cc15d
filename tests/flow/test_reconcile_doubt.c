/* Is what may have been sent already, and is not in the API's list, left to an operator? */
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

static void one_unnamed(size_t i)
{
	void *state = NULL;
	struct store_attempt taken;
	int64_t next_ms;
	world_setup(&state);
	struct world *world = state;
	world_command(world, 1, "job");
	int64_t now_ms = timekeeper_now(world->time);
	assert_int_equal(store_take_due(world->store, now_ms, &taken, 1, &next_ms), 1);
	struct store_settlement settlement = {.seq = taken.seq, .due_ms = now_ms};
	command_answer_judge(&(struct http_result){.status = 201,
						   .body_started = true,
						   .body = unnamed[i].body,
						   .len = strlen(unnamed[i].body),
						   .error = ""},
			     &settlement);
	store_settle(world->store, &settlement, 1, now_ms);
	want_state(world, "job", STATE_UNKNOWN);
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

/* It waited when the copy was made. */
static void restore(struct world *world)
{
	world_command(world, 1, "job");
	world->store_options.recover = true;
	world_reopen(world);
	want_state(world, "job", STATE_UNKNOWN);
	fake_clock_advance(MINUTE);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_api_said_yes_to_is_never_sent_again),
		WORLD_TEST(what_was_sent_since_is_adopted),
		WORLD_TEST(what_was_not_sent_since_is_for_an_operator),
		WORLD_TEST(what_was_not_sent_in_its_time_is_expired),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
