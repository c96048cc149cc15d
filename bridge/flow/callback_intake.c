/* callback_intake - one path from request to fact; every exit is a row of the verdict table. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/callback_intake.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bridge/base/clock.h"
#include "bridge/base/crash.h"
#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/callback.h"
#include "bridge/codec/event.h"
#include "bridge/flow/callback_url.h"

enum verdict { STORED, KNOWN, STRANGER, MALFORMED, FORGED, FULL };

static const struct {
	int status;
	enum counter counter;
} verdicts[] = {
	[STORED] = {204, COUNT_CALLBACK_STORED},     [KNOWN] = {204, COUNT_CALLBACK_KNOWN},
	[STRANGER] = {204, COUNT_CALLBACK_STRANGER}, [MALFORMED] = {400, COUNT_CALLBACK_MALFORMED},
	[FORGED] = {403, COUNT_CALLBACK_FORGED},     [FULL] = {503, COUNT_CALLBACK_FULL},
};

int callback_intake_gate(void *ctx, const char *method, const char *path)
{
	const struct callback_intake *intake = ctx;
	const char *token;
	if (callback_url_kind(intake->settings, path, &token) == CALLBACK_NONE)
		return 404;
	return text_equal(method, intake->settings->webhook_method) ? 0 : 405;
}

/* What came in, in the order in which it is trusted. */
struct arrival {
	const struct http_request_in *request;
	enum callback_kind kind;
	const char *segment; /* the last of the path */
	struct callback_token token;
	struct form form;
	struct callback callback;
	bool is_post;
};

static bool is_form_encoded(const struct http_request_in *request)
{
	static const char type[] = "application/x-www-form-urlencoded";
	const char *given = http_header(request, "Content-Type");
	return given[0] == '\0' ||
	       (strncasecmp(given, type, sizeof(type) - 1) == 0 && strchr("; \t", given[sizeof(type) - 1]) != NULL);
}

static bool provider_fits(const struct callback_intake *intake, const struct arrival *arrival)
{
	char url[URL_SIZE];
	callback_url_given(url, intake->settings, arrival->kind, arrival->segment);
	const struct webhook_signed what = {
		.kore_signature = http_header(arrival->request, "kore-signature"),
		.twilio_signature = http_header(arrival->request, "X-Twilio-Signature"),
		.method = arrival->request->method,
		.url = url,
		.query = arrival->is_post ? "" : arrival->request->query,
		.body = arrival->request->body,
		.body_len = arrival->is_post ? arrival->request->body_len : 0,
		.form = arrival->is_post ? &arrival->form : NULL,
	};
	return webhook_keys_provider_fits(intake->keys, &what);
}

static void note_why(const struct callback_intake *intake, const char *why, const struct arrival *arrival)
{
	int64_t untold;
	if (counters_may_tell(intake->counters, clock_mono_ms(), &untold))
		log_warn("", "callback refused", LOG_TEXT("why", why), LOG_TEXT("peer", arrival->request->peer),
			 LOG_NUMBER("untold", untold));
}

/* A status of a SIM's command that is not in our store: another program's, or older than our retention. */
static enum verdict store_stranger(const struct callback_intake *intake, const struct callback *callback)
{
	struct buffer payload;
	char topic[TOPIC_SIZE];
	int64_t now_ms = timekeeper_now(intake->time);
	buffer_init(&payload, 8 * MO_SIZE); /* every character may need six bytes as JSON */
	const struct status_event event = {
		.status = api_status_text(callback->status),
		.device = "",
		.id = "",
		.sid = callback->sid,
		.sim_sid = callback->sim_sid,
		.payload = callback->payload,
		.error_code = callback->error_code,
		.error_message = callback->error_message,
		.time_ms = now_ms,
	};
	event_status_encode(&payload, &event);
	text_format(topic, sizeof(topic), "%s/unmapped", intake->settings->topics_bridge);
	bool stored = store_publish(intake->store, topic, buffer_text(&payload), payload.len, now_ms);
	buffer_clear(&payload);
	return stored ? STRANGER : FULL;
}

static enum verdict store_status(const struct callback_intake *intake, const struct arrival *arrival)
{
	const struct callback *callback = &arrival->callback;
	bool ours = arrival->kind == CALLBACK_STATUS && text_equal(arrival->token.epoch, store_epoch(intake->store));
	const struct store_report report = {
		.seq = ours ? arrival->token.seq : 0,
		.sid = callback->sid,
		.sim_sid = callback->sim_sid,
		.status = callback->status,
		.error_code = callback->error_code,
		.error_message = callback->error_message,
	};
	switch (store_report(intake->store, &report, timekeeper_now(intake->time))) {
	case STORE_NEWS:
		return STORED;
	case STORE_KNOWN:
		return KNOWN;
	case STORE_MISMATCH:
		note_why(intake, "the token belongs to another command than the sid", arrival);
		return FORGED;
	case STORE_REPORT_FULL:
		return FULL;
	case STORE_STRANGER:
		break;
	}
	return store_stranger(intake, callback);
}

static enum verdict store_sms(const struct callback_intake *intake, const struct callback *callback)
{
	int64_t now_ms = timekeeper_now(intake->time);
	const struct mo_sms sms = {
		.sid = callback->sid,
		.sim_sid = callback->sim_sid,
		.sim_unique_name = callback->sim_unique_name,
		.payload = callback->payload,
		.time_ms = now_ms,
		.now_ms = now_ms,
	};
	switch (mo_intake_take(intake->mo, &sms)) {
	case MO_NEW:
		counters_add(intake->counters, COUNT_MO_STORED);
		return STORED;
	case MO_KNOWN:
		return KNOWN;
	case MO_FULL:
		break;
	}
	return FULL;
}

/* Only after this the content counts. Fills the arrival's form and callback; the form is the caller's to clear. */
static enum verdict check(const struct callback_intake *intake, struct arrival *arrival)
{
	const struct http_request_in *request = arrival->request;
	char why[WHY_SIZE];
	arrival->kind = callback_url_kind(intake->settings, request->path, &arrival->segment);
	if (!callback_url_read(intake->keys, arrival->kind, arrival->segment, &arrival->token)) {
		note_why(intake, "the token in the path is not ours", arrival);
		return FORGED;
	}
	/* With a provider's secret set, what cannot be parsed cannot be signed either. */
	enum verdict unreadable = webhook_keys_has_provider(intake->keys) ? FORGED : MALFORMED;
	const char *text = arrival->is_post ? request->body : request->query;
	size_t len = arrival->is_post ? request->body_len : strlen(request->query);
	if (arrival->is_post && !is_form_encoded(request)) {
		note_why(intake, "the content type is not application/x-www-form-urlencoded", arrival);
		return unreadable;
	}
	if (!form_parse(&arrival->form, text, len, why, sizeof(why))) {
		note_why(intake, why, arrival);
		return unreadable;
	}
	if (!provider_fits(intake, arrival)) {
		note_why(intake, "the provider's signature does not fit", arrival);
		return FORGED;
	}
	if (!callback_decode(&arrival->callback, &arrival->form, why, sizeof(why))) {
		note_why(intake, why, arrival);
		return MALFORMED;
	}
	return STORED;
}

/* The Fleet's address is for all that its SIMs do; that of a command only for what becomes of that command. */
static enum verdict store(const struct callback_intake *intake, const struct arrival *arrival)
{
	const struct callback *callback = &arrival->callback;
	bool is_sms = callback->direction == API_FROM_SIM || callback->status == API_RECEIVED;
	if (!is_sms)
		return store_status(intake, arrival);
	if (arrival->kind == CALLBACK_SMS)
		return store_sms(intake, callback);
	note_why(intake, "an SMS from a device came to the address of a command", arrival);
	return FORGED;
}

static enum verdict take(const struct callback_intake *intake, struct arrival *arrival)
{
	enum verdict verdict = check(intake, arrival);
	if (verdict == STORED)
		verdict = store(intake, arrival);
	form_clear(&arrival->form);
	return verdict;
}

void callback_intake_handle(void *ctx, const struct http_request_in *request, struct http_reply *reply)
{
	const struct callback_intake *intake = ctx;
	struct arrival *arrival = memory_zeroed(1, sizeof(*arrival));
	arrival->request = request;
	arrival->segment = "";
	arrival->is_post = text_equal(request->method, "POST");
	enum verdict verdict = take(intake, arrival);
	counters_add(intake->counters, verdicts[verdict].counter);
	if (verdict != FORGED && verdict != MALFORMED)
		atomic_store(&intake->counters->last_callback_ms, clock_wall_ms());
	if (verdict == STORED)
		log_info("", "callback stored", LOG_TEXT("sid", arrival->callback.sid),
			 LOG_TEXT("status", api_status_text(arrival->callback.status)));
	reply->status = verdicts[verdict].status;
	free(arrival);
	crash_point("callback-before-answer");
}
