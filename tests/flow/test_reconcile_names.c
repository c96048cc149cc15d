/* Is a SIM asked for its name where the mapping may mean it, and does that hold up nobody else? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconcile.h"

#include "tests/flow/mo_lists.h"

static struct listed of_gate(const char *sid, const char *payload)
{
	return of(SIM_GATE, sid, payload, MINUTE);
}

/* A list names SIMs by sid, a mapping perhaps by unique_name: the API is asked once. */
static void a_unique_name_is_looked_up_once(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of_gate(SID_B, "shut"), of_gate(SID_A, "open")};
	answer_list(list, 2);
	fake_http_always(SIMS, gate);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "open shut");
	want_topic(world, "devices/gate/up");
	assert_int_equal(fake_http_count(SIMS), 1);
	assert_string_equal(fake_http_request(SIMS, 0).line, SIMS SIM_GATE);
}

static void a_sim_that_the_api_does_not_know_is_unmapped(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of_gate(SID_A, "open")};
	answer_list(list, 1);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "open");
	want_topic(world, "mqtt-sms-bridge/unmapped");
}

/* A restricted key: it may send and list SMS, but not read SIMs. */
static void credentials_that_may_not_read_sims_stop_nothing(void **state)
{
	struct world *world = *state;
	struct account_state account;
	was_there(world, HOUR);
	const struct listed list[] = {of_gate(SID_A, "open")};
	always_list(list, 1);
	fake_http_always(SIMS, (struct fake_answer){.status = 403, .body = "{}"});
	assert_false(reconcile_mo(&world->reconcile)); /* it could be an expired token */
	want_heard(world, "");
	fake_clock_advance(10 * SECOND);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "open");
	want_topic(world, "mqtt-sms-bridge/unmapped");
	account_state(world->account, &account);
	assert_false(account.paused);
}

/* ---- a SIM that cannot be asked for ------------------------------------------------------------------- */

/* Whose it is cannot be told now; told as nobody's it would be misdirected for ever. */
static void an_sms_waits_while_its_name_cannot_be_asked(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of_gate(SID_A, "open")};
	answer_list(list, 1);
	fake_http_next(SIMS, (struct fake_answer){.status = 0});
	assert_false(reconcile_mo(&world->reconcile));
	want_heard(world, "");
	fake_clock_advance(10 * SECOND);
	answer_list(list, 1);
	fake_http_always(SIMS, gate);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "open");
	want_topic(world, "devices/gate/up");
}

static const struct {
	const char *name;
	struct fake_answer answer;
} failures[] = {
	{"server error", {.status = 500}},
	{"a page", {.status = 200, .body = "<html></html>"}},
	{"no answer", {.status = 0}},
	{"a redirect", {.status = 302}},
	{"cut off", {.status = 200, .body = "{\"sid\": \"" SIM_GATE "\"}", .truncated = true}},
	{"unreachable", {.unsent = true}},
	{"too many requests", {.status = 429}},
	{"refused credentials", {.status = 401}},
};

static void one_failure(size_t i)
{
	void *state = NULL;
	world_setup_frozen(&state);
	struct world *world = state;
	was_there(world, HOUR);
	const struct listed list[] = {of(SIM_2, SID_C, "third", MINUTE), of(SIM_GATE, SID_B, "second", 2 * MINUTE),
				      of(SIM_1, SID_A, "first", 3 * MINUTE)};
	always_list(list, 3);
	fake_http_next(SIMS, failures[i].answer);
	want_number(failures[i].name, "finished", reconcile_mo(&world->reconcile), false);
	want_text(failures[i].name, "heard", heard(world), "first third");
	fake_clock_advance(10 * SECOND);
	fake_http_always(SIMS, gate);
	want_number(failures[i].name, "finished then", reconcile_mo(&world->reconcile), true);
	want_text(failures[i].name, "heard then", heard(world), "second");
	want_topic(world, "devices/gate/up");
	world_teardown(&state);
}

static void only_its_own_sms_wait_for_a_sim_that_cannot_be_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(failures); i++)
		one_failure(i);
}

/* Another strange SIM is asked for all the same. */
static void one_that_fails_leaves_the_others_their_questions(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of(SIM_GATE, SID_B, "open", MINUTE), of(SIM_OTHER, SID_A, "lost", 2 * MINUTE)};
	always_list(list, 2);
	fake_http_always(SIMS SIM_OTHER, (struct fake_answer){.status = 500});
	fake_http_always(SIMS SIM_GATE, gate);
	assert_false(reconcile_mo(&world->reconcile));
	want_heard(world, "open");
	want_topic(world, "devices/gate/up");
}

static void a_sim_is_asked_for_once_in_a_pass(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of_gate(SID_C, "c"), of_gate(SID_B, "b"), of_gate(SID_A, "a")};
	always_list(list, 3);
	fake_http_next(SIMS, (struct fake_answer){.status = 500});
	assert_false(reconcile_mo(&world->reconcile));
	assert_int_equal(fake_http_count(SIMS), 1);
	/* Nor is one that the API does not know. */
	fake_clock_advance(10 * SECOND);
	assert_true(reconcile_mo(&world->reconcile));
	assert_int_equal(fake_http_count(SIMS), 2);
	want_heard(world, "a b c");
}

static void learn_meanwhile(void *ctx, const struct fake_request *request)
{
	struct world *world = ctx;
	if (text_starts_with(request->line, SIMS))
		store_learn_sim(world->store, "Gate-7", SIM_GATE);
}

/* A callback tells its name while the list is gone through. */
static void what_came_first_is_told_first(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of_gate(SID_B, "shut"), of_gate(SID_A, "open")};
	always_list(list, 2);
	fake_http_always(SIMS, (struct fake_answer){.status = 500});
	fake_http_on_start(learn_meanwhile, world);
	assert_false(reconcile_mo(&world->reconcile));
	want_heard(world, "");
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "open shut");
	want_topic(world, "devices/gate/up");
}

/* An ordered list is left early, where everything was seen before. */
static void what_waits_is_read_again_however_old_it_is(void **state)
{
	struct world *world = *state;
	was_there(world, DAY);
	const struct listed waiting = of_gate(SID_A, "open");
	always_list(&waiting, 1);
	fake_http_always(SIMS, (struct fake_answer){.status = 500});
	for (int i = 0; i < 5; i++, fake_clock_advance(HOUR))
		assert_false(reconcile_mo(&world->reconcile));
	const struct listed newer = of(SIM_1, SID_B, "mine", MINUTE);
	answer_two_pages(&newer, 1, &waiting, 1);
	assert_false(reconcile_mo(&world->reconcile));
	want_heard(world, "mine");
	fake_clock_advance(HOUR);
	fake_http_next(SIMS, gate);
	answer_two_pages(&newer, 1, &waiting, 1);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "open");
	want_topic(world, "devices/gate/up");
}

/* Passes of five minutes for so long; how long it took until something was heard. */
static int64_t passes_until_heard(struct world *world, int64_t most_ms)
{
	int64_t passed_ms = 0;
	while (passed_ms < most_ms && heard(world)[0] == '\0') {
		reconcile_mo(&world->reconcile);
		fake_clock_advance(5 * MINUTE);
		passed_ms += 5 * MINUTE;
	}
	return passed_ms;
}

static void after_a_day_a_sim_that_cannot_be_asked_is_nobodys(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of_gate(SID_A, "open"), of_gate(SID_B, "shut")};
	always_list(list, 1);
	fake_http_always(SIMS, (struct fake_answer){.status = 500});
	assert_in_range(passes_until_heard(world, 26 * HOUR), DAY, 25 * HOUR);
	want_topic(world, "mqtt-sms-bridge/unmapped");
	assert_true(reconcile_mo(&world->reconcile));
	/* What follows has waited long enough, unless it is answered now. */
	always_list(list, 2);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "shut");
	want_topic(world, "mqtt-sms-bridge/unmapped");
}

/* When it is answered at last it counts again. */
static void a_sim_that_was_given_up_is_still_asked_for(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of_gate(SID_A, "open"), of_gate(SID_B, "shut")};
	always_list(list, 1);
	fake_http_always(SIMS, (struct fake_answer){.status = 500});
	passes_until_heard(world, 26 * HOUR);
	always_list(list, 2);
	fake_http_next(SIMS, gate);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "shut");
	want_topic(world, "devices/gate/up");
}

/* A mapped SIM's SMS would be misdirected because of an outage. */
static void an_outage_is_no_reason_to_give_up(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of_gate(SID_A, "open")};
	always_list(list, 1);
	fake_http_always(SIMS, (struct fake_answer){.unsent = true});
	assert_int_equal(passes_until_heard(world, 30 * HOUR), 30 * HOUR);
	fake_http_next(SIMS, gate);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "open");
	want_topic(world, "devices/gate/up");
}

/* The answer could only tell the name of somebody whom the mapping does not know. */
static void where_sids_name_all_devices_nobody_waits(void **state)
{
	struct world *world = *state;
	world_map(world, "devices:\n  meter-1: " SIM_1 "\n");
	was_there(world, HOUR);
	const struct listed list[] = {of_gate(SID_B, "shut"), of_gate(SID_A, "open")};
	always_list(list, 2);
	fake_http_always(SIMS, (struct fake_answer){.status = 500});
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "open shut");
	want_topic(world, "mqtt-sms-bridge/unmapped");
	assert_int_equal(fake_http_count(SIMS), 1);
}

/* An API of SMS need not have SIMs: creates and lists are all that counts. */
static void names_that_cannot_be_asked_pause_nobody(void **state)
{
	struct world *world = *state;
	struct account_state account;
	was_there(world, HOUR);
	const struct listed list[] = {
		of(SIM_OTHER, SID_A, "a", MINUTE), of(SIM_GATE, SID_B, "b", MINUTE),
		of("HSdddddddddddddddddddddddddddddddd", SID_C, "c", MINUTE),
		of("HSeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "HCdddddddddddddddddddddddddddddddd", "d", MINUTE)};
	always_list(list, 4);
	fake_http_always(SIMS, (struct fake_answer){.status = 500});
	assert_false(reconcile_mo(&world->reconcile));
	assert_int_equal(fake_http_count(SIMS), 4);
	account_state(world->account, &account);
	assert_false(account.paused);
}

static void take_a_minute(void *ctx, const struct fake_request *request)
{
	(void)ctx;
	if (text_starts_with(request->line, SIMS SIM_OTHER))
		fake_clock_advance(MINUTE);
}

/* One that takes a minute each time must not have all the time of the thread, nor always be the first. */
static void slow_failures_leave_the_others_a_turn(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of(SIM_GATE, SID_B, "open", MINUTE), of(SIM_OTHER, SID_A, "lost", 2 * MINUTE)};
	always_list(list, 2);
	fake_http_always(SIMS SIM_OTHER, (struct fake_answer){.status = 0});
	fake_http_always(SIMS SIM_GATE, gate);
	fake_http_on_start(take_a_minute, NULL);
	assert_false(reconcile_mo(&world->reconcile));
	assert_int_equal(fake_http_count(SIMS), 1);
	for (int i = 0; i < 5; i++) {
		fake_clock_advance(10 * SECOND);
		assert_false(reconcile_mo(&world->reconcile));
	}
	want_heard(world, "open");
	want_topic(world, "devices/gate/up");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_unique_name_is_looked_up_once),
		WORLD_TEST(a_sim_that_the_api_does_not_know_is_unmapped),
		FROZEN_WORLD_TEST(credentials_that_may_not_read_sims_stop_nothing),
		WORLD_TEST(an_sms_waits_while_its_name_cannot_be_asked),
		cmocka_unit_test(only_its_own_sms_wait_for_a_sim_that_cannot_be_asked),
		FROZEN_WORLD_TEST(one_that_fails_leaves_the_others_their_questions),
		FROZEN_WORLD_TEST(a_sim_is_asked_for_once_in_a_pass),
		FROZEN_WORLD_TEST(what_came_first_is_told_first),
		FROZEN_WORLD_TEST(what_waits_is_read_again_however_old_it_is),
		FROZEN_WORLD_TEST(after_a_day_a_sim_that_cannot_be_asked_is_nobodys),
		FROZEN_WORLD_TEST(a_sim_that_was_given_up_is_still_asked_for),
		FROZEN_WORLD_TEST(an_outage_is_no_reason_to_give_up),
		FROZEN_WORLD_TEST(where_sids_name_all_devices_nobody_waits),
		FROZEN_WORLD_TEST(names_that_cannot_be_asked_pause_nobody),
		FROZEN_WORLD_TEST(slow_failures_leave_the_others_a_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
