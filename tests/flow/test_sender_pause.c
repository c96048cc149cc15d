/* Do outages and refused credentials pause the account, and burn no command? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/command_sender.h"

#include "tests/flow/flow_world.h"

#define CREATES "POST " API_URL "/SmsCommands"

enum { METERS = 8 };

static const struct fake_answer unsent = {.unsent = true, .error = "connection refused"};

static void ask_all(struct world *world)
{
	char id[16];
	for (int i = 1; i <= METERS; i++) {
		text_format(id, sizeof(id), "job-%d", i);
		world_command(world, i, id);
	}
}

static int in_state(struct world *world, enum command_state state)
{
	char id[16];
	int count = 0;
	for (int i = 1; i <= METERS; i++) {
		text_format(id, sizeof(id), "job-%d", i);
		count += world_is(world, id, state) ? 1 : 0;
	}
	return count;
}

static bool is_paused(struct world *world)
{
	struct account_state state;
	account_state(world->account, &state);
	return state.paused;
}

static void a_refused_connection_is_tried_again_with_one_probe(void **state)
{
	struct world *world = *state;
	world->settings->api_concurrency = 2;
	fake_http_always(CREATES, unsent);
	ask_all(world);
	world_start_sender(world);
	WAIT_FOR(is_paused(world));
	WAIT_FOR(in_state(world, STATE_ACCEPTED) == METERS);
	world_pass(world);
	/* Two were under way when it was found out; the others were not even tried. */
	assert_int_equal(fake_http_count(CREATES), 2);
	fake_http_always(CREATES, (struct fake_answer){.held = true});
	world_advance(world, 2 * SECOND);
	WAIT_FOR(fake_http_count(CREATES) == 3);
	world_advance(world, 10 * SECOND);
	world_pass(world);
	assert_int_equal(fake_http_count(CREATES), 3);
	fake_http_always(CREATES, (struct fake_answer){.status = 201});
	fake_http_release(CREATES, 2, (struct fake_answer){.status = 201});
	WAIT_FOR(in_state(world, STATE_QUEUED) == METERS);
	assert_false(is_paused(world));
	assert_int_equal(fake_http_count(CREATES), 2 + METERS);
}

/* Each probe costs a command its clear outcome: those that were under way make no second one. */
static void a_create_from_before_the_pause_makes_no_second_probe(void **state)
{
	struct world *world = *state;
	world->settings->api_concurrency = 3;
	fake_http_always(CREATES, (struct fake_answer){.held = true});
	ask_all(world);
	world_start_sender(world);
	WAIT_FOR(fake_http_count(CREATES) == 3);
	fake_http_release(CREATES, 0, unsent);
	WAIT_FOR(is_paused(world));
	world_advance(world, 2 * SECOND);
	WAIT_FOR(fake_http_count(CREATES) == 4);
	fake_http_release(CREATES, 1, unsent);
	fake_http_release(CREATES, 2, (struct fake_answer){.error = "timed out"});
	WAIT_FOR(counters_get(&world->counters, COUNT_ATTEMPT_UNKNOWN) == 1);
	world_advance(world, HOUR);
	world_pass(world);
	assert_int_equal(fake_http_count(CREATES), 4);
	fake_http_always(CREATES, (struct fake_answer){.status = 201});
	fake_http_release(CREATES, 3, (struct fake_answer){.status = 201});
	WAIT_FOR(in_state(world, STATE_QUEUED) == METERS - 1);
	assert_int_equal(in_state(world, STATE_UNKNOWN), 1);
}

static void an_hour_of_outage_burns_nothing(void **state)
{
	struct world *world = *state;
	fake_http_always(CREATES, unsent);
	ask_all(world);
	world_start_sender(world);
	for (int i = 0; i < 60; i++) {
		world_advance(world, MINUTE);
		world_pass(world);
	}
	WAIT_FOR(in_state(world, STATE_ACCEPTED) == METERS);
	assert_in_range(fake_http_count(CREATES), 60, 60 + METERS);
	fake_http_always(CREATES, (struct fake_answer){.status = 201});
	world_advance(world, MINUTE);
	WAIT_FOR(in_state(world, STATE_QUEUED) == METERS);
}

static void too_many_requests_pause_everybody_for_as_long_as_asked(void **state)
{
	struct world *world = *state;
	world->settings->api_concurrency = 1;
	fake_http_next(CREATES, (struct fake_answer){.status = 429, .retry_after_ms = MINUTE});
	ask_all(world);
	world_start_sender(world);
	WAIT_FOR(counters_get(&world->counters, COUNT_ATTEMPT_RETRY) == 1);
	world_advance(world, 55 * SECOND);
	world_pass(world);
	assert_int_equal(fake_http_count(CREATES), 1);
	assert_int_equal(in_state(world, STATE_ACCEPTED), METERS);
	for (int i = 0; i < METERS * 12 && in_state(world, STATE_QUEUED) < METERS; i++) {
		world_advance(world, SECOND);
		world_pass(world);
	}
	WAIT_FOR(in_state(world, STATE_QUEUED) == METERS);
	assert_int_equal(fake_http_count(CREATES), 1 + METERS);
}

static void a_refused_token_is_renewed_and_the_command_sent(void **state)
{
	struct world *world = *state;
	fake_token_hope(true);
	fake_http_next(CREATES, (struct fake_answer){.status = 401});
	world_command(world, 1, "job");
	world_start_sender(world);
	WAIT_FOR(fake_token_refusals() == 1);
	WAIT_FOR(world_is(world, "job", STATE_ACCEPTED));
	world_advance(world, MINUTE);
	world_pass(world);
	assert_int_equal(fake_http_count(CREATES), 1);
	fake_token_renew();
	WAIT_FOR(world_is(world, "job", STATE_QUEUED));
	assert_string_equal(fake_http_request(CREATES, 1).authorization, "Bearer token-2");
	assert_int_equal(fake_token_refusals(), 1);
}

static void refused_credentials_pause_and_keep_the_commands(void **state)
{
	struct world *world = *state;
	world->settings->api_concurrency = 1;
	fake_http_always(CREATES, (struct fake_answer){.status = 403});
	ask_all(world);
	world_start_sender(world);
	WAIT_FOR(is_paused(world));
	for (int i = 0; i < 10; i++) {
		world_advance(world, 10 * SECOND);
		world_pass(world);
	}
	WAIT_FOR(in_state(world, STATE_ACCEPTED) == METERS);
	assert_in_range(fake_http_count(CREATES), 2, 11);
	fake_http_always(CREATES, (struct fake_answer){.status = 201});
	fake_token_renew();
	WAIT_FOR(in_state(world, STATE_QUEUED) == METERS);
}

static void three_timeouts_in_a_row_pause_the_account(void **state)
{
	struct world *world = *state;
	world->settings->api_concurrency = 1;
	fake_http_always(CREATES, (struct fake_answer){.error = "timed out"});
	ask_all(world);
	world_start_sender(world);
	WAIT_FOR(is_paused(world));
	world_pass(world);
	assert_int_equal(fake_http_count(CREATES), 3);
	assert_int_equal(in_state(world, STATE_UNKNOWN), 3);
	assert_int_equal(in_state(world, STATE_ACCEPTED), METERS - 3);
	/* A probe is one more command whose outcome nobody knows: no more than one for each wait. */
	world_advance(world, 2 * SECOND);
	WAIT_FOR(in_state(world, STATE_UNKNOWN) == 4);
	world_pass(world);
	assert_int_equal(fake_http_count(CREATES), 4);
}

/* Between the look at the account and the request the token went: the probe must not go with it. */
static void a_token_that_goes_at_the_last_moment_takes_no_probe_along(void **state)
{
	struct world *world = *state;
	world->settings->api_concurrency = 1;
	fake_http_next(CREATES, unsent);
	world_command(world, 1, "job");
	world_start_sender(world);
	WAIT_FOR(is_paused(world));
	fake_token_blink();
	for (int i = 0; i < 10 && !world_is(world, "job", STATE_QUEUED); i++) {
		world_advance(world, 2 * SECOND);
		world_pass(world);
	}
	WAIT_FOR(world_is(world, "job", STATE_QUEUED));
	assert_int_equal(fake_http_count(CREATES), 2);
}

/* A dry run asks nothing of the API, whatever lists and look-ups find out about it. */
static void a_dry_run_needs_no_account(void **state)
{
	struct world *world = *state;
	const struct outcome outage = {
		.kind = OUTCOME_RETRY, .account = ACCOUNT_UNREACHABLE, .code = "unreachable", .reason = ""};
	world->settings->api_dry_run = true;
	account_note(world->account, ASKED_BY_PROBE, &outage, 1);
	ask_all(world);
	world_start_sender(world);
	WAIT_FOR(in_state(world, STATE_DELIVERED) == METERS);
	assert_int_equal(fake_http_count(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FROZEN_WORLD_TEST(a_refused_connection_is_tried_again_with_one_probe),
		FROZEN_WORLD_TEST(a_create_from_before_the_pause_makes_no_second_probe),
		FROZEN_WORLD_TEST(an_hour_of_outage_burns_nothing),
		FROZEN_WORLD_TEST(too_many_requests_pause_everybody_for_as_long_as_asked),
		FROZEN_WORLD_TEST(a_refused_token_is_renewed_and_the_command_sent),
		FROZEN_WORLD_TEST(refused_credentials_pause_and_keep_the_commands),
		FROZEN_WORLD_TEST(three_timeouts_in_a_row_pause_the_account),
		FROZEN_WORLD_TEST(a_token_that_goes_at_the_last_moment_takes_no_probe_along),
		FROZEN_WORLD_TEST(a_dry_run_needs_no_account),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
