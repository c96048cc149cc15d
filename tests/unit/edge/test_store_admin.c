/* What can an operator and the reconciler ask for? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include "tests/unit/edge/store_world.h"

/* ---- finding ------------------------------------------------------------------------------------------- */

static void a_command_is_found_by_either_id(void **state)
{
	struct world *world = *state;
	struct store_record record;
	ASK(world, .device = "m1", .id = "job");
	struct store_accepted own = ASK(world, .device = "m2");
	assert_true(store_find_id(world->store, "m1", "job", &record));
	assert_true(store_find_id(world->store, "", "job", &record));
	assert_false(store_find_id(world->store, "m2", "job", &record));
	assert_true(store_find_id(world->store, "m2", own.id, &record));
	assert_true(store_find_id(world->store, "", own.id, &record));
	assert_string_equal(record.device, "m2");
	assert_false(store_find_id(world->store, "m1", own.id, &record));
}

static void what_is_no_id_finds_nothing(void **state)
{
	struct world *world = *state;
	struct store_record record;
	char id[COMMAND_ID_SIZE];
	ASK(world, .device = "m1", .id = "job");
	static const char *const suffixes[] = {"", "-", "-0", "-1x", "-99", "--1", "-1"};
	for (size_t i = 0; i < ROWS(suffixes); i++) {
		/* "-1" is the command's number, but it goes by its sender's id. */
		text_format(id, sizeof(id), "%s%s", store_epoch(world->store), suffixes[i]);
		want_bool(suffixes[i], "found", store_find_id(world->store, "", id, &record), false);
	}
	assert_false(store_find_id(world->store, "", "", &record));
	assert_false(store_find_id(world->store, "m1", "' OR 1=1 --", &record));
}

static void pending_lists_what_is_not_final_oldest_first(void **state)
{
	struct world *world = *state;
	struct store_record records[8];
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "b");
	ASK(world, .device = "m1", .id = "c", .urgency = 1);
	ASK(world, .device = "m3", .id = "d");
	world_take(world, NOW, 8);
	SETTLE(world, EVENT_REFUSED, .seq = 2);
	SETTLE(world, EVENT_API_QUEUED, .seq = 4, .sid = SID_A);
	assert_int_equal(store_pending(world->store, "", 0, records, 8), 3);
	assert_string_equal(records[0].id, "a");
	assert_string_equal(records[1].id, "c");
	assert_string_equal(records[2].id, "d");
	assert_int_equal(store_pending(world->store, "", records[0].seq, records, 1), 1);
	assert_string_equal(records[0].id, "c");
	assert_int_equal(store_pending(world->store, "m1", 0, records, 8), 2);
	assert_string_equal(records[1].id, "c");
	assert_int_equal(store_pending(world->store, "m2", 0, records, 8), 0);
}

/* ---- the reconciler's lists ---------------------------------------------------------------------------- */

static void unknown_ones_are_listed_when_due(void **state)
{
	struct world *world = *state;
	struct store_record records[4];
	int64_t next_ms;
	static const char *const devices[] = {"m1", "m2", "m3"};
	for (int i = 0; i < 3; i++)
		ASK(world, .device = devices[i]);
	world_take(world, NOW, 3);
	for (int i = 0; i < 3; i++)
		SETTLE(world, EVENT_NO_ANSWER, .seq = i + 1, .due_ms = NOW + (3 - i) * SECOND);
	assert_int_equal(store_unknown(world->store, NOW, records, 4, &next_ms), 0);
	assert_int_equal(next_ms, NOW + SECOND);
	assert_int_equal(store_unknown(world->store, NOW + 2 * SECOND, records, 4, &next_ms), 2);
	assert_string_equal(records[0].device, "m3");
	assert_string_equal(records[1].device, "m2");
	assert_int_equal(next_ms, NOW + 3 * SECOND);
	/* More than asked for: there is more at once. */
	assert_int_equal(store_unknown(world->store, NOW + 3 * SECOND, records, 2, &next_ms), 2);
	assert_true(next_ms <= NOW + 3 * SECOND);
	store_postpone(world->store, 3, NOW + HOUR);
	assert_int_equal(store_unknown(world->store, NOW + 3 * SECOND, records, 4, &next_ms), 2);
	assert_int_equal(next_ms, NOW + HOUR);
}

static void silent_ones_are_listed_when_due_and_only_while_under_way(void **state)
{
	struct world *world = *state;
	struct store_record records[4];
	int64_t next_ms;
	ASK(world, .device = "m1");
	ASK(world, .device = "m2");
	world_take(world, NOW, 2);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A, .due_ms = NOW + 10 * MINUTE);
	SETTLE(world, EVENT_API_SENT, .seq = 2, .sid = SID_B, .due_ms = NOW + 20 * MINUTE);
	assert_int_equal(store_silent(world->store, NOW, records, 4, &next_ms), 0);
	assert_int_equal(next_ms, NOW + 10 * MINUTE);
	assert_int_equal(store_silent(world->store, NOW + HOUR, records, 4, &next_ms), 2);
	assert_int_equal(next_ms, INT64_MAX);
	assert_string_equal(records[0].sid, SID_A);
	SETTLE(world, EVENT_API_DELIVERED, .seq = 1, .sid = SID_A);
	store_postpone(world->store, 2, NOW + 2 * HOUR);
	assert_int_equal(store_silent(world->store, NOW + HOUR, records, 4, &next_ms), 0);
	assert_int_equal(next_ms, NOW + 2 * HOUR);
	/* What waits here cannot be put off by mistake. */
	ASK(world, .device = "m3", .id = "c");
	store_postpone(world->store, 3, NOW + DAY);
	assert_string_equal(world_take(world, NOW, 8).ids, "c");
}

/* ---- cancel -------------------------------------------------------------------------------------------- */

static void cancel_by_id_ends_what_waits(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m1", .id = "b");
	assert_int_equal(store_cancel(world->store, "m1", "a", NOW), 1);
	assert_int_equal(store_cancel(world->store, "m1", "a", NOW), 0);
	assert_int_equal(store_cancel(world->store, "m1", "none", NOW), 0);
	assert_int_equal(store_cancel(world->store, "", "", NOW), 0);
	assert_string_equal(world_told(world), "m1 a accepted, m1 b accepted, m1 a cancelled");
	assert_string_equal(world_take(world, NOW, 8).ids, "b");
	assert_int_equal(store_cancel(world->store, "m1", "b", NOW), 0);
	want_state(world, "b", STATE_SENDING);
}

static void cancel_by_id_alone_means_every_devices(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "a");
	ASK(world, .device = "m3", .id = "b");
	struct store_accepted own = ASK(world, .device = "m4");
	assert_int_equal(store_cancel(world->store, "", "a", NOW), 2);
	assert_int_equal(store_cancel(world->store, "", own.id, NOW), 1);
	want_state(world, "b", STATE_ACCEPTED);
}

static void cancel_of_a_device_takes_all_in_batches(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 1001; i++)
		ASK(world, .device = "m1");
	ASK(world, .device = "m2", .id = "other");
	world_take(world, NOW, 1);
	assert_int_equal(store_cancel(world->store, "m1", "", NOW), 1000);
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.waiting, 1);
	assert_int_equal(stats.by_status[STATE_CANCELLED], 1000);
}

static void a_held_command_is_cancelled_by_its_id_only(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 1);
	SETTLE(world, EVENT_AMBIGUOUS, .seq = 1);
	assert_int_equal(store_cancel(world->store, "m1", "", NOW), 0);
	assert_int_equal(store_cancel(world->store, "m1", "a", NOW), 1);
	want_state(world, "a", STATE_CANCELLED);
}

/* ---- retry --------------------------------------------------------------------------------------------- */

static bool retry(struct world *world, const char *device, const char *id, char ret_id[COMMAND_ID_SIZE])
{
	return store_retry(
		world->store,
		&(struct store_retry){.device = device, .id = id, .sim = "", .now_ms = NOW, .max_wait_ms = DAY}, ret_id,
		world->why, sizeof(world->why));
}

static void a_rejected_command_goes_again_under_a_new_id(void **state)
{
	struct world *world = *state;
	char id[COMMAND_ID_SIZE];
	ASK(world, .device = "m1", .sim = "Sim-1", .id = "a", .payload = "open", .urgency = 1, .reply_topic = "r");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_REFUSED, .seq = 1, .code = "api_400");
	assert_true(retry(world, "", "a", id));
	struct store_record record = world_find(world, id);
	assert_int_equal(record.state, STATE_ACCEPTED);
	assert_string_equal(record.payload, "open");
	assert_string_equal(record.sim, "Sim-1");
	assert_string_equal(record.device, "m1");
	assert_int_equal(record.priority, PRIORITY_HIGH);
	assert_int_equal(record.expires_ms, NOW + DAY);
	assert_int_equal(record.attempts, 0);
	assert_string_equal(record.error_code, "");
	want_state(world, "a", STATE_REJECTED);
	assert_string_equal(world_take(world, NOW, 8).ids, id);
}

static void a_held_command_that_goes_again_is_cancelled(void **state)
{
	struct world *world = *state;
	char id[COMMAND_ID_SIZE];
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 1);
	SETTLE(world, EVENT_AMBIGUOUS, .seq = 1);
	assert_true(retry(world, "meter-1", "a", id));
	want_state(world, "a", STATE_CANCELLED);
	want_state(world, id, STATE_ACCEPTED);
}

static void an_expired_command_goes_again(void **state)
{
	struct world *world = *state;
	char id[COMMAND_ID_SIZE];
	ASK(world, .device = "m2", .id = "expired");
	world_take(world, NOW + 2 * DAY, 8); /* finds it too old */
	want_state(world, "expired", STATE_EXPIRED);
	assert_true(retry(world, "m2", "expired", id));
	want_state(world, id, STATE_ACCEPTED);
}

static void a_held_command_goes_again_once(void **state)
{
	struct world *world = *state;
	char id[COMMAND_ID_SIZE];
	ASK(world, .device = "m1", .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 1);
	SETTLE(world, EVENT_AMBIGUOUS, .seq = 1);
	assert_true(retry(world, "m1", "a", id));
	assert_false(retry(world, "m1", "a", id));
}

static void what_may_not_go_again_says_why(void **state)
{
	struct world *world = *state;
	char id[COMMAND_ID_SIZE] = "untouched";
	ASK(world, .device = "m1", .id = "waits");
	ASK(world, .device = "m1", .id = "twice");
	ASK(world, .device = "m2", .id = "twice");
	assert_false(retry(world, "", "waits", id));
	want_part("waits", "why", world->why, "the command is accepted");
	assert_false(retry(world, "", "none", id));
	want_part("none", "why", world->why,
		  "no command with the id none; what was rejected before it was stored can be published again");
	assert_false(retry(world, "", "twice", id));
	want_part("twice", "why", world->why, "name the device");
	assert_string_equal(id, "untouched");
}

static void a_retry_keeps_to_the_limits(void **state)
{
	struct world *world = *state;
	char id[COMMAND_ID_SIZE];
	world->options.max_commands = 1;
	world_open(world);
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_API_FAILED, .seq = 1, .sid = SID_A);
	ASK(world, .id = "b");
	assert_false(retry(world, "", "a", id));
	want_part("full", "why", world->why, "too many");
}

/* Both wait still when the first one's attempt fails: sending it after what replaced it would be wrong. */
static void what_was_replaced_during_its_attempt_is_cancelled_when_it_was_not_sent(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "old");
	world_take(world, NOW, 1);
	ASK(world, .id = "new", .replace = true);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW);
	want_state(world, "old", STATE_CANCELLED);
	want_state(world, "new", STATE_ACCEPTED);
	world_take(world, NOW, 1);
	ASK(world, .id = "newer", .replace = true);
	SETTLE(world, EVENT_API_QUEUED, .seq = 2, .sid = SID_A);
	want_state(world, "new", STATE_QUEUED);
}

static void what_was_cancelled_during_its_attempt_does_not_go_again(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "b");
	world_take(world, NOW, 2);
	assert_int_equal(store_cancel(world->store, "m1", "a", NOW), 0);
	assert_int_equal(store_cancel(world->store, "", "b", NOW), 0);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW);
	SETTLE(world, EVENT_API_QUEUED, .seq = 2, .sid = SID_A);
	want_state(world, "a", STATE_CANCELLED);
	want_state(world, "b", STATE_QUEUED);
}

static void what_several_devices_had_under_one_id_does_not_go_again_either(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "a");
	ASK(world, .device = "m3", .id = "a");
	world_take(world, NOW, 2);
	assert_int_equal(store_cancel(world->store, "", "a", NOW), 1);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW);
	SETTLE(world, EVENT_NOT_SENT, .seq = 2, .due_ms = NOW);
	assert_string_equal(world_take(world, NOW, 8).ids, "");
}

/* ---- names and values ---------------------------------------------------------------------------------- */

/* The API's answer to a create names the SIM by its sid, and a listed MO SMS names it by nothing else. */
static void the_answer_to_a_create_tells_which_sim_a_name_is(void **state)
{
	struct world *world = *state;
	char name[SIM_SIZE];
	ASK(world, .id = "a", .sim = "Gate-7");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A, .sim_sid = SIM_A);
	assert_true(store_sim_name(world->store, SIM_A, name));
	assert_string_equal(name, "Gate-7");
	ASK(world, .id = "b", .sim = "HScccccccccccccccccccccccccccccccc");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = 2, .sid = SID_B, .sim_sid = "HScccccccccccccccccccccccccccccccc");
	assert_false(store_sim_name(world->store, "HScccccccccccccccccccccccccccccccc", name));
}

static void values_and_names_are_remembered(void **state)
{
	struct world *world = *state;
	char value[64], name[SIM_SIZE];
	store_recall(world->store, "mo_listed", value, sizeof(value));
	assert_string_equal(value, "");
	store_remember(world->store, "mo_listed", "first");
	store_remember(world->store, "mo_listed", "second");
	store_remember(world->store, "epoch", "not the spool's own");
	assert_false(store_sim_name(world->store, SIM_A, name));
	store_learn_sim(world->store, "Gate-7", SIM_A);
	store_learn_sim(world->store, "Gate-8", SIM_A);
	world_reopen(world);
	store_recall(world->store, "mo_listed", value, sizeof(value));
	assert_string_equal(value, "second");
	assert_int_equal(strlen(store_epoch(world->store)), 8);
	assert_true(store_sim_name(world->store, SIM_A, name));
	assert_string_equal(name, "Gate-8");
}

static void many_values_are_one_commit(void **state)
{
	static const char *const keys[] = {"ha:a", "ha:b", "ha:c"};
	struct world *world = *state;
	char key[64] = "ha:", value[64];
	struct store_stats before, after;
	store_stats(world->store, &before);
	store_remember_all(world->store, keys, 3, "1");
	store_stats(world->store, &after);
	assert_int_equal(after.commits - before.commits, 1);
	store_remember_all(world->store, keys, 2, "");
	store_recall(world->store, "ha:a", value, sizeof(value));
	assert_string_equal(value, "");
	assert_true(store_recall_next(world->store, "ha:", key, sizeof(key)));
	assert_string_equal(key, "ha:c");
	assert_false(store_recall_next(world->store, "ha:", key, sizeof(key)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_command_is_found_by_either_id),
		WORLD_TEST(what_is_no_id_finds_nothing),
		WORLD_TEST(pending_lists_what_is_not_final_oldest_first),
		WORLD_TEST(unknown_ones_are_listed_when_due),
		WORLD_TEST(silent_ones_are_listed_when_due_and_only_while_under_way),
		WORLD_TEST(cancel_by_id_ends_what_waits),
		WORLD_TEST(cancel_by_id_alone_means_every_devices),
		WORLD_TEST(cancel_of_a_device_takes_all_in_batches),
		WORLD_TEST(a_held_command_is_cancelled_by_its_id_only),
		WORLD_TEST(a_rejected_command_goes_again_under_a_new_id),
		WORLD_TEST(a_held_command_that_goes_again_is_cancelled),
		WORLD_TEST(an_expired_command_goes_again),
		WORLD_TEST(a_held_command_goes_again_once),
		WORLD_TEST(what_may_not_go_again_says_why),
		CLOSED_WORLD_TEST(a_retry_keeps_to_the_limits),
		WORLD_TEST(what_was_replaced_during_its_attempt_is_cancelled_when_it_was_not_sent),
		WORLD_TEST(what_was_cancelled_during_its_attempt_does_not_go_again),
		WORLD_TEST(what_several_devices_had_under_one_id_does_not_go_again_either),
		WORLD_TEST(the_answer_to_a_create_tells_which_sim_a_name_is),
		WORLD_TEST(values_and_names_are_remembered),
		WORLD_TEST(many_values_are_one_commit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
