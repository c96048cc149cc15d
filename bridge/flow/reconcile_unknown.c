/* reconcile_unknown - a create without an answer is looked for in the API's list and adopted, or sent again.
 *
 * An outage is waited for, however long it lasts. A list that the API refuses is another thing: it is asked for ever
 * more seldom, and when the command's time is over, an operator has to judge: its SIM's other commands wait for it. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconcile.h"

#include <stdlib.h>

#include "bridge/base/crash.h"
#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/flow/command_answer.h"
#include "bridge/flow/polling.h"
#include "bridge/rule/patience.h"
#include "bridge/rule/retry.h"

enum { BATCH = 16, PAGE_SIZE = 100, AGAIN_MS = 5000, REFUSED_AGAIN_MAX_MS = 5 * 60 * 1000 };

#define LIST_REFUSED "list_refused"

/* The search for one command's resource. */
struct search {
	struct reconcile *reconcile;
	const struct store_record *record;
	int64_t until_ms;
	size_t found;
	struct api_resource *match;
};

/* Of another SIM, in a list that was not filtered as asked. */
static bool is_elsewhere(const struct search *search, const struct api_resource *resource)
{
	const char *sim = search->record->sim; /* a sid or a unique_name, which resources do not tell */
	return api_sid_is_valid(sim, "HS") && resource->sim_sid[0] != '\0' && !text_equal(sim, resource->sim_sid);
}

static bool is_candidate(const struct search *search, const struct api_resource *resource)
{
	if (search->record->sid[0] != '\0') /* a callback has told which one */
		return text_equal(resource->sid, search->record->sid);
	if (resource->direction == API_FROM_SIM || !text_equal(resource->payload, search->record->payload))
		return false;
	if (is_elsewhere(search, resource))
		return false;
	bool dated = resource->created_ms >= 0;
	if (dated && resource->created_ms < search->record->attempted_ms - RECONCILE_SKEW_MS)
		return false;
	if (dated && resource->created_ms > search->until_ms + RECONCILE_SKEW_MS)
		return false;
	return !store_owns_sid(search->reconcile->parts.store, resource->sid);
}

static bool take_page(void *ctx, const struct api_page *page)
{
	struct search *search = ctx;
	for (size_t i = 0; i < page->count; i++) {
		const struct api_resource *resource = &page->resources[i];
		if (!is_candidate(search, resource))
			continue;
		/* New entries push old ones to the next page while we read. */
		if (search->found > 0 && text_equal(search->match->sid, resource->sid))
			continue;
		if (search->found++ == 0)
			*search->match = *resource;
	}
	thread_alive(search->reconcile->thread);
	return search->found < 2 && !thread_is_stopping(search->reconcile->thread);
}

/* What the spool knows is older than the truth: somebody may have cancelled it since. */
static bool is_doubted(const struct store_record *record, int64_t now_ms)
{
	return text_equal(record->error_code, STORE_RESTORED) && record->expires_ms > now_ms;
}

/* The API said yes to it and only its sid was not to be read: if it is sent again it may be there twice. */
static bool is_taken(const struct store_record *record)
{
	return text_equal(record->error_code, RETRY_NO_SID);
}

enum verdict { ABSENT, ADOPTED, AMBIGUOUS, DOUBTED, TAKEN, UNLISTED };

static enum verdict judge(const struct search *search, int64_t now_ms)
{
	if (search->found == 0)
		return is_doubted(search->record, now_ms) ? DOUBTED : is_taken(search->record) ? TAKEN : ABSENT;
	return search->found == 1 ? ADOPTED : AMBIGUOUS;
}

/* What was known of it before says more than that it cannot be listed. */
static const char *code_of_unlisted(const struct store_record *record)
{
	bool known = is_taken(record) || text_equal(record->error_code, STORE_RESTORED);
	return known ? record->error_code : LIST_REFUSED;
}

/* `why`: of a refused list; else "". */
static void settle(const struct search *search, enum verdict verdict, const char *why)
{
	const struct store_record *record = search->record;
	const struct reconciler_parts *parts = &search->reconcile->parts;
	int64_t now_ms = timekeeper_now(parts->time);
	struct store_settlement settlement = {.seq = record->seq, .due_ms = now_ms};
	static const struct {
		enum counter counter;
		enum lifecycle_event event;
		const char *code, *text; /* of what is held for another reason than its event; else "" */
		const char *words;
	} verdicts[] = {
		[ABSENT] = {COUNT_RESOLVED_ABSENT, EVENT_NOT_SENT, "", "",
			    "reconciled: the API does not have it; it will be sent again"},
		[ADOPTED] = {COUNT_RESOLVED_ADOPTED, EVENT_API_QUEUED, "", "", "reconciled: the API has it"},
		[AMBIGUOUS] = {COUNT_RESOLVED_HELD, EVENT_AMBIGUOUS, "", "",
			       "held: several SMS at the API could be this command; see docs/operating.md"},
		[DOUBTED] = {COUNT_RESOLVED_HELD, EVENT_AMBIGUOUS, STORE_RESTORED,
			     "it waited in a spool that lacks what happened since, and the API does not have it",
			     "held: not at the API, and the spool lacks what happened since; see docs/operating.md"},
		[TAKEN] = {COUNT_RESOLVED_HELD, EVENT_AMBIGUOUS, RETRY_NO_SID,
			   "the API said yes to it without naming it, and does not list it",
			   "held: the API said yes to it but does not list it; see docs/operating.md"},
		[UNLISTED] = {COUNT_RESOLVED_HELD, EVENT_AMBIGUOUS, LIST_REFUSED, "its SIM's SMS cannot be listed",
			      "held: the API refuses the list; see docs/operating.md"},
	};
	settlement.event = verdicts[verdict].event;
	text_copy(settlement.error_code, sizeof(settlement.error_code),
		  verdict == UNLISTED ? code_of_unlisted(record) : verdicts[verdict].code);
	text_format(settlement.error_message, sizeof(settlement.error_message), "%s%s%s", verdicts[verdict].text,
		    why[0] != '\0' ? ": " : "", why);
	if (verdict == ADOPTED) {
		command_answer_adopt(search->match, &settlement);
		settlement.due_ms = now_ms + polling_poll_after_ms(parts->settings);
	}
	crash_point("reconciler-before-settle");
	store_settle(parts->store, &settlement, 1, now_ms);
	counters_add(parts->counters, verdicts[verdict].counter);
	log_warn(record->id, verdicts[verdict].words, LOG_TEXT("device", record->device),
		 LOG_TEXT("sid", settlement.sid), LOG_NUMBER("candidates", (int64_t)search->found));
}

/* Its look was due when its time was over already, and not only now that we are back. */
static bool is_out_of_time(const struct reconcile *reconcile, const struct store_record *record)
{
	return record->due_ms - record->attempted_ms >= reconcile->parts.settings->limits_max_age_ms;
}

/* Nothing is certain: later, or never. */
static void put_off(const struct search *search, const struct outcome *outcome)
{
	const struct store_record *record = search->record;
	bool refused = outcome->kind == OUTCOME_REFUSED;
	int64_t age_ms = search->until_ms - record->attempted_ms;
	if (refused && is_out_of_time(search->reconcile, record)) {
		settle(search, UNLISTED, outcome->reason);
		return;
	}
	int64_t again_ms = refused ? patience_pause_ms(age_ms, AGAIN_MS, REFUSED_AGAIN_MAX_MS) : AGAIN_MS;
	store_postpone(search->reconcile->parts.store, record->seq, search->until_ms + again_ms);
	if (outcome->kind != OUTCOME_DONE)
		log_warn(record->id, "cannot be reconciled now", LOG_TEXT("code", outcome->code),
			 LOG_TEXT("why", outcome->reason));
}

/* False: the API could not be asked; the rest may wait too. */
static bool resolve(struct reconcile *reconcile, const struct store_record *record)
{
	struct search search = {
		.reconcile = reconcile,
		.record = record,
		.until_ms = timekeeper_now(reconcile->parts.time),
		.match = memory_zeroed(1, sizeof(*search.match)),
	};
	const struct api_filter filter = {
		.sim = record->sim, .status = "", .direction = "to_sim", .page_size = PAGE_SIZE};
	bool complete;
	struct outcome outcome = api_query_list(reconcile->query, &filter, take_page, &search, &complete);
	bool named = record->sid[0] != '\0' && search.found == 1; /* whatever else the list would show */
	bool certain = named || (outcome.kind == OUTCOME_DONE && (complete || search.found >= 2));
	if (certain)
		settle(&search, judge(&search, timekeeper_now(reconcile->parts.time)), "");
	else
		put_off(&search, &outcome);
	free(search.match);
	return certain || outcome.kind == OUTCOME_REFUSED;
}

int64_t reconcile_unknown(struct reconcile *reconcile)
{
	struct store_record *records = memory_zeroed(BATCH, sizeof(*records));
	int64_t next_ms = INT64_MAX;
	size_t count =
		store_unknown(reconcile->parts.store, timekeeper_now(reconcile->parts.time), records, BATCH, &next_ms);
	bool go_on = true;
	for (size_t i = 0; i < count && go_on && !thread_is_stopping(reconcile->thread); i++) {
		/* On a full disk nothing can be put off, and would be due again at once. */
		go_on = resolve(reconcile, &records[i]) && store_has_room(reconcile->parts.store);
		thread_alive(reconcile->thread);
	}
	free(records);
	if (count == 0)
		return next_ms;
	return timekeeper_now(reconcile->parts.time) + (go_on ? 0 : AGAIN_MS);
}
