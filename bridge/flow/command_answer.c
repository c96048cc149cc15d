/* command_answer - decode, judge, translate. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/command_answer.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/flow/polling.h"
#include "bridge/rule/retry.h"

/* The account is paused as a whole; its commands only need to be due again when it is not. */
enum { ACCOUNT_DUE_MS = 1000 };
/* One that is refused with every new token may itself be what is refused, such as a SIM of somebody else. It must not
 * be the first at each token, or nothing else ever goes. */
enum { REFUSALS_AT_ONCE = 1, REFUSALS_COUNTED = 6 };

/* A status that no document names is `queued`: the API has it. */
void command_answer_adopt(const struct api_resource *resource, struct store_settlement *ret)
{
	static const enum lifecycle_event events[] = {
		[API_QUEUED] = EVENT_API_QUEUED,       [API_SENT] = EVENT_API_SENT,
		[API_DELIVERED] = EVENT_API_DELIVERED, [API_RECEIVED] = EVENT_API_QUEUED,
		[API_FAILED] = EVENT_API_FAILED,       [API_OTHER] = EVENT_API_QUEUED,
	};
	ret->event = events[resource->status];
	text_copy(ret->sid, sizeof(ret->sid), resource->sid);
	text_copy(ret->sim_sid, sizeof(ret->sim_sid), resource->sim_sid);
	if (ret->event != EVENT_API_FAILED)
		return;
	text_copy(ret->error_code, sizeof(ret->error_code), resource->error_code);
	text_copy(ret->error_message, sizeof(ret->error_message), resource->error_message);
}

/* There is no resource: what the outcome says instead. */
static void take_outcome(const struct outcome *outcome, struct store_settlement *ret)
{
	static const enum lifecycle_event events[] = {
		[OUTCOME_RETRY] = EVENT_NOT_SENT,
		[OUTCOME_REFUSED] = EVENT_REFUSED,
		[OUTCOME_UNKNOWN] = EVENT_NO_ANSWER,
	};
	ret->event = events[outcome->kind];
	text_copy(ret->error_code, sizeof(ret->error_code), outcome->code);
	text_copy(ret->error_message, sizeof(ret->error_message), outcome->reason);
}

/* JSON never begins like that. */
static bool is_page(const struct http_result *result)
{
	size_t i = 0;
	while (i < result->len && memchr("\xef\xbb\xbf \t\r\n", result->body[i], 7) != NULL)
		i++;
	return i < result->len && result->body[i] == '<';
}

struct outcome command_answer_judge(const struct http_result *result, struct store_settlement *ret)
{
	struct api_resource *resource = memory_zeroed(1, sizeof(*resource));
	char code[ERROR_CODE_SIZE], text[ERROR_TEXT_SIZE], why[WHY_SIZE];
	bool created = result->status >= 200 && result->status < 300;
	bool has_sid = created && api_resource_decode(resource, result->body, result->len, why, sizeof(why));
	api_error_decode(code, text, result->body, result->status > 0 && !created ? result->len : 0);
	struct exchange exchange = {
		.http_status = result->status,
		.body_started = result->body_started,
		.has_sid = has_sid,
		.is_page = is_page(result),
		.retry_after_ms = result->retry_after_ms,
		.error_code = code,
		.error_text = text[0] != '\0' ? text : result->error,
	};
	struct outcome outcome = retry_judge(&exchange);
	if (outcome.kind == OUTCOME_DONE)
		command_answer_adopt(resource, ret);
	else
		take_outcome(&outcome, ret);
	free(resource);
	return outcome;
}

static int64_t step_back_ms(int64_t attempts)
{
	if (attempts <= REFUSALS_AT_ONCE)
		return 0;
	return ACCOUNT_DUE_MS << ((attempts < REFUSALS_COUNTED ? attempts : REFUSALS_COUNTED) - REFUSALS_AT_ONCE);
}

int64_t command_answer_due(const struct settings *settings, const struct outcome *outcome,
			   const struct store_attempt *attempt, bool others_go, int64_t now_ms, uint64_t random)
{
	switch (outcome->kind) {
	case OUTCOME_DONE:
		return now_ms + polling_poll_after_ms(settings);
	case OUTCOME_UNKNOWN:
		return now_ms + settings->reconcile_settle_ms;
	case OUTCOME_REFUSED:
		return now_ms;
	case OUTCOME_RETRY:
		break;
	}
	if (outcome->account == ACCOUNT_UNAUTHORIZED && others_go)
		return now_ms + step_back_ms(attempt->attempts);
	if (outcome->account != ACCOUNT_FINE)
		return now_ms + (outcome->retry_after_ms > ACCOUNT_DUE_MS ? ACCOUNT_DUE_MS : outcome->retry_after_ms);
	return now_ms + retry_delay_ms(attempt->attempts, outcome->retry_after_ms, random);
}
