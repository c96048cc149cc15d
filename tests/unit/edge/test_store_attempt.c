/* Which command goes out next, and what becomes of it? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include "tests/unit/edge/store_world.h"

/* ---- order -------------------------------------------------------------------------------------------- */

static void a_sims_commands_go_one_after_the_other(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m1", .id = "b");
	ASK(world, .device = "m1", .id = "c");
	struct taken taken = world_take(world, NOW, 8);
	assert_string_equal(taken.ids, "a");
	assert_int_equal(taken.next_ms, INT64_MAX);
	assert_string_equal(world_take(world, NOW, 8).ids, "");
	SETTLE(world, EVENT_API_QUEUED, .seq = taken.attempts[0].seq, .sid = SID_A);
	taken = world_take(world, NOW, 8);
	assert_string_equal(taken.ids, "b");
	SETTLE(world, EVENT_NO_ANSWER, .seq = taken.attempts[0].seq, .due_ms = NOW + 30 * SECOND);
	assert_string_equal(world_take(world, NOW, 8).ids, "");
	SETTLE(world, EVENT_AMBIGUOUS, .seq = taken.attempts[0].seq);
	assert_string_equal(world_take(world, NOW, 8).ids, "c");
}

static void different_sims_go_side_by_side(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "b");
	ASK(world, .device = "m1", .id = "c");
	ASK(world, .device = "m3", .id = "d");
	assert_string_equal(world_take(world, NOW, 2).ids, "a b");
	assert_string_equal(world_take(world, NOW, 8).ids, "d");
}

static void priority_goes_before_age(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "low", .urgency = -1);
	ASK(world, .device = "m1", .id = "normal");
	ASK(world, .device = "m1", .id = "high", .urgency = 1);
	ASK(world, .device = "m1", .id = "high-2", .urgency = 1);
	ASK(world, .device = "m2", .id = "other");
	static const char *const want[] = {"high other", "high-2", "normal", "low", ""};
	for (size_t i = 0; i < ROWS(want); i++) {
		struct taken taken = world_take(world, NOW, 8);
		want_text("turn", "taken", taken.ids, want[i]);
		for (size_t k = 0; k < taken.count; k++)
			SETTLE(world, EVENT_REFUSED, .seq = taken.attempts[k].seq, .code = "api_400");
	}
}

static void a_command_that_was_put_back_keeps_its_place(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m1", .id = "b");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW + MINUTE);
	struct taken taken = world_take(world, NOW, 8);
	assert_string_equal(taken.ids, "");
	assert_int_equal(taken.next_ms, NOW + MINUTE);
	taken = world_take(world, NOW + MINUTE, 8);
	assert_string_equal(taken.ids, "a");
	assert_int_equal(taken.attempts[0].attempts, 2);
	/* More urgent ones do go before it while it waits. */
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW + 2 * MINUTE);
	ASK(world, .device = "m1", .id = "urgent", .urgency = 1);
	assert_string_equal(world_take(world, NOW + MINUTE, 8).ids, "urgent");
}

static void an_attempt_says_all_that_is_needed(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "gate", .sim = "Gate-7", .payload = "open", .id = "a", .max_wait_ms = HOUR);
	struct taken taken = world_take(world, NOW + SECOND, 1);
	assert_int_equal(taken.attempts[0].seq, 1);
	assert_string_equal(taken.attempts[0].device, "gate");
	assert_string_equal(taken.attempts[0].sim, "Gate-7");
	assert_string_equal(taken.attempts[0].payload, "open");
	assert_int_equal(taken.attempts[0].attempts, 1);
	assert_int_equal(taken.attempts[0].expires_ms, NOW + HOUR);
	struct store_record record = world_find(world, "a");
	assert_int_equal(record.state, STATE_SENDING);
	assert_int_equal(record.attempted_ms, NOW + SECOND);
}

/* ---- results ------------------------------------------------------------------------------------------- */

struct verdict {
	const char *name;
	enum lifecycle_event event;
	const char *code, *want_told;
	enum command_state want;
};

static const struct verdict verdicts[] = {
	{"201", EVENT_API_QUEUED, "", "meter-1 a queued", STATE_QUEUED},
	{"201 that says sent", EVENT_API_SENT, "", "meter-1 a sent", STATE_SENT},
	{"refused", EVENT_REFUSED, "api_400", "meter-1 a rejected:api_400", STATE_REJECTED},
	{"not sent", EVENT_NOT_SENT, "connect", "", STATE_ACCEPTED},
	{"no answer", EVENT_NO_ANSWER, "timeout", "", STATE_UNKNOWN},
};

static void a_result_moves_the_command_and_announces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(verdicts); i++) {
		void *fresh;
		world_setup(&fresh);
		struct world *world = fresh;
		ASK(world, .id = "a");
		world_take(world, NOW, 1);
		world_told(world);
		SETTLE(world, verdicts[i].event, .seq = 1, .code = verdicts[i].code, .due_ms = NOW + 7 * SECOND);
		want_text(verdicts[i].name, "told", world_told(world), verdicts[i].want_told);
		struct store_record record = world_find(world, "a");
		want_number(verdicts[i].name, "state", record.state, verdicts[i].want);
		want_number(verdicts[i].name, "due", record.due_ms, NOW + 7 * SECOND);
		want_text(verdicts[i].name, "code", record.error_code, verdicts[i].code);
		world_teardown(&fresh);
	}
}

static void an_earlier_failure_is_no_reason_of_a_later_success(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .code = "connect");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
	assert_string_equal(world_told(world), "meter-1 a accepted, meter-1 a queued");
}

static void a_result_after_a_faster_callback_only_adds_the_sid(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	const struct store_report report = {
		.seq = 1, .sid = "", .sim_sid = "", .status = API_SENT, .error_code = "", .error_message = ""};
	assert_int_equal(store_report(world->store, &report, NOW), STORE_NEWS);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A, .due_ms = NOW + HOUR);
	assert_string_equal(world_told(world), "meter-1 a accepted, meter-1 a sent");
	struct store_record record = world_find(world, "a");
	assert_int_equal(record.state, STATE_SENT);
	assert_string_equal(record.sid, SID_A);
	assert_int_equal(record.due_ms, NOW + HOUR);
	/* And a failure of the transport says nothing against the callback. */
	SETTLE(world, EVENT_NO_ANSWER, .seq = 1, .code = "timeout");
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .code = "connect");
	want_state(world, "a", STATE_SENT);
}

/* While the list was read, a callback said whose that one is. */
static void what_another_command_owns_is_adopted_by_none(void **state)
{
	struct world *world = *state;
	struct store_record record;
	int64_t next_ms;
	ASK(world, .device = "m1", .sim = SIM_A, .id = "a");
	ASK(world, .device = "m2", .sim = "gate-7", .id = "b");
	world_take(world, NOW, 2);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 1, .due_ms = NOW);
	SETTLE(world, EVENT_API_QUEUED, .seq = 2, .sid = SID_A);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A, .due_ms = NOW + HOUR);
	assert_string_equal(world_told(world), "m1 a accepted, m2 b accepted, m2 b queued");
	assert_int_equal(store_unknown(world->store, NOW, &record, 1, &next_ms), 1);
	assert_string_equal(record.id, "a");
	assert_string_equal(record.sid, "");
}

static void silence_for_a_day_is_announced_once(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
	SETTLE(world, EVENT_SILENT, .seq = 1);
	SETTLE(world, EVENT_SILENT, .seq = 1);
	assert_string_equal(world_told(world), "meter-1 a accepted, meter-1 a queued, meter-1 a unconfirmed");
}

static void a_turn_settles_and_takes_in_one_commit(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	ASK(world, .id = "b");
	world_take(world, NOW, 1);
	struct store_stats before, after;
	struct store_settlement settlement = {.seq = 1, .event = EVENT_API_QUEUED, .sid = SID_A};
	struct store_attempt attempt;
	int64_t next_ms;
	store_stats(world->store, &before);
	const struct store_turn turn = {&settlement, 1, NOW, 1};
	assert_int_equal(store_turn(world->store, &turn, &attempt, &next_ms), 1);
	store_stats(world->store, &after);
	assert_string_equal(attempt.id, "b");
	assert_int_equal(after.commits, before.commits + 1);
	want_state(world, "a", STATE_QUEUED);
	want_state(world, "b", STATE_SENDING);
	/* Only settle, only take. */
	settlement = (struct store_settlement){.seq = 2, .event = EVENT_NOT_SENT, .due_ms = NOW + MINUTE};
	assert_int_equal(store_turn(world->store, &turn, NULL, &next_ms), 0);
	assert_int_equal(next_ms, NOW + MINUTE);
	const struct store_turn take = {NULL, 0, NOW + MINUTE, 1};
	assert_int_equal(store_turn(world->store, &take, &attempt, &next_ms), 1);
}

/* ---- time ----------------------------------------------------------------------------------------------- */

static void a_command_whose_time_is_over_is_not_sent(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a", .max_wait_ms = MINUTE);
	ASK(world, .device = "m1", .id = "b", .max_wait_ms = HOUR);
	assert_string_equal(world_take(world, NOW + MINUTE, 8).ids, "b");
	assert_string_equal(world_told(world), "m1 a accepted, m1 b accepted, m1 a expired");
}

static void a_moment_before_its_end_it_is(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a", .max_wait_ms = MINUTE);
	assert_string_equal(world_take(world, NOW + MINUTE - 1, 8).ids, "a");
}

static void put_back_after_its_end_it_expires_at_once(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a", .max_wait_ms = MINUTE);
	ASK(world, .device = "m1", .id = "b");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .code = "connect", .due_ms = NOW + 2 * MINUTE, .at_ms = NOW + MINUTE);
	assert_string_equal(world_told(world), "m1 a accepted, m1 b accepted, m1 a expired:connect");
	assert_string_equal(world_take(world, NOW + MINUTE, 8).ids, "b");
}

static void time_does_not_end_what_may_have_been_sent(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a", .max_wait_ms = MINUTE);
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 1, .due_ms = NOW + MINUTE);
	world_take(world, NOW + DAY, 8);
	store_upkeep(world->store, NOW + DAY);
	want_state(world, "a", STATE_UNKNOWN);
}

static void many_expired_ones_do_not_hold_up_the_next(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 450; i++)
		ASK(world, .device = "m1", .max_wait_ms = MINUTE);
	ASK(world, .device = "m1", .id = "alive");
	struct taken taken = {0};
	for (int i = 0; i < 10 && taken.count == 0; i++) {
		taken = world_take(world, NOW + HOUR, 8);
		assert_true(taken.count > 0 || taken.next_ms <= NOW + HOUR);
	}
	assert_string_equal(taken.ids, "alive");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_sims_commands_go_one_after_the_other),
		WORLD_TEST(different_sims_go_side_by_side),
		WORLD_TEST(priority_goes_before_age),
		WORLD_TEST(a_command_that_was_put_back_keeps_its_place),
		WORLD_TEST(an_attempt_says_all_that_is_needed),
		cmocka_unit_test(a_result_moves_the_command_and_announces),
		WORLD_TEST(an_earlier_failure_is_no_reason_of_a_later_success),
		WORLD_TEST(a_result_after_a_faster_callback_only_adds_the_sid),
		WORLD_TEST(what_another_command_owns_is_adopted_by_none),
		WORLD_TEST(silence_for_a_day_is_announced_once),
		WORLD_TEST(a_turn_settles_and_takes_in_one_commit),
		WORLD_TEST(a_command_whose_time_is_over_is_not_sent),
		WORLD_TEST(a_moment_before_its_end_it_is),
		WORLD_TEST(put_back_after_its_end_it_expires_at_once),
		WORLD_TEST(time_does_not_end_what_may_have_been_sent),
		WORLD_TEST(many_expired_ones_do_not_hold_up_the_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
