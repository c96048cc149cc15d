/* What does the next process find? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include "tests/unit/edge/store_world.h"

static void what_was_accepted_and_announced_is_still_there(void **state)
{
	struct world *world = *state;
	struct store_accepted accepted = ASK(world, .device = "m1", .payload = "on");
	ASK(world, .device = "m1", .id = "b", .urgency = 1);
	char epoch[16];
	text_copy(epoch, sizeof(epoch), store_epoch(world->store));
	world_reopen(world);
	assert_string_equal(store_epoch(world->store), epoch);
	char want[256];
	text_format(want, sizeof(want), "m1 %s accepted, m1 b accepted", accepted.id);
	assert_string_equal(world_told(world), want);
	assert_string_equal(world_take(world, NOW, 8).ids, "b");
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, 2);
	assert_int_equal(stats.waiting, 1);
	assert_int_equal(stats.events, 2);
	assert_int_equal(stats.oldest_ms, NOW);
}

static void sequence_numbers_go_on(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	ASK(world, .id = "b");
	world_reopen(world);
	ASK(world, .id = "c");
	assert_int_equal(world_find(world, "c").seq, 3);
}

static void two_spools_have_different_epochs(void **state)
{
	struct world *world = *state;
	char epoch[16];
	text_copy(epoch, sizeof(epoch), store_epoch(world->store));
	store_close(world->store);
	world_remove(world, "");
	world_open(world);
	assert_string_not_equal(store_epoch(world->store), epoch);
}

static void what_was_being_sent_is_unknown_and_due_at_once(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	ASK(world, .id = "b");
	world_take(world, NOW - MINUTE, 1);
	world_take(world, NOW, 1);
	world_reopen(world);
	struct store_record record;
	int64_t next_ms;
	assert_int_equal(store_unknown(world->store, NOW, &record, 1, &next_ms), 1);
	assert_string_equal(record.id, "a");
	assert_int_equal(record.attempted_ms, NOW);
	assert_int_equal(world_take(world, NOW + DAY - 1, 8).count, 0);
	assert_string_equal(world_told(world), "meter-1 a accepted, meter-1 b accepted");
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW);
	assert_string_equal(world_take(world, NOW, 8).ids, "a");
}

/* It was put off by what the configuration said when it was sent. */
static void a_shorter_silence_counts_for_what_the_api_has_already(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "soon");
	ASK(world, .device = "m2", .id = "late");
	world_take(world, NOW, 2);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A, .due_ms = NOW + SECOND);
	SETTLE(world, EVENT_API_QUEUED, .seq = 2, .sid = SID_B, .due_ms = NOW + 10 * MINUTE);
	ASK(world, .device = "m3", .id = "old");
	world_take(world, NOW - 10 * HOUR, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = 3, .sid = "HCcccccccccccccccccccccccccccccccc",
	       .due_ms = NOW + 30 * MINUTE);
	world->options.watch_ms = MINUTE;
	world_reopen(world);
	store_upkeep(world->store, NOW);
	assert_int_equal(world_find(world, "soon").due_ms, NOW + SECOND);
	assert_int_equal(world_find(world, "late").due_ms, NOW + MINUTE);
	/* Asked for once an hour, as is fit for its age. */
	assert_int_equal(world_find(world, "old").due_ms, NOW + 30 * MINUTE);
}

static void what_was_being_sent_is_not_looked_for_before_the_api_can_list_it(void **state)
{
	struct world *world = *state;
	struct store_record record;
	int64_t next_ms;
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	world->options.settle_ms = 30 * SECOND;
	world_reopen(world);
	assert_int_equal(store_unknown(world->store, NOW + 30 * SECOND - 1, &record, 1, &next_ms), 0);
	assert_int_equal(next_ms, NOW + 30 * SECOND);
	assert_int_equal(store_unknown(world->store, NOW + 30 * SECOND, &record, 1, &next_ms), 1);
}

/* Nor does a restart bring all retries forward at once. */
static void what_was_put_back_is_due_at_its_time_in_the_next_process_too(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "b");
	world_take(world, NOW, 2);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW + 2 * MINUTE);
	SETTLE(world, EVENT_NOT_SENT, .seq = 2, .due_ms = NOW + MINUTE);
	world_reopen(world);
	struct taken taken = world_take(world, NOW + MINUTE - 1, 8);
	assert_string_equal(taken.ids, "");
	assert_int_equal(taken.next_ms, NOW + MINUTE);
	taken = world_take(world, NOW + MINUTE, 8);
	assert_string_equal(taken.ids, "b");
	assert_int_equal(taken.attempts[0].attempts, 2);
	assert_int_equal(taken.next_ms, NOW + 2 * MINUTE);
}

/* A machine without a battery comes up with an old time, which would be long ago for the stages. */
static void a_clock_that_starts_anew_shortens_no_wait_for_the_list(void **state)
{
	struct world *world = *state;
	struct store_record record;
	int64_t next_ms;
	ASK(world, .id = "a");
	world_take(world, NOW + HOUR, 1);
	world->options.settle_ms = 30 * SECOND;
	world_reopen(world);
	assert_int_equal(store_unknown(world->store, NOW + HOUR + 30 * SECOND - 1, &record, 1, &next_ms), 0);
	assert_int_equal(store_unknown(world->store, NOW + HOUR + 30 * SECOND, &record, 1, &next_ms), 1);
}

static void three_deaths_over_one_command_hold_it(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "poison");
	ASK(world, .id = "b");
	for (int death = 1; death <= 3; death++) {
		assert_string_equal(world_take(world, NOW, 1).ids, "poison");
		world_reopen(world);
		want_state(world, "poison", death < 3 ? STATE_UNKNOWN : STATE_HELD);
		if (death < 3)
			SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW);
	}
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.held, 1);
	assert_string_equal(world_take(world, NOW, 8).ids, "b");
	assert_string_equal(world_find(world, "poison").error_code, "daemon_died");
}

/* Restarts of the machine are no reason to suspect a command that was tried well in between. */
static void deaths_that_are_not_in_a_row_hold_nothing(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	for (int death = 1; death <= 4; death++) {
		assert_string_equal(world_take(world, NOW, 1).ids, "a");
		world_reopen(world);
		want_state(world, "a", STATE_UNKNOWN);
		SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW);
		assert_string_equal(world_take(world, NOW, 1).ids, "a");
		SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW, .code = "api_429");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(what_was_accepted_and_announced_is_still_there),
		WORLD_TEST(sequence_numbers_go_on),
		WORLD_TEST(two_spools_have_different_epochs),
		WORLD_TEST(what_was_being_sent_is_unknown_and_due_at_once),
		WORLD_TEST(a_shorter_silence_counts_for_what_the_api_has_already),
		WORLD_TEST(what_was_being_sent_is_not_looked_for_before_the_api_can_list_it),
		WORLD_TEST(what_was_put_back_is_due_at_its_time_in_the_next_process_too),
		WORLD_TEST(a_clock_that_starts_anew_shortens_no_wait_for_the_list),
		WORLD_TEST(three_deaths_over_one_command_hold_it),
		WORLD_TEST(deaths_that_are_not_in_a_row_hold_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
