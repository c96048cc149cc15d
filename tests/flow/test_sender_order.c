/* Are commands sent in order for each SIM, no more at once than allowed, and none lost by a stop? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/command_sender.h"

#include "tests/flow/flow_world.h"

#define CREATES "POST " API_URL "/SmsCommands"

static const struct fake_answer held = {.held = true};
static const struct fake_answer created = {.status = 201};

/* The words of the `index`th create. */
static void want_create(size_t index, const char *device, const char *payload)
{
	char want[64];
	struct fake_request request = fake_http_request(CREATES, index);
	text_format(want, sizeof(want), "Payload=%s", payload);
	want_part(device, "create", request.body, want);
}

static void each_sim_has_one_in_flight_and_its_order(void **state)
{
	struct world *world = *state;
	fake_http_always(CREATES, held);
	PUBLISH(world, .device = "meter-1", .payload = "first");
	PUBLISH(world, .device = "meter-1", .payload = "second");
	PUBLISH(world, .device = "meter-1", .payload = "third");
	PUBLISH(world, .device = "meter-2", .payload = "other");
	world_start_sender(world);
	WAIT_FOR(fake_http_count(CREATES) == 2);
	world_pass(world);
	assert_int_equal(fake_http_count(CREATES), 2);
	want_create(0, "meter-1", "first");
	want_create(1, "meter-2", "other");
	fake_http_release(CREATES, 0, created);
	WAIT_FOR(fake_http_count(CREATES) == 3);
	want_create(2, "meter-1", "second");
	world_pass(world);
	assert_int_equal(fake_http_count(CREATES), 3);
	fake_http_release(CREATES, 2, created);
	WAIT_FOR(fake_http_count(CREATES) == 4);
	want_create(3, "meter-1", "third");
}

/* What nobody knows to have been sent may still arrive: nothing may overtake it. */
static void an_unknown_outcome_holds_back_its_sim_alone(void **state)
{
	struct world *world = *state;
	fake_http_next(CREATES, (struct fake_answer){.status = 500});
	PUBLISH(world, .device = "meter-1", .payload = "{\"payload\": \"first\", \"id\": \"first\"}");
	world_start_sender(world);
	WAIT_FOR(world_is(world, "first", STATE_UNKNOWN));
	world_command(world, 1, "second");
	world_command(world, 2, "other");
	WAIT_FOR(world_is(world, "other", STATE_QUEUED));
	world_pass(world);
	want_state(world, "second", STATE_ACCEPTED);
	const struct store_report report = {.seq = world_find(world, "first").seq,
					    .sid = SID_A,
					    .sim_sid = "",
					    .status = API_QUEUED,
					    .error_code = "",
					    .error_message = ""};
	assert_int_equal(store_report(world->store, &report, timekeeper_now(world->time)), STORE_NEWS);
	WAIT_FOR(world_is(world, "second", STATE_QUEUED));
}

static void urgent_ones_go_first(void **state)
{
	struct world *world = *state;
	world->settings->api_concurrency = 1;
	PUBLISH(world, .device = "meter-1", .payload = "{\"payload\": \"low\", \"priority\": \"low\"}");
	PUBLISH(world, .device = "meter-2", .payload = "normal");
	PUBLISH(world, .device = "meter-3", .payload = "{\"payload\": \"high\", \"priority\": \"high\"}");
	world_start_sender(world);
	WAIT_FOR(fake_http_count(CREATES) == 3);
	want_create(0, "meter-3", "high");
	want_create(1, "meter-2", "normal");
	want_create(2, "meter-1", "low");
}

static void no_more_than_allowed_are_under_way(void **state)
{
	struct world *world = *state;
	char id[16];
	world->settings->api_concurrency = 3;
	fake_http_always(CREATES, held);
	for (int i = 1; i <= 8; i++) {
		text_format(id, sizeof(id), "job-%d", i);
		world_command(world, i, id);
	}
	world_start_sender(world);
	for (size_t i = 0; i < 8; i++) {
		WAIT_FOR(fake_http_count(CREATES) == (i < 6 ? i + 3 : 8));
		world_pass(world);
		fake_http_release(CREATES, i, created);
	}
	for (int i = 1; i <= 8; i++) {
		text_format(id, sizeof(id), "job-%d", i);
		WAIT_FOR(world_is(world, id, STATE_QUEUED));
	}
	assert_int_equal(fake_http_most_busy(), 3);
	assert_int_equal(fake_http_count(CREATES), 8);
}

/* 2 a second: one at once, and one more every half second. */
static void no_more_in_a_second_than_the_rate(void **state)
{
	struct world *world = *state;
	char id[16];
	account_destroy(world->account);
	int64_t began_ms = clock_mono_ms();
	world->account = account_create(world->token, 2);
	for (int i = 1; i <= 8; i++) {
		text_format(id, sizeof(id), "job-%d", i);
		world_command(world, i, id);
	}
	world_start_sender(world);
	WAIT_FOR(fake_http_count(CREATES) >= 5);
	/* Four more than the first: two seconds at least, however late they are seen. */
	assert_true(clock_mono_ms() - began_ms >= 2000);
}

static void a_stop_waits_for_answers_under_way(void **state)
{
	struct world *world = *state;
	fake_http_always(CREATES, held);
	world_command(world, 1, "job");
	world_command(world, 1, "next");
	world_start_sender(world);
	WAIT_FOR(fake_http_count(CREATES) == 1);
	fake_http_release(CREATES, 0, created);
	world_stop_sender(world, 10 * SECOND);
	want_state(world, "job", STATE_QUEUED);
	/* The next one was begun before the stop or not at all: it is never half known. */
	size_t begun = fake_http_count(CREATES);
	want_state(world, "next", begun == 1 ? STATE_ACCEPTED : STATE_UNKNOWN);
	assert_in_range(begun, 1, 2);
}

static void what_has_no_answer_at_the_stop_is_unknown(void **state)
{
	struct world *world = *state;
	fake_http_always(CREATES, held);
	world_command(world, 1, "job");
	world_command(world, 2, "other");
	world_start_sender(world);
	WAIT_FOR(fake_http_count(CREATES) == 2);
	world_stop_sender(world, 50);
	want_state(world, "job", STATE_UNKNOWN);
	want_state(world, "other", STATE_UNKNOWN);
	want_told(world, "meter-1 job accepted, meter-2 other accepted");
	/* The reconciler looks after the time that the API has to show it. */
	int64_t due_in_ms = world_find(world, "job").due_ms - timekeeper_now(world->time);
	assert_in_range(due_in_ms, world->settings->reconcile_settle_ms - 20 * SECOND,
			world->settings->reconcile_settle_ms);
}

/* Callbacks come in, and an operator's words, while the rest of the process stops. */
static void a_stopped_sender_may_be_woken(void **state)
{
	struct world *world = *state;
	fake_http_always(CREATES, held);
	world_command(world, 1, "job");
	world_command(world, 1, "next");
	world_start_sender(world);
	WAIT_FOR(fake_http_count(CREATES) == 1);
	world_stop_sender(world, 0);
	const struct store_report report = {.seq = world_find(world, "job").seq,
					    .sid = SID_A,
					    .sim_sid = "",
					    .status = API_SENT,
					    .error_code = "",
					    .error_message = ""};
	assert_int_equal(store_report(world->store, &report, timekeeper_now(world->time)), STORE_NEWS);
	world_command(world, 2, "late");
	fake_token_renew();
	want_state(world, "late", STATE_ACCEPTED);
}

static void a_death_while_sending_is_unknown_at_the_next_start(void **state)
{
	struct world *world = *state;
	struct store_attempt taken;
	int64_t next_ms;
	world_command(world, 1, "job");
	assert_int_equal(store_take_due(world->store, timekeeper_now(world->time), &taken, 1, &next_ms), 1);
	world_reopen(world);
	want_state(world, "job", STATE_UNKNOWN);
	/* The API may still be about to show it. */
	assert_true(world_find(world, "job").due_ms > timekeeper_now(world->time) + SECOND);
	world_start_sender(world);
	world_advance(world, HOUR);
	world_pass(world);
	assert_int_equal(fake_http_count(CREATES), 0);
}

static void a_stop_with_nothing_to_do_takes_no_time(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < STOPPED_MAX; i++) {
		world_start_sender(world);
		world_pass(world);
		int64_t began_ms = real_ms();
		world_stop_sender(world, HOUR);
		assert_in_range(real_ms() - began_ms, 0, 20 * SECOND);
	}
}

/* The answer to the create is nowhere but in memory: the end of the process would lose it. */
static void an_answer_that_waits_for_the_disk_is_no_hang(void **state)
{
	struct world *world = *state;
	fake_http_always(CREATES, held);
	world_command(world, 1, "job");
	world_start_sender(world);
	WAIT_FOR(fake_http_count(CREATES) == 1);
	world_fill_disk(world);
	fake_http_release(CREATES, 0, created);
	WAIT_FOR(counters_get(&world->counters, COUNT_ATTEMPT_DONE) == 1);
	fake_clock_advance(10 * MINUTE);
	assert_in_range(command_sender_silence_ms(world->sender), 0, MINUTE);
	want_state(world, "job", STATE_SENDING);
	world_free_disk(world);
	WAIT_FOR(world_is(world, "job", STATE_QUEUED));
	WAIT_FOR(command_sender_silence_ms(world->sender) < MINUTE);
}

/* Whoever watches over the threads must see this one move, however long there is nothing to do. */
static void the_sender_never_sleeps_for_long(void **state)
{
	struct world *world = *state;
	fake_http_always(CREATES, (struct fake_answer){.status = 429, .retry_after_ms = HOUR});
	world_command(world, 1, "job");
	world_start_sender(world);
	WAIT_FOR(fake_http_count(CREATES) == 1);
	world_pass(world);
	assert_in_range(fake_http_longest_wait_ms(), 1, 10 * SECOND);
	world_advance(world, 5 * MINUTE);
	WAIT_FOR(command_sender_silence_ms(world->sender) < MINUTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(each_sim_has_one_in_flight_and_its_order),
		WORLD_TEST(an_unknown_outcome_holds_back_its_sim_alone),
		WORLD_TEST(urgent_ones_go_first),
		WORLD_TEST(no_more_than_allowed_are_under_way),
		WORLD_TEST(no_more_in_a_second_than_the_rate),
		WORLD_TEST(a_stop_waits_for_answers_under_way),
		WORLD_TEST(what_has_no_answer_at_the_stop_is_unknown),
		WORLD_TEST(a_stopped_sender_may_be_woken),
		WORLD_TEST(a_death_while_sending_is_unknown_at_the_next_start),
		WORLD_TEST(a_stop_with_nothing_to_do_takes_no_time),
		WORLD_TEST(an_answer_that_waits_for_the_disk_is_no_hang),
		WORLD_TEST(the_sender_never_sleeps_for_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
