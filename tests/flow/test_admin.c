/* Does every request over MQTT get its answer, and does each action do what it says? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/admin.h"

#include "bridge/codec/json.h"
#include "bridge/flow/admin_request.h"
#include "tests/flow/api_pages.h"

#define ANSWERS "mqtt-sms-bridge/response/"

/* A world whose admin and publisher run. */
static int setup(void **state)
{
	world_setup(state);
	world_start_publisher(*state);
	world_start_admin(*state);
	fake_mqtt_reset_publishes();
	return 0;
}

#define ADMIN_TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)

static void request(struct world *world, const char *action, const char *payload)
{
	const struct mqtt_message message = {
		.payload = payload, .len = strlen(payload), .reply_topic = "", .expiry_s = -1};
	admin_take(world->admin, action, &message);
}

/* The answer to a request, as text. */
static struct fake_publish ask(struct world *world, const char *action, const char *payload)
{
	size_t before = fake_mqtt_count(ANSWERS);
	request(world, action, payload);
	WAIT_FOR(fake_mqtt_count(ANSWERS) > before);
	return fake_mqtt_published(ANSWERS, before);
}

static void want_answer(struct world *world, const char *action, const char *payload, const char *part)
{
	struct fake_publish answer = ask(world, action, payload);
	want_part(payload, action, answer.payload, part);
}

static const struct {
	const char *action, *payload, *want;
} refusals[] = {
	{"reboot", "{}", "unknown action"},
	{"get", "{}", "get needs a `sid` or an `id`"},
	{"cancel", "", "cancel needs an `id` or a `device`"},
	{"retry", "{}", "retry needs an `id`"},
	{"pending", "{\"status\": \"sent\"}", "pending takes no member `status`"},
	{"list", "{\"colour\": 1}", "list takes no member `colour`"},
	{"list", "{\"limit\": 0}", "`limit` has the wrong type or is out of range"},
	{"list", "{\"limit\": 1001}", "out of range"},
	{"list", "{\"limit\": \"10\"}", "wrong type"},
	{"list", "{\"status\": \"arrived\"}", "`status` has the wrong type or is out of range"},
	{"list", "{\"status\": \"\"}", "`status` has the wrong type or is out of range"},
	{"list", "{\"direction\": \"up\"}", "`direction` has the wrong type or is out of range"},
	{"list", "{\"device\": \"nobody\"}", "no mapping names this device"},
	{"get", "{\"id\": 5}", "`id` has the wrong type"},
	{"get", "{\"sid\": \"\", \"id\": \"job\"}", "`sid` has the wrong type or is out of range"},
	{"cancel", "{\"id\": \"\", \"device\": \"meter-1\"}", "`id` has the wrong type or is out of range"},
	{"cancel", "{\"device\": \"\", \"id\": \"job\"}", "`device` has the wrong type or is out of range"},
	{"list", "{\"device\": \"\"}", "`device` has the wrong type or is out of range"},
	{"pending", "{\"device\": \"\"}", "`device` has the wrong type or is out of range"},
	{"get", "{\"id\": \"none\"}", "there is no such command"},
	{"get", "[]", "a request is a JSON object"},
	{"health", "{", "error"},
};

static void what_cannot_be_done_is_answered_with_the_reason(void **state)
{
	struct world *world = *state;
	for (size_t i = 0; i < ROWS(refusals); i++) {
		struct fake_publish answer = ask(world, refusals[i].action, refusals[i].payload);
		want_part(refusals[i].payload, refusals[i].action, answer.payload, "\"status\":\"error\"");
		want_part(refusals[i].payload, refusals[i].action, answer.payload, refusals[i].want);
		want_part(refusals[i].payload, "topic", answer.topic, refusals[i].action);
	}
	WAIT_FOR(counters_get(&world->counters, COUNT_ADMIN_REQUESTS) == (int64_t)ROWS(refusals));
}

/* Also the one of an action that nobody has, however long its name. */
static void an_answer_is_where_its_request_says(void **state)
{
	struct world *world = *state;
	char action[101];
	text_format(action, sizeof(action), "%0100d", 7);
	struct fake_publish answer = ask(world, action, "{}");
	want_part("long", "payload", answer.payload, "unknown action");
	assert_string_equal(answer.topic + strlen(ANSWERS), action);
}

static void a_transaction_comes_back_as_it_is(void **state)
{
	struct world *world = *state;
	want_answer(world, "health", "{\"transaction\": \"t-1\"}", "\"transaction\":\"t-1\"");
	want_answer(world, "health", "{\"transaction\": 12345678901234567890}", "\"transaction\":12345678901234567890");
	want_answer(world, "health", "{\"transaction\": {\"a\": [1, null]}}", "\"transaction\":{\"a\":[1,null]}");
	/* Also where the rest is wrong. */
	want_answer(world, "nothing", "{\"transaction\": 7}", "\"transaction\":7");
	want_answer(world, "get", "{\"transaction\": 8, \"colour\": 1}", "\"transaction\":8");
}

static void a_transaction_is_never_cut_or_left_out_in_silence(void **state)
{
	struct world *world = *state;
	char payload[8192], want[8192];
	/* With its quotes 4096 bytes, and one more. */
	text_format(payload, sizeof(payload), "{\"transaction\": \"%04094d\"}", 7);
	text_format(want, sizeof(want), "\"transaction\":\"%04094d\"", 7);
	want_answer(world, "health", payload, want);
	text_format(payload, sizeof(payload), "{\"transaction\": \"%04095d\"}", 7);
	want_answer(world, "health", payload, "\"error\":\"`transaction` is longer than 4096 bytes\"");
}

static void an_answer_also_goes_to_the_response_topic(void **state)
{
	struct world *world = *state;
	const struct mqtt_message message = {.payload = "{}",
					     .len = 2,
					     .reply_topic = "replies/me",
					     .correlation = "c-1",
					     .correlation_len = 3,
					     .expiry_s = -1};
	admin_take(world->admin, "health", &message);
	WAIT_FOR(fake_mqtt_count("replies/me") == 1);
	assert_string_equal(fake_mqtt_published("replies/me", 0).correlation, "c-1");
	assert_string_equal(fake_mqtt_published(ANSWERS, 0).payload, fake_mqtt_published("replies/me", 0).payload);
	struct mqtt_message loop = message;
	loop.reply_topic = "mqtt-sms-bridge/request/health";
	admin_take(world->admin, "health", &loop);
	WAIT_FOR(fake_mqtt_count(ANSWERS) == 2);
	assert_int_equal(fake_mqtt_count("request"), 0);
}

static void get_tells_record_and_resource(void **state)
{
	struct world *world = *state;
	const struct listed resource = {.sid = SID_A, .status = "delivered"};
	world_queued(world, "job", SID_A);
	answer_fetch(&resource);
	struct fake_publish answer = ask(world, "get", "{\"id\": \"job\", \"device\": \"meter-1\"}");
	want_part("get", "resource", answer.payload, "\"resource\":{\"sid\":\"" SID_A "\"");
	want_part("get", "resource", answer.payload, "\"status\":\"delivered\"");
	want_part("get", "record", answer.payload, "\"record\":{\"id\":\"job\",\"device\":\"meter-1\"");
	want_answer(world, "get", "{\"sid\": \"" SID_A "\"}", "\"id\":\"job\"");
	/* Not one of ours: the API may know it. */
	want_answer(world, "get", "{\"sid\": \"" SID_B "\"}", "\"record\":null");
}

/* Also what the bridge itself has no use for, and every date in its own form. */
static void what_the_api_gives_is_passed_on_as_it_is(void **state)
{
	static const char RESOURCE[] = "{\"sid\":\"" SID_A "\",\"payload\":null,\"status\":\"sent\","
				       "\"date_created\":\"2015-07-30T20:00:00Z\",\"fee\":0.10,"
				       "\"url\":\"https://api.test/v1/SmsCommands/" SID_A "\",\"links\":{\"sim\":[]}}";
	struct world *world = *state;
	char page[1024], want[1024];
	fake_http_always(FETCH, (struct fake_answer){.status = 200, .body = RESOURCE});
	text_format(want, sizeof(want), "\"data\":{\"resource\":%s,\"record\":null}", RESOURCE);
	want_answer(world, "get", "{\"sid\": \"" SID_A "\"}", want);
	text_format(page, sizeof(page), "{\"sms_commands\": [%s, %s]}", RESOURCE, RESOURCE);
	fake_http_always(LISTS, (struct fake_answer){.status = 200, .body = page});
	text_format(want, sizeof(want), "\"sms_commands\":[%s,%s],\"count\":2", RESOURCE, RESOURCE);
	want_answer(world, "list", "{}", want);
}

static void an_id_of_several_devices_needs_the_device(void **state)
{
	struct world *world = *state;
	world_command(world, 1, "same");
	world_command(world, 2, "same");
	want_answer(world, "get", "{\"id\": \"same\"}", "name the `device`");
	want_answer(world, "get", "{\"id\": \"same\", \"device\": \"meter-2\"}", "\"device\":\"meter-2\"");
	want_answer(world, "retry", "{\"id\": \"same\"}", "name the device");
}

static void get_tells_what_it_can_when_the_api_is_away(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	fake_http_always(FETCH, (struct fake_answer){.unsent = true, .error = "connection refused"});
	struct fake_publish answer = ask(world, "get", "{\"id\": \"job\"}");
	want_part("get", "answer", answer.payload, "\"resource\":null");
	want_part("get", "answer", answer.payload, "\"id\":\"job\"");
	want_part("get", "answer", answer.payload, "connection refused");
	want_answer(world, "get", "{\"sid\": \"" SID_B "\"}", "\"status\":\"error\"");
}

static void list_reads_pages_up_to_the_limit(void **state)
{
	struct world *world = *state;
	const struct listed first[] = {{.sid = SID_A}, {.sid = SID_B}}, second[] = {{.sid = SID_C}};
	answer_two_pages(first, 2, second, 1);
	struct fake_publish answer = ask(world, "list", "{\"device\": \"meter-1\", \"status\": \"queued\"}");
	want_part("list", "answer", answer.payload, "\"count\":3,\"complete\":true");
	want_part("list", "asked", fake_http_request("GET", 0).line, "Sim=" SIM_1 "&Status=queued&PageSize=100");
	answer_list(first, 2);
	answer = ask(world, "list", "{\"limit\": 1, \"direction\": \"to_sim\"}");
	want_part("list", "answer", answer.payload, "\"count\":1,\"complete\":false");
	want_part("list", "asked", fake_http_request("GET", 2).line, "Direction=to_sim&PageSize=1");
	/* Exactly as many as there are. */
	answer_list(first, 2);
	want_answer(world, "list", "{\"limit\": 2}", "\"count\":2,\"complete\":true");
	fake_http_always(LISTS, (struct fake_answer){.status = 500});
	want_answer(world, "list", "{}", "\"status\":\"error\"");
}

/* What is beyond the limit is not asked for, so it does not matter where it is. */
static void a_page_elsewhere_behind_the_limit_is_no_error(void **state)
{
	struct world *world = *state;
	const struct listed list[] = {{.sid = SID_A}, {.sid = SID_B}};
	fake_http_always(LISTS, (struct fake_answer){.status = 200,
						     .body = page_text(list, 2, "https://evil.test/v1/SmsCommands")});
	want_answer(world, "list", "{\"limit\": 2}", "\"count\":2,\"complete\":false");
	want_answer(world, "list", "{\"limit\": 3}", "next_page_url leads to another host");
	assert_int_equal(fake_http_count("evil"), 0);
}

static void pending_tells_what_is_not_final_oldest_first(void **state)
{
	struct world *world = *state;
	world_queued(world, "first", SID_A);
	world_command(world, 2, "second");
	world_command(world, 1, "third");
	struct fake_publish answer = ask(world, "pending", "");
	const char *first = strstr(answer.payload, "\"first\""), *second = strstr(answer.payload, "\"second\"");
	const char *third = strstr(answer.payload, "\"third\"");
	assert_true(first != NULL && second > first && third > second);
	want_part("pending", "answer", answer.payload, "\"count\":3,\"complete\":true");
	want_answer(world, "pending", "{\"device\": \"meter-2\"}", "\"count\":1");
	want_answer(world, "pending", "{\"limit\": 2}", "\"count\":2,\"complete\":false");
}

/* All that there is, as far as one answer holds it: who names no limit wants none. */
static void without_a_limit_as_many_as_allowed_are_told(void **state)
{
	struct admin_request request;
	char why[WHY_SIZE];
	(void)state;
	assert_true(admin_request_read(&request, "pending", "", 0, why, sizeof(why)));
	assert_int_equal(request.limit, 1000);
	assert_true(admin_request_read(&request, "list", "{}", 2, why, sizeof(why)));
	assert_int_equal(request.limit, 1000);
}

static void cancel_takes_back_what_still_waits(void **state)
{
	struct world *world = *state;
	world_queued(world, "gone", SID_A);
	world_command(world, 1, "one");
	world_command(world, 2, "two");
	world_command(world, 2, "three");
	want_answer(world, "cancel", "{\"id\": \"one\"}", "\"cancelled\":1");
	want_answer(world, "cancel", "{\"id\": \"gone\"}", "\"cancelled\":0");
	want_answer(world, "cancel", "{\"device\": \"meter-2\"}", "\"cancelled\":2");
	want_state(world, "one", STATE_CANCELLED);
	want_state(world, "gone", STATE_QUEUED);
	want_state(world, "three", STATE_CANCELLED);
}

static void retry_makes_a_new_command_of_a_failed_one(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	want_answer(world, "retry", "{\"id\": \"job\"}", "\"status\":\"error\"");
	const struct store_report report = {
		.seq = 0, .sid = SID_A, .sim_sid = "", .status = API_FAILED, .error_code = "", .error_message = ""};
	assert_int_equal(store_report(world->store, &report, timekeeper_now(world->time)), STORE_NEWS);
	want_answer(world, "retry", "{\"id\": \"job\"}", "\"data\":{\"id\":\"feedface-2\"}");
	want_state(world, "feedface-2", STATE_ACCEPTED);
	assert_string_equal(world_find(world, "feedface-2").payload, "to meter-1");
	assert_in_range(world_find(world, "feedface-2").expires_ms - timekeeper_now(world->time), DAY - MINUTE, DAY);
}

/* QoS 1: after a lost link the broker does not know whether the request came. Another SMS would not be harmless. */
static void a_retry_that_is_delivered_again_makes_no_second_command(void **state)
{
	static const char RETRY[] = "{\"id\": \"job\", \"transaction\": 4}";
	const struct mqtt_message again = {
		.payload = RETRY, .len = sizeof(RETRY) - 1, .reply_topic = "", .expiry_s = -1, .dup = true};
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	const struct store_report report = {
		.seq = 0, .sid = SID_A, .sim_sid = "", .status = API_FAILED, .error_code = "", .error_message = ""};
	assert_int_equal(store_report(world->store, &report, timekeeper_now(world->time)), STORE_NEWS);
	want_answer(world, "retry", RETRY, "\"data\":{\"id\":\"feedface-2\"}");
	admin_take(world->admin, "retry", &again);
	WAIT_FOR(fake_mqtt_count(ANSWERS) == 2);
	want_part("again", "answer", fake_mqtt_published(ANSWERS, 1).payload, "delivered this request again");
	want_part("again", "answer", fake_mqtt_published(ANSWERS, 1).payload, "\"transaction\":4");
	struct fake_publish pending = ask(world, "pending", "{}");
	want_part("again", "pending", pending.payload, "\"count\":1,");
	/* What does no harm twice is done again. */
	admin_take(world->admin, "cancel", &again);
	WAIT_FOR(fake_mqtt_count(ANSWERS) == 4);
	want_part("again", "cancel", fake_mqtt_published(ANSWERS, 3).payload, "\"status\":\"ok\"");
}

static void a_retry_goes_to_the_sim_that_the_mapping_names_now(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	const struct store_report report = {
		.seq = 0, .sid = SID_A, .sim_sid = "", .status = API_FAILED, .error_code = "", .error_message = ""};
	assert_int_equal(store_report(world->store, &report, timekeeper_now(world->time)), STORE_NEWS);
	world_write(world, "devices.yaml", "devices:\n  meter-1: Mended\n");
	want_answer(world, "reload", "", "\"devices\":1");
	want_answer(world, "retry", "{\"id\": \"job\"}", "\"data\":{\"id\":\"feedface-2\"}");
	assert_string_equal(world_find(world, "feedface-2").sim, "Mended");
	world_write(world, "devices.yaml", "devices:\n  other: Mended\n");
	want_answer(world, "reload", "", "\"devices\":1");
	want_answer(world, "retry", "{\"id\": \"job\"}", "no mapping names the command's device any more");
}

static void health_tells_how_it_is(void **state)
{
	struct world *world = *state;
	fake_mqtt_connect(true);
	want_answer(world, "health", "", "\"data\":{\"status\":\"ok\"");
	world_command(world, 1, "job");
	want_answer(world, "health", "", "\"queue_depth\":1");
	fake_token_lose();
	want_answer(world, "health", "", "\"status\":\"degraded\"");
	want_answer(world, "health", "", "\"api\":\"paused\"");
}

static void reload_says_what_came_of_it(void **state)
{
	struct world *world = *state;
	world_write(world, "devices.yaml", "devices:\n  only: " SIM_1 "\n");
	want_answer(world, "reload", "", "\"data\":{\"devices\":1}");
	world_write(world, "devices.yaml", "devices:\n  only: HS1\n");
	struct fake_publish answer = ask(world, "reload", "");
	want_part("reload", "answer", answer.payload, "\"status\":\"error\"");
	want_part("reload", "answer", answer.payload, "devices.yaml:2");
	assert_int_equal(mapping_count(world->mapping), 1);
}

/* The API takes its time, and requests come faster than it answers. */
static void past_the_bound_the_answer_is_busy(void **state)
{
	struct world *world = *state;
	char payload[64];
	fake_http_always(LISTS, (struct fake_answer){.held = true});
	request(world, "list", "");
	WAIT_FOR(fake_http_count(LISTS) == 1);
	for (int i = 0; i < ADMIN_QUEUE_MAX; i++)
		request(world, "health", "");
	text_format(payload, sizeof(payload), "{\"transaction\": \"late\"}");
	struct fake_publish answer = ask(world, "health", payload);
	want_part("busy", "answer", answer.payload, "\"status\":\"error\"");
	want_part("busy", "answer", answer.payload, "busy");
	want_part("busy", "answer", answer.payload, "\"transaction\":\"late\"");
	fake_http_release(LISTS, 0, (struct fake_answer){.status = 200, .body = "{\"sms_commands\": []}"});
	WAIT_FOR(fake_mqtt_count(ANSWERS) == ADMIN_QUEUE_MAX + 2);
}

static void a_request_too_long_is_answered(void **state)
{
	struct world *world = *state;
	char *payload = malloc(MQTT_PAYLOAD_MAX + 2);
	assert_non_null(payload);
	memset(payload, ' ', MQTT_PAYLOAD_MAX + 1);
	payload[MQTT_PAYLOAD_MAX + 1] = '\0';
	want_answer(world, "health", payload, "longer than 65536 bytes");
	free(payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ADMIN_TEST(what_cannot_be_done_is_answered_with_the_reason),
		ADMIN_TEST(an_answer_is_where_its_request_says),
		ADMIN_TEST(a_transaction_comes_back_as_it_is),
		ADMIN_TEST(a_transaction_is_never_cut_or_left_out_in_silence),
		ADMIN_TEST(an_answer_also_goes_to_the_response_topic),
		ADMIN_TEST(get_tells_record_and_resource),
		ADMIN_TEST(what_the_api_gives_is_passed_on_as_it_is),
		ADMIN_TEST(an_id_of_several_devices_needs_the_device),
		ADMIN_TEST(get_tells_what_it_can_when_the_api_is_away),
		ADMIN_TEST(list_reads_pages_up_to_the_limit),
		ADMIN_TEST(a_page_elsewhere_behind_the_limit_is_no_error),
		ADMIN_TEST(pending_tells_what_is_not_final_oldest_first),
		cmocka_unit_test(without_a_limit_as_many_as_allowed_are_told),
		ADMIN_TEST(cancel_takes_back_what_still_waits),
		ADMIN_TEST(retry_makes_a_new_command_of_a_failed_one),
		ADMIN_TEST(a_retry_that_is_delivered_again_makes_no_second_command),
		ADMIN_TEST(a_retry_goes_to_the_sim_that_the_mapping_names_now),
		ADMIN_TEST(health_tells_how_it_is),
		ADMIN_TEST(reload_says_what_came_of_it),
		ADMIN_TEST(past_the_bound_the_answer_is_busy),
		ADMIN_TEST(a_request_too_long_is_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
