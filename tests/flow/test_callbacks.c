/* Is a callback stored before it is answered, told once, and never believed without its token? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/callback_intake.h"

#include "bridge/codec/json.h"
#include "tests/flow/webhook_caller.h"

static void a_status_is_stored_and_told_once(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	world_told(world);
	assert_int_equal(CALL(world, .path = STATUS_1, .body = SENT_A), 204);
	want_told(world, "meter-1 job sent");
	assert_int_equal(CALL(world, .path = STATUS_1, .body = SENT_A), 204);
	want_told(world, "");
	assert_int_equal(CALL(world, .path = STATUS_1, .body = DELIVERED_A), 204);
	assert_int_equal(CALL(world, .path = STATUS_1, .body = SENT_A), 204);
	want_told(world, "meter-1 job delivered");
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_STORED), 2);
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_KNOWN), 2);
}

static void a_failure_tells_code_and_message(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	assert_int_equal(
		CALL(world, .path = STATUS_1,
		     .body = "CommandSid=" SID_A "&Status=failed&ErrorCode=30003&ErrorMessage=no+such+handset"),
		204);
	struct store_event event = world_last_event(world);
	want_part("event", "error", event.payload, "\"code\":\"30003\"");
	want_part("event", "error", event.payload, "\"message\":\"no such handset\"");
	store_event_clear(&event);
}

static const struct {
	const char *name;
	struct call call;
	int want;
	enum counter counter; /* COUNTER_COUNT: the gate answers, nothing is counted */
} refusals[] = {
	{"another path", {.path = "/", .body = SENT_A}, 404, COUNTER_COUNT},
	{"no token", {.path = "/callback/status/", .body = SENT_A}, 404, COUNTER_COUNT},
	{"something behind the token", {.path = STATUS_1 "/x", .body = SENT_A}, 404, COUNTER_COUNT},
	{"half the base path", {.path = "/hook" STATUS_1, .body = SENT_A}, 404, COUNTER_COUNT},
	{"GET", {.method = "GET", .path = STATUS_1, .query = SENT_A}, 405, COUNTER_COUNT},
	{"PUT", {.method = "PUT", .path = STATUS_1, .body = SENT_A}, 405, COUNTER_COUNT},
	{"no such token",
	 {.path = "/callback/status/feedface-1-00000000000000000000000000000000", .body = SENT_A},
	 403,
	 COUNT_CALLBACK_FORGED},
	{"a token of another number",
	 {.path = "/callback/status/feedface-2-a50f530b30e93c7bd4312630cf62ac96", .body = SENT_A},
	 403,
	 COUNT_CALLBACK_FORGED},
	{"not even the form of a token", {.path = "/callback/status/x", .body = SENT_A}, 403, COUNT_CALLBACK_FORGED},
	{"a status token for MO SMS",
	 {.path = "/callback/sms/a50f530b30e93c7bd4312630cf62ac96", .body = RECEIVED_B},
	 403,
	 COUNT_CALLBACK_FORGED},
	{"a forged token and garbage",
	 {.path = "/callback/status/x", .body = "%", .type = "text/plain"},
	 403,
	 COUNT_CALLBACK_FORGED},
	{"nothing", {.path = STATUS_1, .body = ""}, 400, COUNT_CALLBACK_MALFORMED},
	{"no sid", {.path = STATUS_1, .body = "Status=sent"}, 400, COUNT_CALLBACK_MALFORMED},
	{"a status of no meaning",
	 {.path = STATUS_1, .body = "CommandSid=" SID_A "&Status=lost"},
	 400,
	 COUNT_CALLBACK_MALFORMED},
	{"a sid of the wrong form",
	 {.path = STATUS_1, .body = "CommandSid=HC1&Status=sent"},
	 400,
	 COUNT_CALLBACK_MALFORMED},
	{"a NUL", {.path = STATUS_1, .body = SENT_A "%00"}, 400, COUNT_CALLBACK_MALFORMED},
	{"a name twice", {.path = STATUS_1, .body = SENT_A "&Status=failed"}, 400, COUNT_CALLBACK_MALFORMED},
	{"JSON", {.path = STATUS_1, .body = "{}", .type = "application/json"}, 400, COUNT_CALLBACK_MALFORMED},
};

static void what_is_not_right_is_refused_and_changes_nothing(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	world_told(world);
	for (size_t i = 0; i < ROWS(refusals); i++) {
		enum counter counter = refusals[i].counter;
		int64_t before = counter < COUNTER_COUNT ? counters_get(&world->counters, counter) : 0;
		want_number(refusals[i].name, "status", call_webhook(world, refusals[i].call), refusals[i].want);
		if (counter < COUNTER_COUNT)
			want_number(refusals[i].name, "counted", counters_get(&world->counters, counter), before + 1);
	}
	want_told(world, "");
	want_state(world, "job", STATE_QUEUED);
	assert_int_equal(atomic_load(&world->counters.last_callback_ms), 0);
}

static void the_log_tells_of_ten_refusals_a_second(void **state)
{
	struct counters counters = {0};
	int64_t untold;
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_true(counters_may_tell(&counters, 5000 + i, &untold));
	for (int i = 0; i < 7; i++)
		assert_false(counters_may_tell(&counters, 5500, &untold));
	assert_int_equal(untold, 0);
	assert_true(counters_may_tell(&counters, 6000, &untold));
	assert_int_equal(untold, 7);
	assert_true(counters_may_tell(&counters, 6001, &untold));
	assert_int_equal(untold, 0);
	assert_true(counters_may_tell(&counters, 9000, &untold));
	assert_int_equal(untold, 0);
}

/* A proxy may take the path of the public URL off, or leave it. */
static void both_paths_work_behind_a_proxy(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	assert_int_equal(CALL(world, .path = "/hooks" STATUS_1, .body = SENT_A), 204);
	assert_int_equal(CALL(world, .path = STATUS_1, .body = DELIVERED_A), 204);
	want_state(world, "job", STATE_DELIVERED);
}

/* The answer to the create is still on its way, or was lost: the token names the command, and the sid is learnt. */
static void a_callback_settles_an_unknown_outcome(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	world_told(world);
	assert_int_equal(CALL(world, .path = STATUS_1, .body = SENT_A), 204);
	want_told(world, "meter-1 job sent");
	assert_string_equal(world_find(world, "job").sid, SID_A);
}

/* The token of one command, the sid of another: somebody plays with tokens. */
static void a_token_of_another_command_is_forged(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	world_queued(world, "other", SID_B);
	world_told(world);
	assert_int_equal(CALL(world, .path = STATUS_2, .body = SENT_A), 403);
	want_told(world, "");
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_FORGED), 1);
}

static void a_token_of_an_earlier_spool_finds_its_command_by_sid_alone(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	world_queued(world, "other", SID_B);
	assert_int_equal(CALL(world, .path = STATUS_OTHER, .body = "CommandSid=" SID_B "&Status=delivered"), 204);
	want_state(world, "job", STATE_QUEUED);
	want_state(world, "other", STATE_DELIVERED);
}

static void a_strangers_status_is_told_as_unmapped(void **state)
{
	struct world *world = *state;
	assert_int_equal(CALL(world, .path = STATUS_OTHER, .body = DELIVERED_A), 204);
	struct store_event event = world_last_event(world);
	assert_string_equal(event.topic, "mqtt-sms-bridge/unmapped");
	want_part("event", "payload", event.payload, "\"status\":\"delivered\"");
	want_part("event", "payload", event.payload, "\"sid\":\"" SID_A "\"");
	store_event_clear(&event);
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_STRANGER), 1);
}

/* Every control character needs six bytes as JSON. */
static void a_strangers_long_text_stays_valid_json(void **state)
{
	struct world *world = *state;
	char body[16384] = "CommandSid=" SID_A "&Status=delivered&Payload=", why[128];
	size_t len = strlen(body);
	for (; len + 3 < sizeof(body); len += 3)
		memcpy(body + len, "%01", 4);
	assert_int_equal(CALL(world, .path = STATUS_OTHER, .body = body), 204);
	struct store_event event = world_last_event(world);
	struct json *json = json_parse(event.payload, event.payload_len, why, sizeof(why));
	assert_non_null(json);
	assert_int_equal(strlen(json_text(json_member(json, "payload"))), (len - strlen("CommandSid=" SID_A)) / 3 - 8);
	json_free(json);
	store_event_clear(&event);
}

/* The provider tries again, or the reconciler finds it. */
static void what_cannot_be_stored_is_not_acknowledged(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	world_told(world);
	world->store_options.min_free_bytes = INT64_MAX;
	world_reopen(world);
	assert_int_equal(CALL(world, .path = STATUS_1, .body = SENT_A), 503);
	assert_int_equal(CALL(world, .path = SMS, .body = RECEIVED_B), 503);
	assert_int_equal(CALL(world, .path = STATUS_OTHER, .body = "CommandSid=" SID_C "&Status=sent"), 503);
	want_told(world, "");
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_FULL), 3);
	world->store_options.min_free_bytes = 0;
	world_reopen(world);
	assert_int_equal(CALL(world, .path = STATUS_1, .body = SENT_A), 204);
	want_told(world, "meter-1 job sent");
}

static void where_get_is_set_a_get_carries_the_same_and_a_post_works_too(void **state)
{
	struct world *world = *state;
	free(world->settings->webhook_method);
	world->settings->webhook_method = strdup("GET");
	world_queued(world, "job", SID_A);
	assert_int_equal(CALL(world, .method = "GET", .path = STATUS_1, .query = SENT_A), 204);
	assert_int_equal(CALL(world, .method = "GET", .path = STATUS_1, .query = ""), 400);
	assert_int_equal(CALL(world, .method = "PUT", .path = STATUS_1, .body = SENT_A), 405);
	want_state(world, "job", STATE_SENT);
	assert_int_equal(CALL(world, .path = STATUS_1, .body = DELIVERED_A), 204);
	want_state(world, "job", STATE_DELIVERED);
}

static void calls_that_come_together_are_judged_one_by_one(void **state)
{
	struct world *world = *state;
	static const struct call calls[] = {
		{.path = STATUS_1, .body = SENT_A},	 {.path = "/callback/status/x", .body = SENT_A},
		{.path = SMS, .body = RECEIVED_B},	 {.path = STATUS_1, .body = "CommandSid=%"},
		{.path = STATUS_1, .body = DELIVERED_A}, {.path = SMS, .body = RECEIVED_B},
		{.path = STATUS_1, .body = RECEIVED_B},	 {.path = "/elsewhere", .body = SENT_A},
	};
	static const int want[] = {204, 403, 204, 400, 204, 204, 403, 404};
	int got[CALLS_MAX];
	world_queued(world, "job", SID_A);
	world_told(world);
	struct store_stats before, after;
	store_stats(world->store, &before);
	call_webhook_together(world, calls, sizeof(calls) / sizeof(calls[0]), got);
	store_stats(world->store, &after);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(got[i], want[i]);
	assert_int_equal(after.commits, before.commits + 1);
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_STORED), 3);
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_KNOWN), 1);
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_FORGED), 2);
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_MALFORMED), 1);
	assert_int_equal(counters_get(&world->counters, COUNT_MO_STORED), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_status_is_stored_and_told_once),
		WORLD_TEST(a_failure_tells_code_and_message),
		WORLD_TEST(what_is_not_right_is_refused_and_changes_nothing),
		WORLD_TEST(the_log_tells_of_ten_refusals_a_second),
		WORLD_TEST(both_paths_work_behind_a_proxy),
		WORLD_TEST(a_callback_settles_an_unknown_outcome),
		WORLD_TEST(a_token_of_another_command_is_forged),
		WORLD_TEST(a_token_of_an_earlier_spool_finds_its_command_by_sid_alone),
		WORLD_TEST(a_strangers_status_is_told_as_unmapped),
		WORLD_TEST(a_strangers_long_text_stays_valid_json),
		WORLD_TEST(what_cannot_be_stored_is_not_acknowledged),
		WORLD_TEST(where_get_is_set_a_get_carries_the_same_and_a_post_works_too),
		WORLD_TEST(calls_that_come_together_are_judged_one_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
