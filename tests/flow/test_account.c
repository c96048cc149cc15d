/* Does an outage pause everybody, and does one probe at a time find out when it is over? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/account.h"

#include "tests/flow/flow_world.h"

static const struct outcome done = {.kind = OUTCOME_DONE};
static const struct outcome refused = {.kind = OUTCOME_REFUSED, .code = "api_400"};
static const struct outcome unreachable = {
	.kind = OUTCOME_RETRY, .account = ACCOUNT_UNREACHABLE, .code = "unreachable", .reason = "no route"};
static const struct outcome unauthorized = {.kind = OUTCOME_RETRY, .account = ACCOUNT_UNAUTHORIZED, .code = "api_401"};
static const struct outcome slow_down = {
	.kind = OUTCOME_RETRY, .account = ACCOUNT_SLOW_DOWN, .code = "api_429", .retry_after_ms = MINUTE};
static const struct outcome unclear = {.kind = OUTCOME_UNKNOWN, .code = "no_answer"};

static int64_t allowed(struct world *world, int64_t wanted)
{
	int64_t wait_ms;
	return account_allow(world->account, wanted, &wait_ms);
}

static bool is_paused(struct world *world)
{
	struct account_state state;
	account_state(world->account, &state);
	return state.paused;
}

static void an_outage_pauses_until_one_probe_succeeds(void **state)
{
	struct world *world = *state;
	assert_int_equal(allowed(world, 8), 8);
	assert_true(account_note(world->account, ASKED_BY_PROBE, &unreachable, 1));
	assert_true(is_paused(world));
	assert_int_equal(allowed(world, 8), 0);
	/* The others that were under way say the same, and that is no news. */
	assert_false(account_note(world->account, ASKED_BY_PROBE, &unreachable, 1));
	fake_clock_advance(SECOND);
	assert_int_equal(allowed(world, 8), 1);
	assert_int_equal(allowed(world, 8), 0);
	account_note(world->account, ASKED_BY_PROBE, &unreachable, 1);
	assert_int_equal(allowed(world, 8), 0);
	fake_clock_advance(SECOND);
	assert_int_equal(allowed(world, 8), 1);
	account_note(world->account, ASKED_BY_PROBE, &done, 1);
	assert_false(is_paused(world));
	assert_int_equal(allowed(world, 8), 8);
}

/* A standing order is for what may leave without a question: a probe is none. */
static void a_pause_has_nothing_to_spare(void **state)
{
	struct world *world = *state;
	assert_int_equal(account_spare(world->account, 8), 8);
	account_note(world->account, ASKED_BY_PROBE, &unreachable, 1);
	assert_int_equal(account_spare(world->account, 8), 0);
	fake_clock_advance(HOUR);
	assert_int_equal(account_spare(world->account, 8), 0);
	assert_int_equal(allowed(world, 8), 1);
	account_note(world->account, ASKED_BY_PROBE, &done, 1);
	assert_int_equal(account_spare(world->account, 8), 8);
}

static void the_pause_has_a_reason(void **state)
{
	struct world *world = *state;
	struct account_state is;
	account_note(world->account, ASKED_BY_PROBE, &unreachable, 1);
	account_state(world->account, &is);
	assert_string_equal(is.why, "unreachable: no route");
	account_note(world->account, ASKED_BY_PROBE, &done, 1);
	account_state(world->account, &is);
	assert_string_equal(is.why, "");
}

static void a_refusal_is_a_clear_answer(void **state)
{
	struct world *world = *state;
	account_note(world->account, ASKED_BY_PROBE, &unreachable, 1);
	account_note(world->account, ASKED_BY_PROBE, &refused, 1);
	assert_false(is_paused(world));
}

static void three_unclear_answers_in_a_row_are_an_outage(void **state)
{
	struct world *world = *state;
	assert_false(account_note(world->account, ASKED_BY_PROBE, &unclear, 1));
	assert_false(account_note(world->account, ASKED_BY_PROBE, &unclear, 1));
	account_note(world->account, ASKED_BY_PROBE, &done, 1);
	assert_false(account_note(world->account, ASKED_BY_PROBE, &unclear, 1));
	assert_false(account_note(world->account, ASKED_BY_PROBE, &unclear, 1));
	assert_int_equal(allowed(world, 8), 8);
	assert_true(account_note(world->account, ASKED_BY_PROBE, &unclear, 1));
	assert_int_equal(allowed(world, 8), 0);
}

/* A probe that nobody answers has not found the way open: the next one waits, or each would cost a command. */
static void an_unclear_answer_to_a_probe_goes_on_with_the_pause(void **state)
{
	struct world *world = *state;
	account_note(world->account, ASKED_BY_PROBE, &unreachable, 1);
	fake_clock_advance(SECOND);
	assert_int_equal(allowed(world, 8), 1);
	account_note(world->account, ASKED_BY_PROBE, &unclear, 1);
	assert_int_equal(allowed(world, 8), 0);
	fake_clock_advance(SECOND);
	assert_int_equal(allowed(world, 8), 1);
}

static void a_probe_that_was_not_used_is_free_again(void **state)
{
	struct world *world = *state;
	account_note(world->account, ASKED_BY_PROBE, &unreachable, 1);
	fake_clock_advance(SECOND);
	assert_int_equal(allowed(world, 8), 1);
	account_give_back(world->account, 1, true);
	assert_int_equal(allowed(world, 8), 1);
}

/* A question, or a create from before the pause: they end as they like, the probe is still the only one. */
static void what_ends_beside_the_probe_makes_room_for_no_other(void **state)
{
	struct world *world = *state;
	const struct outcome *const ends[] = {&unreachable, &unclear, &slow_down, &unauthorized};
	account_note(world->account, ASKED_BY_PROBE, &unreachable, 1);
	fake_clock_advance(SECOND);
	assert_int_equal(allowed(world, 8), 1);
	assert_true(account_is_probing(world->account));
	for (size_t i = 0; i < ROWS(ends); i++) {
		assert_false(account_note(world->account, ASKED_BY_CREATE, ends[i], 1));
		fake_clock_advance(HOUR);
		assert_int_equal(allowed(world, 8), 0);
	}
	account_note(world->account, ASKED_BY_PROBE, &unreachable, 1);
	assert_false(account_is_probing(world->account));
	fake_clock_advance(HOUR);
	assert_int_equal(allowed(world, 8), 1);
	/* But whoever gets through shows that the pause is over. */
	account_note(world->account, ASKED_BY_CREATE, &done, 1);
	assert_false(is_paused(world));
	assert_int_equal(allowed(world, 8), 8);
}

static void a_request_to_slow_down_is_obeyed_by_all(void **state)
{
	struct world *world = *state;
	account_note(world->account, ASKED_BY_PROBE, &slow_down, 1);
	assert_int_equal(allowed(world, 8), 0);
	fake_clock_advance(58 * SECOND);
	assert_int_equal(allowed(world, 8), 0);
	fake_clock_advance(3 * SECOND);
	assert_in_range(allowed(world, 8), 1, 8);
	assert_false(is_paused(world));
}

static void a_refused_token_is_renewed_without_a_pause(void **state)
{
	struct world *world = *state;
	fake_token_hope(true);
	assert_false(account_note(world->account, ASKED_BY_PROBE, &unauthorized, 1));
	assert_int_equal(allowed(world, 8), 0);
	assert_false(account_may_ask(world->account));
	fake_token_renew();
	assert_int_equal(allowed(world, 8), 8);
	/* What went out with the old one and comes back late says nothing of the new one. */
	assert_false(account_note(world->account, ASKED_BY_PROBE, &unauthorized, 1));
	assert_int_equal(allowed(world, 8), 8);
	assert_int_equal(fake_token_refusals(), 1);
}

/* So that its refusal later is known for a revocation. */
static void a_token_that_the_api_took_is_known_for_good(void **state)
{
	struct world *world = *state;
	account_note(world->account, ASKED_BY_PROBE, &unauthorized, 1);
	account_note(world->account, ASKED_BY_PROBE, &unreachable, 2);
	account_note(world->account, ASKED_BY_PROBE, &slow_down, 3);
	account_note(world->account, ASKED_BY_PROBE, &unclear, 4);
	assert_int_equal(fake_token_accepted(), 0);
	assert_false(account_was_taken(world->account));
	account_note(world->account, ASKED_BY_PROBE, &refused, 5);
	assert_int_equal(fake_token_accepted(), 5);
	account_note(world->account, ASKED_BY_PROBE, &done, 6);
	assert_int_equal(fake_token_accepted(), 6);
	assert_true(account_was_taken(world->account));
	fake_clock_advance(9 * MINUTE);
	assert_true(account_was_taken(world->account));
	fake_clock_advance(2 * MINUTE);
	assert_false(account_was_taken(world->account));
}

/* Lists are answered, creates are refused: the answer to a list must not take away why there is no token. */
static void a_missing_token_says_why_whatever_else_is_answered(void **state)
{
	struct world *world = *state;
	const struct outcome no_scope = {
		.kind = OUTCOME_RETRY, .account = ACCOUNT_UNAUTHORIZED, .code = "api_403", .reason = "no scope"};
	struct account_state is;
	account_note(world->account, ASKED_BY_PROBE, &no_scope, 1);
	fake_token_lose();
	account_note(world->account, ASKED_BY_PROBE, &done, 1);
	account_state(world->account, &is);
	assert_true(is.paused);
	assert_string_equal(is.why, "api_403: no scope");
}

static void without_hope_for_a_token_there_is_a_pause(void **state)
{
	struct world *world = *state;
	assert_true(account_note(world->account, ASKED_BY_PROBE, &unauthorized, 1));
	assert_true(is_paused(world));
	assert_int_equal(allowed(world, 8), 0);
}

/* Whoever mended the credentials need not wait for the backoff of the old ones. */
static void a_new_token_is_tried_at_once(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 10; i++) {
		account_note(world->account, ASKED_BY_PROBE, &unauthorized, 1);
		fake_clock_advance(SECOND);
		allowed(world, 1);
	}
	account_note(world->account, ASKED_BY_PROBE, &unauthorized, 1);
	assert_int_equal(allowed(world, 8), 0);
	fake_token_renew();
	assert_int_equal(allowed(world, 8), 1);
	account_note(world->account, ASKED_BY_PROBE, &done, 2);
	assert_int_equal(allowed(world, 8), 8);
}

static void without_a_token_nothing_is_asked(void **state)
{
	struct world *world = *state;
	struct account_state is;
	fake_token_lose();
	assert_int_equal(allowed(world, 8), 0);
	assert_false(account_may_ask(world->account));
	account_state(world->account, &is);
	assert_true(is.paused);
	assert_int_equal(is.token_lifetime_s, -2);
	fake_token_renew();
	assert_int_equal(allowed(world, 8), 8);
	assert_true(account_may_ask(world->account));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FROZEN_WORLD_TEST(a_pause_has_nothing_to_spare),
		FROZEN_WORLD_TEST(an_outage_pauses_until_one_probe_succeeds),
		FROZEN_WORLD_TEST(the_pause_has_a_reason),
		FROZEN_WORLD_TEST(a_refusal_is_a_clear_answer),
		FROZEN_WORLD_TEST(three_unclear_answers_in_a_row_are_an_outage),
		FROZEN_WORLD_TEST(an_unclear_answer_to_a_probe_goes_on_with_the_pause),
		FROZEN_WORLD_TEST(a_probe_that_was_not_used_is_free_again),
		FROZEN_WORLD_TEST(what_ends_beside_the_probe_makes_room_for_no_other),
		FROZEN_WORLD_TEST(a_request_to_slow_down_is_obeyed_by_all),
		FROZEN_WORLD_TEST(a_refused_token_is_renewed_without_a_pause),
		FROZEN_WORLD_TEST(a_token_that_the_api_took_is_known_for_good),
		FROZEN_WORLD_TEST(a_missing_token_says_why_whatever_else_is_answered),
		FROZEN_WORLD_TEST(without_hope_for_a_token_there_is_a_pause),
		FROZEN_WORLD_TEST(a_new_token_is_tried_at_once),
		FROZEN_WORLD_TEST(without_a_token_nothing_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
