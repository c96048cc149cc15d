// Callbacks: what they say, how they are signed and tried again; MO SMS; outcomes.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"
#include "tests/simulator/fixture.h"
#include "tests/simulator/receiver.h"

enum { FORM_SIZE = 1024, NOTHING_MS = 200 };

static struct receiver *receiver;

static int set_up(void **state)
{
	receiver = receiver_create();
	return fixture_reset(state);
}

static int tear_down(void **state)
{
	(void)state;
	receiver_destroy(receiver);
	return 0;
}

/* Creates a command whose callbacks come to the receiver; `more` is added to the form. */
static void create(const char *payload, const char *more, char sid[SID_SIZE])
{
	char form[FORM_SIZE];
	text_format(form, sizeof(form), "Sim=meter&Payload=%s&CallbackUrl=http%%3A%%2F%%2F127.0.0.1%%3A%d%%2Fcb%s",
		    payload, receiver_port(receiver), more);
	assert_int_equal(fixture_create(form, sid), 201);
}

static void expect_field(size_t index, const char *name, const char *value)
{
	char field[256];
	text_format(field, sizeof(field), "%s=%s", name, value);
	if (!received_has_field(receiver_get(receiver, index), field))
		fail_msg("callback %zu lacks %s: %s%s", index, field, receiver_get(receiver, index)->head,
			 receiver_get(receiver, index)->body);
}

static void each_status_is_called_back_with_the_documented_fields(void **state)
{
	char sid[SID_SIZE], header[64];
	(void)state;
	create("a+%7Bb%7D", "", sid);
	receiver_await(receiver, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct received *received = receiver_get(receiver, i);
		assert_true(text_starts_with(received->head, "POST /cb HTTP/1.1\r\n"));
		expect_field(i, "CommandSid", sid);
		expect_field(i, "SimSid", "HS5eff322a1bd4164e1db317c7f60b1b65");
		expect_field(i, "SimUniqueName", "meter");
		expect_field(i, "Payload", "a+%7Bb%7D");
		expect_field(i, "PayloadType", "text");
		expect_field(i, "Direction", "to_sim");
		expect_field(i, "Status", i == 0 ? "sent" : "delivered");
		assert_non_null(strstr(received->body, "AccountSid=AC"));
		assert_null(strstr(received->body, "Error"));
		received_header(received, "Content-Type", header, sizeof(header));
		assert_string_equal(header, "application/x-www-form-urlencoded");
		received_header(received, "User-Agent", header, sizeof(header));
		assert_string_equal(header, "KoreProxy/1.1");
		received_header(received, "date", header, sizeof(header));
		assert_int_equal(strlen(header), strlen("2024-11-01T10:00:00Z"));
		received_header(received, "kore-signature", header, sizeof(header));
		assert_string_equal(header, "");
		assert_true(received_has_header(received, "kore-signature"));
		assert_false(received_has_header(received, "X-Twilio-Signature"));
	}
}

static void get_callbacks_carry_the_fields_in_the_query(void **state)
{
	char sid[SID_SIZE];
	(void)state;
	create("x", "%3Fa%3Db%23cbs%3Dkore&CallbackMethod=GET", sid);
	receiver_await(receiver, 1);
	const struct received *received = receiver_get(receiver, 0);
	assert_true(text_starts_with(received->head, "GET /cb?a=b&AccountSid=AC"));
	assert_string_equal(received->body, "");
	expect_field(0, "CommandSid", sid);
}

/* That the signatures themselves are right is shown by the vendors' examples in test_sign.c. */
static void callbacks_are_signed_when_there_is_a_secret(void **state)
{
	char sid[SID_SIZE], kore[128], twilio[64];
	(void)state;
	simulator_tell(fixture_simulator(), "POST", "settings",
		       "{\"kore_secret\":\"12345\",\"twilio_token\":\"12345\"}");
	create("x", "", sid);
	receiver_await(receiver, 1);
	received_header(receiver_get(receiver, 0), "kore-signature", kore, sizeof(kore));
	received_header(receiver_get(receiver, 0), "X-Twilio-Signature", twilio, sizeof(twilio));
	assert_int_equal(strlen(kore), 64);
	assert_int_equal(strspn(kore, "0123456789abcdef"), 64);
	assert_int_equal(strlen(twilio), 28);
}

static void refused_callbacks_are_tried_once_more_with_the_same_token(void **state)
{
	static const struct {
		int status;
		size_t want_tries;
	} rows[] = {{503, 2}, {500, 2}, {408, 2}, {423, 2}, {400, 1}, {404, 1}, {429, 1}};
	(void)state;
	simulator_outcome(fixture_simulator(), "{\"stay\":\"sent\"}");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char sid[SID_SIZE], what[64], first[64], second[64];
		size_t before = receiver_count(receiver);
		receiver_answer(receiver, rows[i].status, 5);
		create("x", "", sid);
		receiver_await(receiver, before + rows[i].want_tries);
		if (!receiver_stays_at(receiver, before + rows[i].want_tries, NOTHING_MS))
			fail_msg("%d: more than %zu tries", rows[i].status, rows[i].want_tries);
		text_format(what, sizeof(what), "callbacks?sid=%s", sid);
		assert_int_equal(fixture_control_count(what, ""), rows[i].want_tries);
		assert_int_equal(fixture_control_int(what, "[0].http_status"), rows[i].status);
		assert_int_equal(fixture_control_int(what, "[0].attempt"), 1);
		received_header(receiver_get(receiver, before), "kore-idempotency-token", first, sizeof(first));
		received_header(receiver_get(receiver, receiver_count(receiver) - 1), "kore-idempotency-token", second,
				sizeof(second));
		assert_int_equal(strlen(first), 36);
		assert_string_equal(first, second);
	}
}

static void a_failure_carries_its_code_and_message(void **state)
{
	char sid[SID_SIZE];
	(void)state;
	simulator_outcome(fixture_simulator(), "{\"payload\":\"bad\",\"status\":\"failed\",\"error_code\":\"30008\","
					       "\"error_message\":\"Unknown error\"}");
	create("bad", "", sid);
	receiver_await(receiver, 2);
	expect_field(1, "Status", "failed");
	expect_field(1, "ErrorCode", "30008");
	expect_field(1, "ErrorMessage", "Unknown+error");
	fixture_await_status(sid, "failed");
	create("good", "", sid);
	receiver_await(receiver, 4);
	expect_field(3, "Status", "delivered");
}

static void commands_can_stay_queued_or_sent(void **state)
{
	char queued[SID_SIZE], sent[SID_SIZE];
	(void)state;
	simulator_outcome(fixture_simulator(), "{\"payload\":\"q\",\"stay\":\"queued\"}");
	simulator_outcome(fixture_simulator(), "{\"match\":{\"sim\":\"meter\"},\"stay\":\"sent\"}");
	create("q", "", queued);
	create("s", "", sent);
	receiver_await(receiver, 1);
	assert_true(receiver_stays_at(receiver, 1, NOTHING_MS));
	fixture_await_status(queued, "queued");
	fixture_await_status(sent, "sent");
}

static void a_person_can_move_a_command(void **state)
{
	char sid[SID_SIZE], body[128];
	(void)state;
	simulator_outcome(fixture_simulator(), "{\"stay\":\"queued\"}");
	create("x", "", sid);
	text_format(body, sizeof(body), "{\"sid\":\"%s\",\"status\":\"delivered\"}", sid);
	simulator_tell(fixture_simulator(), "POST", "status", body);
	receiver_await(receiver, 1);
	expect_field(0, "Status", "delivered");
	assert_true(receiver_stays_at(receiver, 1, NOTHING_MS));
}

static void set_fleet(const char *method)
{
	char body[256];
	text_format(body, sizeof(body), "{\"sms_commands_url\":\"http://127.0.0.1:%d/mo\",\"method\":\"%s\"}",
		    receiver_port(receiver), method);
	simulator_tell(fixture_simulator(), "POST", "fleet", body);
}

static void an_sms_from_a_sim_calls_the_fleets_url(void **state)
{
	char sid[SID_SIZE];
	(void)state;
	set_fleet("POST");
	simulator_mo(fixture_simulator(), "meter", "T=21.5", sid, sizeof(sid));
	receiver_await(receiver, 1);
	assert_true(text_starts_with(receiver_get(receiver, 0)->head, "POST /mo "));
	expect_field(0, "CommandSid", sid);
	expect_field(0, "Direction", "from_sim");
	expect_field(0, "Status", "received");
	expect_field(0, "Payload", "T%3D21.5");
	expect_field(0, "SimUniqueName", "meter");
	simulator_tell(fixture_simulator(), "POST", "mo",
		       "{\"sim\":\"meter\",\"payload\":\"quiet\",\"callback\":false}");
	assert_true(receiver_stays_at(receiver, 1, NOTHING_MS));
	assert_int_equal(fixture_control_int("ledger/summary", "received"), 2);
	assert_int_equal(fixture_control_int("ledger/summary", "creates"), 0);
}

static void the_device_answers_when_told_to(void **state)
{
	char sid[SID_SIZE];
	(void)state;
	simulator_tell(fixture_simulator(), "POST", "settings", "{\"echo\":true}");
	set_fleet("GET");
	assert_int_equal(fixture_create("Sim=meter&Payload=reboot", sid), 201);
	receiver_await(receiver, 1);
	assert_true(text_starts_with(receiver_get(receiver, 0)->head, "GET /mo?"));
	expect_field(0, "Payload", "ok%3A+reboot");
	expect_field(0, "Direction", "from_sim");
}

/* Callback faults. */

static void callbacks_can_be_lost_repeated_and_delayed(void **state)
{
	char sid[SID_SIZE], first[64], second[64];
	(void)state;
	simulator_fault(fixture_simulator(),
			"[{\"on\":\"callback\",\"match\":{\"status\":\"sent\"},\"action\":\"lose\"},"
			"{\"on\":\"callback\",\"match\":{\"payload\":\"x\"},\"action\":{\"repeat\":2}},"
			"{\"on\":\"callback\",\"match\":{\"payload\":\"y\"},\"action\":{\"delay_ms\":100}}]");
	create("x", "", sid);
	receiver_await(receiver, 3);
	assert_true(receiver_stays_at(receiver, 3, NOTHING_MS));
	expect_field(0, "Status", "delivered");
	expect_field(2, "Status", "delivered");
	received_header(receiver_get(receiver, 0), "kore-idempotency-token", first, sizeof(first));
	received_header(receiver_get(receiver, 2), "kore-idempotency-token", second, sizeof(second));
	assert_string_equal(first, second);
	create("y", "", sid);
	receiver_await(receiver, 5);
	expect_field(3, "Status", "delivered");
	expect_field(4, "Status", "sent");
}

static void delivered_can_come_before_sent(void **state)
{
	char sid[SID_SIZE];
	(void)state;
	simulator_fault(fixture_simulator(), "[{\"on\":\"callback\",\"action\":\"reorder\"}]");
	create("x", "", sid);
	receiver_await(receiver, 2);
	expect_field(0, "Status", "delivered");
	expect_field(1, "Status", "sent");
}

static void a_callback_can_come_before_the_answer(void **state)
{
	char form[FORM_SIZE];
	(void)state;
	simulator_fault(fixture_simulator(), "[{\"on\":\"callback\",\"action\":{\"before_answer\":true}}]");
	receiver_close_gate(receiver);
	text_format(form, sizeof(form), "Sim=meter&Payload=x&CallbackUrl=http://127.0.0.1:%d/cb",
		    receiver_port(receiver));
	const char *request = fixture_raw_create(form);
	int connection = http_connect(fixture_port(), NOTHING_MS);
	assert_true(http_send(connection, request, strlen(request)));
	receiver_await(receiver, 1);
	expect_field(0, "Status", "sent");
	size_t len;
	bool is_closed;
	char *nothing = http_receive(connection, &len, &is_closed);
	assert_int_equal(len, 0);
	assert_false(is_closed);
	free(nothing);
	assert_false(fixture_control_bool("ledger", "[0].answered"));
	receiver_open_gate(receiver);
	char *answer = http_receive(connection, &len, &is_closed);
	assert_true(text_starts_with(answer, "HTTP/1.1 201 "));
	assert_non_null(strstr(answer, "\"status\":\"queued\""));
	free(answer);
	http_close(connection);
	receiver_await(receiver, 2);
	expect_field(1, "Status", "delivered");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_status_is_called_back_with_the_documented_fields),
		TEST(get_callbacks_carry_the_fields_in_the_query),
		TEST(callbacks_are_signed_when_there_is_a_secret),
		TEST(refused_callbacks_are_tried_once_more_with_the_same_token),
		TEST(a_failure_carries_its_code_and_message),
		TEST(commands_can_stay_queued_or_sent),
		TEST(a_person_can_move_a_command),
		TEST(an_sms_from_a_sim_calls_the_fleets_url),
		TEST(the_device_answers_when_told_to),
		TEST(callbacks_can_be_lost_repeated_and_delayed),
		TEST(delivered_can_come_before_sent),
		TEST(a_callback_can_come_before_the_answer),
	};
	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
