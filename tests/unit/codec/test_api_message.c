/* Are the API's answers read as its documents show them, and odd ones survived? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/api_message.h"

#include "tests/unit/table.h"

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct api_resource resource;

static bool decode(const char *json, size_t len, char why[WHY_SIZE])
{
	char *bytes = exact_copy(json, len);
	bool decoded;

	why[0] = '\0';
	decoded = api_resource_decode(&resource, bytes, len, why, WHY_SIZE);
	free(bytes);
	return decoded;
}

static void a_create_is_a_form_with_the_documented_names(void **state)
{
	struct buffer to;
	(void)state;
	buffer_init(&to, 10000);
	api_create_body(&to, "HS" HEX, "Report location: (52.520008, 13.404954)", "", "POST");
	assert_string_equal(buffer_text(&to),
			    "Sim=HS" HEX "&Payload=Report%20location%3A%20%2852.520008%2C%2013.404954%29");
	buffer_reset(&to);
	api_create_body(&to, "Gate-7", "{\"a\":\"b&c\"}", "https://b.example/callback/status/1?x=1&y=2", "GET");
	assert_string_equal(
		buffer_text(&to),
		"Sim=Gate-7&Payload=%7B%22a%22%3A%22b%26c%22%7D&CallbackUrl=https%3A%2F%2Fb.example%2Fcallback"
		"%2Fstatus%2F1%3Fx%3D1%26y%3D2&CallbackMethod=GET");
	buffer_clear(&to);
}

/* The example of the API's OpenAPI document. */
static void the_documented_resource_is_read(void **state)
{
	static const char JSON[] =
		"{\"account_sid\":\"AC" HEX "\",\"payload\":\"checkin: firmware update\","
		"\"date_created\":\"2015-07-30T20:00:00Z\",\"date_updated\":\"2025-01-20T21:51:49.636Z\","
		"\"sim_sid\":\"HS" HEX "\",\"sid\":\"HC" HEX "\",\"status\":\"queued\",\"direction\":\"to_sim\","
		"\"url\":\"https://supersim.api.korewireless.com/v1/SmsCommands/HC" HEX "\"}";
	char why[WHY_SIZE];
	(void)state;
	assert_true(decode(JSON, strlen(JSON), why));
	assert_string_equal(resource.sid, "HC" HEX);
	assert_string_equal(resource.account_sid, "AC" HEX);
	assert_string_equal(resource.sim_sid, "HS" HEX);
	assert_string_equal(resource.payload, "checkin: firmware update");
	assert_int_equal(resource.status, API_QUEUED);
	assert_int_equal(resource.direction, API_TO_SIM);
	assert_int_equal(resource.created_ms, 1438286400000);
	assert_int_equal(resource.updated_ms, 1737409909636);
}

static void every_field_but_the_sid_may_be_null_missing_or_odd(void **state)
{
	static const struct {
		const char *name, *json;
		size_t len;
		bool want;
		const char *want_payload;
	} ROW[] = {
		{"only a sid", BYTES("{\"sid\":\"HC" HEX "\"}"), true, ""},
		{"all null",
		 BYTES("{\"sid\":\"HC" HEX "\",\"sim_sid\":null,\"account_sid\":null,\"payload\":null,\"status\":null,"
		       "\"direction\":null,\"date_created\":null,\"date_updated\":null}"),
		 true, ""},
		{"other types",
		 BYTES("{\"sid\":\"HC" HEX "\",\"sim_sid\":1,\"payload\":{\"a\":1},\"status\":[],\"date_created\":5}"),
		 true, ""},
		{"sids of other things", BYTES("{\"sid\":\"HC" HEX "\",\"sim_sid\":\"HC" HEX "\",\"payload\":\"x\"}"),
		 true, "x"},
		{"text with NUL and half an emoji", BYTES("{\"sid\":\"HC" HEX "\",\"payload\":\"a\\u0000\\ud83d\"}"),
		 true, "a\xEF\xBF\xBD\xEF\xBF\xBD"},
		{"malformed UTF-8", BYTES("{\"sid\":\"HC" HEX "\",\"payload\":\"a\xFF\"}"), true, "a\xEF\xBF\xBD"},
		{"byte order mark", BYTES("\xEF\xBB\xBF{\"sid\":\"HC" HEX "\"}"), true, ""},
		{"no sid", BYTES("{\"payload\":\"x\"}"), false, ""},
		{"null sid", BYTES("{\"sid\":null}"), false, ""},
		{"short sid", BYTES("{\"sid\":\"HC1\"}"), false, ""},
		{"sid as a number", BYTES("{\"sid\":1}"), false, ""},
		{"a list", BYTES("[{\"sid\":\"HC" HEX "\"}]"), false, ""},
		{"a string", BYTES("\"HC" HEX "\""), false, ""},
		{"truncated", BYTES("{\"sid\":\"HC" HEX "\",\"pay"), false, ""},
		{"two sids", BYTES("{\"sid\":\"HC" HEX "\",\"sid\":\"HC" HEX "\"}"), false, ""},
		{"HTML", BYTES("<html><body>login</body></html>"), false, ""},
		{"nothing", BYTES(""), false, ""},
	};
	char why[WHY_SIZE];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		want_bool(ROW[i].name, "decoded", decode(ROW[i].json, ROW[i].len, why), ROW[i].want);
		want_bool(ROW[i].name, "has a reason", why[0] != '\0', !ROW[i].want);
		if (!ROW[i].want)
			continue;
		want_text(ROW[i].name, "sid", resource.sid, "HC" HEX);
		want_text(ROW[i].name, "sim_sid", resource.sim_sid, "");
		want_text(ROW[i].name, "payload", resource.payload, ROW[i].want_payload);
		want_number(ROW[i].name, "status", resource.status, API_OTHER);
		want_number(ROW[i].name, "direction", resource.direction, API_NO_DIRECTION);
		want_number(ROW[i].name, "created", resource.created_ms, -1);
	}
}

static void a_failed_resource_may_carry_its_reason(void **state)
{
	static const struct {
		const char *name, *json, *want_code, *want_message;
	} ROW[] = {
		{"a number", "{\"sid\":\"HC" HEX "\",\"error_code\":83999,\"error_message\":\"no\\nroute\"}", "83999",
		 "no route"},
		{"a text", "{\"sid\":\"HC" HEX "\",\"error_code\":\"E-7\"}", "E-7", ""},
		{"null", "{\"sid\":\"HC" HEX "\",\"error_code\":null,\"error_message\":null}", "", ""},
		{"other types", "{\"sid\":\"HC" HEX "\",\"error_code\":[1],\"error_message\":{}}", "", ""},
		{"none", "{\"sid\":\"HC" HEX "\"}", "", ""},
	};
	char why[WHY_SIZE];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		assert_true(decode(ROW[i].json, strlen(ROW[i].json), why));
		want_text(ROW[i].name, "code", resource.error_code, ROW[i].want_code);
		want_text(ROW[i].name, "message", resource.error_message, ROW[i].want_message);
	}
}

static void statuses_and_sids_have_their_documented_form(void **state)
{
	static const char *const NAMES[] = {"queued", "sent", "delivered", "received", "failed"};
	(void)state;
	for (size_t i = 0; i < ROWS(NAMES); i++) {
		assert_int_equal(api_status_of(NAMES[i]), i);
		assert_string_equal(api_status_text((enum api_status)i), NAMES[i]);
	}
	assert_int_equal(api_status_of("Queued"), API_OTHER);
	assert_int_equal(api_status_of("other"), API_OTHER);
	assert_int_equal(api_status_of(""), API_OTHER);
	assert_true(api_sid_is_valid("HS0123456789abcdefABCDEF0123456789", "HS"));
	assert_false(api_sid_is_valid("HS0123456789abcdefABCDEF012345678", "HS"));
	assert_false(api_sid_is_valid("HS0123456789abcdefABCDEF01234567890", "HS"));
	assert_false(api_sid_is_valid("HC" HEX, "HS"));
	assert_false(api_sid_is_valid("HSgaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "HS"));
	assert_false(api_sid_is_valid("", "HS"));
}

static void a_page_is_its_resources_and_the_next_address(void **state)
{
	static const char JSON[] =
		"{\"sms_commands\":[{\"sid\":\"HC" HEX "\",\"payload\":\"one\",\"status\":\"received\","
		"\"direction\":\"from_sim\"},{\"sid\":null},5,{\"sid\":\"HCbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"}],"
		"\"meta\":{\"key\":\"sms_commands\",\"next_page_url\":\"https://api.example/v1/SmsCommands?Page=1\"}}";
	struct api_page page;
	char why[WHY_SIZE];
	(void)state;
	assert_true(api_page_decode(&page, JSON, strlen(JSON), why, sizeof(why)));
	assert_int_equal(page.count, 2);
	assert_int_equal(page.skipped, 2);
	assert_string_equal(page.resources[0].payload, "one");
	assert_int_equal(page.resources[0].status, API_RECEIVED);
	assert_int_equal(page.resources[0].direction, API_FROM_SIM);
	assert_string_equal(page.resources[1].sid, "HCbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	assert_string_equal(page.next_page_url, "https://api.example/v1/SmsCommands?Page=1");
	api_page_clear(&page);
	api_page_clear(&page);
}

static void the_last_page_and_odd_pages_are_told_apart(void **state)
{
	static const struct {
		const char *name, *json;
		bool want;
	} ROW[] = {
		{"the documented empty page", "{\"sms_commands\":[],\"meta\":{\"next_page_url\":null,\"page\":0}}",
		 true},
		{"no meta", "{\"sms_commands\":[]}", true},
		{"meta is null", "{\"sms_commands\":[],\"meta\":null}", true},
		{"null list", "{\"sms_commands\":null}", false},
		{"object for the list", "{\"sms_commands\":{}}", false},
		{"no list", "{\"meta\":{}}", false},
		{"bare list", "[]", false},
		{"error", "{\"code\":20404,\"message\":\"x\"}", false},
		{"truncated", "{\"sms_commands\":[", false},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char why[WHY_SIZE] = "";
		struct api_page page;

		want_bool(ROW[i].name, "decoded",
			  api_page_decode(&page, ROW[i].json, strlen(ROW[i].json), why, sizeof(why)), ROW[i].want);
		want_bool(ROW[i].name, "has a reason", why[0] != '\0', !ROW[i].want);
		want_number(ROW[i].name, "count", (int64_t)page.count, 0);
		want_text(ROW[i].name, "next", page.next_page_url, "");
		api_page_clear(&page);
	}
}

static bool decode_page_of(int entries, int url_length, size_t *ret_count)
{
	struct buffer json;
	struct api_page page;
	char why[WHY_SIZE];

	buffer_init(&json, API_ANSWER_MAX);
	for (int i = 0; i < entries; i++)
		assert_true(buffer_append_format(&json, "%s{\"sid\":\"HC%032x\"}", i ? "," : "{\"sms_commands\":[", i));
	assert_true(buffer_append_text(&json, "],\"meta\":{\"next_page_url\":\""));
	for (int i = 0; i < url_length; i++)
		assert_true(buffer_append_text(&json, "u"));
	assert_true(buffer_append_text(&json, "\"}}"));
	bool decoded = api_page_decode(&page, buffer_text(&json), json.len, why, sizeof(why));

	*ret_count = page.count;
	api_page_clear(&page);
	buffer_clear(&json);
	return decoded;
}

static void pages_and_addresses_have_their_limits(void **state)
{
	size_t count;
	(void)state;
	assert_true(decode_page_of(1000, 1024, &count));
	assert_int_equal(count, 1000);
	assert_false(decode_page_of(1001, 0, &count));
	assert_int_equal(count, 0);
	/* A cut address would end the list in silence. */
	assert_false(decode_page_of(1, 1025, &count));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_create_is_a_form_with_the_documented_names),
		cmocka_unit_test(the_documented_resource_is_read),
		cmocka_unit_test(every_field_but_the_sid_may_be_null_missing_or_odd),
		cmocka_unit_test(a_failed_resource_may_carry_its_reason),
		cmocka_unit_test(statuses_and_sids_have_their_documented_form),
		cmocka_unit_test(a_page_is_its_resources_and_the_next_address),
		cmocka_unit_test(the_last_page_and_odd_pages_are_told_apart),
		cmocka_unit_test(pages_and_addresses_have_their_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
