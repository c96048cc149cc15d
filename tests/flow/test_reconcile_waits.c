/* Does every SMS that waits for a name have an end to its wait, and is what is told meanwhile told once? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "tests/flow/mo_lists.h"

enum { PAGE = 200, PAGES = 11, PASS_MS = 5 * MINUTE };

static void remember_for(struct world *world, int64_t retention_ms)
{
	world->settings->spool_retention_ms = retention_ms;
	world->store_options.retention_ms = retention_ms;
	world_reopen(world);
}

static void pass(struct world *world)
{
	reconcile_mo(&world->reconcile);
	while (store_upkeep(world->store, timekeeper_now(world->time)))
		continue;
	fake_clock_advance(PASS_MS);
}

/* The retention is over, and the pass is still open. */
static void what_is_told_beside_one_that_waits_is_told_once(void **state)
{
	struct world *world = *state;
	remember_for(world, 12 * HOUR);
	was_there(world, HOUR);
	const struct listed list[] = {of(SIM_GATE, SID_B, "open", MINUTE), of(SIM_1, SID_A, "mine", MINUTE)};
	always_list(list, 2);
	fake_http_always(SIMS, (struct fake_answer){.status = 500});
	pass(world);
	want_heard(world, "mine");
	for (int64_t ms = 0; ms < 22 * HOUR; ms += PASS_MS)
		pass(world);
	want_heard(world, "");
}

/* A list shows again what is an hour old. */
static void a_retention_shorter_than_the_overlap_of_lists_doubles_nothing(void **state)
{
	struct world *world = *state;
	remember_for(world, 30 * MINUTE);
	was_there(world, HOUR);
	assert_true(reconcile_mo(&world->reconcile));
	const struct listed list[] = {of(SIM_1, SID_A, "mine", MINUTE)};
	always_list(list, 1);
	pass(world);
	want_heard(world, "mine");
	for (int i = 0; i < 36; i++)
		pass(world);
	want_heard(world, "");
}

/* A restart forgets who has failed for how long; the age of the SMS stays. */
static void with_a_restart_each_night_the_wait_has_an_end(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of(SIM_GATE, SID_A, "open", MINUTE)};
	always_list(list, 1);
	fake_http_always(SIMS, (struct fake_answer){.status = 500});
	for (int64_t ms = 0; ms < 26 * HOUR; ms += PASS_MS) {
		if (ms == 23 * HOUR)
			world->reconcile.patience = (struct patience){.count = 0};
		pass(world);
	}
	want_heard(world, "open");
	want_topic(world, "mqtt-sms-bridge/unmapped");
}

/* Only this question is answered so: the list, a moment before, was not. */
static void whatever_refuses_the_name_alone_ends_and_pauses_nobody(void **state)
{
	static const int statuses[] = {401, 402, 429};
	(void)state;
	for (size_t i = 0; i < ROWS(statuses); i++) {
		void *fresh = NULL;
		struct account_state account;
		world_setup_frozen(&fresh);
		struct world *world = fresh;
		was_there(world, HOUR);
		const struct listed list[] = {of(SIM_GATE, SID_A, "open", MINUTE)};
		always_list(list, 1);
		fake_http_always(SIMS, (struct fake_answer){.status = statuses[i]});
		for (int64_t ms = 0; ms < 26 * HOUR; ms += PASS_MS) {
			pass(world);
			account_state(world->account, &account);
			assert_false(account.paused);
		}
		want_heard(world, "open");
		world_teardown(&fresh);
	}
}

/* The answer to the list came before it expired. */
static void a_403_of_an_expired_token_makes_no_sms_nobodys(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {of(SIM_GATE, SID_A, "open", MINUTE)};
	always_list(list, 1);
	fake_http_next(SIMS, (struct fake_answer){.status = 403, .body = "{\"error\": \"Invalid or expired token\"}"});
	fake_http_always(SIMS, gate);
	assert_false(reconcile_mo(&world->reconcile));
	fake_clock_advance(10 * SECOND);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "open");
	want_topic(world, "devices/gate/up");
}

static void hang(void *ctx, const struct fake_request *request)
{
	(void)ctx;
	if (text_starts_with(request->line, SIMS) && strstr(request->line, SIM_GATE) == NULL)
		fake_clock_advance(30 * SECOND);
}

/* They are always due again before all of them have been asked. */
static void many_that_hang_leave_a_newcomer_its_turn(void **state)
{
	enum { HANGING = 12 };
	struct world *world = *state;
	char sims[HANGING][SID_SIZE], sids[HANGING][SID_SIZE];
	struct listed list[HANGING + 1];
	was_there(world, HOUR);
	list[0] = of(SIM_GATE, SID_B, "open", MINUTE);
	for (int i = 0; i < HANGING; i++) {
		text_format(sims[i], SID_SIZE, "HS%032d", i + 10);
		text_format(sids[i], SID_SIZE, "HC%032d", i + 10);
		list[i + 1] = of(sims[i], sids[i], "x", (i + 2) * MINUTE);
	}
	always_list(list, HANGING + 1);
	fake_http_always(SIMS "HS000", (struct fake_answer){.status = 0});
	fake_http_always(SIMS SIM_GATE, gate);
	fake_http_on_start(hang, NULL);
	for (int i = 0; i < 4 * HANGING; i++, fake_clock_advance(10 * SECOND))
		reconcile_mo(&world->reconcile);
	want_heard(world, "open");
}

/* So many strange SIMs fail that there is no place to remember another. */
static void with_all_places_taken_another_one_is_asked_for(void **state)
{
	struct world *world = *state;
	char name[SID_SIZE];
	was_there(world, HOUR);
	for (int i = 0; i < PATIENCE_MAX; i++) {
		text_format(name, sizeof(name), "HS%032d", i);
		patience_failed(&world->reconcile.patience, name, clock_mono_ms());
	}
	const struct listed list[] = {of(SIM_GATE, SID_A, "open", MINUTE)};
	always_list(list, 1);
	fake_http_next(SIMS, (struct fake_answer){.status = 500});
	assert_false(reconcile_mo(&world->reconcile));
	fake_http_always(SIMS, gate);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "open");
}

static void learn_on_last(void *ctx, const struct fake_request *request)
{
	struct world *world = ctx;
	if (strstr(request->line, "PageToken=x11") != NULL)
		store_learn_sim(world->store, "Gate-7", SIM_GATE);
}

/* From old to new, too much to be gathered at once; the SIM's name is learnt in between. */
static void answer_long_list(void)
{
	static struct listed list[PAGE];
	static char sids[PAGE * PAGES][SID_SIZE];
	char match[64], next[128];
	for (int page = 0; page < PAGES; page++) {
		for (int i = 0; i < PAGE; i++) {
			int n = page * PAGE + i;
			bool first = n == 0, last = n == PAGE * PAGES - 1;
			text_format(sids[n], SID_SIZE, "HC%032d", n);
			list[i] = of(first || last ? SIM_GATE : SIM_1, sids[n],
				     first  ? "open"
				     : last ? "shut"
					    : "",
				     50 * MINUTE - n * SECOND);
		}
		text_format(match, sizeof(match), page == 0 ? "PageSize" : "PageToken=x%d", page + 1);
		text_format(next, sizeof(next), API_URL "/SmsCommands?Page=1&PageToken=x%d", page + 2);
		fake_http_next(match,
			       (struct fake_answer){.status = 200,
						    .body = page_text(list, PAGE, page < PAGES - 1 ? next : "")});
	}
}

/* What the gate sent, as it was told: "open shut". */
static const char *gate_heard(struct world *world)
{
	static char text[64];
	struct store_event event;
	text[0] = '\0';
	while (store_events(world->store, world->seen, &event, 1) == 1) {
		char *payload = memory_copied(event.payload, event.payload_len);
		size_t len = strlen(text);
		text_format(text + len, sizeof(text) - len, "%s%s", strstr(payload, "open") != NULL ? "open " : "",
			    strstr(payload, "shut") != NULL ? "shut " : "");
		free(payload);
		world->seen = event.seq;
		store_event_clear(&event);
	}
	return text;
}

static void in_a_long_list_too_what_came_first_is_told_first(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	fake_http_always(SIMS, (struct fake_answer){.status = 500});
	fake_http_on_start(learn_on_last, world);
	answer_long_list();
	assert_false(reconcile_mo(&world->reconcile));
	assert_string_equal(gate_heard(world), "");
	answer_long_list();
	assert_true(reconcile_mo(&world->reconcile));
	assert_string_equal(gate_heard(world), "open shut ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FROZEN_WORLD_TEST(what_is_told_beside_one_that_waits_is_told_once),
		FROZEN_WORLD_TEST(a_retention_shorter_than_the_overlap_of_lists_doubles_nothing),
		FROZEN_WORLD_TEST(with_a_restart_each_night_the_wait_has_an_end),
		cmocka_unit_test(whatever_refuses_the_name_alone_ends_and_pauses_nobody),
		FROZEN_WORLD_TEST(a_403_of_an_expired_token_makes_no_sms_nobodys),
		FROZEN_WORLD_TEST(many_that_hang_leave_a_newcomer_its_turn),
		FROZEN_WORLD_TEST(with_all_places_taken_another_one_is_asked_for),
		FROZEN_WORLD_TEST(in_a_long_list_too_what_came_first_is_told_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
