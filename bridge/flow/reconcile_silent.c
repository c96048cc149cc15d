/* reconcile_silent - commands that the API has and of which nothing was heard are fetched. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconcile.h"

#include <stdlib.h>

#include "bridge/base/crash.h"
#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/flow/polling.h"
#include "bridge/rule/patience.h"

enum { API_RETENTION_DAYS = 30, BATCH = 32, AGAIN_MS = 5000, DAY_MS = 24 * 60 * 60 * 1000, HOUR_MS = 60 * 60 * 1000 };

/* The longer it has been silent, the more seldom it is asked: a tenth of its age, at most an hour, of an unconfirmed
 * one a day; and no more when the API has forgotten it. */
static int64_t next_poll(const struct settings *settings, const struct store_record *record, int64_t now_ms)
{
	if (now_ms - record->attempted_ms > (int64_t)API_RETENTION_DAYS * DAY_MS)
		return STORE_NEVER_MS;
	int64_t least_ms = polling_poll_after_ms(settings);
	int64_t most_ms = record->state == STATE_UNCONFIRMED ? DAY_MS : HOUR_MS;
	return now_ms + patience_pause_ms(now_ms - record->attempted_ms, least_ms, most_ms);
}

static bool is_silent_for_a_day(const struct store_record *record, int64_t now_ms)
{
	return record->state != STATE_UNCONFIRMED && now_ms - record->attempted_ms >= DAY_MS;
}

static void tell_silence(struct reconcile *reconcile, const struct store_record *record, int64_t now_ms)
{
	const struct store_settlement silence = {.seq = record->seq, .event = EVENT_SILENT, .due_ms = now_ms + HOUR_MS};
	store_settle(reconcile->parts.store, &silence, 1, now_ms);
	log_warn(record->id, "unconfirmed: no delivery report for a day", LOG_TEXT("device", record->device),
		 LOG_TEXT("sid", record->sid));
}

static void report(struct reconcile *reconcile, const struct store_record *record, const struct api_resource *resource)
{
	const struct store_report report = {
		.seq = record->seq,
		.sid = resource->sid,
		.sim_sid = resource->sim_sid,
		.status = resource->status,
		.error_code = resource->error_code,
		.error_message = resource->error_message,
	};
	crash_point("reconciler-before-report");
	if (store_report(reconcile->parts.store, &report, timekeeper_now(reconcile->parts.time)) == STORE_NEWS)
		log_info(record->id, "status found by asking", LOG_TEXT("device", record->device),
			 LOG_TEXT("status", api_status_text(resource->status)));
}

/* False: the API could not be asked. */
static bool poll_one(struct reconcile *reconcile, const struct store_record *record, struct api_resource *resource)
{
	struct outcome outcome = api_query_fetch(reconcile->query, record->sid, resource, NULL);
	int64_t now_ms = timekeeper_now(reconcile->parts.time);
	bool asked = outcome.kind == OUTCOME_DONE || outcome.kind == OUTCOME_REFUSED;
	counters_add(reconcile->parts.counters, COUNT_POLLED);
	store_postpone(reconcile->parts.store, record->seq,
		       asked ? next_poll(reconcile->parts.settings, record, now_ms) : now_ms + AGAIN_MS);
	bool told = outcome.kind == OUTCOME_DONE && text_equal(resource->sid, record->sid);
	if (told)
		report(reconcile, record, resource);
	else
		log_warn(record->id, "status cannot be fetched", LOG_TEXT("code", outcome.code),
			 LOG_TEXT("why", outcome.reason));
	bool ended = told && (resource->status == API_DELIVERED || resource->status == API_FAILED);
	if (asked && !ended && is_silent_for_a_day(record, now_ms))
		tell_silence(reconcile, record, now_ms);
	return asked;
}

int64_t reconcile_silent(struct reconcile *reconcile)
{
	/* What cannot be stored need not be asked; nor could it be put off, and would be due again at once. */
	if (!store_has_room(reconcile->parts.store))
		return timekeeper_now(reconcile->parts.time) + AGAIN_MS;
	struct store_record *records = memory_zeroed(BATCH, sizeof(*records));
	struct api_resource *resource = memory_zeroed(1, sizeof(*resource));
	int64_t next_ms = INT64_MAX;
	size_t count =
		store_silent(reconcile->parts.store, timekeeper_now(reconcile->parts.time), records, BATCH, &next_ms);
	bool go_on = true;
	for (size_t i = 0; i < count && go_on && !thread_is_stopping(reconcile->thread); i++) {
		go_on = poll_one(reconcile, &records[i], resource) && store_has_room(reconcile->parts.store);
		thread_alive(reconcile->thread);
	}
	free(resource);
	free(records);
	if (count == 0)
		return next_ms;
	return timekeeper_now(reconcile->parts.time) + (go_on ? 0 : AGAIN_MS);
}
