/* Is a create without an answer adopted, sent again or held, and never guessed? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconcile.h"

#include "tests/flow/api_pages.h"

static const struct fake_answer down = {.error = "connection refused", .unsent = true};

static struct store_stats stats_of(struct world *world)
{
	struct store_stats stats;
	store_stats(world->store, &stats);
	return stats;
}

static void what_the_api_does_not_have_is_sent_again(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_ACCEPTED);
	want_told(world, "meter-1 job accepted");
	assert_int_equal(counters_get(&world->counters, COUNT_RESOLVED_ABSENT), 1);
	struct fake_request request = fake_http_request(LISTS, 0);
	want_part("list", "filter", request.line, "Sim=" SIM_1);
	want_part("list", "filter", request.line, "Direction=to_sim");
	assert_string_equal(request.authorization, "Bearer token-1");
}

static const struct {
	const char *status;
	enum command_state want;
} adoptions[] = {
	{"queued", STATE_QUEUED}, {"sent", STATE_SENT},	      {"delivered", STATE_DELIVERED},
	{"failed", STATE_FAILED}, {"received", STATE_QUEUED}, {"something new", STATE_QUEUED},
};

static void one_adoption(size_t i)
{
	void *state = NULL;
	world_setup(&state);
	struct world *world = state;
	world_unknown(world, "job");
	world_told(world);
	LIST({.sid = SID_A, .status = adoptions[i].status});
	reconcile_unknown(&world->reconcile);
	struct store_record record = world_find(world, "job");
	want_text(adoptions[i].status, "state", lifecycle_name(record.state), lifecycle_name(adoptions[i].want));
	want_text(adoptions[i].status, "sid", record.sid, SID_A);
	want_part(adoptions[i].status, "told", world_told(world), lifecycle_name(adoptions[i].want));
	want_number(adoptions[i].status, "requests", (int64_t)fake_http_count(""), 1);
	world_teardown(&state);
}

static void what_the_api_has_is_adopted_with_its_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(adoptions); i++)
		one_adoption(i);
}

static void a_failure_is_adopted_with_its_reason(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	world_told(world);
	LIST({.sid = SID_A, .status = "failed\", \"error_code\": \"83999"});
	reconcile_unknown(&world->reconcile);
	assert_string_equal(world_told(world), "meter-1 job failed:83999");
}

static const struct {
	const char *name;
	struct listed listed;
	int64_t age_ms;
} strangers[] = {
	{"other words", {.sid = SID_A, .payload = "to Meter-1"}, 0},
	{"from the SIM", {.sid = SID_A, .direction = "from_sim"}, 0},
	{"from long before", {.sid = SID_A}, HOUR},
	{"from the future", {.sid = SID_A}, -HOUR},
	{"some other command's", {.sid = SID_B}, 0},
	{"of another SIM, where the filter was ignored", {.sid = SID_A, .sim = SIM_2}, 0},
	{"no sid", {.sid = ""}, 0},
};

static void one_stranger(size_t i)
{
	void *state = NULL;
	struct listed listed = strangers[i].listed;
	world_setup(&state);
	struct world *world = state;
	world_queued(world, "other", SID_B);
	world_unknown(world, "job");
	listed.created_ms = clock_wall_ms() - strangers[i].age_ms;
	answer_list(&listed, 1);
	reconcile_unknown(&world->reconcile);
	want_text(strangers[i].name, "state", lifecycle_name(world_find(world, "job").state), "accepted");
	world_teardown(&state);
}

static void only_what_can_be_ours_is_adopted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(strangers); i++)
		one_stranger(i);
}

/* The API's clock need not be ours; nor must it say when. */
static void a_clock_ten_minutes_off_is_no_reason_to_send_twice(void **state)
{
	struct world *world = *state;
	world_unknown(world, "behind");
	LIST({.sid = SID_A, .created_ms = clock_wall_ms() - 10 * MINUTE});
	reconcile_unknown(&world->reconcile);
	want_state(world, "behind", STATE_QUEUED);
	world_unknown(world, "ahead");
	LIST({.sid = SID_B, .created_ms = clock_wall_ms() + 10 * MINUTE});
	reconcile_unknown(&world->reconcile);
	want_state(world, "ahead", STATE_QUEUED);
	world_unknown(world, "undated");
	LIST({.sid = SID_C, .created_ms = -1});
	reconcile_unknown(&world->reconcile);
	want_state(world, "undated", STATE_QUEUED);
}

/* A callback that said no more than this. */
static void a_sid_that_is_known_already_decides(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	const struct store_report report = {
		.seq = 1, .sid = SID_B, .sim_sid = "", .status = API_RECEIVED, .error_code = "", .error_message = ""};
	assert_int_equal(store_report(world->store, &report, clock_wall_ms()), STORE_KNOWN);
	want_state(world, "job", STATE_UNKNOWN);
	LIST({.sid = SID_A}, {.sid = SID_B, .status = "sent"});
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_SENT);
	assert_string_equal(world_find(world, "job").sid, SID_B);
}

static void two_candidates_are_for_an_operator(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	LIST({.sid = SID_A}, {.sid = SID_B}, {.sid = SID_C});
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_HELD);
	assert_int_equal(stats_of(world).held, 1);
	assert_int_equal(counters_get(&world->counters, COUNT_RESOLVED_HELD), 1);
	/* Nobody asks for it any more; and the SIM's next command goes on. */
	fake_clock_advance(HOUR);
	reconcile_unknown(&world->reconcile);
	assert_int_equal(fake_http_count(LISTS), 1);
	world_queued(world, "next", SID_C);
}

/* While pages are read new resources push old ones from one page to the next. */
/* ---- lists ------------------------------------------------------------------------------------------- */

static void the_same_resource_on_two_pages_is_one_candidate(void **state)
{
	struct world *world = *state;
	const struct listed listed[] = {{.sid = SID_B, .payload = "other"}, {.sid = SID_A}};
	world_unknown(world, "job");
	answer_two_pages(listed, 2, &listed[1], 1);
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_QUEUED);
	assert_string_equal(world_find(world, "job").sid, SID_A);
}

static void all_pages_are_read_before_one_is_adopted(void **state)
{
	struct world *world = *state;
	const struct listed first[] = {{.sid = SID_A}}, second[] = {{.sid = SID_B}};
	world_unknown(world, "job");
	answer_two_pages(first, 1, second, 1);
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_HELD);
	assert_string_equal(fake_http_request("GET", 1).line, "GET " PAGE_2);
	assert_string_equal(fake_http_request("GET", 1).authorization, "Bearer token-1");
}

static void an_api_that_cannot_be_asked_changes_nothing(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	fake_http_next(LISTS, down);
	int64_t next_ms = reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_UNKNOWN);
	assert_in_range(next_ms - timekeeper_now(world->time), SECOND, MINUTE);
	/* Not at once again. */
	next_ms = reconcile_unknown(&world->reconcile);
	assert_int_equal(fake_http_count(LISTS), 1);
	assert_in_range(next_ms - timekeeper_now(world->time), SECOND, MINUTE);
	fake_clock_advance(MINUTE);
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_ACCEPTED);
}

static const struct {
	const char *name;
	struct fake_answer answer;
} failures[] = {
	{"refused", {.unsent = true}},
	{"timed out", {.status = 0}},
	{"server error", {.status = 500}},
	{"not authorized", {.status = 401}},
	{"not found", {.status = 404}},
	{"a proxy's page", {.status = 200, .body = "<html></html>"}},
	{"no list", {.status = 200, .body = "{}"}},
	{"cut off", {.status = 200, .body = "{\"sms_commands\": []}", .truncated = true}},
};

/* Half a list shows nothing: not that it is absent, nor that there is one candidate only. */
static void one_failure(size_t i, bool on_the_second_page)
{
	void *state = NULL;
	const struct listed first = {.sid = SID_A};
	world_setup(&state);
	struct world *world = state;
	world_unknown(world, "job");
	if (on_the_second_page)
		fake_http_next(LISTS, (struct fake_answer){.status = 200, .body = page_text(&first, 1, PAGE_2)});
	fake_http_always(on_the_second_page ? PAGE_2 : "Sim=", failures[i].answer);
	reconcile_unknown(&world->reconcile);
	want_text(failures[i].name, "state", lifecycle_name(world_find(world, "job").state), "unknown");
	world_teardown(&state);
}

static void half_a_list_shows_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(failures); i++) {
		one_failure(i, false);
		one_failure(i, true);
	}
}

/* The API was asked and says no to one: that is no outage. */
static void a_list_that_is_refused_holds_up_no_other(void **state)
{
	struct world *world = *state;
	world_unknown(world, "one");
	world_unknown_of(world, 2, "two");
	fake_http_always("Sim=" SIM_1, (struct fake_answer){.status = 404});
	int64_t next_ms = reconcile_unknown(&world->reconcile);
	want_state(world, "one", STATE_UNKNOWN);
	want_state(world, "two", STATE_ACCEPTED);
	/* Nor is it asked for at once again. */
	while (next_ms <= timekeeper_now(world->time))
		next_ms = reconcile_unknown(&world->reconcile);
	assert_int_equal(fake_http_count("Sim=" SIM_1), 1);
}

static void a_refused_token_is_not_tried_again_at_once(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	fake_http_always(LISTS, (struct fake_answer){.status = 401});
	reconcile_unknown(&world->reconcile);
	assert_int_equal(fake_http_count(LISTS), 1);
	want_state(world, "job", STATE_UNKNOWN);
	fake_clock_advance(MINUTE);
	reconcile_unknown(&world->reconcile);
	assert_int_equal(fake_http_count(LISTS), 2);
}

static void a_page_elsewhere_is_not_followed(void **state)
{
	struct world *world = *state;
	static const char *const elsewhere[] = {
		"https://evil.test/v1/SmsCommands?Page=1",
		"https://api.test.evil.test/v1/SmsCommands",
		"https://api.test@evil.test/v1/SmsCommands",
		"https://api.test:8443/v1/SmsCommands",
		"http://api.test/v1/SmsCommands",
		"//evil.test/v1/SmsCommands",
		"ftp://api.test/",
		"SmsCommands?Page=1",
	};
	world_unknown(world, "job");
	for (size_t i = 0; i < ROWS(elsewhere); i++) {
		fake_http_next(LISTS, (struct fake_answer){.status = 200, .body = page_text(NULL, 0, elsewhere[i])});
		reconcile_unknown(&world->reconcile);
		want_text(elsewhere[i], "state", lifecycle_name(world_find(world, "job").state), "unknown");
		want_number(elsewhere[i], "requests", (int64_t)fake_http_count(""), (int64_t)i + 1);
		fake_clock_advance(MINUTE);
	}
}

static void a_page_named_by_its_path_is_on_the_same_host(void **state)
{
	struct world *world = *state;
	world_unknown(world, "job");
	fake_http_next(LISTS, (struct fake_answer){.status = 200, .body = page_text(NULL, 0, "/v2/next?Page=1")});
	fake_http_next("/v2/next", (struct fake_answer){.status = 200, .body = page_text(NULL, 0, "")});
	reconcile_unknown(&world->reconcile);
	want_state(world, "job", STATE_ACCEPTED);
	assert_string_equal(fake_http_request("GET", 1).line, "GET https://api.test/v2/next?Page=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(what_the_api_does_not_have_is_sent_again),
		cmocka_unit_test(what_the_api_has_is_adopted_with_its_status),
		WORLD_TEST(a_failure_is_adopted_with_its_reason),
		cmocka_unit_test(only_what_can_be_ours_is_adopted),
		WORLD_TEST(a_clock_ten_minutes_off_is_no_reason_to_send_twice),
		WORLD_TEST(a_sid_that_is_known_already_decides),
		WORLD_TEST(two_candidates_are_for_an_operator),
		WORLD_TEST(the_same_resource_on_two_pages_is_one_candidate),
		WORLD_TEST(all_pages_are_read_before_one_is_adopted),
		WORLD_TEST(an_api_that_cannot_be_asked_changes_nothing),
		cmocka_unit_test(half_a_list_shows_nothing),
		WORLD_TEST(a_list_that_is_refused_holds_up_no_other),
		WORLD_TEST(a_refused_token_is_not_tried_again_at_once),
		WORLD_TEST(a_page_elsewhere_is_not_followed),
		WORLD_TEST(a_page_named_by_its_path_is_on_the_same_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
