// Faults on requests: what the client sees on the wire, and what the ledger says.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"
#include "tests/simulator/fixture.h"

enum { NOTHING_MS = 200 };

static const char *const plain_form = "Sim=meter&Payload=plain";
static const char *const hit_form = "Sim=meter&Payload=hit";

static void set_fault(const char *action)
{
	char rules[512];
	text_format(rules, sizeof(rules),
		    "[{\"on\":\"create\",\"match\":{\"payload\":\"hit\"},\"times\":1,\"action\":%s}]", action);
	simulator_fault(fixture_simulator(), rules);
}

static int64_t creates(void)
{
	return fixture_control_int("ledger/summary", "creates");
}

/* Sends on an open connection; what came until it closed or fell silent, yours to free. */
static char *talk(int connection, const char *form, bool *ret_closed)
{
	size_t len;
	const char *request = fixture_raw_create(form);
	assert_true(http_send(connection, request, strlen(request)));
	return http_receive(connection, &len, ret_closed);
}

/* A good exchange first, so that the fault hits a connection that is reused. */
static int used_connection(void)
{
	bool is_closed;
	int connection = http_connect(fixture_port(), NOTHING_MS);
	char *answer = talk(connection, plain_form, &is_closed);
	assert_true(text_starts_with(answer, "HTTP/1.1 201 "));
	assert_false(is_closed);
	free(answer);
	return connection;
}

static void an_accepted_create_can_end_without_a_byte(void **state)
{
	bool is_closed;
	(void)state;
	set_fault("\"accept_then_close\"");
	int connection = used_connection();
	char *answer = talk(connection, hit_form, &is_closed);
	assert_string_equal(answer, "");
	assert_true(is_closed);
	free(answer);
	http_close(connection);
	assert_int_equal(creates(), 2);
	assert_true(fixture_control_bool("ledger?payload=plain", "[0].answered"));
	assert_false(fixture_control_bool("ledger?payload=hit", "[0].answered"));
}

static void an_accepted_create_can_end_with_a_reset(void **state)
{
	char byte;
	(void)state;
	set_fault("{\"accept_then_reset\":true}");
	int connection = used_connection();
	const char *request = fixture_raw_create(hit_form);
	assert_true(http_send(connection, request, strlen(request)));
	struct timeval patience = {.tv_sec = 10};
	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	errno = 0;
	assert_int_equal(recv(connection, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	http_close(connection);
	assert_int_equal(creates(), 2);
}

static void a_create_can_be_closed_before_it_is_accepted(void **state)
{
	bool is_closed;
	(void)state;
	set_fault("\"close_before\"");
	int connection = used_connection();
	char *answer = talk(connection, hit_form, &is_closed);
	assert_string_equal(answer, "");
	assert_true(is_closed);
	free(answer);
	http_close(connection);
	assert_int_equal(creates(), 1);
}

static void an_answer_can_be_cut_in_half(void **state)
{
	bool is_closed;
	(void)state;
	set_fault("\"truncate\"");
	int connection = used_connection();
	char *answer = talk(connection, hit_form, &is_closed);
	assert_true(text_starts_with(answer, "HTTP/1.1 201 "));
	assert_true(is_closed);
	const char *body = strstr(answer, "\r\n\r\n") + 4;
	size_t whole = (size_t)strtoul(strstr(answer, "Content-Length: ") + 16, NULL, 10);
	assert_int_equal(strlen(body), whole / 2);
	free(answer);
	http_close(connection);
	assert_int_equal(creates(), 2);
	assert_false(fixture_control_bool("ledger?payload=hit", "[0].answered"));
}

static void statuses_come_with_their_headers_and_bodies(void **state)
{
	static const struct {
		const char *name, *action;
		int want_status;
		const char *want_retry, *want_type, *want_body;
		int64_t want_creates;
	} rows[] = {
		{"429", "{\"status\":429,\"retry_after\":\"2\"}", 429, "2", "application/json", "\"code\":20429", 0},
		{"500", "{\"status\":500}", 500, "", "application/json", "\"status\":500", 0},
		{"body", "{\"status\":403,\"body\":\"{\\\"error\\\":\\\"x\\\"}\"}", 403, "", "application/json",
		 "{\"error\":\"x\"}", 0},
		{"text", "{\"status\":502,\"body\":\"bad\"}", 502, "", "text/plain", "bad", 0},
		{"html refusal", "{\"status\":502,\"html\":true}", 502, "", "text/html", "<html>", 0},
		{"502 after all", "{\"status\":502,\"accept\":true}", 502, "", "application/json", "\"status\":502", 1},
		{"html", "\"html\"", 201, "", "text/html", "<html>", 1},
		{"no sid", "\"no_sid\"", 201, "", "application/json", "{\"account_sid\":", 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char retry[16], type[64];
		struct http_answer answer;
		int64_t before = creates();
		set_fault(rows[i].action);
		fixture_ask("POST", "/v1/SmsCommands", hit_form, &answer);
		http_header(&answer, "Retry-After", retry, sizeof(retry));
		http_header(&answer, "Content-Type", type, sizeof(type));
		bool is_right = answer.status == rows[i].want_status && text_equal(retry, rows[i].want_retry) &&
				text_equal(type, rows[i].want_type) && strstr(answer.body, rows[i].want_body) != NULL;
		if (!is_right || creates() - before != rows[i].want_creates)
			fail_msg("%s: %s%s", rows[i].name, answer.head, answer.body);
		http_answer_clear(&answer);
	}
}

static void a_rule_is_used_as_often_as_it_says(void **state)
{
	char sid[SID_SIZE];
	(void)state;
	simulator_fault(fixture_simulator(), "[{\"on\":\"create\",\"times\":2,\"action\":{\"status\":503}}]");
	assert_int_equal(fixture_create(plain_form, sid), 503);
	assert_int_equal(fixture_create(plain_form, sid), 503);
	assert_int_equal(fixture_create(plain_form, sid), 201);
	simulator_fault(fixture_simulator(), "[{\"on\":\"create\",\"times\":-1,\"match\":{\"sim\":\"meter\"},"
					     "\"action\":{\"status\":503}}]");
	for (int i = 0; i < 5; i++)
		assert_int_equal(fixture_create(plain_form, sid), 503);
	assert_int_equal(fixture_create("Sim=other&Payload=plain", sid), 201);
	assert_int_equal(fixture_create("Sim=HS5eff322a1bd4164e1db317c7f60b1b65&Payload=plain", sid), 503);
	simulator_heal(fixture_simulator());
	assert_int_equal(fixture_create(plain_form, sid), 201);
}

static void other_requests_have_their_own_rules(void **state)
{
	char sid[SID_SIZE], path[64];
	(void)state;
	assert_int_equal(fixture_create(plain_form, sid), 201);
	simulator_fault(fixture_simulator(), "[{\"on\":\"token\",\"action\":{\"status\":500}},"
					     "{\"on\":\"fetch\",\"action\":{\"status\":501}},"
					     "{\"on\":\"list\",\"action\":{\"status\":502}},"
					     "{\"on\":\"sims\",\"action\":{\"status\":503}}]");
	text_format(path, sizeof(path), "/v1/SmsCommands/%s", sid);
	assert_int_equal(fixture_create(plain_form, sid), 201);
	assert_int_equal(fixture_pick("POST", "/v1/auth/token", "a=b", "x", sid, sizeof(sid)), 500);
	assert_int_equal(fixture_pick("GET", path, "", "x", sid, sizeof(sid)), 501);
	assert_int_equal(fixture_pick("GET", "/v1/SmsCommands", "", "x", sid, sizeof(sid)), 502);
	assert_int_equal(fixture_pick("GET", "/v1/Sims", "", "x", sid, sizeof(sid)), 503);
	assert_int_equal(fixture_pick("GET", path, "", "x", sid, sizeof(sid)), 200);
}

static void a_held_create_is_accepted_and_answered_late(void **state)
{
	bool is_closed;
	(void)state;
	set_fault("{\"hold_ms\":1000}");
	int connection = used_connection();
	char *answer = talk(connection, hit_form, &is_closed);
	assert_string_equal(answer, "");
	assert_false(is_closed);
	free(answer);
	assert_int_equal(creates(), 2);
	assert_false(fixture_control_bool("ledger?payload=hit", "[0].answered"));
	struct timeval patience = {.tv_sec = 10};
	char first[9] = "";
	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(recv(connection, first, 8, MSG_WAITALL), 8);
	assert_string_equal(first, "HTTP/1.1");
	http_close(connection);
}

static void a_stopped_api_answers_nothing_and_accepts_nothing(void **state)
{
	bool is_closed;
	size_t len;
	char sid[SID_SIZE];
	(void)state;
	simulator_tell(fixture_simulator(), "POST", "faults", "{\"stop\":true}");
	int connection = http_connect(fixture_port(), NOTHING_MS);
	char *answer = talk(connection, plain_form, &is_closed);
	assert_string_equal(answer, "");
	assert_false(is_closed);
	free(answer);
	simulator_heal(fixture_simulator());
	answer = http_receive(connection, &len, &is_closed);
	assert_int_equal(len, 0);
	assert_true(is_closed);
	free(answer);
	http_close(connection);
	assert_int_equal(creates(), 0);
	assert_int_equal(fixture_create(plain_form, sid), 201);
}

static void wrong_rules_are_refused_and_change_nothing(void **state)
{
	static const char *const bodies[] = {
		"{",
		"[{\"on\":\"nowhere\",\"action\":\"lose\"}]",
		"[{\"on\":\"create\"}]",
		"[{\"on\":\"create\",\"action\":\"lose\"}]",
		"[{\"on\":\"create\",\"action\":{\"stauts\":500}}]",
		"[{\"on\":\"create\",\"action\":{\"status\":99}}]",
		"[{\"on\":\"callback\",\"action\":\"truncate\"}]",
		"[{\"on\":\"create\",\"match\":{\"topic\":\"x\"},\"action\":\"html\"}]",
	};
	char sid[SID_SIZE];
	(void)state;
	set_fault("{\"status\":503}");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		if (http_status(fixture_port(), "POST", "/_control/faults", bodies[i]) != 400)
			fail_msg("not refused: %s", bodies[i]);
	assert_int_equal(fixture_create(hit_form, sid), 503);
}

static void named_rules_are_counted_beyond_their_end(void **state)
{
	char sid[SID_SIZE];
	(void)state;
	simulator_fault(fixture_simulator(),
			"[{\"on\":\"create\",\"name\":\"late\",\"times\":2,\"action\":{\"hold_ms\":1}}]");
	for (int i = 0; i < 3; i++)
		fixture_create(plain_form, sid);
	simulator_heal(fixture_simulator());
	assert_int_equal(fixture_control_int("faults", "uses.late"), 2);
	assert_int_equal(fixture_control_count("faults", "uses"), 1);
}

static void the_ledger_counts_repeated_payloads(void **state)
{
	char sid[SID_SIZE];
	(void)state;
	fixture_create(plain_form, sid);
	fixture_create(hit_form, sid);
	fixture_create(hit_form, sid);
	assert_int_equal(fixture_control_int("ledger/summary", "by_payload_duplicates.hit"), 2);
	assert_int_equal(fixture_control_count("ledger/summary", "by_payload_duplicates"), 1);
	assert_int_equal(fixture_control_int("ledger/summary", "duplicates"), 1);
	assert_int_equal(fixture_control_count("ledger?payload=hit", ""), 2);
	assert_int_equal(fixture_control_count("ledger", ""), 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fixture_reset)
	const struct CMUnitTest tests[] = {
		TEST(an_accepted_create_can_end_without_a_byte),
		TEST(an_accepted_create_can_end_with_a_reset),
		TEST(a_create_can_be_closed_before_it_is_accepted),
		TEST(an_answer_can_be_cut_in_half),
		TEST(statuses_come_with_their_headers_and_bodies),
		TEST(a_rule_is_used_as_often_as_it_says),
		TEST(other_requests_have_their_own_rules),
		TEST(a_held_create_is_accepted_and_answered_late),
		TEST(a_stopped_api_answers_nothing_and_accepts_nothing),
		TEST(wrong_rules_are_refused_and_change_nothing),
		TEST(named_rules_are_counted_beyond_their_end),
		TEST(the_ledger_counts_repeated_payloads),
	};
	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
