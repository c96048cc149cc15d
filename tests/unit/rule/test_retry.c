/* retry: every answer of the API has one verdict, and waiting is bounded. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/retry.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct judged {
	const char *name;
	int status;
	bool body_started, has_sid;
	enum outcome_kind want_kind;
	enum outcome_account want_account;
	const char *want_code;
};

static const struct judged JUDGED[] = {
	{"refused connection", 0, false, false, OUTCOME_RETRY, ACCOUNT_UNREACHABLE, "unreachable"},
	{"early 503 to a held back body", 503, false, false, OUTCOME_RETRY, ACCOUNT_UNREACHABLE, "unreachable"},
	{"early 401", 401, false, false, OUTCOME_RETRY, ACCOUNT_UNAUTHORIZED, "api_401"},
	{"reset after the body", 0, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "no_answer"},
	{"created", 201, true, true, OUTCOME_DONE, ACCOUNT_FINE, "api_201"},
	{"ok with a sid", 200, true, true, OUTCOME_DONE, ACCOUNT_FINE, "api_200"},
	{"created, cut off", 201, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "no_sid"},
	{"no content", 204, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "no_sid"},
	{"1xx only, then cut", 100, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_100"},
	{"moved", 301, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_301"},
	{"found", 302, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_302"},
	{"moved, method kept", 308, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_308"},
	{"bad request", 400, true, false, OUTCOME_REFUSED, ACCOUNT_FINE, "api_400"},
	{"unauthorized", 401, true, false, OUTCOME_RETRY, ACCOUNT_UNAUTHORIZED, "api_401"},
	{"balance exhausted", 402, true, false, OUTCOME_RETRY, ACCOUNT_UNAUTHORIZED, "api_402"},
	{"expired token", 403, true, false, OUTCOME_RETRY, ACCOUNT_UNAUTHORIZED, "api_403"},
	{"not found", 404, true, false, OUTCOME_REFUSED, ACCOUNT_FINE, "api_404"},
	{"method", 405, true, false, OUTCOME_REFUSED, ACCOUNT_FINE, "api_405"},
	{"request timeout", 408, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_408"},
	{"conflict", 409, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_409"},
	{"gone", 410, true, false, OUTCOME_REFUSED, ACCOUNT_FINE, "api_410"},
	{"unprocessable", 422, true, false, OUTCOME_REFUSED, ACCOUNT_FINE, "api_422"},
	{"too early", 425, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_425"},
	{"too many requests", 429, true, false, OUTCOME_RETRY, ACCOUNT_SLOW_DOWN, "api_429"},
	{"internal error", 500, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_500"},
	{"bad gateway", 502, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_502"},
	{"unavailable", 503, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_503"},
	{"gateway timeout", 504, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_504"},
	{"proxy's own", 520, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_520"},
	{"a status of nobody", 700, true, false, OUTCOME_UNKNOWN, ACCOUNT_FINE, "api_700"},
};

static void every_answer_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(JUDGED); i++) {
		const struct judged *row = &JUDGED[i];
		struct exchange exchange = {.http_status = row->status,
					    .body_started = row->body_started,
					    .has_sid = row->has_sid,
					    .retry_after_ms = -1,
					    .error_code = "",
					    .error_text = ""};
		struct outcome outcome = retry_judge(&exchange);

		print_message("  %s\n", row->name);
		assert_int_equal(outcome.kind, row->want_kind);
		assert_int_equal(outcome.account, row->want_account);
		assert_string_equal(outcome.code, row->want_code);
		assert_int_equal(outcome.retry_after_ms, 0);
		assert_true(outcome.reason[0]);
	}
}

/* A portal in a hotel, a proxy. */
static void a_page_is_no_yes_of_the_api(void **state)
{
	struct exchange exchange = {.http_status = 200, .body_started = true, .is_page = true, .retry_after_ms = -1};

	(void)state;
	assert_string_equal(retry_judge(&exchange).code, "no_api");
	assert_int_equal(retry_judge(&exchange).kind, OUTCOME_UNKNOWN);
	exchange.http_status = 502; /* a gateway's words change nothing */
	assert_string_equal(retry_judge(&exchange).code, "api_502");
	exchange.is_page = false;
	exchange.http_status = 200;
	assert_string_equal(retry_judge(&exchange).code, RETRY_NO_SID);
}

/* Only these may be sent again without asking: a 2xx or an open end never is. */
static void nothing_that_may_have_happened_is_retried(void **state)
{
	(void)state;
	for (int status = 0; status <= 999; status++) {
		struct exchange exchange = {.http_status = status, .body_started = true, .retry_after_ms = -1};
		bool want = status == 401 || status == 402 || status == 403 || status == 429;

		assert_int_equal(retry_judge(&exchange).kind == OUTCOME_RETRY, want);
	}
}

static void retry_after_is_clamped(void **state)
{
	static const struct {
		const char *name;
		int64_t given, want;
	} ROWS[] = {{"not given", -1, 0},	   {"at once", 0, 1000},
		    {"a blink", 10, 1000},	   {"half a minute", 30000, 30000},
		    {"an hour", 3600000, 3600000}, {"a date in 2049", INT64_C(729221592000), 3600000}};

	(void)state;
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct exchange exchange = {.http_status = 429, .body_started = true, .retry_after_ms = ROWS[i].given};

		print_message("  %s\n", ROWS[i].name);
		assert_int_equal(retry_judge(&exchange).retry_after_ms, ROWS[i].want);
	}
}

static void the_reason_holds_what_the_api_said(void **state)
{
	struct exchange exchange = {.http_status = 400,
				    .body_started = true,
				    .retry_after_ms = -1,
				    .error_code = "20002",
				    .error_text = "Missing required parameter Sim"};
	struct outcome outcome = retry_judge(&exchange);

	(void)state;
	assert_non_null(strstr(outcome.reason, "Missing required parameter Sim"));
	assert_non_null(strstr(outcome.reason, "20002"));
	exchange.error_code = "";
	outcome = retry_judge(&exchange);
	assert_non_null(strstr(outcome.reason, "Missing required parameter Sim"));
	assert_null(strstr(outcome.reason, "code"));
	exchange.http_status = 404; /* of the SIM, or of an address that is no API */
	outcome = retry_judge(&exchange);
	assert_non_null(strstr(outcome.reason, "check api.url, and the SIM in the mapping: Missing"));
}

static void a_reason_of_any_length_is_cut_and_terminated(void **state)
{
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	struct exchange exchange = {.http_status = 422, .body_started = true, .retry_after_ms = -1, .error_text = text};
	struct outcome outcome = retry_judge(&exchange);

	assert_int_equal(strlen(outcome.reason), OUTCOME_REASON_SIZE - 1);
}

/* Full jitter: anything from nothing to base * 2^(attempts-1), at most five minutes. */
static void delays_double_up_to_the_cap(void **state)
{
	static const struct {
		int64_t attempts, want_ceiling;
	} ROWS[] = {{1, 1000},	  {2, 2000},	{3, 4000},    {8, 128000},	  {9, 256000},
		    {10, 300000}, {63, 300000}, {64, 300000}, {INT64_MAX, 300000}};

	(void)state;
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		uint64_t steps = (uint64_t)ROWS[i].want_ceiling + 1;

		print_message("  attempt %" PRId64 "\n", ROWS[i].attempts);
		assert_int_equal(retry_delay_ms(ROWS[i].attempts, 0, 0), 0);
		assert_int_equal(retry_delay_ms(ROWS[i].attempts, 0, steps - 1), ROWS[i].want_ceiling);
		assert_in_range(retry_delay_ms(ROWS[i].attempts, 0, UINT64_MAX), 0, ROWS[i].want_ceiling);
	}
}

static void delay_is_never_before_retry_after(void **state)
{
	(void)state;
	assert_int_equal(retry_delay_ms(1, 60000, 0), 60000);
	assert_int_equal(retry_delay_ms(1, 500, 1000), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_has_its_verdict),
		cmocka_unit_test(a_page_is_no_yes_of_the_api),
		cmocka_unit_test(nothing_that_may_have_happened_is_retried),
		cmocka_unit_test(retry_after_is_clamped),
		cmocka_unit_test(the_reason_holds_what_the_api_said),
		cmocka_unit_test(a_reason_of_any_length_is_cut_and_terminated),
		cmocka_unit_test(delays_double_up_to_the_cap),
		cmocka_unit_test(delay_is_never_before_retry_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
