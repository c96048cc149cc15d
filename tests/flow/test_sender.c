/* Does each command reach the API once, and each answer become what the store says of it? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/command_sender.h"

#include "bridge/flow/command_answer.h"
#include "tests/flow/flow_world.h"

#define CREATES "POST " API_URL "/SmsCommands"

/* What the store said when the request began; written on the sender's thread, read after the answer is stored. */
struct witness {
	struct world *world;
	struct store_record record;
	size_t times;
};

static void look(void *ctx, const struct fake_request *request)
{
	struct witness *witness = ctx;
	witness->times += text_starts_with(request->line, CREATES) ? 1 : 0;
	store_find_id(witness->world->store, "", "job", &witness->record);
}

static void the_intent_is_on_disk_before_a_byte_leaves(void **state)
{
	struct world *world = *state;
	struct witness witness = {.world = world};
	fake_http_on_start(look, &witness);
	world_command(world, 1, "job");
	world_start_sender(world);
	WAIT_FOR(world_is(world, "job", STATE_QUEUED));
	assert_int_equal(witness.times, 1);
	assert_string_equal(lifecycle_name(witness.record.state), "sending");
	assert_int_equal(witness.record.attempts, 1);
	assert_true(witness.record.attempted_ms > 0);
}

static void a_create_says_who_what_and_where_to_call_back(void **state)
{
	struct world *world = *state;
	char sid[SID_SIZE], want[128];
	PUBLISH(world, .payload = "{\"payload\": \"a & b\", \"id\": \"job\"}");
	world_start_sender(world);
	WAIT_FOR(world_is(world, "job", STATE_QUEUED));
	struct fake_request request = fake_http_request("POST", 0);
	assert_string_equal(request.line, CREATES);
	assert_string_equal(request.authorization, "Bearer token-1");
	want_part("create", "body", request.body, "Sim=" SIM_1);
	want_part("create", "body", request.body, "Payload=a%20%26%20b");
	text_format(want, sizeof(want),
		    "CallbackUrl=https%%3A%%2F%%2Fbridge.test%%2Fhooks%%2Fcallback%%2Fstatus%%2F%s-1-",
		    store_epoch(world->store));
	want_part("create", "body", request.body, want);
	fake_http_sid(sid, 1);
	assert_string_equal(world_find(world, "job").sid, sid);
	want_told(world, "meter-1 job accepted, meter-1 job queued");
}

static void without_a_public_address_no_callback_is_asked_for(void **state)
{
	struct world *world = *state;
	world_polling_only(world);
	world_command(world, 1, "job");
	world_start_sender(world);
	WAIT_FOR(world_is(world, "job", STATE_QUEUED));
	assert_null(strstr(fake_http_request("POST", 0).body, "Callback"));
}

static const struct {
	const char *name;
	struct fake_answer answer;
	enum command_state want_state;
	const char *want_told, *want_code;
	enum counter want_counter;
} answers[] = {
	{"bad request",
	 {.status = 400, .body = "{\"code\": 21610, \"message\": \"opted out\"}"},
	 STATE_REJECTED,
	 "meter-1 job accepted, meter-1 job rejected:api_400",
	 "api_400",
	 COUNT_ATTEMPT_REFUSED},
	{"no such SIM",
	 {.status = 404},
	 STATE_REJECTED,
	 "meter-1 job accepted, meter-1 job rejected:api_404",
	 "api_404",
	 COUNT_ATTEMPT_REFUSED},
	{"a timeout after the body left",
	 {.status = 0, .error = "Operation timed out"},
	 STATE_UNKNOWN,
	 "meter-1 job accepted",
	 "no_answer",
	 COUNT_ATTEMPT_UNKNOWN},
	{"server error", {.status = 500}, STATE_UNKNOWN, "meter-1 job accepted", "api_500", COUNT_ATTEMPT_UNKNOWN},
	{"bad gateway", {.status = 502}, STATE_UNKNOWN, "meter-1 job accepted", "api_502", COUNT_ATTEMPT_UNKNOWN},
	{"a redirect", {.status = 302}, STATE_UNKNOWN, "meter-1 job accepted", "api_302", COUNT_ATTEMPT_UNKNOWN},
	{"a conflict", {.status = 409}, STATE_UNKNOWN, "meter-1 job accepted", "api_409", COUNT_ATTEMPT_UNKNOWN},
	{"yes without a sid",
	 {.status = 201, .body = "{\"sid\": null}"},
	 STATE_UNKNOWN,
	 "meter-1 job accepted",
	 "no_sid",
	 COUNT_ATTEMPT_UNKNOWN},
	{"a proxy's page",
	 {.status = 200, .body = "\r\n<html>welcome</html>"},
	 STATE_UNKNOWN,
	 "meter-1 job accepted",
	 "no_api",
	 COUNT_ATTEMPT_UNKNOWN},
	{"half a yes",
	 {.status = 201, .body = "{\"sid\": \"HCaaaa", .truncated = true},
	 STATE_UNKNOWN,
	 "meter-1 job accepted",
	 "no_sid",
	 COUNT_ATTEMPT_UNKNOWN},
	{"sent at once",
	 {.status = 201, .body = "{\"sid\": \"" SID_A "\", \"status\": \"sent\"}"},
	 STATE_SENT,
	 "meter-1 job accepted, meter-1 job sent",
	 "",
	 COUNT_ATTEMPT_DONE},
	{"delivered at once",
	 {.status = 200, .body = "{\"sid\": \"" SID_A "\", \"status\": \"delivered\"}"},
	 STATE_DELIVERED,
	 "meter-1 job accepted, meter-1 job delivered",
	 "",
	 COUNT_ATTEMPT_DONE},
	{"a status that no document names",
	 {.status = 201, .body = "{\"sid\": \"" SID_A "\", \"status\": \"scheduled\"}"},
	 STATE_QUEUED,
	 "meter-1 job accepted, meter-1 job queued",
	 "",
	 COUNT_ATTEMPT_DONE},
	{"failed at once",
	 {.status = 201, .body = "{\"sid\": \"" SID_A "\", \"status\": \"failed\"}"},
	 STATE_FAILED,
	 "meter-1 job accepted, meter-1 job failed",
	 "",
	 COUNT_ATTEMPT_DONE},
	{"failed at once, with a reason",
	 {.status = 201, .body = "{\"sid\": \"" SID_A "\", \"status\": \"failed\", \"error_code\": 83999}"},
	 STATE_FAILED,
	 "meter-1 job accepted, meter-1 job failed:83999",
	 "83999",
	 COUNT_ATTEMPT_DONE},
};

static void one_answer(size_t i)
{
	void *state = NULL;
	world_setup(&state);
	struct world *world = state;
	fake_http_always(CREATES, answers[i].answer);
	world_command(world, 1, "job");
	world_start_sender(world);
	WAIT_FOR(world_find(world, "job").state == answers[i].want_state);
	want_text(answers[i].name, "told", world_told(world), answers[i].want_told);
	want_text(answers[i].name, "code", world_find(world, "job").error_code, answers[i].want_code);
	world_advance(world, MINUTE);
	world_pass(world);
	/* Nothing is asked twice: only the reconciler may find that it is to be sent again. */
	want_number(answers[i].name, "requests", (int64_t)fake_http_count(CREATES), 1);
	want_number(answers[i].name, "counted", counters_get(&world->counters, answers[i].want_counter), 1);
	world_teardown(&state);
}

static void every_answer_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(answers); i++)
		one_answer(i);
}

/* Others have to get their turn with each new token: one command may be the only one that is refused. Where nobody is
 * taken, it is the credentials, and nobody needs to step back. */
static void one_that_every_token_is_refused_for_steps_back(void **state)
{
	static const struct {
		bool others_go;
		int64_t attempts, want_ms;
	} steps[] = {{true, 1, 0},	     {true, 2, 2 * SECOND},	{true, 3, 4 * SECOND}, {true, 5, 16 * SECOND},
		     {true, 6, 32 * SECOND}, {true, 1000, 32 * SECOND}, {false, 2, 0},	       {false, 1000, 0}};
	const struct world *world = *state;
	const struct outcome refused = {.kind = OUTCOME_RETRY, .account = ACCOUNT_UNAUTHORIZED, .code = "api_403"};
	for (size_t i = 0; i < ROWS(steps); i++) {
		const struct store_attempt attempt = {.attempts = steps[i].attempts};
		assert_int_equal(command_answer_due(world->settings, &refused, &attempt, steps[i].others_go, 5000, 7) -
					 5000,
				 steps[i].want_ms);
	}
}

static void the_reason_of_a_refusal_is_told_in_the_apis_words(void **state)
{
	struct world *world = *state;
	fake_http_always(CREATES, answers[0].answer);
	world_command(world, 1, "job");
	world_start_sender(world);
	WAIT_FOR(world_is(world, "job", STATE_REJECTED));
	struct store_event event = world_last_event(world);
	want_part("event", "message", event.payload, "opted out");
	want_part("event", "message", event.payload, "21610");
	store_event_clear(&event);
}

/* The callback knows the command by its token before the answer to the create is read. */
static void a_callback_before_the_answer_is_not_undone_by_it(void **state)
{
	struct world *world = *state;
	char sid[SID_SIZE];
	fake_http_always(CREATES, (struct fake_answer){.held = true});
	world_command(world, 1, "job");
	world_start_sender(world);
	WAIT_FOR(fake_http_count(CREATES) == 1);
	fake_http_sid(sid, 1);
	const struct store_report report = {.seq = world_find(world, "job").seq,
					    .sid = sid,
					    .sim_sid = SIM_1,
					    .status = API_SENT,
					    .error_code = "",
					    .error_message = ""};
	assert_int_equal(store_report(world->store, &report, timekeeper_now(world->time)), STORE_NEWS);
	fake_http_release(CREATES, 0, (struct fake_answer){.status = 201});
	WAIT_FOR(counters_get(&world->counters, COUNT_ATTEMPT_DONE) == 1);
	world_pass(world);
	want_state(world, "job", STATE_SENT);
	want_told(world, "meter-1 job accepted, meter-1 job sent");
	assert_string_equal(world_find(world, "job").sid, sid);
	/* And it is looked after: its next poll is due in its time. */
	assert_true(world_find(world, "job").due_ms > timekeeper_now(world->time));
}

/* Taken on the standing order, and the sender was held up: a full disk may last for hours. */
static void a_command_whose_time_ran_out_in_the_mail_is_not_sent(void **state)
{
	struct world *world = *state;
	store_order(world->store, 1);
	PUBLISH(world, .payload = "{\"payload\": \"x\", \"id\": \"job\", \"ttl\": 60}");
	want_state(world, "job", STATE_SENDING);
	fake_clock_advance(61 * SECOND);
	world_start_sender(world);
	WAIT_FOR(world_is(world, "job", STATE_EXPIRED));
	assert_int_equal(fake_http_count(CREATES), 0);
}

static void a_command_past_its_ttl_is_expired_and_not_sent(void **state)
{
	struct world *world = *state;
	PUBLISH(world, .payload = "{\"payload\": \"x\", \"id\": \"job\", \"ttl\": 60}");
	world_command(world, 2, "other");
	fake_clock_advance(61 * SECOND);
	world_start_sender(world);
	WAIT_FOR(world_is(world, "other", STATE_QUEUED));
	want_told(world, "meter-1 job accepted, meter-2 other accepted, meter-1 job expired, meter-2 other queued");
	assert_int_equal(fake_http_count(CREATES), 1);
}

static void a_dry_run_walks_through_the_states_without_a_request(void **state)
{
	struct world *world = *state;
	world->settings->api_dry_run = true;
	world->store_options.dry_run = true;
	world_reopen(world);
	world_command(world, 1, "job");
	world_start_sender(world);
	WAIT_FOR(world_is(world, "job", STATE_DELIVERED));
	want_told(world, "meter-1 job accepted, meter-1 job queued, meter-1 job sent, meter-1 job delivered");
	struct store_event event = world_last_event(world);
	want_part("event", "payload", event.payload, "\"dry_run\":true");
	store_event_clear(&event);
	assert_int_equal(fake_http_count(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(the_intent_is_on_disk_before_a_byte_leaves),
		WORLD_TEST(a_create_says_who_what_and_where_to_call_back),
		WORLD_TEST(without_a_public_address_no_callback_is_asked_for),
		cmocka_unit_test(every_answer_has_its_verdict),
		WORLD_TEST(one_that_every_token_is_refused_for_steps_back),
		WORLD_TEST(the_reason_of_a_refusal_is_told_in_the_apis_words),
		WORLD_TEST(a_callback_before_the_answer_is_not_undone_by_it),
		WORLD_TEST(a_command_whose_time_ran_out_in_the_mail_is_not_sent),
		WORLD_TEST(a_command_past_its_ttl_is_expired_and_not_sent),
		WORLD_TEST(a_dry_run_walks_through_the_states_without_a_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
