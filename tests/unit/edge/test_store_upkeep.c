/* What does time do to the spool, and what does it show of itself? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include "tests/unit/edge/store_world.h"

static void upkeep_to_the_end(struct world *world, int64_t now_ms)
{
	int steps = 0;
	while (store_upkeep(world->store, now_ms))
		assert_true(++steps < 1000);
}

static void waiting_commands_expire_also_behind_a_busy_lane(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "sending", .max_wait_ms = MINUTE);
	world_take(world, NOW, 1);
	ASK(world, .id = "b", .max_wait_ms = MINUTE);
	ASK(world, .id = "c", .max_wait_ms = 2 * MINUTE);
	store_upkeep(world->store, NOW + MINUTE - 1);
	want_state(world, "b", STATE_ACCEPTED);
	store_upkeep(world->store, NOW + MINUTE);
	want_state(world, "b", STATE_EXPIRED);
	want_state(world, "c", STATE_ACCEPTED);
	want_state(world, "sending", STATE_SENDING);
}

static void many_expire_in_several_steps(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 450; i++)
		ASK(world, .device = "m1", .max_wait_ms = MINUTE);
	assert_true(store_upkeep(world->store, NOW + HOUR));
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.waiting, 250);
	upkeep_to_the_end(world, NOW + HOUR);
	store_stats(world->store, &stats);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(stats.by_status[STATE_EXPIRED], 450);
}

/* ---- retention ---------------------------------------------------------------------------------------- */

static bool is_there(struct world *world, const char *id)
{
	struct store_record record;
	return store_find_id(world->store, "", id, &record);
}

static void what_ended_long_ago_is_forgotten_what_waits_is_not(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "delivered");
	ASK(world, .device = "m2", .id = "held", .max_wait_ms = 90 * DAY);
	ASK(world, .device = "m3", .id = "unconfirmed");
	world_take(world, NOW, 3);
	SETTLE(world, EVENT_API_DELIVERED, .seq = 1, .sid = SID_A);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 2);
	SETTLE(world, EVENT_AMBIGUOUS, .seq = 2);
	SETTLE(world, EVENT_API_QUEUED, .seq = 3, .sid = SID_B);
	SETTLE(world, EVENT_SILENT, .seq = 3, .at_ms = NOW + DAY);
	ASK(world, .device = "m4", .id = "young", .at_ms = NOW + 20 * DAY);
	upkeep_to_the_end(world, NOW + 30 * DAY);
	assert_true(is_there(world, "delivered"));
	upkeep_to_the_end(world, NOW + 30 * DAY + 1);
	assert_false(is_there(world, "delivered"));
	assert_true(is_there(world, "unconfirmed"));
	upkeep_to_the_end(world, NOW + 31 * DAY + 1);
	assert_false(is_there(world, "unconfirmed"));
	assert_true(is_there(world, "held"));
	assert_true(is_there(world, "young"));
	/* A callback that comes as late as this is a stranger's. */
	const struct store_report report = {
		.seq = 1, .sid = SID_A, .sim_sid = "", .status = API_DELIVERED, .error_code = "", .error_message = ""};
	assert_int_equal(store_report(world->store, &report, NOW + 31 * DAY), STORE_STRANGER);
}

static void the_last_number_is_never_given_twice(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 3; i++)
		ASK(world, .max_wait_ms = MINUTE);
	upkeep_to_the_end(world, NOW + 365 * DAY);
	upkeep_to_the_end(world, NOW + 400 * DAY);
	world_reopen(world);
	ASK(world, .id = "next");
	assert_int_equal(world_find(world, "next").seq, 4);
	assert_int_equal(world_find(world, "next").state, STATE_ACCEPTED);
}

static void retention_goes_on_in_batches_past_rows_that_stay(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 600; i++)
		ASK(world, .device = "waits", .max_wait_ms = 365 * DAY);
	for (int i = 0; i < 600; i++)
		ASK(world, .device = "m1", .max_wait_ms = MINUTE);
	ASK(world, .device = "m1", .id = "last", .at_ms = NOW + 30 * DAY);
	upkeep_to_the_end(world, NOW + HOUR);
	upkeep_to_the_end(world, NOW + 40 * DAY);
	struct store_record records[8];
	assert_int_equal(store_pending(world->store, "waits", 0, records, 8), 8);
	char id[COMMAND_ID_SIZE];
	text_format(id, sizeof(id), "%s-%d", store_epoch(world->store), 600);
	assert_true(is_there(world, id));
	for (int seq = 601; seq <= 1200; seq += 599) {
		text_format(id, sizeof(id), "%s-%d", store_epoch(world->store), seq);
		assert_false(is_there(world, id));
	}
}

static void mo_sids_are_forgotten_too(void **state)
{
	struct world *world = *state;
	const struct store_mo mo = {
		.sid = SID_A, .topic = "up", .payload = "x", .payload_len = 1, .sim_sid = "", .unique_name = ""};
	store_mo(world->store, &mo, NOW);
	upkeep_to_the_end(world, NOW + 30 * DAY);
	assert_true(store_knows_mo(world->store, SID_A));
	upkeep_to_the_end(world, NOW + 30 * DAY + 1);
	assert_false(store_knows_mo(world->store, SID_A));
}

/* ---- clocks ------------------------------------------------------------------------------------------- */

static void a_clock_that_was_set_back_stalls_nothing(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "b");
	world_take(world, NOW, 2);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW + MINUTE);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 2, .due_ms = NOW + MINUTE);
	int64_t set_back = NOW - 365 * DAY;
	assert_int_equal(world_take(world, set_back, 8).count, 0);
	store_upkeep(world->store, set_back);
	assert_string_equal(world_take(world, set_back, 8).ids, "a");
	struct store_record record;
	int64_t next_ms;
	assert_int_equal(store_unknown(world->store, set_back, &record, 1, &next_ms), 1);
}

/* Else its status would be asked for when that time comes, years later. */
static void a_clock_that_was_set_back_goes_on_asking_for_statuses(void **state)
{
	struct world *world = *state;
	struct store_record record;
	int64_t next_ms, set_back = NOW - 365 * DAY;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "given-up");
	world_take(world, NOW, 2);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A, .due_ms = NOW + MINUTE);
	SETTLE(world, EVENT_API_QUEUED, .seq = 2, .sid = SID_B, .due_ms = STORE_NEVER_MS);
	store_upkeep(world->store, NOW);
	assert_int_equal(store_silent(world->store, NOW, &record, 1, &next_ms), 0);
	store_upkeep(world->store, set_back);
	assert_int_equal(store_silent(world->store, set_back, &record, 1, &next_ms), 1);
	assert_string_equal(record.id, "a");
	store_postpone(world->store, 1, STORE_NEVER_MS);
	store_upkeep(world->store, set_back);
	assert_int_equal(store_silent(world->store, set_back, &record, 1, &next_ms), 0);
}

static void an_ordinary_wait_is_not_cut_short(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW + HOUR);
	store_upkeep(world->store, NOW);
	assert_int_equal(world_take(world, NOW + HOUR - 1, 8).count, 0);
	assert_int_equal(world_take(world, NOW + HOUR, 8).count, 1);
}

/* ---- what it shows ------------------------------------------------------------------------------------ */

static void stats_follow_the_commands(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .at_ms = NOW);
	ASK(world, .device = "m2", .at_ms = NOW + SECOND);
	ASK(world, .device = "m3", .at_ms = NOW + 2 * SECOND);
	ASK(world, .device = "m4", .at_ms = NOW + 3 * SECOND);
	world_take(world, NOW + MINUTE, 3);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 2);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 3);
	SETTLE(world, EVENT_AMBIGUOUS, .seq = 3);
	store_upkeep(world->store, NOW + MINUTE);
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, 3);
	assert_int_equal(stats.waiting, 1);
	assert_int_equal(stats.unknown, 1);
	assert_int_equal(stats.held, 1);
	assert_int_equal(stats.events, 5);
	assert_int_equal(stats.oldest_ms, NOW + SECOND);
	assert_int_equal(stats.by_status[STATE_ACCEPTED], 4);
	assert_int_equal(stats.by_status[STATE_SENDING], 3);
	assert_int_equal(stats.by_status[STATE_QUEUED], 1);
	assert_int_equal(stats.by_status[STATE_UNKNOWN], 2);
	assert_true(stats.commits >= 8);
	assert_true(stats.commit_us_max <= stats.commit_us_sum);
	assert_true(stats.file_bytes > 0 && stats.free_bytes > 0);
	assert_true(stats.room);
	/* The same after a restart. */
	world_reopen(world);
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, 3);
	assert_int_equal(stats.waiting, 1);
	assert_int_equal(stats.unknown, 1);
	assert_int_equal(stats.held, 1);
	assert_int_equal(stats.oldest_ms, NOW + SECOND);
}

static void an_empty_spool_has_no_oldest(void **state)
{
	struct world *world = *state;
	struct store_stats stats;
	ASK(world, .id = "a");
	store_cancel(world->store, "", "a", NOW);
	store_upkeep(world->store, NOW);
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, 0);
	assert_int_equal(stats.oldest_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(waiting_commands_expire_also_behind_a_busy_lane),
		WORLD_TEST(many_expire_in_several_steps),
		WORLD_TEST(what_ended_long_ago_is_forgotten_what_waits_is_not),
		WORLD_TEST(the_last_number_is_never_given_twice),
		WORLD_TEST(retention_goes_on_in_batches_past_rows_that_stay),
		WORLD_TEST(mo_sids_are_forgotten_too),
		WORLD_TEST(a_clock_that_was_set_back_stalls_nothing),
		WORLD_TEST(a_clock_that_was_set_back_goes_on_asking_for_statuses),
		WORLD_TEST(an_ordinary_wait_is_not_cut_short),
		WORLD_TEST(stats_follow_the_commands),
		WORLD_TEST(an_empty_spool_has_no_oldest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
