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

const char *callback_intake_methods(const struct settings *settings)
{
	return text_equal(settings->webhook_method, "GET") ? "GET, POST" : "POST";
}

int callback_intake_gate(void *ctx, const char *method, const char *path)
{
	const struct callback_intake *intake = ctx;
	const char *token;
	if (callback_url_kind(intake->settings, path, &token) == CALLBACK_NONE)
		return 404;
	/* POST works always: the Fleet's callbacks, and those of commands sent before the setting was changed. */
	return text_equal(method, "POST") || text_equal(method, intake->settings->webhook_method) ? 0 : 405;
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
	struct store_report report; /* what is to be stored: a status, */
	struct mo_ready sms;	    /* or an SMS from a device, */
	struct buffer stranger;	    /* or the status of a command that is not ours */
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
static void render_stranger(struct buffer *payload, const struct callback *callback, int64_t now_ms)
{
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
	buffer_init(payload, 8 * MO_SIZE); /* every character may need six bytes as JSON */
	event_status_encode(payload, &event);
}

static enum verdict after_status(const struct callback_intake *intake, const struct arrival *arrival,
				 enum store_reported result)
{
	switch (result) {
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
	return STRANGER;
}

static enum verdict after_sms(const struct callback_intake *intake, struct arrival *arrival, enum store_reported result)
{
	switch (mo_intake_conclude(intake->mo, &arrival->sms, result)) {
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

static struct store_report report_of(const struct callback_intake *intake, const struct arrival *arrival)
{
	const struct callback *callback = &arrival->callback;
	bool ours = arrival->kind == CALLBACK_STATUS && text_equal(arrival->token.epoch, store_epoch(intake->store));
	return (struct store_report){
		.seq = ours ? arrival->token.seq : 0,
		.sid = callback->sid,
		.sim_sid = callback->sim_sid,
		.status = callback->status,
		.error_code = callback->error_code,
		.error_message = callback->error_message,
	};
}

static void prepare_sms(const struct callback_intake *intake, struct arrival *arrival, int64_t now_ms)
{
	const struct callback *callback = &arrival->callback;
	const struct mo_sms sms = {
		.sid = callback->sid,
		.sim_sid = callback->sim_sid,
		.sim_unique_name = callback->sim_unique_name,
		.payload = callback->payload,
		.time_ms = now_ms,
		.now_ms = now_ms,
	};
	mo_intake_prepare(intake->mo, &sms, &arrival->sms);
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

static bool is_sms(const struct arrival *arrival)
{
	return arrival->callback.direction == API_FROM_SIM || arrival->callback.status == API_RECEIVED;
}

/* STORED: it is to be stored. */
static enum verdict judge(const struct callback_intake *intake, struct arrival *arrival)
{
	enum verdict verdict = check(intake, arrival);
	/* The Fleet's address is for all that its SIMs do; that of a command only for what becomes of that command. */
	if (verdict == STORED && is_sms(arrival) && arrival->kind != CALLBACK_SMS) {
		note_why(intake, "an SMS from a device came to the address of a command", arrival);
		return FORGED;
	}
	return verdict;
}

/* The end of an arrival. */
static void answer(const struct callback_intake *intake, struct arrival *arrival, enum verdict verdict,
		   struct http_reply *reply)
{
	counters_add(intake->counters, verdicts[verdict].counter);
	if (verdict != FORGED && verdict != MALFORMED)
		atomic_store(&intake->counters->last_callback_ms, clock_wall_ms());
	if (verdict == STORED)
		log_info("", "callback stored", LOG_TEXT("sid", arrival->callback.sid),
			 LOG_TEXT("status", api_status_text(arrival->callback.status)));
	reply->status = verdicts[verdict].status;
	form_clear(&arrival->form);
	buffer_clear(&arrival->stranger);
	free(arrival);
}

bool callback_intake_sift(void *ctx, const struct http_request_in *request, struct http_reply *reply, void **ret_read)
{
	const struct callback_intake *intake = ctx;
	struct arrival *arrival = memory_zeroed(1, sizeof(*arrival));
	arrival->request = request;
	arrival->segment = "";
	arrival->is_post = text_equal(request->method, "POST");
	enum verdict verdict = judge(intake, arrival);
	if (verdict == STORED)
		*ret_read = arrival;
	else
		answer(intake, arrival, verdict, reply);
	return verdict != STORED;
}

static struct store_arrival prepare(const struct callback_intake *intake, struct arrival *arrival, int64_t now_ms)
{
	if (is_sms(arrival)) {
		prepare_sms(intake, arrival, now_ms);
		return (struct store_arrival){.mo = &arrival->sms.mo};
	}
	arrival->report = report_of(intake, arrival);
	return (struct store_arrival){.report = &arrival->report};
}

/* One more transaction, for all of them. */
static enum verdict publish_strangers(const struct callback_intake *intake, const struct http_exchange *exchanges,
				      const enum verdict *verdicts_so_far, size_t count, int64_t now_ms)
{
	struct store_message *messages = memory_zeroed(count, sizeof(*messages));
	char topic[TOPIC_SIZE];
	size_t strangers = 0;
	text_format(topic, sizeof(topic), "%s/unmapped", intake->settings->topics_bridge);
	for (size_t i = 0; i < count; i++) {
		struct arrival *arrival = exchanges[i].read;
		if (verdicts_so_far[i] != STRANGER)
			continue;
		render_stranger(&arrival->stranger, &arrival->callback, now_ms);
		messages[strangers++] = (struct store_message){
			.topic = topic, .payload = buffer_text(&arrival->stranger), .len = arrival->stranger.len};
	}
	bool stored = store_publish(intake->store, messages, strangers);
	free(messages);
	return stored ? STRANGER : FULL;
}

void callback_intake_store(void *ctx, struct http_exchange *exchanges, size_t count)
{
	const struct callback_intake *intake = ctx;
	struct store_arrival *stored = memory_zeroed(count, sizeof(*stored));
	enum verdict *judged = memory_zeroed(count, sizeof(*judged));
	int64_t now_ms = timekeeper_now(intake->time);
	for (size_t i = 0; i < count; i++)
		stored[i] = prepare(intake, exchanges[i].read, now_ms);
	store_arrivals(intake->store, stored, count, now_ms);
	for (size_t i = 0; i < count; i++) {
		struct arrival *arrival = exchanges[i].read;
		arrival->request = &exchanges[i].request;
		judged[i] = is_sms(arrival) ? after_sms(intake, arrival, stored[i].result)
					    : after_status(intake, arrival, stored[i].result);
	}
	enum verdict strangers = publish_strangers(intake, exchanges, judged, count, now_ms);
	for (size_t i = 0; i < count; i++)
		answer(intake, exchanges[i].read, judged[i] == STRANGER ? strangers : judged[i], &exchanges[i].reply);
	free(judged);
	free(stored);
	crash_point("callback-before-answer");
}
