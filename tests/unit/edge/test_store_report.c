/* What does a report from the API change? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include "tests/unit/edge/store_world.h"

struct heard {
	int64_t seq;
	const char *sid, *sim_sid, *code, *message;
};

static enum store_reported hear(struct world *world, enum api_status status, struct heard heard)
{
	const struct store_report report = {
		.seq = heard.seq,
		.sid = or_text(heard.sid, ""),
		.sim_sid = or_text(heard.sim_sid, ""),
		.status = status,
		.error_code = or_text(heard.code, ""),
		.error_message = or_text(heard.message, ""),
	};
	return store_report(world->store, &report, NOW);
}

#define HEAR(world, status, ...) hear((world), (status), (struct heard){__VA_ARGS__})

/* Command "a" with seq 1, handed to the API and known there as SID_A. */
static void queue_one(struct world *world)
{
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
	world_told(world);
}

static void statuses_go_up_and_each_is_told_once(void **state)
{
	struct world *world = *state;
	queue_one(world);
	assert_int_equal(HEAR(world, API_QUEUED, .seq = 1, .sid = SID_A), STORE_KNOWN);
	assert_int_equal(HEAR(world, API_SENT, .seq = 1, .sid = SID_A), STORE_NEWS);
	assert_int_equal(HEAR(world, API_SENT, .seq = 1, .sid = SID_A), STORE_KNOWN);
	assert_int_equal(HEAR(world, API_DELIVERED, .sid = SID_A), STORE_NEWS);
	assert_int_equal(HEAR(world, API_DELIVERED, .sid = SID_A), STORE_KNOWN);
	assert_string_equal(world_told(world), "meter-1 a sent, meter-1 a delivered");
}

static void late_sent_and_failed_after_delivered_change_nothing(void **state)
{
	struct world *world = *state;
	queue_one(world);
	assert_int_equal(HEAR(world, API_DELIVERED, .seq = 1, .sid = SID_A), STORE_NEWS);
	assert_int_equal(HEAR(world, API_SENT, .seq = 1, .sid = SID_A), STORE_KNOWN);
	assert_int_equal(HEAR(world, API_FAILED, .seq = 1, .sid = SID_A, .code = "30008"), STORE_KNOWN);
	assert_string_equal(world_told(world), "meter-1 a delivered");
}

static void a_failure_carries_the_apis_reason(void **state)
{
	struct world *world = *state;
	queue_one(world);
	HEAR(world, API_FAILED, .seq = 1, .sid = SID_A, .code = "30008", .message = "Unknown error");
	struct store_event event = world_last_event(world);
	assert_non_null(strstr(event.payload, "\"error\":{\"code\":\"30008\",\"message\":\"Unknown error\"}"));
	assert_non_null(strstr(event.payload, "\"sid\":\"" SID_A "\""));
	store_event_clear(&event);
}

static void a_callback_settles_what_had_no_answer(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	ASK(world, .id = "b");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 1, .due_ms = NOW + 30 * SECOND);
	assert_int_equal(HEAR(world, API_SENT, .seq = 1, .sid = SID_A, .sim_sid = SIM_A), STORE_NEWS);
	struct store_record record = world_find(world, "a");
	assert_string_equal(record.sid, SID_A);
	assert_string_equal(record.sim_sid, SIM_A);
	assert_int_equal(record.due_ms, NOW + world->options.watch_ms);
	assert_string_equal(world_take(world, NOW, 8).ids, "b");
}

static void a_late_callback_lifts_a_command_that_was_put_back(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW);
	assert_int_equal(HEAR(world, API_DELIVERED, .seq = 1, .sid = SID_A), STORE_NEWS);
	assert_int_equal(world_take(world, NOW + HOUR, 8).count, 0);
	want_state(world, "a", STATE_DELIVERED);
}

static void a_callback_resolves_a_held_command(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 1);
	SETTLE(world, EVENT_AMBIGUOUS, .seq = 1);
	assert_int_equal(HEAR(world, API_SENT, .seq = 1, .sid = SID_A), STORE_NEWS);
	assert_string_equal(world_told(world), "meter-1 a accepted, meter-1 a sent");
}

static void delivered_follows_unconfirmed(void **state)
{
	struct world *world = *state;
	queue_one(world);
	SETTLE(world, EVENT_SILENT, .seq = 1);
	assert_int_equal(HEAR(world, API_SENT, .seq = 1, .sid = SID_A), STORE_KNOWN);
	assert_int_equal(HEAR(world, API_DELIVERED, .seq = 1, .sid = SID_A), STORE_NEWS);
	assert_string_equal(world_told(world), "meter-1 a unconfirmed, meter-1 a delivered");
}

static void strangers_and_mismatches_are_told_apart(void **state)
{
	struct world *world = *state;
	queue_one(world);
	ASK(world, .id = "b");
	assert_int_equal(HEAR(world, API_SENT, .sid = SID_B), STORE_STRANGER);
	assert_int_equal(HEAR(world, API_SENT, .seq = 77, .sid = SID_B), STORE_STRANGER);
	assert_int_equal(HEAR(world, API_SENT, .sid = ""), STORE_STRANGER);
	/* The token of one command with the sid of another resource. */
	assert_int_equal(HEAR(world, API_SENT, .seq = 1, .sid = SID_B), STORE_MISMATCH);
	assert_int_equal(HEAR(world, API_SENT, .seq = 2, .sid = SID_A), STORE_MISMATCH);
	assert_int_equal(world_find(world, "a").state, STATE_QUEUED);
	assert_int_equal(world_find(world, "b").state, STATE_ACCEPTED);
}

static void received_and_unheard_of_statuses_change_nothing(void **state)
{
	struct world *world = *state;
	queue_one(world);
	assert_int_equal(HEAR(world, API_RECEIVED, .seq = 1, .sid = SID_A, .sim_sid = SIM_A), STORE_KNOWN);
	assert_int_equal(HEAR(world, API_OTHER, .seq = 1, .sid = SID_A), STORE_KNOWN);
	assert_string_equal(world_told(world), "");
	assert_string_equal(world_find(world, "a").sim_sid, SIM_A);
}

static void a_sid_is_found_and_owned(void **state)
{
	struct world *world = *state;
	queue_one(world);
	struct store_record record;
	assert_true(store_owns_sid(world->store, SID_A));
	assert_false(store_owns_sid(world->store, SID_B));
	assert_false(store_owns_sid(world->store, ""));
	assert_true(store_find_sid(world->store, SID_A, &record));
	assert_string_equal(record.id, "a");
	assert_false(store_find_sid(world->store, SID_B, &record));
}

static void an_answer_with_another_commands_sid_is_not_believed(void **state)
{
	struct world *world = *state;
	queue_one(world);
	ASK(world, .id = "b");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = 2, .sid = SID_A);
	assert_string_equal(world_find(world, "b").sid, "");
	assert_string_equal(world_find(world, "a").sid, SID_A);
	want_state(world, "b", STATE_QUEUED);
}

/* ---- MO SMS and others --------------------------------------------------------------------------------- */

static void an_mo_sms_is_stored_once_for_each_sid(void **state)
{
	struct world *world = *state;
	static const char body[] = "21.5\0x";
	const struct store_mo mo = {.sid = SID_A,
				    .topic = "devices/m1/up",
				    .payload = body,
				    .payload_len = 6,
				    .sim_sid = "",
				    .unique_name = ""};
	assert_false(store_knows_mo(world->store, SID_A));
	assert_int_equal(store_mo(world->store, &mo, NOW), STORE_NEWS);
	assert_int_equal(store_mo(world->store, &mo, NOW), STORE_KNOWN);
	assert_true(store_knows_mo(world->store, SID_A));
	world_reopen(world);
	assert_int_equal(store_mo(world->store, &mo, NOW), STORE_KNOWN);
	struct store_event events[2];
	assert_int_equal(store_events(world->store, 0, events, 2), 1);
	assert_string_equal(events[0].topic, "devices/m1/up");
	assert_int_equal(events[0].payload_len, 6);
	assert_memory_equal(events[0].payload, body, 6);
	store_event_clear(&events[0]);
}

static void an_empty_body_is_a_body(void **state)
{
	struct world *world = *state;
	const struct store_mo mo = {.sid = SID_A,
				    .topic = "devices/m1/up",
				    .payload = "",
				    .payload_len = 0,
				    .sim_sid = "",
				    .unique_name = ""};
	assert_int_equal(store_mo(world->store, &mo, NOW), STORE_NEWS);
	assert_true(store_publish(world->store, &(struct store_message){"bridge/unmapped", "", 0}, 1));
	struct store_event events[2];
	assert_int_equal(store_events(world->store, 0, events, 2), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(events[i].payload_len, 0);
		assert_non_null(events[i].payload);
		store_event_clear(&events[i]);
	}
}

static void several_arrivals_share_a_commit_and_each_has_its_result(void **state)
{
	struct world *world = *state;
	queue_one(world);
	const struct store_report sent = {
		.seq = 1, .sid = SID_A, .sim_sid = "", .status = API_SENT, .error_code = "", .error_message = ""};
	struct store_report stranger = sent, mismatch = sent;
	stranger.seq = 99;
	mismatch.sid = SID_B;
	const struct store_mo mo = {.sid = SID_B,
				    .topic = "up",
				    .payload = "x",
				    .payload_len = 1,
				    .sim_sid = SIM_A,
				    .unique_name = "cellar"};
	struct store_arrival arrivals[] = {{.report = &sent}, {.mo = &mo},	 {.report = &stranger},
					   {.mo = &mo},	      {.report = &sent}, {.report = &mismatch}};
	static const enum store_reported want[] = {STORE_NEWS,	STORE_NEWS,  STORE_STRANGER,
						   STORE_KNOWN, STORE_KNOWN, STORE_MISMATCH};
	struct store_stats before, after;
	store_stats(world->store, &before);
	store_arrivals(world->store, arrivals, sizeof(arrivals) / sizeof(arrivals[0]), NOW);
	store_stats(world->store, &after);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(arrivals[i].result, want[i]);
	assert_int_equal(after.commits, before.commits + 1);
	assert_int_equal(after.events, before.events + 2);
	store_arrivals(world->store, NULL, 0, NOW);
}

static void an_mo_sms_teaches_the_name_of_its_sim(void **state)
{
	struct world *world = *state;
	static const char *const names[] = {"cellar", "cellar", "attic", ""};
	static const char *const want[] = {"cellar", "cellar", "attic", "attic"};
	char sid[SID_SIZE], known[SIM_SIZE];
	for (size_t i = 0; i < 4; i++) {
		text_format(sid, sizeof(sid), "HC%032zx", i);
		const struct store_mo mo = {.sid = sid,
					    .topic = "up",
					    .payload = "x",
					    .payload_len = 1,
					    .sim_sid = SIM_A,
					    .unique_name = names[i]};
		assert_int_equal(store_mo(world->store, &mo, NOW), STORE_NEWS);
		assert_true(store_sim_name(world->store, SIM_A, known));
		assert_string_equal(known, want[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(statuses_go_up_and_each_is_told_once),
		WORLD_TEST(late_sent_and_failed_after_delivered_change_nothing),
		WORLD_TEST(a_failure_carries_the_apis_reason),
		WORLD_TEST(a_callback_settles_what_had_no_answer),
		WORLD_TEST(a_late_callback_lifts_a_command_that_was_put_back),
		WORLD_TEST(a_callback_resolves_a_held_command),
		WORLD_TEST(delivered_follows_unconfirmed),
		WORLD_TEST(strangers_and_mismatches_are_told_apart),
		WORLD_TEST(received_and_unheard_of_statuses_change_nothing),
		WORLD_TEST(a_sid_is_found_and_owned),
		WORLD_TEST(an_answer_with_another_commands_sid_is_not_believed),
		WORLD_TEST(an_mo_sms_is_stored_once_for_each_sid),
		WORLD_TEST(an_empty_body_is_a_body),
		WORLD_TEST(several_arrivals_share_a_commit_and_each_has_its_result),
		WORLD_TEST(an_mo_sms_teaches_the_name_of_its_sim),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
