/* Does a callback come through only with strict forms, and is a token exactly one spelling? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/callback.h"

#include "tests/unit/table.h"

#define HC    "HCaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HS    "HSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define AC    "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LEAST "CommandSid=" HC "&Status=sent"

static struct callback callback;

static bool decode(const char *body, char why[WHY_SIZE])
{
	struct form form;
	bool decoded;

	assert_true(form_parse(&form, body, strlen(body), why, WHY_SIZE));
	why[0] = '\0';
	decoded = callback_decode(&callback, &form, why, WHY_SIZE);
	form_clear(&form);
	return decoded;
}

static void all_properties_of_the_api_are_read(void **state)
{
	char why[WHY_SIZE];
	(void)state;
	assert_true(decode("AccountSid=" AC "&CommandSid=" HC "&SimSid=" HS "&SimUniqueName=Parking-Meter-Lot-Area-001"
			   "&Payload=%7B%22enable%22%3A%22True%22%7D&PayloadType=text&Direction=to_sim&Status=failed"
			   "&ErrorCode=30008&ErrorMessage=Unknown+error&Another=1",
			   why));
	assert_string_equal(callback.account_sid, AC);
	assert_string_equal(callback.sid, HC);
	assert_string_equal(callback.sim_sid, HS);
	assert_string_equal(callback.sim_unique_name, "Parking-Meter-Lot-Area-001");
	assert_string_equal(callback.payload, "{\"enable\":\"True\"}");
	assert_int_equal(callback.direction, API_TO_SIM);
	assert_int_equal(callback.status, API_FAILED);
	assert_string_equal(callback.error_code, "30008");
	assert_string_equal(callback.error_message, "Unknown error");
}

static void names_are_those_of_the_api_or_they_are_unknown(void **state)
{
	static const struct {
		const char *name, *body;
		bool want;
	} ROW[] = {
		{"all of the API's page",
		 "AccountSid=&CommandSid=&SimSid=&SimUniqueName=&Payload=&PayloadType=&Direction=&Status=&ErrorCode=&"
		 "ErrorMessage=",
		 true},
		{"few", "Status=sent&CommandSid=" HC, true},
		{"none", "", true},
		{"one more", "Status=sent&CommandSid=" HC "&ApiVersion=1", false},
		{"a value that moved into the name", "Payloadopen=&Status=received", false},
		{"a name that moved into the value", "Paylo=adopen&Status=received", false},
		{"another case", "status=sent", false},
	};
	char why[WHY_SIZE];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct form form;

		assert_true(form_parse(&form, ROW[i].body, strlen(ROW[i].body), why, sizeof(why)));
		want_bool(ROW[i].name, "known", callback_names_are_known(&form), ROW[i].want);
		form_clear(&form);
	}
}

static void the_least_is_a_sid_and_a_status(void **state)
{
	char why[WHY_SIZE];
	(void)state;
	assert_true(decode(LEAST, why));
	assert_string_equal(callback.sid, HC);
	assert_int_equal(callback.status, API_SENT);
	assert_int_equal(callback.direction, API_NO_DIRECTION);
	assert_string_equal(callback.payload, "");
	assert_string_equal(callback.sim_sid, "");
	assert_true(decode(LEAST "&SimSid=&AccountSid=&Direction=&ErrorCode=", why));
	assert_int_equal(callback.direction, API_NO_DIRECTION);
}

static void each_of_the_five_statuses_is_known(void **state)
{
	static const struct {
		const char *name, *body;
		enum api_status want;
	} ROW[] = {
		{"queued", "CommandSid=" HC "&Status=queued", API_QUEUED},
		{"sent", "CommandSid=" HC "&Status=sent", API_SENT},
		{"delivered", "CommandSid=" HC "&Status=delivered", API_DELIVERED},
		{"received", "CommandSid=" HC "&Status=received&Direction=from_sim", API_RECEIVED},
		{"failed", "CommandSid=" HC "&Status=failed", API_FAILED},
	};
	char why[WHY_SIZE];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		want_bool(ROW[i].name, "decoded", decode(ROW[i].body, why), true);
		want_number(ROW[i].name, "status", callback.status, ROW[i].want);
	}
}

/* "The status for all Mobile Originated (MO) SMS Commands will always be received." */
static void what_comes_from_a_sim_is_received_also_without_a_status(void **state)
{
	char why[WHY_SIZE];
	(void)state;
	assert_true(decode("CommandSid=" HC "&Direction=from_sim&Payload=hi", why));
	assert_int_equal(callback.status, API_RECEIVED);
	assert_true(decode("CommandSid=" HC "&Direction=from_sim&Status=", why));
	assert_int_equal(callback.status, API_RECEIVED);
	assert_false(decode("CommandSid=" HC "&Direction=from_sim&Status=other", why));
	assert_false(decode("CommandSid=" HC "&Direction=to_sim", why));
	want_part("to_sim", "why", why, "Status");
}

static void odd_forms_are_refused_with_their_name(void **state)
{
	static const struct {
		const char *name, *body, *want_why;
	} ROW[] = {
		{"nothing", "", "CommandSid"},
		{"no sid", "Status=sent", "CommandSid"},
		{"empty sid", "CommandSid=&Status=sent", "CommandSid"},
		{"sid of a SIM", "CommandSid=" HS "&Status=sent", "CommandSid"},
		{"sid too short", "CommandSid=HCaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&Status=sent", "CommandSid"},
		{"sid too long", "CommandSid=" HC "a&Status=sent", "CommandSid"},
		{"sid with a letter over f", "CommandSid=HCgaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&Status=sent", "CommandSid"},
		{"sid with a line end", "CommandSid=" HC "%0A&Status=sent", "CommandSid"},
		{"sid with a small prefix", "CommandSid=hcaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&Status=sent", "CommandSid"},
		{"name in another case", "commandsid=" HC "&Status=sent", "CommandSid"},
		{"no status", "CommandSid=" HC, "Status"},
		{"empty status", "CommandSid=" HC "&Status=", "Status"},
		{"unknown status", "CommandSid=" HC "&Status=other", "Status"},
		{"status in capitals", "CommandSid=" HC "&Status=Sent", "Status"},
		{"status with a space", "CommandSid=" HC "&Status=sent+", "Status"},
		{"bad SIM sid", LEAST "&SimSid=HS123", "SimSid"},
		{"SIM sid of a command", LEAST "&SimSid=" HC, "SimSid"},
		{"bad account sid", LEAST "&AccountSid=AC", "AccountSid"},
		{"bad direction", LEAST "&Direction=both", "Direction"},
	};
	char why[WHY_SIZE];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		want_bool(ROW[i].name, "decoded", decode(ROW[i].body, why), false);
		want_part(ROW[i].name, "why", why, ROW[i].want_why);
	}
	assert_true(decode("CommandSid=HC0123456789abcdefABCDEF0123456789&Status=sent", why));
}

static void names_and_errors_are_cleaned_and_cut_and_texts_are_not(void **state)
{
	struct buffer body;
	char why[WHY_SIZE];
	(void)state;
	assert_true(decode(LEAST
			   "&SimUniqueName=a%0Ab%1Bc&ErrorCode=1%092&ErrorMessage=x%C2%85y&Payload=a%0A%1B%F0%9F%98%80",
			   why));
	assert_string_equal(callback.sim_unique_name, "a b c");
	assert_string_equal(callback.error_code, "1 2");
	assert_string_equal(callback.error_message, "x y");
	assert_string_equal(callback.payload, "a\n\x1B\xF0\x9F\x98\x80");
	buffer_init(&body, FORM_BODY_MAX);
	assert_true(buffer_append_text(&body, LEAST "&Payload=%C3%A9"));
	while (body.len < 9000)
		assert_true(buffer_append_text(&body, "p"));
	assert_true(buffer_append_text(&body, "&SimUniqueName=%E2%82%AC"));
	for (int i = 0; i < 300; i++)
		assert_true(buffer_append_text(&body, "n"));
	assert_true(buffer_append_text(&body, "&ErrorMessage="));
	for (int i = 0; i < 100; i++)
		assert_true(buffer_append_text(&body, "%E2%82%AC"));
	assert_true(decode(buffer_text(&body), why));
	assert_int_equal(strlen(callback.payload), MO_SIZE - 1);
	assert_int_equal(strlen(callback.sim_unique_name), SIM_SIZE - 1);
	assert_int_equal(strlen(callback.error_message), 255); /* 85 euros; the 86th would need 258 bytes */
	buffer_clear(&body);
}

#define MAC "0123456789abcdef0123456789abcdef"

static void a_token_has_exactly_one_spelling(void **state)
{
	static const struct {
		const char *name, *text;
		bool want;
		int64_t want_seq;
	} ROW[] = {
		{"small", "0a1b2c3d-1-" MAC, true, 1},
		{"zero", "00000000-0-" MAC, true, 0},
		{"the largest", "ffffffff-9223372036854775807-" MAC, true, INT64_MAX},
		{"one above", "ffffffff-9223372036854775808-" MAC, false, 0},
		{"twenty digits", "ffffffff-10000000000000000000-" MAC, false, 0},
		{"leading zero", "0a1b2c3d-01-" MAC, false, 0},
		{"negative", "0a1b2c3d--1-" MAC, false, 0},
		{"plus", "0a1b2c3d-+1-" MAC, false, 0},
		{"no number", "0a1b2c3d--" MAC, false, 0},
		{"epoch in capitals", "0A1B2C3D-1-" MAC, false, 0},
		{"epoch too short", "0a1b2c3-1-" MAC, false, 0},
		{"epoch too long", "0a1b2c3d4-1-" MAC, false, 0},
		{"mac in capitals", "0a1b2c3d-1-0123456789ABCDEF0123456789ABCDEF", false, 0},
		{"mac too short", "0a1b2c3d-1-0123456789abcdef0123456789abcde", false, 0},
		{"mac too long", "0a1b2c3d-1-" MAC "0", false, 0},
		{"mac no hex", "0a1b2c3d-1-g123456789abcdef0123456789abcdef", false, 0},
		{"something behind", "0a1b2c3d-1-" MAC "/", false, 0},
		{"something in front", " 0a1b2c3d-1-" MAC, false, 0},
		{"no mac", "0a1b2c3d-1-", false, 0},
		{"no second dash", "0a1b2c3d-1", false, 0},
		{"empty", "", false, 0},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct callback_token token = {0};
		char text[CALLBACK_TOKEN_SIZE];

		want_bool(ROW[i].name, "decoded", callback_token_decode(&token, ROW[i].text), ROW[i].want);
		want_number(ROW[i].name, "seq", token.seq, ROW[i].want_seq);
		if (!ROW[i].want)
			continue;
		want_text(ROW[i].name, "mac", token.mac, MAC);
		callback_token_encode(text, &token);
		want_text(ROW[i].name, "encoded", text, ROW[i].text);
	}
}

static void the_subject_of_a_mac_names_version_purpose_epoch_and_number(void **state)
{
	char subject[64];
	(void)state;
	callback_token_subject(subject, "0a1b2c3d", 17);
	assert_string_equal(subject, "v1:status:0a1b2c3d-17");
	callback_token_subject(subject, "ffffffff", INT64_MAX);
	assert_string_equal(subject, "v1:status:ffffffff-9223372036854775807");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_properties_of_the_api_are_read),
		cmocka_unit_test(the_least_is_a_sid_and_a_status),
		cmocka_unit_test(names_are_those_of_the_api_or_they_are_unknown),
		cmocka_unit_test(each_of_the_five_statuses_is_known),
		cmocka_unit_test(what_comes_from_a_sim_is_received_also_without_a_status),
		cmocka_unit_test(odd_forms_are_refused_with_their_name),
		cmocka_unit_test(names_and_errors_are_cleaned_and_cut_and_texts_are_not),
		cmocka_unit_test(a_token_has_exactly_one_spelling),
		cmocka_unit_test(the_subject_of_a_mac_names_version_purpose_epoch_and_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
