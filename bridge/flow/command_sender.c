/* command_sender - one thread around a curl multi handle. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/command_sender.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/crash.h"
#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/api_message.h"
#include "bridge/flow/callback_url.h"
#include "bridge/flow/command_answer.h"

enum { TAKE_MAX = STORE_ORDER_MAX, IDLE_MS = 1000, NO_TOKEN_WAIT_MS = 1000 };
enum { CONNECT_TIMEOUT_MS = 10000, CREATE_BODY_MAX = 8192 };

/* One create under way. */
struct flight {
	struct command_sender *sender;
	struct store_attempt attempt;
	uint64_t generation; /* of the token that it went out with */
	enum account_asker asker;
	bool busy;
};

struct command_sender {
	struct command_sender_parts parts;
	struct http_client *http;
	struct thread thread;
	struct flight *flights; /* `api.concurrency` of them */
	size_t flight_count, busy;
	struct store_settlement *settlements; /* answers not yet committed */
	size_t settlement_count, settlement_max;
	int64_t next_due_ms;	  /* wall time when something waiting becomes due */
	bool look;		  /* the store may have something due now */
	_Atomic bool woken, mail; /* mail: something was taken on the standing order */
	int64_t stop_at_ms;	  /* monotonic, while stopping */
	char url[URL_SIZE];
	/* Of a turn; here because clearing them each time would cost more than all the rest. */
	struct store_attempt attempts[TAKE_MAX];
	char authorization[AUTHORIZATION_SIZE];
};

static struct store_settlement *add_settlement(struct command_sender *sender, int64_t seq)
{
	if (sender->settlement_count == sender->settlement_max) {
		sender->settlement_max = sender->settlement_max * 2 + 16;
		sender->settlements =
			memory_resized(sender->settlements, sender->settlement_max * sizeof(*sender->settlements));
	}
	struct store_settlement *settlement = &sender->settlements[sender->settlement_count++];
	*settlement = (struct store_settlement){.seq = seq};
	return settlement;
}

static void log_verdict(const struct store_attempt *attempt, const struct store_settlement *settlement,
			const struct outcome *outcome, const struct http_result *result)
{
	static const char *const words[] = {"sent to the API", "not sent: will be tried again", "refused by the API",
					    "no clear answer: will be reconciled"};
	enum log_level level = outcome->kind == OUTCOME_DONE ? LOG_INFO : LOG_WARN;
	LOG_EVENT(level, attempt->id, words[outcome->kind], LOG_TEXT("device", attempt->device),
		  LOG_TEXT("sid", settlement->sid), LOG_NUMBER("attempt", attempt->attempts),
		  LOG_NUMBER("http", result->status), LOG_TEXT("code", outcome->code), LOG_TEXT("why", outcome->reason),
		  LOG_NUMBER("ms", result->elapsed_us / 1000));
}

static void count_attempt(struct command_sender *sender, const struct outcome *outcome,
			  const struct http_result *result)
{
	static const enum counter counters[] = {COUNT_ATTEMPT_DONE, COUNT_ATTEMPT_RETRY, COUNT_ATTEMPT_REFUSED,
						COUNT_ATTEMPT_UNKNOWN};
	counters_add(sender->parts.counters, counters[outcome->kind]);
	counters_latency(sender->parts.counters, result->elapsed_us);
}

static void on_answer(void *ctx, const struct http_result *result)
{
	struct flight *flight = ctx;
	struct command_sender *sender = flight->sender;
	const struct command_sender_parts *parts = &sender->parts;
	struct store_settlement *settlement = add_settlement(sender, flight->attempt.seq);
	struct outcome outcome = command_answer_judge(result, settlement);
	uint64_t random;
	clock_random(&random, sizeof(random));
	settlement->due_ms = command_answer_due(parts->settings, &outcome, &flight->attempt,
						account_was_taken(parts->account), timekeeper_now(parts->time), random);
	if (account_note(parts->account, flight->asker, &outcome, flight->generation))
		log_error("", "the API account is paused; commands wait", LOG_TEXT("code", outcome.code),
			  LOG_TEXT("why", outcome.reason));
	count_attempt(sender, &outcome, result);
	log_verdict(&flight->attempt, settlement, &outcome, result);
	flight->busy = false;
	sender->busy--;
	crash_point("sender-after-answer");
}

static void send_one(struct command_sender *sender, struct flight *flight)
{
	const struct settings *settings = sender->parts.settings;
	struct buffer body;
	char callback[URL_SIZE];
	buffer_init(&body, CREATE_BODY_MAX);
	struct callback_token command = {.seq = flight->attempt.seq};
	text_copy(command.epoch, sizeof(command.epoch), store_epoch(sender->parts.store));
	callback_url_status(callback, settings, sender->parts.keys, &command);
	api_create_body(&body, flight->attempt.sim, flight->attempt.payload, callback, settings->webhook_method);
	const struct http_request_out request = {
		.method = "POST",
		.url = sender->url,
		.authorization = sender->authorization,
		.username = "",
		.password = "",
		.body = buffer_text(&body),
		.body_len = body.len,
	};
	flight->busy = true;
	sender->busy++;
	crash_point("sender-before-post");
	http_client_start(sender->http, &request, on_answer, flight);
	buffer_clear(&body);
}

/* A dry run does everything but the POST, and walks through the states that users' automations wait for. */
static void pretend(struct command_sender *sender, const struct store_attempt *attempt)
{
	static const enum lifecycle_event walk[] = {EVENT_API_QUEUED, EVENT_API_SENT, EVENT_API_DELIVERED};
	for (size_t i = 0; i < sizeof(walk) / sizeof(walk[0]); i++)
		add_settlement(sender, attempt->seq)->event = walk[i];
	log_info(attempt->id, "dry run: not sent", LOG_TEXT("device", attempt->device), LOG_TEXT("sim", attempt->sim));
}

static struct flight *free_flight(struct command_sender *sender)
{
	for (size_t i = 0; i < sender->flight_count; i++)
		if (!sender->flights[i].busy)
			return &sender->flights[i];
	return NULL;
}

/* Taken, and surely not sent: due again soon. */
static void put_back(struct command_sender *sender, const struct store_attempt *attempt, int64_t wait_ms)
{
	struct store_settlement *settlement = add_settlement(sender, attempt->seq);
	settlement->event = EVENT_NOT_SENT;
	settlement->due_ms = timekeeper_now(sender->parts.time) + wait_ms;
}

/* Attempts that the account allowed; but the token may have vanished since. */
static void launch(struct command_sender *sender, size_t count)
{
	const struct store_attempt *attempts = sender->attempts;
	sender->authorization[0] = '\0';
	uint64_t generation = account_authorize(sender->parts.account, sender->authorization);
	for (size_t i = 0; i < count; i++) {
		struct flight *flight = free_flight(sender);
		if (generation == 0 || flight == NULL) {
			account_give_back(sender->parts.account, 1, true);
			put_back(sender, &attempts[i], generation == 0 ? NO_TOKEN_WAIT_MS : 0);
			continue;
		}
		flight->attempt = attempts[i];
		flight->generation = generation;
		flight->asker = account_is_probing(sender->parts.account) ? ASKED_BY_PROBE : ASKED_BY_CREATE;
		send_one(sender, flight);
	}
	explicit_bzero(sender->authorization, strlen(sender->authorization));
}

static void begin(struct command_sender *sender, size_t count)
{
	if (!sender->parts.settings->api_dry_run) {
		launch(sender, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		pretend(sender, &sender->attempts[i]);
}

/* ---- the standing order -------------------------------------------------------------------------- */

/* Keeps those whose time is not over: what lay in the mail may have waited there for a full disk. */
static size_t keep_timely(struct command_sender *sender, size_t count)
{
	int64_t now_ms = timekeeper_now(sender->parts.time);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (sender->attempts[i].expires_ms > now_ms)
			sender->attempts[kept++] = sender->attempts[i];
		else
			put_back(sender, &sender->attempts[i], 0);
	}
	return kept;
}

/* What was taken on it. Things may have changed since it was given. */
static void collect(struct command_sender *sender, bool stopping)
{
	int64_t wait_ms = 0;
	size_t count = store_collect(sender->parts.store, sender->attempts, TAKE_MAX);
	count = keep_timely(sender, count);
	if (count == 0)
		return;
	int64_t allowed = stopping ? 0 : account_allow(sender->parts.account, (int64_t)count, &wait_ms);
	launch(sender, (size_t)allowed);
	for (size_t i = (size_t)allowed; i < count; i++)
		put_back(sender, &sender->attempts[i], wait_ms);
}

/* For as many as could leave at once; none while others wait. */
static void place_order(struct command_sender *sender, bool stopping)
{
	bool none = stopping || sender->look || sender->parts.settings->api_dry_run;
	int64_t room = (int64_t)(sender->flight_count - sender->busy);
	int64_t spare = none ? 0 : account_spare(sender->parts.account, room);
	store_order(sender->parts.store, (size_t)spare);
}

/* ---- turns ----------------------------------------------------------------------------------------- */

/* How many of `wanted` may begin now. A dry run asks nothing of the account. */
static int64_t may_begin(struct command_sender *sender, int64_t wanted, int64_t *ret_wait_ms)
{
	return sender->parts.settings->api_dry_run ? wanted : account_allow(sender->parts.account, wanted, ret_wait_ms);
}

static void give_back(struct command_sender *sender, int64_t unused, bool all)
{
	if (!sender->parts.settings->api_dry_run)
		account_give_back(sender->parts.account, unused, all);
}

/* Answers that make nothing due here: they need no turn of their own. */
static bool are_plain(const struct store_settlement *settlements, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (settlements[i].event != EVENT_API_QUEUED)
			return false;
	return true;
}

/* Commits answers and takes up to `allowed` new commands, in one transaction. */
static void exchange(struct command_sender *sender, int64_t allowed, int64_t now_ms)
{
	size_t settled = sender->settlement_count;
	sender->settlement_count = 0;
	if (allowed == 0 && settled > 0 && are_plain(sender->settlements, settled)) {
		store_settle_later(sender->parts.store, sender->settlements, settled, now_ms);
		return;
	}
	size_t taken = store_turn(sender->parts.store,
				  &(struct store_turn){.settlements = sender->settlements,
						       .settlement_count = settled,
						       .now_ms = now_ms,
						       .max = (size_t)allowed},
				  sender->attempts, &sender->next_due_ms);
	if (allowed > 0) {
		give_back(sender, allowed - (int64_t)taken, taken == 0);
		sender->look = taken == (size_t)allowed;
	}
	begin(sender, taken);
}

/* Returns how long nothing is due. */
static int64_t turn(struct command_sender *sender, bool stopping)
{
	int64_t now_ms = timekeeper_now(sender->parts.time);
	if (atomic_exchange(&sender->mail, false) || stopping)
		collect(sender, stopping);
	sender->look = sender->look || sender->next_due_ms <= now_ms;
	int64_t wanted = (int64_t)(sender->flight_count - sender->busy);
	wanted = wanted < TAKE_MAX ? wanted : TAKE_MAX;
	int64_t wait_ms = IDLE_MS;
	int64_t allowed = !stopping && sender->look && wanted > 0 ? may_begin(sender, wanted, &wait_ms) : 0;
	if (allowed > 0 || sender->settlement_count > 0)
		exchange(sender, allowed, now_ms);
	place_order(sender, stopping);
	bool more = sender->look && allowed > 0 && sender->busy < sender->flight_count;
	if (more || sender->settlement_count > 0)
		return 0;
	if (sender->look && allowed == 0)
		return wait_ms < IDLE_MS ? wait_ms : IDLE_MS; /* the watch wants to see us move */
	int64_t due_in_ms = sender->next_due_ms - now_ms;
	return due_in_ms < IDLE_MS ? (due_in_ms > 0 ? due_in_ms : 1) : IDLE_MS;
}

static void settle_all(struct command_sender *sender, int64_t now_ms)
{
	store_settle(sender->parts.store, sender->settlements, sender->settlement_count, now_ms);
	sender->settlement_count = 0;
}

/* What is still under way may have been sent: `unknown`. A last commit may have taken more: settling waits for it. */
static void give_up_flights(struct command_sender *sender)
{
	int64_t now_ms = timekeeper_now(sender->parts.time);
	collect(sender, true);
	for (size_t i = 0; i < sender->flight_count; i++) {
		if (!sender->flights[i].busy)
			continue;
		struct store_settlement *settlement = add_settlement(sender, sender->flights[i].attempt.seq);
		settlement->event = EVENT_NO_ANSWER;
		settlement->due_ms = now_ms + sender->parts.settings->reconcile_settle_ms;
	}
	settle_all(sender, now_ms);
	collect(sender, true);
	settle_all(sender, now_ms);
}

static void run(void *ctx)
{
	struct command_sender *sender = ctx;
	for (;;) {
		bool stopping = thread_is_stopping(&sender->thread);
		if (atomic_exchange(&sender->woken, false))
			sender->look = true;
		int64_t wait_ms = turn(sender, stopping);
		thread_alive(&sender->thread);
		if (stopping && sender->busy == 0 && sender->settlement_count == 0)
			break;
		if (stopping && clock_mono_ms() >= sender->stop_at_ms)
			break;
		bool called = atomic_load(&sender->woken) || atomic_load(&sender->mail);
		if (sender->settlement_count == 0 && !called)
			http_client_poll(sender->http, stopping && wait_ms > 100 ? 100 : wait_ms);
	}
	give_up_flights(sender);
}

struct command_sender *command_sender_start(const struct command_sender_parts *parts)
{
	struct command_sender *sender = memory_zeroed(1, sizeof(*sender));
	const struct settings *settings = parts->settings;
	sender->parts = *parts;
	sender->flight_count = (size_t)settings->api_concurrency;
	sender->flights = memory_zeroed(sender->flight_count, sizeof(*sender->flights));
	for (size_t i = 0; i < sender->flight_count; i++)
		sender->flights[i].sender = sender;
	text_format(sender->url, sizeof(sender->url), "%s/SmsCommands", settings->api_url);
	sender->http = http_client_create(&(struct http_client_options){
		.ca_file = settings->api_ca_file,
		.timeout_ms = settings->api_timeout_ms,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.max_answer = 65536,
		.max_connections = settings->api_concurrency,
	});
	sender->look = true;
	atomic_store(&sender->mail, true);
	thread_init(&sender->thread);
	thread_start(&sender->thread, "sender", run, sender);
	return sender;
}

void command_sender_stop(struct command_sender *sender, int64_t grace_ms)
{
	if (sender == NULL)
		return;
	sender->stop_at_ms = clock_mono_ms() + grace_ms;
	thread_ask_to_stop(&sender->thread);
	http_client_wake(sender->http);
	thread_stop(&sender->thread);
}

void command_sender_destroy(struct command_sender *sender)
{
	if (sender == NULL)
		return;
	http_client_destroy(sender->http);
	thread_clear(&sender->thread);
	free(sender->flights);
	free(sender->settlements);
	free(sender);
}

void command_sender_wake(void *ctx)
{
	struct command_sender *sender = ctx;
	if (!atomic_exchange(&sender->woken, true))
		http_client_wake(sender->http);
}

void command_sender_wake_for_taken(void *ctx)
{
	struct command_sender *sender = ctx;
	if (!atomic_exchange(&sender->mail, true))
		http_client_wake(sender->http);
}

/* It waits on a full disk, with results that an end of the process would lose. */
int64_t command_sender_silence_ms(void *ctx)
{
	struct command_sender *sender = ctx;
	return store_has_room(sender->parts.store) ? thread_silence_ms(&sender->thread) : 0;
}
