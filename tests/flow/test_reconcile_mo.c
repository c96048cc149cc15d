/* Does what came while nobody listened arrive once, oldest first, and history never? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconcile.h"

#include "tests/flow/mo_lists.h"

static void a_fresh_spool_replays_nothing(void **state)
{
	struct world *world = *state;
	const struct listed old[] = {mo(SID_A, "new", MINUTE), mo(SID_B, "old", DAY)};
	answer_list(old, 2);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "");
	fake_clock_advance(HOUR);
	const struct listed then[] = {mo(SID_C, "since", MINUTE), old[0], old[1]};
	answer_list(then, 3);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "since");
}

/* Without a battery the clock starts in 1970; all that the API has would then look like news. */
static void a_clock_that_was_never_set_replays_nothing(void **state)
{
	struct world *world = *state;
	fake_clock_advance(-CLOCK_BEGIN);
	timekeeper_destroy(world->time);
	world->time = world->reconcile.parts.time = timekeeper_create(0);
	assert_false(reconcile_mo(&world->reconcile));
	assert_int_equal(fake_http_count(LISTS), 0);
	fake_clock_advance(CLOCK_BEGIN);
	for (int i = 0; i < 6; i++, fake_clock_advance(MINUTE))
		timekeeper_now(world->time);
	const struct listed old[] = {mo(SID_A, "an hour old", HOUR)};
	answer_list(old, 1);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "");
}

static void a_configured_since_fetches_history(void **state)
{
	struct world *world = *state;
	world->settings->reconcile_since_ms = clock_wall_ms() - 2 * DAY;
	const struct listed list[] = {mo(SID_A, "young", HOUR), mo(SID_B, "older", DAY), mo(SID_C, "oldest", 3 * DAY)};
	answer_list(list, 3);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "older young");
	assert_int_equal(counters_get(&world->counters, COUNT_MO_LISTED), 2);
}

static void what_was_missed_arrives_once_and_oldest_first(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {mo(SID_C, "third", MINUTE), mo(SID_B, "second", 2 * MINUTE),
				      mo(SID_A, "first", 3 * MINUTE)};
	/* One of them a callback brought. */
	const struct mo_sms known = {.sid = SID_B,
				     .sim_sid = SIM_1,
				     .sim_unique_name = "",
				     .payload = "second",
				     .time_ms = clock_wall_ms(),
				     .now_ms = clock_wall_ms()};
	assert_int_equal(mo_intake_take(&world->mo, &known), MO_NEW);
	want_heard(world, "second");
	for (int i = 0; i < 3; i++) {
		answer_list(list, 3);
		assert_true(reconcile_mo(&world->reconcile));
		want_heard(world, i == 0 ? "first third" : "");
	}
	struct fake_request request = fake_http_request(LISTS, 1);
	want_part("list", "filter", request.line, "Direction=from_sim");
	assert_null(strstr(request.line, "Sim="));
}

/* The order of the list is nowhere promised. */
static void an_unordered_list_is_read_whole(void **state)
{
	struct world *world = *state;
	was_there(world, DAY);
	assert_true(reconcile_mo(&world->reconcile));
	fake_clock_advance(HOUR);
	const struct listed first[] = {mo(SID_A, "early", 30 * MINUTE), mo(SID_B, "late", MINUTE)};
	const struct listed second[] = {mo(SID_C, "middle", 10 * MINUTE)};
	answer_two_pages(first, 2, second, 1);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "early middle late");
}

static void an_ordered_list_is_left_where_it_was_seen_before(void **state)
{
	struct world *world = *state;
	was_there(world, DAY);
	const struct listed old = mo(SID_C, "seen", 20 * HOUR);
	answer_list(&old, 1);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "seen");
	size_t before = fake_http_count("GET");
	const struct listed first[] = {mo(SID_A, "new", MINUTE), old}, second[] = {mo(SID_B, "history", 2 * DAY)};
	answer_two_pages(first, 2, second, 1);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "new");
	assert_int_equal(fake_http_count("GET"), before + 1);
}

/* The API may show an SMS some time after it was made: what lies shortly before the last pass is read again. */
static void what_the_list_shows_late_is_still_found(void **state)
{
	struct world *world = *state;
	was_there(world, DAY);
	answer_list(NULL, 0);
	assert_true(reconcile_mo(&world->reconcile));
	fake_clock_advance(MINUTE);
	const struct listed first[] = {mo(SID_A, "new", 30 * SECOND), mo(SID_B, "late", 10 * MINUTE)};
	const struct listed second[] = {mo(SID_C, "later", 20 * MINUTE)};
	answer_two_pages(first, 2, second, 1);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "later late new");
}

/* What is older than the retention is remembered no more; a list that is read whole still shows it. */
static void what_is_forgotten_is_not_replayed(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed seen = mo(SID_A, "once", MINUTE), before = mo(SID_B, "history", 2 * HOUR);
	answer_list(&seen, 1);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "once");
	for (int day = 0; day < 40; day += 5) {
		fake_clock_advance(5 * DAY);
		while (store_upkeep(world->store, timekeeper_now(world->time)))
			;
		const struct listed unordered[] = {before, seen};
		answer_list(unordered, 2);
		assert_true(reconcile_mo(&world->reconcile));
		want_heard(world, "");
	}
}

/* Away for longer than the retention: what came meanwhile is nevertheless new. */
static void a_long_absence_loses_nothing(void **state)
{
	struct world *world = *state;
	was_there(world, 40 * DAY);
	const struct listed list[] = {mo(SID_A, "lately", DAY), mo(SID_B, "long ago", 39 * DAY)};
	answer_list(list, 2);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "long ago lately");
	/* And stays known for as long as anything else. */
	while (store_upkeep(world->store, timekeeper_now(world->time)))
		;
	const struct listed again[] = {list[1], list[0]};
	answer_list(again, 2);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "");
}

static void an_sms_to_a_sim_is_none(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {{.sid = SID_A, .payload = "mine"}};
	answer_list(list, 1);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "");
}

/* ---- failures ----------------------------------------------------------------------------------------- */

static void a_failure_in_between_is_made_up_for(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed first[] = {mo(SID_B, "late", MINUTE)}, second[] = {mo(SID_A, "early", 2 * MINUTE)};
	fake_http_next(LISTS, (struct fake_answer){.status = 200, .body = page_text(first, 1, PAGE_2)});
	fake_http_next(PAGE_2, (struct fake_answer){.status = 502});
	assert_false(reconcile_mo(&world->reconcile));
	/* In order or not at all. */
	want_heard(world, "");
	answer_two_pages(first, 1, second, 1);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "early late");
}

/* A list whose end can never be read must not keep back its beginning for ever. */
static void what_a_foreign_page_hides_keeps_nothing_back(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {mo(SID_A, "here", MINUTE)};
	fake_http_next(LISTS, (struct fake_answer){.status = 200,
						   .body = page_text(list, 1, "https://evil.test/v1/SmsCommands")});
	assert_false(reconcile_mo(&world->reconcile));
	want_heard(world, "here");
	assert_int_equal(fake_http_count("evil"), 0);
}

static void a_full_disk_is_waited_for(void **state)
{
	struct world *world = *state;
	was_there(world, HOUR);
	const struct listed list[] = {mo(SID_A, "here", MINUTE)};
	fake_http_always(LISTS, (struct fake_answer){.status = 200, .body = page_text(list, 1, "")});
	size_t before = fake_http_count(LISTS);
	world_fill_disk(world);
	heard(world);
	assert_false(reconcile_mo(&world->reconcile));
	assert_int_equal(fake_http_count(LISTS), before);
	world_free_disk(world);
	assert_true(reconcile_mo(&world->reconcile));
	want_heard(world, "here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_fresh_spool_replays_nothing),
		WORLD_TEST(a_clock_that_was_never_set_replays_nothing),
		WORLD_TEST(a_configured_since_fetches_history),
		WORLD_TEST(what_was_missed_arrives_once_and_oldest_first),
		WORLD_TEST(an_unordered_list_is_read_whole),
		WORLD_TEST(an_ordered_list_is_left_where_it_was_seen_before),
		WORLD_TEST(what_the_list_shows_late_is_still_found),
		WORLD_TEST(what_is_forgotten_is_not_replayed),
		WORLD_TEST(a_long_absence_loses_nothing),
		WORLD_TEST(an_sms_to_a_sim_is_none),
		WORLD_TEST(a_failure_in_between_is_made_up_for),
		WORLD_TEST(what_a_foreign_page_hides_keeps_nothing_back),
		WORLD_TEST(a_full_disk_is_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
