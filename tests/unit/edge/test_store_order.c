/* Is a command that may go at once taken with its acceptance, and no other? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include "tests/unit/edge/store_world.h"

static const char *collected(struct world *world)
{
	static char ids[512];
	struct store_attempt attempts[TAKEN_MAX];
	size_t count = store_collect(world->store, attempts, TAKEN_MAX);
	ids[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(ids);
		text_format(ids + len, sizeof(ids) - len, "%s%s", i > 0 ? " " : "", attempts[i].id);
	}
	return ids;
}

static void a_command_that_may_go_is_taken_as_it_comes_in(void **state)
{
	struct world *world = *state;
	struct store_attempt attempt;
	store_order(world->store, 1);
	ASK(world, .device = "m1", .sim = SIM_A, .payload = "open", .id = "a");
	assert_int_equal(store_collect(world->store, &attempt, 1), 1);
	assert_int_equal(attempt.seq, 1);
	assert_string_equal(attempt.id, "a");
	assert_string_equal(attempt.device, "m1");
	assert_string_equal(attempt.sim, SIM_A);
	assert_string_equal(attempt.payload, "open");
	assert_int_equal(attempt.attempts, 1);
	assert_int_equal(attempt.expires_ms, NOW + DAY);
	want_state(world, "a", STATE_SENDING);
	assert_int_equal(world_find(world, "a").attempted_ms, NOW);
	assert_string_equal(world_told(world), "m1 a accepted");
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
	assert_string_equal(world_told(world), "m1 a queued");
}

static void without_an_order_everything_waits(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "before");
	store_order(world->store, 1);
	ASK(world, .device = "m2", .id = "behind what was there");
	assert_string_equal(collected(world), "");
	assert_string_equal(world_take(world, NOW, 8).ids, "before behind what was there");
	store_order(world->store, 0);
	ASK(world, .device = "m3", .id = "after");
	assert_string_equal(collected(world), "");
	want_state(world, "after", STATE_ACCEPTED);
}

static void an_order_is_for_so_many(void **state)
{
	struct world *world = *state;
	store_order(world->store, 2);
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "b");
	ASK(world, .device = "m3", .id = "c");
	store_order(world->store, 2); /* a and b lie there: it is used up already */
	ASK(world, .device = "m4", .id = "d");
	assert_string_equal(collected(world), "a b");
	assert_string_equal(world_take(world, NOW, 8).ids, "c d");
}

static void nothing_of_the_same_sim_is_overtaken(void **state)
{
	struct world *world = *state;
	store_order(world->store, 8);
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m1", .id = "b", .urgency = 1);
	ASK(world, .device = "m2", .id = "c");
	assert_string_equal(collected(world), "a c");
	SETTLE(world, EVENT_NO_ANSWER, .seq = 1, .due_ms = NOW + MINUTE);
	ASK(world, .device = "m1", .id = "behind the unknown one");
	assert_string_equal(collected(world), "");
	SETTLE(world, EVENT_API_QUEUED, .seq = 1);
	ASK(world, .device = "m3", .id = "behind the ready one");
	assert_string_equal(collected(world), "");
	assert_string_equal(world_take(world, NOW, 8).ids, "b behind the ready one");
}

static void what_was_put_back_is_due_like_any_other(void **state)
{
	struct world *world = *state;
	store_order(world->store, 1);
	ASK(world, .device = "m1", .id = "a");
	assert_string_equal(collected(world), "a");
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW + SECOND);
	assert_string_equal(world_take(world, NOW, 8).ids, "");
	assert_string_equal(world_take(world, NOW + SECOND, 8).ids, "a");
}

static void a_repeat_is_not_taken_again(void **state)
{
	struct world *world = *state;
	store_order(world->store, 8);
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m1", .id = "a");
	assert_string_equal(collected(world), "a");
	assert_string_equal(world_told(world), "m1 a accepted, m1 a accepted");
}

/* Nobody knows whether its bytes left. */
static void what_was_taken_at_a_death_is_unknown(void **state)
{
	struct world *world = *state;
	store_order(world->store, 1);
	ASK(world, .device = "m1", .id = "a");
	world_reopen(world);
	want_state(world, "a", STATE_UNKNOWN);
	assert_string_equal(collected(world), "");
}

static void what_is_settled_later_is_settled_in_order(void **state)
{
	struct world *world = *state;
	struct store_settlement settlement = {.seq = 1, .event = EVENT_API_QUEUED, .sid = SID_A};
	store_order(world->store, 2);
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "b");
	store_settle_later(world->store, &settlement, 1, NOW);
	settlement = (struct store_settlement){.seq = 2, .event = EVENT_API_QUEUED, .sid = SID_B};
	store_settle_later(world->store, &settlement, 1, NOW);
	store_settle(world->store, NULL, 0, NOW);
	assert_string_equal(world_told(world), "m1 a accepted, m2 b accepted, m1 a queued, m2 b queued");
}

static void what_is_settled_later_is_on_disk_at_the_end(void **state)
{
	struct world *world = *state;
	const struct store_settlement settlement = {.seq = 1, .event = EVENT_API_QUEUED, .sid = SID_A};
	store_order(world->store, 1);
	ASK(world, .device = "m1", .id = "a");
	store_settle_later(world->store, &settlement, 1, NOW);
	world_reopen(world);
	want_state(world, "a", STATE_QUEUED);
	assert_string_equal(world_find(world, "a").sid, SID_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_command_that_may_go_is_taken_as_it_comes_in),
		WORLD_TEST(without_an_order_everything_waits),
		WORLD_TEST(an_order_is_for_so_many),
		WORLD_TEST(nothing_of_the_same_sim_is_overtaken),
		WORLD_TEST(what_was_put_back_is_due_like_any_other),
		WORLD_TEST(a_repeat_is_not_taken_again),
		WORLD_TEST(what_was_taken_at_a_death_is_unknown),
		WORLD_TEST(what_is_settled_later_is_settled_in_order),
		WORLD_TEST(what_is_settled_later_is_on_disk_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
