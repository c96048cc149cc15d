/* Are tokens, SIMs and errors read in all the shapes that the API and its gateways use? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/api_message.h"

#include "tests/unit/table.h"

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void a_token_and_its_lifetime_are_read(void **state)
{
	static const struct {
		const char *name, *json;
		bool want;
		int64_t want_expires;
	} ROW[] = {
		{"an hour",
		 "{\"access_token\":\"eyJ.a-b_c.d\",\"expires_in\":3600,\"token_type\":\"Bearer\",\"scope\":\"x\"}",
		 true, 3600},
		{"24 months", "{\"access_token\":\"eyJ.a-b_c.d\",\"expires_in\":63072000}", true, 63072000},
		{"as a text", "{\"access_token\":\"eyJ.a-b_c.d\",\"expires_in\":\"3600\"}", true, 3600},
		{"missing", "{\"access_token\":\"eyJ.a-b_c.d\"}", true, 300},
		{"null", "{\"access_token\":\"eyJ.a-b_c.d\",\"expires_in\":null}", true, 300},
		{"zero", "{\"access_token\":\"eyJ.a-b_c.d\",\"expires_in\":0}", true, 300},
		{"negative", "{\"access_token\":\"eyJ.a-b_c.d\",\"expires_in\":-5}", true, 300},
		{"endless", "{\"access_token\":\"eyJ.a-b_c.d\",\"expires_in\":1e999}", true, 300},
		{"a word", "{\"access_token\":\"eyJ.a-b_c.d\",\"expires_in\":\"soon\"}", true, 300},
		{"no token", "{\"expires_in\":3600}", false, 0},
		{"empty token", "{\"access_token\":\"\"}", false, 0},
		{"null token", "{\"access_token\":null}", false, 0},
		{"token with a line end", "{\"access_token\":\"a\\r\\nX-Evil: 1\"}", false, 0},
		{"token with a space", "{\"access_token\":\"a b\"}", false, 0},
		{"token outside ASCII", "{\"access_token\":\"\xC3\xA9\"}", false, 0},
		{"HTML", "<html>", false, 0},
		{"nothing", "", false, 0},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char why[WHY_SIZE] = "";
		struct api_token token;

		want_bool(ROW[i].name, "decoded",
			  api_token_decode(&token, ROW[i].json, strlen(ROW[i].json), why, sizeof(why)), ROW[i].want);
		want_number(ROW[i].name, "expires_in", token.expires_in_s, ROW[i].want_expires);
		want_bool(ROW[i].name, "has a reason", why[0] != '\0', !ROW[i].want);
		if (ROW[i].want)
			want_text(ROW[i].name, "token", token.access_token, "eyJ.a-b_c.d");
		else if (token.access_token != NULL)
			fail_msg("%s: a token without success", ROW[i].name);
		free(token.access_token);
	}
}

static void a_sim_is_read_alone_or_from_a_list(void **state)
{
	static const struct {
		const char *name, *json;
		bool want;
		const char *want_unique_name;
	} ROW[] = {
		{"alone", "{\"sid\":\"HS" HEX "\",\"unique_name\":\"Gate-7\"}", true, "Gate-7"},
		{"first of a list", "{\"sims\":[{\"sid\":\"HS" HEX "\",\"unique_name\":\"Gate-7\"},{\"sid\":\"x\"}]}",
		 true, "Gate-7"},
		{"no name", "{\"sid\":\"HS" HEX "\",\"unique_name\":null}", true, ""},
		{"empty list", "{\"sims\":[],\"meta\":{}}", false, ""},
		{"bad sid", "{\"sid\":\"HC" HEX "\"}", false, ""},
		{"no JSON", "oops", false, ""},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char sid[SID_SIZE] = "?", unique_name[SIM_SIZE] = "?";

		want_bool(ROW[i].name, "decoded", api_sim_decode(sid, unique_name, ROW[i].json, strlen(ROW[i].json)),
			  ROW[i].want);
		want_text(ROW[i].name, "sid", sid, ROW[i].want ? "HS" HEX : "");
		want_text(ROW[i].name, "unique_name", unique_name, ROW[i].want_unique_name);
	}
}

static void errors_are_read_in_every_shape(void **state)
{
	static const struct {
		const char *name, *body;
		size_t len;
		const char *want_code, *want_message;
	} ROW[] = {
		{"the API",
		 BYTES("{\"status\":404,\"message\":\"The requested resource was not found\",\"code\":20404,"
		       "\"more_info\":\"https://x\"}"),
		 "20404", "The requested resource was not found"},
		{"the API without a code", BYTES("{\"status\":400,\"message\":\"Bad\"}"), "", "Bad"},
		{"the gateway's 403",
		 BYTES("{\"message\":\"User is not authorized to access this resource with an explicit deny\","
		       "\"error\":\"Invalid or expired token\"}"),
		 "", "Invalid or expired token (User is not authorized to access this resource with an explicit deny)"},
		{"OAuth",
		 BYTES("{\"error\":\"unauthorized_client\",\"error_description\":\"Invalid client or Invalid client "
		       "credentials\"}"),
		 "unauthorized_client", "Invalid client or Invalid client credentials"},
		{"OAuth without a description", BYTES("{\"error\":\"invalid_client\"}"), "invalid_client",
		 "invalid_client"},
		{"the token endpoint", BYTES("{\"code\":\"E17\",\"message\":\"nope\"}"), "E17", "nope"},
		{"nested", BYTES("{\"error\":{\"code\":83402,\"message\":\"inside\"}}"), "83402", "inside"},
		{"control characters", BYTES("{\"code\":\"a\\nb\",\"message\":\"x\\r\\ny\\u001b\"}"), "a b", "x  y "},
		{"other types", BYTES("{\"code\":{},\"message\":5,\"error\":[]}"), "", ""},
		{"a number beyond 2^53", BYTES("{\"code\":9007199254740993}"), "9007199254740993", ""},
		{"an array", BYTES("[]"), "", ""},
		{"plain text", BYTES("upstream connect error\r\n\x1B[2J"), "", "upstream connect error   [2J"},
		{"HTML", BYTES("\r\n <html><title>502 Bad Gateway</title>"), "", ""},
		{"broken JSON", BYTES("{\"code\":1"), "", ""},
		{"binary", BYTES("\x1F\x8B\x08\x00\xFF"), "", "     "},
		{"nothing", BYTES(""), "", ""},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char code[ERROR_CODE_SIZE] = "?", message[ERROR_TEXT_SIZE] = "?";
		char *body = exact_copy(ROW[i].body, ROW[i].len);

		api_error_decode(code, message, body, ROW[i].len);
		want_text(ROW[i].name, "code", code, ROW[i].want_code);
		want_text(ROW[i].name, "message", message, ROW[i].want_message);
		free(body);
	}
}

static void long_errors_are_cut_to_their_size(void **state)
{
	char body[5000], code[ERROR_CODE_SIZE], message[ERROR_TEXT_SIZE];
	(void)state;
	memset(body, 'e', sizeof(body));
	api_error_decode(code, message, body, sizeof(body));
	assert_int_equal(strlen(message), ERROR_TEXT_SIZE - 1);
	memcpy(body, "{\"code\":\"", 9);
	memcpy(body + 3000, "\",\"message\":\"", 13);
	memcpy(body + sizeof(body) - 2, "\"}", 2);
	api_error_decode(code, message, body, sizeof(body));
	assert_int_equal(strlen(code), ERROR_CODE_SIZE - 1);
	assert_int_equal(strlen(message), ERROR_TEXT_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_and_its_lifetime_are_read),
		cmocka_unit_test(a_sim_is_read_alone_or_from_a_list),
		cmocka_unit_test(errors_are_read_in_every_shape),
		cmocka_unit_test(long_errors_are_cut_to_their_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
