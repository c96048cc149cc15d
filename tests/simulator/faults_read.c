// Rules and outcomes out of JSON.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/faults_read.h"

#include <stdlib.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/simulator/world.h"

static const char *const place_names[FAULT_NOWHERE] = {
	[FAULT_CREATE] = "create", [FAULT_TOKEN] = "token",	  [FAULT_FETCH] = "fetch",     [FAULT_LIST] = "list",
	[FAULT_SIMS] = "sims",	   [FAULT_CALLBACK] = "callback", [FAULT_AT_ONCE] = "at_once",
};

static const char *const manner_names[MANNER_COUNT] = {
	[MANNER_USUAL] = "usual",
	[MANNER_ACCEPT_THEN_CLOSE] = "accept_then_close",
	[MANNER_ACCEPT_THEN_RESET] = "accept_then_reset",
	[MANNER_CLOSE_BEFORE] = "close_before",
	[MANNER_TRUNCATE] = "truncate",
	[MANNER_NO_SID] = "no_sid",
	[MANNER_HTML] = "html",
	[MANNER_STOP] = "stop",
};

static const char *const rule_members[] = {"on", "name", "match", "times", "action", NULL};
static const char *const match_members[] = {"sim", "payload", "status", NULL};
static const char *const request_members[] = {"status",
					      "retry_after",
					      "body",
					      "accept",
					      "hold_ms",
					      "accept_then_close",
					      "accept_then_reset",
					      "close_before",
					      "truncate",
					      "no_sid",
					      "html",
					      "stop",
					      NULL};
static const char *const callback_members[] = {"lose", "repeat", "delay_ms", "reorder", "before_answer", NULL};
static const char *const outcome_members[] = {"match", "payload",	"sim",	 "status", "error_code",
					      "stay",  "error_message", "times", NULL};

static bool only(const struct json *object, const char *const *known, char why[WHY_SIZE])
{
	const char *unknown = json_read_unknown(object, known);
	if (unknown[0] == '\0')
		return true;
	text_format(why, WHY_SIZE, "unknown member %s", unknown);
	return false;
}

static void read_match(const struct json *object, struct match *ret)
{
	ret->sim = memory_copied_text(json_read_text(object, "sim", ""));
	ret->payload = memory_copied_text(json_read_text(object, "payload", ""));
	ret->status = memory_copied_text(json_read_text(object, "status", ""));
}

/* An action may be written as a word: "lose" is {"lose":true}. */
static bool says(const struct json *action, const char *name)
{
	return text_equal(json_read_string(action), name) || json_read_bool(action, name, false);
}

static bool read_request_action(const struct json *action, struct fault *ret, char why[WHY_SIZE])
{
	for (unsigned i = 0; i < MANNER_COUNT; i++)
		if (says(action, manner_names[i]))
			ret->manner = (enum fault_manner)i;
	if (!json_read_is_object(action)) {
		text_format(why, WHY_SIZE, "unknown action %s", json_read_string(action));
		return ret->manner != MANNER_USUAL;
	}
	ret->status = (int)json_read_number(action, "status", 0);
	ret->hold_ms = json_read_number(action, "hold_ms", 0);
	ret->accept = json_read_bool(action, "accept", false);
	text_copy(ret->retry_after, sizeof(ret->retry_after), json_read_text(action, "retry_after", ""));
	free(ret->body);
	ret->body = memory_copied_text(json_read_text(action, "body", ""));
	if (ret->status == 0 || (ret->status >= 200 && ret->status <= 599))
		return only(action, request_members, why);
	text_format(why, WHY_SIZE, "status must be 200 to 599");
	return false;
}

static bool read_callback_action(const struct json *action, struct fault *ret, char why[WHY_SIZE])
{
	ret->lose = says(action, "lose");
	ret->reorder = says(action, "reorder");
	ret->repeat = json_read_number(action, "repeat", 0);
	ret->delay_ms = json_read_number(action, "delay_ms", 0);
	ret->before_answer_final = text_equal(json_read_text(action, "before_answer", ""), "delivered");
	bool at_once = says(action, "before_answer") || ret->before_answer_final;
	if (at_once)
		ret->on = FAULT_AT_ONCE;
	if (json_read_is_object(action))
		return only(action, callback_members, why);
	text_format(why, WHY_SIZE, "unknown action %s", json_read_string(action));
	return ret->lose || ret->reorder || at_once;
}

static enum fault_place place_of(const char *name)
{
	unsigned i = 0;
	while (i < FAULT_AT_ONCE && !text_equal(place_names[i], name))
		i++;
	return i < FAULT_AT_ONCE ? (enum fault_place)i : FAULT_NOWHERE;
}

bool faults_read_rule(const struct json *rule, struct fault *ret, char why[WHY_SIZE])
{
	const struct json *match = json_read_member(rule, "match");
	const struct json *action = json_read_member(rule, "action");
	*ret = (struct fault){.on = place_of(json_read_text(rule, "on", ""))};
	ret->times = json_read_number(rule, "times", 1);
	text_copy(ret->name, sizeof(ret->name), json_read_text(rule, "name", ""));
	ret->body = memory_copied_text("");
	read_match(match, &ret->match);
	if (ret->on == FAULT_NOWHERE) {
		text_format(why, WHY_SIZE, "on must be create, token, fetch, list, sims or callback");
		return false;
	}
	if (action == NULL) {
		text_format(why, WHY_SIZE, "a rule needs an action");
		return false;
	}
	if (!only(rule, rule_members, why) || !only(match, match_members, why))
		return false;
	return ret->on == FAULT_CALLBACK ? read_callback_action(action, ret, why)
					 : read_request_action(action, ret, why);
}

bool faults_read_outcome(const struct json *body, struct sms_outcome *ret, char why[WHY_SIZE])
{
	const struct json *match = json_read_member(body, "match");
	const char *status = json_read_text(body, "status", "");
	const char *stay = json_read_text(body, "stay", "");
	*ret = (struct sms_outcome){.times = json_read_number(body, "times", -1), .stay = -1};
	if (!json_read_is_object(body) || !only(body, outcome_members, why) || !only(match, match_members, why))
		return false;
	ret->is_failure = text_equal(status, "failed");
	bool stays = text_equal(stay, "queued") || text_equal(stay, "sent");
	if (stays)
		ret->stay = (int)status_from_text(stay);
	if (stays == (status[0] != '\0') || (!stays && !ret->is_failure && !text_equal(status, "delivered"))) {
		text_format(why, WHY_SIZE, "say either status failed or delivered, or stay queued or sent");
		return false;
	}
	text_copy(ret->failure.code, sizeof(ret->failure.code), json_read_text(body, "error_code", ""));
	text_copy(ret->failure.message, sizeof(ret->failure.message), json_read_text(body, "error_message", ""));
	read_match(match != NULL ? match : body, &ret->match);
	free(ret->match.status);
	ret->match.status = memory_copied_text("");
	return true;
}
