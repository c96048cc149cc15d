/* What ends a pause: an answer to a question, to a create from before, new credentials? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/account.h"

#include "tests/flow/flow_world.h"

enum { STEPS = 6 };

static const struct outcome done = {.kind = OUTCOME_DONE};
static const struct outcome bad = {.kind = OUTCOME_REFUSED, .code = "api_400"};
static const struct outcome nowhere = {
	.kind = OUTCOME_RETRY, .account = ACCOUNT_UNREACHABLE, .code = "unreachable", .reason = "no route"};
static const struct outcome refused = {
	.kind = OUTCOME_RETRY, .account = ACCOUNT_UNAUTHORIZED, .code = "api_403", .reason = "no scope"};
static const struct outcome unclear = {.kind = OUTCOME_UNKNOWN, .code = "api_500", .reason = "oops"};

/* An outcome is noted as that of who asked; a probe is allowed first. */
enum step_kind { END, PROBE, CREATE, QUESTION, RENEWED, RELOADED };

struct step {
	enum step_kind kind;
	const struct outcome *outcome;
};

static const struct {
	const char *name;
	struct step steps[STEPS];
	const char *want_why; /* of the pause; "": there is none */
} rows[] = {
	{"creates are refused, a question is answered", {{CREATE, &refused}, {QUESTION, &done}}, "api_403: no scope"},
	{"creates are refused, a question is bad", {{CREATE, &refused}, {QUESTION, &bad}}, "api_403: no scope"},
	{"creates are refused, also with a new token, a question is answered",
	 {{CREATE, &refused}, {RENEWED, NULL}, {QUESTION, &done}},
	 "api_403: no scope"},
	{"creates are refused, one from before finds no way",
	 {{CREATE, &refused}, {CREATE, &nowhere}},
	 "api_403: no scope"},
	{"creates are refused, one from before finds no way, a question is answered",
	 {{CREATE, &refused}, {CREATE, &nowhere}, {QUESTION, &done}},
	 "api_403: no scope"},
	{"creates are refused, one from before has no clear answer, a question is answered",
	 {{CREATE, &refused}, {CREATE, &unclear}, {QUESTION, &done}},
	 "api_403: no scope"},
	{"creates are refused, the probe finds no way",
	 {{CREATE, &refused}, {PROBE, &nowhere}},
	 "unreachable: no route"},
	{"creates are refused, the probe finds no way, a question is answered",
	 {{CREATE, &refused}, {PROBE, &nowhere}, {QUESTION, &done}},
	 "api_403: no scope"},
	{"creates are refused, a question finds no way, the next one is answered",
	 {{CREATE, &refused}, {QUESTION, &nowhere}, {QUESTION, &done}},
	 "api_403: no scope"},
	{"creates find no way, then they are refused, a question is answered",
	 {{CREATE, &nowhere}, {PROBE, &refused}, {QUESTION, &done}},
	 "api_403: no scope"},
	{"creates are refused, after a reload a question is answered",
	 {{CREATE, &refused}, {RELOADED, NULL}, {QUESTION, &done}},
	 ""},
	{"creates are refused, after a reload a question is bad",
	 {{CREATE, &refused}, {RELOADED, NULL}, {QUESTION, &bad}},
	 "api_403: no scope"},
	{"creates are refused, the probe is taken", {{CREATE, &refused}, {PROBE, &done}}, ""},
	{"creates are refused, the probe is bad", {{CREATE, &refused}, {PROBE, &bad}}, ""},
	{"creates find no way, a question is answered", {{CREATE, &nowhere}, {QUESTION, &done}}, ""},
	{"creates find no way, a question is bad", {{CREATE, &nowhere}, {QUESTION, &bad}}, "unreachable: no route"},
	{"a question finds no way, another one is bad", {{QUESTION, &nowhere}, {QUESTION, &bad}}, ""},
	{"a question finds no way, nor do creates, another one is bad",
	 {{QUESTION, &nowhere}, {PROBE, &nowhere}, {QUESTION, &bad}},
	 "unreachable: no route"},
	{"three creates have no clear answer, a question is bad",
	 {{CREATE, &unclear}, {CREATE, &unclear}, {CREATE, &unclear}, {QUESTION, &bad}},
	 "api_500: oops"},
	{"three creates have no clear answer, between them a question is bad",
	 {{CREATE, &unclear}, {CREATE, &unclear}, {QUESTION, &bad}, {CREATE, &unclear}},
	 "api_500: oops"},
};

static void note(struct world *world, enum account_asker asker, const struct outcome *outcome)
{
	char header[AUTHORIZATION_SIZE];
	account_note(world->account, asker, outcome, account_authorize(world->account, header));
}

static int64_t allowed(struct world *world)
{
	int64_t wait_ms;
	return account_allow(world->account, 8, &wait_ms);
}

static void take_step(struct world *world, const struct step *step)
{
	switch (step->kind) {
	case END:
		break;
	case PROBE:
		fake_clock_advance(HOUR);
		assert_int_equal(allowed(world), 1);
		note(world, ASKED_BY_PROBE, step->outcome);
		break;
	case CREATE:
		note(world, ASKED_BY_CREATE, step->outcome);
		break;
	case QUESTION:
		note(world, ASKED_BY_QUESTION, step->outcome);
		break;
	case RENEWED:
		fake_token_renew();
		break;
	case RELOADED:
		account_changed(world->account);
		break;
	}
}

static void only_what_speaks_of_it_ends_a_pause(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		void *fresh = NULL;
		struct account_state is;
		world_setup_frozen(&fresh);
		struct world *world = fresh;
		for (size_t n = 0; n < STEPS; n++)
			take_step(world, &rows[i].steps[n]);
		account_state(world->account, &is);
		want_number(rows[i].name, "paused", is.paused, rows[i].want_why[0] != '\0');
		if (is.paused)
			want_part(rows[i].name, "why", is.why, rows[i].want_why);
		world_teardown(&fresh);
	}
}

/* A new token is tried at once, and by one create alone. */
static void a_new_token_finds_one_probe_whatever_questions_are_answered(void **state)
{
	struct world *world = *state;
	note(world, ASKED_BY_CREATE, &refused);
	for (int i = 0; i < 5; i++) {
		note(world, ASKED_BY_QUESTION, &done);
		fake_token_renew();
		note(world, ASKED_BY_QUESTION, &done);
		assert_int_equal(allowed(world), 1);
		note(world, ASKED_BY_PROBE, &refused);
		assert_int_equal(allowed(world), 0);
	}
}

/* What was under way when the pause began neither hurries nor delays the next probe. */
static void a_create_from_before_does_not_move_the_next_probe(void **state)
{
	struct world *world = *state;
	int64_t wait_ms, want_ms;
	for (int i = 0; i < 10; i++) {
		note(world, ASKED_BY_PROBE, &refused);
		fake_clock_advance(HOUR);
		assert_int_equal(allowed(world), 1);
	}
	note(world, ASKED_BY_PROBE, &refused);
	assert_int_equal(account_allow(world->account, 8, &want_ms), 0);
	note(world, ASKED_BY_CREATE, &nowhere);
	assert_int_equal(account_allow(world->account, 8, &wait_ms), 0);
	assert_int_equal(wait_ms, want_ms);
	fake_clock_advance(HOUR);
	note(world, ASKED_BY_CREATE, &nowhere);
	assert_int_equal(allowed(world), 1);
}

/* A single command that is always refused must not keep the next one waiting for long. */
static void however_long_creates_are_refused_the_next_is_tried_within_64_seconds(void **state)
{
	struct world *world = *state;
	int64_t wait_ms = 0;
	fake_clock_random(5 * MINUTE - 1); /* the longest delay where five minutes are allowed */
	for (int i = 0; i < 50; i++) {
		fake_clock_advance(HOUR);
		assert_int_equal(allowed(world), i == 0 ? 8 : 1);
		note(world, ASKED_BY_PROBE, &refused);
		assert_int_equal(account_allow(world->account, 1, &wait_ms), 0);
		assert_in_range(wait_ms, 1, 64000);
	}
}

/* Otherwise each refusal of a create would be taken for a revoked token, and a new one be fetched. */
static void a_question_vouches_for_no_token_since_a_create_was_refused(void **state)
{
	struct world *world = *state;
	account_note(world->account, ASKED_BY_QUESTION, &done, 1);
	assert_int_equal(fake_token_accepted(), 1);
	account_note(world->account, ASKED_BY_QUESTION, &bad, 2);
	assert_int_equal(fake_token_accepted(), 1);
	fake_token_hope(true);
	account_note(world->account, ASKED_BY_CREATE, &refused, 1);
	fake_token_renew();
	account_note(world->account, ASKED_BY_QUESTION, &done, 2);
	assert_int_equal(fake_token_accepted(), 1);
	account_note(world->account, ASKED_BY_CREATE, &done, 2);
	assert_int_equal(fake_token_accepted(), 2);
	account_note(world->account, ASKED_BY_QUESTION, &done, 3);
	assert_int_equal(fake_token_accepted(), 3);
}

/* SMS from devices are not to wait because none can be sent to them. */
static void where_only_creates_are_refused_questions_go_on(void **state)
{
	struct world *world = *state;
	note(world, ASKED_BY_QUESTION, &done);
	note(world, ASKED_BY_CREATE, &refused);
	assert_true(account_may_ask(world->account));
	note(world, ASKED_BY_QUESTION, &refused);
	assert_false(account_may_ask(world->account));
	fake_clock_advance(HOUR);
	assert_true(account_may_ask(world->account)); /* that is the pause's own pace */
	note(world, ASKED_BY_QUESTION, &nowhere);
	assert_false(account_may_ask(world->account));
	fake_clock_advance(HOUR);
	note(world, ASKED_BY_QUESTION, &done);
	assert_int_equal(allowed(world), 1);
	note(world, ASKED_BY_PROBE, &refused);
	assert_true(account_may_ask(world->account));
}

/* The commands that it began with may be over: then nobody tries, and health still says that it is paused. */
static void the_pause_says_when_it_is_tried_again(void **state)
{
	struct world *world = *state;
	struct account_state is;
	note(world, ASKED_BY_CREATE, &refused);
	account_state(world->account, &is);
	assert_string_equal(is.why, "api_403: no scope; tried again with the next command");
	note(world, ASKED_BY_CREATE, &done);
	account_state(world->account, &is);
	assert_string_equal(is.why, "");
	/* Of this one questions find out, whether or not there are commands. */
	note(world, ASKED_BY_QUESTION, &nowhere);
	account_state(world->account, &is);
	assert_string_equal(is.why, "unreachable: no route");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_speaks_of_it_ends_a_pause),
		FROZEN_WORLD_TEST(a_new_token_finds_one_probe_whatever_questions_are_answered),
		FROZEN_WORLD_TEST(a_create_from_before_does_not_move_the_next_probe),
		FROZEN_WORLD_TEST(however_long_creates_are_refused_the_next_is_tried_within_64_seconds),
		FROZEN_WORLD_TEST(a_question_vouches_for_no_token_since_a_create_was_refused),
		FROZEN_WORLD_TEST(where_only_creates_are_refused_questions_go_on),
		FROZEN_WORLD_TEST(the_pause_says_when_it_is_tried_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
