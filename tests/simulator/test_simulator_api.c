// The API as documented: tokens, creating, reading, listing, SIMs.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/json_view.h"
#include "tests/simulator/fixture.h"

enum { PATH_SIZE = 1024 };

#define TOKEN_FORM "grant_type=client_credentials&client_id=simulator&client_secret=simulator"

static void token_refuses_what_the_reference_refuses(void **state)
{
	static const struct {
		const char *name, *form;
		int want_status;
		const char *want_member, *want_value;
	} rows[] = {
		{"good", TOKEN_FORM, 200, "token_type", "Bearer"},
		{"wrong secret", "grant_type=client_credentials&client_id=simulator&client_secret=x", 401, "error",
		 "unauthorized_client"},
		{"wrong client", "grant_type=client_credentials&client_id=x&client_secret=simulator", 401,
		 "error_description", "Invalid client or Invalid client credentials"},
		{"no secret", "grant_type=client_credentials&client_id=simulator", 400, "message",
		 "client_id and client_secret are required"},
		{"other grant", "grant_type=password&client_id=simulator&client_secret=simulator", 400, "message",
		 "grant_type must be client_credentials"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char value[128];
		int status = fixture_pick("POST", "/api-services/v1/auth/token", rows[i].form, rows[i].want_member,
					  value, sizeof(value));
		if (status != rows[i].want_status || !text_equal(value, rows[i].want_value))
			fail_msg("%s: %d %s", rows[i].name, status, value);
	}
}

/* Asks for a token, then reads the list with it; returns the status and the body's `error`. */
static int read_with(const char *token, char *error, size_t size)
{
	char header[256];
	struct http_answer answer;
	text_format(header, sizeof(header), "Authorization: Bearer %s\r\n", token);
	http_request(fixture_port(), "GET", "/v1/SmsCommands", header, "", &answer);
	json_pick(answer.body, "error", error, size);
	int status = answer.status;
	http_answer_clear(&answer);
	return status;
}

static void tokens_expire_with_403_and_unknown_ones_are_401(void **state)
{
	char token[128], error[128];
	(void)state;
	fixture_pick("POST", "/v1/auth/token", TOKEN_FORM, "access_token", token, sizeof(token));
	assert_int_equal(read_with(token, error, sizeof(error)), 200);
	simulator_tell(fixture_simulator(), "POST", "tokens", "{\"expire\":true}");
	assert_int_equal(read_with(token, error, sizeof(error)), 403);
	assert_string_equal(error, "Invalid or expired token");
	assert_int_equal(read_with("unknown", error, sizeof(error)), 401);
	simulator_tell(fixture_simulator(), "POST", "settings", "{\"token_lifetime_ms\":0}");
	fixture_pick("POST", "/v1/auth/token", TOKEN_FORM, "access_token", token, sizeof(token));
	assert_int_equal(read_with(token, error, sizeof(error)), 403);
}

static void user_and_password_are_accepted_too(void **state)
{
	struct http_answer answer;
	(void)state;
	/* base64 of AC0:secret */
	http_request(fixture_port(), "GET", "/v1/SmsCommands", "Authorization: Basic QUMwOnNlY3JldA==\r\n", "",
		     &answer);
	assert_int_equal(answer.status, 200);
	http_answer_clear(&answer);
}

static void a_create_answers_201_with_the_resource(void **state)
{
	struct http_answer answer;
	(void)state;
	fixture_ask("POST", "/v1/SmsCommands", "Sim=HSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&Payload=a+%7B%22b%22%3A1%7D",
		    &answer);
	assert_int_equal(answer.status, 201);
	struct json_view *view = json_view_open(answer.body);
	const char *sid = json_view_text(view, "sid");
	const char *date = json_view_text(view, "date_created");
	assert_int_equal(strlen(sid), 34);
	assert_true(text_starts_with(sid, "HC"));
	assert_int_equal(strspn(sid + 2, "0123456789abcdef"), 32);
	assert_true(text_starts_with(json_view_text(view, "account_sid"), "AC"));
	assert_string_equal(json_view_text(view, "sim_sid"), "HSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_string_equal(json_view_text(view, "payload"), "a {\"b\":1}");
	assert_string_equal(json_view_text(view, "status"), "queued");
	assert_string_equal(json_view_text(view, "direction"), "to_sim");
	assert_int_equal(strlen(date), strlen("2025-01-20T21:51:49.636Z"));
	assert_int_equal(date[19], '.');
	assert_true(text_starts_with(json_view_text(view, "url"), "http://127.0.0.1:"));
	assert_non_null(strstr(json_view_text(view, "url"), sid));
	json_view_close(view);
	http_answer_clear(&answer);
	assert_int_equal(fixture_control_int("ledger/summary", "creates"), 1);
}

#define CHARACTERS_32  "0123456789abcdef0123456789ABCDEF"
#define CHARACTERS_160 CHARACTERS_32 CHARACTERS_32 CHARACTERS_32 CHARACTERS_32 CHARACTERS_32

static void creates_are_refused_as_the_reference_says(void **state)
{
	static const struct {
		const char *name, *form;
		int want_status;
		const char *want_code;
	} rows[] = {
		{"no Sim", "Payload=x", 400, "20002"},
		{"empty Sim", "Sim=&Payload=x", 400, "20002"},
		{"no Payload", "Sim=m", 400, "20002"},
		{"160 characters", "Sim=m&Payload=" CHARACTERS_160, 201, ""},
		{"161 characters", "Sim=m&Payload=x" CHARACTERS_160, 400, "20001"},
		{"GET", "Sim=m&Payload=x&CallbackMethod=GET&CallbackUrl=http://h/x", 201, ""},
		{"PUT", "Sim=m&Payload=x&CallbackMethod=PUT&CallbackUrl=http://h/x", 400, "20001"},
		{"relative URL", "Sim=m&Payload=x&CallbackUrl=/x", 400, "20001"},
		{"no host", "Sim=m&Payload=x&CallbackUrl=http:///x", 400, "20001"},
		{"unknown parameter", "Sim=m&Payload=x&Ttl=3", 400, "20001"},
		{"repeated", "Sim=m&Payload=x&Payload=y", 400, "20001"},
		{"broken escape", "Sim=m&Payload=%4", 400, "20001"},
		{"NUL", "Sim=m&Payload=%00", 400, "20001"},
		{"no UTF-8", "Sim=m&Payload=%ff", 400, "20001"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char code[16];
		int status = fixture_pick("POST", "/v1/SmsCommands", rows[i].form, "code", code, sizeof(code));
		if (status != rows[i].want_status || !text_equal(code, rows[i].want_code))
			fail_msg("%s: %d %s", rows[i].name, status, code);
	}
	assert_int_equal(fixture_control_int("ledger/summary", "creates"), 2);
	assert_int_equal(fixture_control_int("ledger/summary", "refused"), 12);
}

static void other_content_types_methods_and_paths_are_refused(void **state)
{
	struct http_answer answer;
	(void)state;
	fixture_ask("POST", "/v1/SmsCommand", "Sim=m&Payload=x", &answer);
	assert_int_equal(answer.status, 404);
	http_answer_clear(&answer);
	fixture_ask("DELETE", "/v1/SmsCommands", "", &answer);
	assert_int_equal(answer.status, 405);
	http_answer_clear(&answer);
	http_request(fixture_port(), "POST", "/v1/SmsCommands",
		     "Authorization: Basic QUMwOnNlY3JldA==\r\nContent-Type: application/json\r\n", "{}", &answer);
	assert_int_equal(answer.status, 415);
	http_answer_clear(&answer);
	assert_int_equal(http_status(fixture_port(), "POST", "/v1/SmsCommands", "Sim=m&Payload=x"), 401);
	assert_int_equal(fixture_control_int("ledger/summary", "creates"), 0);
}

static void one_command_can_be_fetched_while_it_lives(void **state)
{
	char sid[SID_SIZE], code[16];
	(void)state;
	assert_int_equal(fixture_create("Sim=meter&Payload=x", sid), 201);
	fixture_await_status(sid, "delivered");
	assert_int_equal(fixture_pick("GET", "/v1/SmsCommands/HC00000000000000000000000000000000", "", "code", code,
				      sizeof(code)),
			 404);
	assert_string_equal(code, "20404");
}

/* Walks a list by next_page_url; the payloads, joined, go to `ret`. Returns the number of pages. */
static int walk(const char *first, char *ret, size_t size)
{
	char path[PATH_SIZE], payload[64], member[64];
	int pages = 0;
	text_copy(path, sizeof(path), first);
	ret[0] = '\0';
	while (path[0] != '\0' && pages < 50) {
		struct http_answer answer;
		fixture_ask("GET", path, "", &answer);
		assert_int_equal(answer.status, 200);
		struct json_view *view = json_view_open(answer.body);
		for (size_t i = 0; i < json_view_count(view, "sms_commands"); i++) {
			text_format(member, sizeof(member), "sms_commands[%zu].payload", i);
			text_copy(payload, sizeof(payload), json_view_text(view, member));
			text_copy(ret + strlen(ret), size - strlen(ret), payload);
		}
		const char *next = json_view_text(view, "meta.next_page_url");
		text_copy(path, sizeof(path), next[0] == '\0' ? "" : strstr(next, "/v1/"));
		json_view_close(view);
		http_answer_clear(&answer);
		pages++;
	}
	return pages;
}

static void lists_come_in_pages_in_every_order(void **state)
{
	char sid[SID_SIZE], form[64], all[64], again[64];
	(void)state;
	for (char letter = 'a'; letter <= 'g'; letter++) {
		text_format(form, sizeof(form), "Sim=%s&Payload=%c", letter == 'd' ? "other" : "meter", letter);
		assert_int_equal(fixture_create(form, sid), 201);
	}
	assert_int_equal(walk("/v1/SmsCommands?PageSize=3", all, sizeof(all)), 3);
	assert_string_equal(all, "gfedcba");
	assert_int_equal(walk("/v1/SmsCommands?Sim=meter&PageSize=3", all, sizeof(all)), 2);
	assert_string_equal(all, "gfecba");
	assert_int_equal(walk("/v1/SmsCommands?PageSize=3&Page=1", all, sizeof(all)), 2);
	assert_string_equal(all, "dcba");
	simulator_tell(fixture_simulator(), "POST", "settings", "{\"order\":\"oldest\"}");
	assert_int_equal(walk("/v1/SmsCommands", all, sizeof(all)), 1);
	assert_string_equal(all, "abcdefg");
	simulator_tell(fixture_simulator(), "POST", "settings", "{\"order\":\"random\"}");
	assert_int_equal(walk("/v1/SmsCommands?PageSize=2", again, sizeof(again)), 4);
	assert_int_equal(strlen(again), 7);
	for (const char *letter = all; *letter != '\0'; letter++)
		assert_non_null(strchr(again, *letter));
	assert_string_not_equal(again, "abcdefg");
	assert_string_not_equal(again, "gfedcba");
}

static void lists_are_filtered_by_status_and_direction(void **state)
{
	char sid[SID_SIZE], all[64];
	(void)state;
	simulator_outcome(fixture_simulator(), "{\"payload\":\"q\",\"stay\":\"queued\"}");
	simulator_mo(fixture_simulator(), "meter", "m", sid, sizeof(sid));
	assert_int_equal(fixture_create("Sim=meter&Payload=q", sid), 201);
	assert_int_equal(fixture_create("Sim=meter&Payload=d", sid), 201);
	fixture_await_status(sid, "delivered");
	walk("/v1/SmsCommands?Direction=from_sim", all, sizeof(all));
	assert_string_equal(all, "m");
	walk("/v1/SmsCommands?Status=delivered", all, sizeof(all));
	assert_string_equal(all, "d");
	walk("/v1/SmsCommands?Sim=meter&Direction=to_sim", all, sizeof(all));
	assert_string_equal(all, "dq");
	walk("/v1/SmsCommands?Status=received&Sim=meter", all, sizeof(all));
	assert_string_equal(all, "m");
	simulator_tell(fixture_simulator(), "POST", "settings", "{\"list_lag_ms\":3600000}");
	walk("/v1/SmsCommands", all, sizeof(all));
	assert_string_equal(all, "");
}

static void lists_refuse_bad_parameters(void **state)
{
	static const char *const queries[] = {"PageSize=0",  "PageSize=1001", "PageSize=x",	  "Page=-1",
					      "Status=lost", "Direction=up",  "PageToken=PTN9-1", "DateCreated=1"};
	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
		char path[PATH_SIZE], code[16];
		text_format(path, sizeof(path), "/v1/SmsCommands?%s", queries[i]);
		if (fixture_pick("GET", path, "", "code", code, sizeof(code)) != 400)
			fail_msg("%s was not refused", queries[i]);
	}
}

static void a_unique_name_always_has_the_same_sid(void **state)
{
	/* The first 32 hex digits of the name's SHA-256, computed by sha256sum. */
	static const char want_sid[] = "HS5eff322a1bd4164e1db317c7f60b1b65";
	char value[SID_SIZE];
	(void)state;
	assert_int_equal(fixture_pick("GET", "/v1/Sims?UniqueName=meter", "", "sims[0].sid", value, sizeof(value)),
			 200);
	assert_string_equal(value, want_sid);
	fixture_pick("POST", "/v1/SmsCommands", "Sim=meter&Payload=x", "sim_sid", value, sizeof(value));
	assert_string_equal(value, want_sid);
	fixture_pick("GET", "/v1/Sims/HS5eff322a1bd4164e1db317c7f60b1b65", "", "unique_name", value, sizeof(value));
	assert_string_equal(value, "meter");
	fixture_pick("GET", "/v1/Sims/me%74er", "", "sid", value, sizeof(value));
	assert_string_equal(value, want_sid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(token_refuses_what_the_reference_refuses, fixture_reset),
		cmocka_unit_test_setup(tokens_expire_with_403_and_unknown_ones_are_401, fixture_reset),
		cmocka_unit_test_setup(user_and_password_are_accepted_too, fixture_reset),
		cmocka_unit_test_setup(a_create_answers_201_with_the_resource, fixture_reset),
		cmocka_unit_test_setup(creates_are_refused_as_the_reference_says, fixture_reset),
		cmocka_unit_test_setup(other_content_types_methods_and_paths_are_refused, fixture_reset),
		cmocka_unit_test_setup(one_command_can_be_fetched_while_it_lives, fixture_reset),
		cmocka_unit_test_setup(lists_come_in_pages_in_every_order, fixture_reset),
		cmocka_unit_test_setup(lists_are_filtered_by_status_and_direction, fixture_reset),
		cmocka_unit_test_setup(lists_refuse_bad_parameters, fixture_reset),
		cmocka_unit_test_setup(a_unique_name_always_has_the_same_sid, fixture_reset),
	};
	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
