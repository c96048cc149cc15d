/* retry - how an HTTP exchange is judged, and when to try again. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/retry.h"

#include <assert.h>
#include <stddef.h>

#include "bridge/base/text.h"

enum sid_seen { SID_ANY, SID_YES, SID_NO, SID_NO_BUT_A_PAGE };
enum body_seen { BODY_ANY, BODY_HELD_BACK };

/* The first row that fits decides. */
struct verdict {
	int first, last; /* HTTP statuses */
	enum sid_seen sid;
	enum body_seen body;
	enum outcome_kind kind;
	enum outcome_account account;
	const char *code; /* NULL: `api_<status>` */
	const char *sentence;
};

/* A 408, 409, 425 or 5xx may come from a gateway that had passed the request on; a redirect may have been
 * obeyed by something on the way. None of them says that no SMS was made. */
static const struct verdict VERDICTS[] = {
	{200, 299, SID_YES, BODY_ANY, OUTCOME_DONE, ACCOUNT_FINE, NULL, "the API has it"},
	{401, 401, SID_ANY, BODY_ANY, OUTCOME_RETRY, ACCOUNT_UNAUTHORIZED, NULL, "the API refused our credentials"},
	{402, 402, SID_ANY, BODY_ANY, OUTCOME_RETRY, ACCOUNT_UNAUTHORIZED, NULL,
	 "the API wants payment: see the account's balance"},
	{403, 403, SID_ANY, BODY_ANY, OUTCOME_RETRY, ACCOUNT_UNAUTHORIZED, NULL, "the API refused our credentials"},
	{429, 429, SID_ANY, BODY_ANY, OUTCOME_RETRY, ACCOUNT_SLOW_DOWN, NULL, "the API asks us to slow down"},
	{0, 999, SID_ANY, BODY_HELD_BACK, OUTCOME_RETRY, ACCOUNT_UNREACHABLE, "unreachable",
	 "the API could not be reached"},
	{0, 0, SID_ANY, BODY_ANY, OUTCOME_UNKNOWN, ACCOUNT_FINE, "no_answer",
	 "the API had the request but no answer came"},
	{200, 299, SID_NO_BUT_A_PAGE, BODY_ANY, OUTCOME_UNKNOWN, ACCOUNT_FINE, "no_api",
	 "a web page came instead of the API's answer: check api.url, and what is on the way there"},
	{200, 299, SID_NO, BODY_ANY, OUTCOME_UNKNOWN, ACCOUNT_FINE, RETRY_NO_SID,
	 "the API said yes but its answer names no SMS Command"},
	{408, 409, SID_ANY, BODY_ANY, OUTCOME_UNKNOWN, ACCOUNT_FINE, NULL, "the answer leaves open what happened"},
	{425, 425, SID_ANY, BODY_ANY, OUTCOME_UNKNOWN, ACCOUNT_FINE, NULL, "the answer leaves open what happened"},
	{404, 404, SID_ANY, BODY_ANY, OUTCOME_REFUSED, ACCOUNT_FINE, NULL,
	 "the API found nothing there: check api.url, and the SIM in the mapping"},
	{400, 499, SID_ANY, BODY_ANY, OUTCOME_REFUSED, ACCOUNT_FINE, NULL, "the API refused it"},
	{300, 399, SID_ANY, BODY_ANY, OUTCOME_UNKNOWN, ACCOUNT_FINE, NULL,
	 "the API answered with a redirect, which is never followed: check api.url"},
	{500, 599, SID_ANY, BODY_ANY, OUTCOME_UNKNOWN, ACCOUNT_FINE, NULL, "the API failed"},
	{1, 999, SID_ANY, BODY_ANY, OUTCOME_UNKNOWN, ACCOUNT_FINE, NULL,
	 "the API answered with a status of no meaning here"},
};

static bool fits(const struct verdict *row, const struct exchange *exchange)
{
	if (exchange->http_status < row->first || exchange->http_status > row->last)
		return false;
	if (row->sid != SID_ANY && (row->sid == SID_YES) != exchange->has_sid)
		return false;
	if (row->sid == SID_NO_BUT_A_PAGE && !exchange->is_page)
		return false;
	return row->body == BODY_ANY || !exchange->body_started;
}

static const struct verdict *find(const struct exchange *exchange)
{
	size_t i = 0;

	assert(exchange->http_status >= 0 && exchange->http_status <= 999);
	while (!fits(&VERDICTS[i], exchange))
		i++;
	return &VERDICTS[i];
}

static int64_t between(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* The sentence, then what the other side said in its own words. */
static void explain(struct outcome *outcome, const struct verdict *row, const struct exchange *exchange)
{
	const char *said = exchange->error_text != NULL ? exchange->error_text : "";
	const char *number = exchange->error_code != NULL ? exchange->error_code : "";
	const char *colon = said[0] ? ": " : "";

	if (row->kind == OUTCOME_DONE)
		text_copy(outcome->reason, sizeof(outcome->reason), row->sentence);
	else if (number[0])
		text_format(outcome->reason, sizeof(outcome->reason), "%s (code %s)%s%s", row->sentence, number, colon,
			    said);
	else
		text_format(outcome->reason, sizeof(outcome->reason), "%s%s%s", row->sentence, colon, said);
}

struct outcome retry_judge(const struct exchange *exchange)
{
	const struct verdict *row = find(exchange);
	struct outcome outcome = {.kind = row->kind, .account = row->account};

	if (exchange->retry_after_ms >= 0)
		outcome.retry_after_ms = between(exchange->retry_after_ms, RETRY_AFTER_MIN_MS, RETRY_AFTER_MAX_MS);
	if (row->code != NULL)
		text_copy(outcome.code, sizeof(outcome.code), row->code);
	else
		text_format(outcome.code, sizeof(outcome.code), "api_%d", exchange->http_status);
	explain(&outcome, row, exchange);
	return outcome;
}

int64_t retry_delay_ms(int64_t attempts, int64_t retry_after_ms, uint64_t random)
{
	int64_t ceiling = RETRY_BASE_MS;

	assert(attempts >= 1);
	for (int64_t i = 1; i < attempts && ceiling < RETRY_MAX_MS; i++)
		ceiling *= 2;
	if (ceiling > RETRY_MAX_MS)
		ceiling = RETRY_MAX_MS;
	int64_t delay = (int64_t)(random % (uint64_t)(ceiling + 1));

	return delay > retry_after_ms ? delay : retry_after_ms;
}
