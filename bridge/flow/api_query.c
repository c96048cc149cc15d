/* api_query - authorized GETs, one at a time. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/api_query.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/form.h"
#include "bridge/edge/http_client.h"
#include "bridge/rule/retry.h"

/* A question can be asked again: none keeps its thread from the others for longer than a minute. */
enum { CONNECT_TIMEOUT_MS = 10000, TIMEOUT_MAX_MS = 60000, SLACK_MS = 1000, TRIES = 2 };

struct api_query {
	const struct settings *settings;
	struct account *account;
	struct thread *thread;
	int64_t timeout_ms;
	struct http_client *http;
	_Atomic bool stopping;
};

struct api_query *api_query_create(const struct settings *settings, struct account *account, struct thread *thread)
{
	struct api_query *query = memory_zeroed(1, sizeof(*query));
	query->settings = settings;
	query->account = account;
	query->thread = thread;
	query->timeout_ms = settings->api_timeout_ms < TIMEOUT_MAX_MS ? settings->api_timeout_ms : TIMEOUT_MAX_MS;
	query->http = http_client_create(&(struct http_client_options){
		.ca_file = settings->api_ca_file,
		.timeout_ms = query->timeout_ms,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.max_answer = API_ANSWER_MAX,
		.max_connections = 1,
		.abort = &query->stopping,
	});
	return query;
}

void api_query_stop(struct api_query *query)
{
	if (query == NULL)
		return;
	atomic_store(&query->stopping, true);
	http_client_wake(query->http);
}

void api_query_destroy(struct api_query *query)
{
	if (query == NULL)
		return;
	http_client_destroy(query->http);
	free(query);
}

/* One GET: what came back and how to read it. */
struct get {
	struct api_query *query;
	int64_t until_ms;
	bool (*decode)(void *to, const char *body, size_t len, char *why, size_t why_size);
	void *to;
	bool beside; /* a key may be barred from it, the API be without it, and all the rest still be done */
	struct outcome outcome;
};

static struct outcome plain_outcome(enum outcome_kind kind, const char *code, const char *reason)
{
	struct outcome outcome = {.kind = kind};
	text_copy(outcome.code, sizeof(outcome.code), code);
	text_copy(outcome.reason, sizeof(outcome.reason), reason);
	return outcome;
}

static void on_answer(void *ctx, const struct http_result *result)
{
	struct get *get = ctx;
	char code[ERROR_CODE_SIZE], text[ERROR_TEXT_SIZE], why[WHY_SIZE] = "";
	bool ok = result->status >= 200 && result->status < 300;
	bool decoded = ok && !result->truncated && get->decode(get->to, result->body, result->len, why, sizeof(why));
	api_error_decode(code, text, result->body, result->status > 0 && !ok ? result->len : 0);
	get->outcome = retry_judge(&(struct exchange){
		.http_status = result->status,
		.body_started = result->body_started,
		.has_sid = decoded,
		.retry_after_ms = result->retry_after_ms,
		.error_code = code,
		.error_text = text[0] != '\0' ? text : result->error,
	});
	if (ok && !decoded)
		get->outcome = plain_outcome(OUTCOME_RETRY, API_UNREADABLE, why);
	else if (get->beside && result->status == 403)
		get->outcome = plain_outcome(OUTCOME_REFUSED, "api_403", "these credentials may not ask for it");
}

/* An answer has its own deadline: until then to wait for it is no hang. */
static void on_wait(void *ctx)
{
	const struct get *get = ctx;
	if (clock_mono_ms() < get->until_ms)
		thread_alive(get->query->thread);
}

static void fetch(struct api_query *query, const struct http_request_out *request, struct get *get)
{
	get->query = query;
	get->until_ms = clock_mono_ms() + query->timeout_ms + SLACK_MS;
	http_client_fetch(query->http, request, on_answer, on_wait, get);
}

/* Asks, and once more when the token was refused and a new one is there. */
/* Of a question beside the others nobody learns that the API or the token has failed: they themselves tell. */
static bool is_of_account(const struct outcome *outcome)
{
	return outcome->kind != OUTCOME_UNKNOWN && outcome->account != ACCOUNT_UNAUTHORIZED;
}

static struct outcome ask(struct api_query *query, const char *url, struct get *get)
{
	char authorization[AUTHORIZATION_SIZE];
	uint64_t refused = 0;
	for (int i = 0; i < TRIES; i++) {
		uint64_t generation = account_authorize(query->account, authorization);
		if (generation == 0)
			return plain_outcome(OUTCOME_RETRY, "no_token", "there is no access token now");
		if (generation == refused) {
			explicit_bzero(authorization, sizeof(authorization));
			break;
		}
		refused = generation;
		const struct http_request_out request = {
			.method = "GET",
			.url = url,
			.authorization = authorization,
			.username = "",
			.password = "",
		};
		if (!atomic_load(&query->stopping))
			fetch(query, &request, get);
		explicit_bzero(authorization, sizeof(authorization));
		if (atomic_load(&query->stopping))
			return plain_outcome(OUTCOME_RETRY, "stopping", "the bridge stops");
		if (!get->beside || is_of_account(&get->outcome))
			account_note(query->account, ASKED_BY_QUESTION, &get->outcome, generation);
		if (get->outcome.account != ACCOUNT_UNAUTHORIZED)
			break;
	}
	return get->outcome;
}

struct resource_answer {
	struct api_resource *resource;
	struct json **given;
};

static bool decode_resource(void *to, const char *body, size_t len, char *why, size_t why_size)
{
	const struct resource_answer *answer = to;
	if (!api_resource_decode(answer->resource, body, len, why, why_size))
		return false;
	if (answer->given != NULL)
		*answer->given = json_parse_repaired(body, len, why, why_size);
	return true;
}

struct outcome api_query_fetch(struct api_query *query, const char *sid, struct api_resource *ret,
			       struct json **ret_given)
{
	char url[URL_SIZE];
	struct resource_answer answer = {ret, ret_given};
	struct get get = {.decode = decode_resource, .to = &answer};
	if (ret_given != NULL)
		*ret_given = NULL;
	text_format(url, sizeof(url), "%s/SmsCommands/%s", query->settings->api_url, sid);
	return ask(query, url, &get);
}

static bool decode_page(void *to, const char *body, size_t len, char *why, size_t why_size)
{
	return api_page_decode(to, body, len, why, why_size);
}

/* Length of `scheme://authority`. */
static size_t origin_len(const char *url)
{
	const char *authority = strstr(url, "://");
	return authority != NULL ? (size_t)(authority - url) + 3 + strcspn(authority + 3, "/?#") : 0;
}

/* The next page's URL, if the token may go there. */
static bool next_url(const struct api_query *query, const char *next, char to[URL_SIZE])
{
	const char *base = query->settings->api_url;
	size_t origin = origin_len(base);
	if (next[0] == '/' && next[1] != '/')
		return text_format(to, URL_SIZE, "%.*s%s", (int)origin, base, next);
	return origin > 0 && origin_len(next) == origin && strncmp(base, next, origin) == 0 &&
	       text_copy(to, URL_SIZE, next);
}

static void first_url(const struct api_query *query, const struct api_filter *filter, char to[URL_SIZE])
{
	struct buffer params;
	char size[16];
	buffer_init(&params, URL_SIZE);
	if (filter->sim[0] != '\0')
		form_put(&params, "Sim", filter->sim);
	if (filter->status[0] != '\0')
		form_put(&params, "Status", filter->status);
	if (filter->direction[0] != '\0')
		form_put(&params, "Direction", filter->direction);
	text_format(size, sizeof(size), "%d", filter->page_size);
	form_put(&params, "PageSize", size);
	text_format(to, URL_SIZE, "%s/SmsCommands?%s", query->settings->api_url, buffer_text(&params));
	buffer_clear(&params);
}

struct outcome api_query_list(struct api_query *query, const struct api_filter *filter, api_page_taker *take, void *ctx,
			      bool *ret_complete)
{
	char url[URL_SIZE];
	*ret_complete = false;
	first_url(query, filter, url);
	for (int i = 0; i < API_PAGES_MAX; i++) {
		struct api_page page = {0};
		struct get get = {.decode = decode_page, .to = &page};
		struct outcome outcome = ask(query, url, &get);
		if (outcome.kind != OUTCOME_DONE)
			return outcome;
		bool go_on = take(ctx, &page);
		bool last = page.next_page_url[0] == '\0';
		bool allowed = last || next_url(query, page.next_page_url, url);
		api_page_clear(&page);
		*ret_complete = last;
		if (last || !go_on)
			return outcome;
		if (!allowed)
			return plain_outcome(OUTCOME_REFUSED, "foreign_page",
					     "next_page_url leads to another host than api.url; not followed");
	}
	return plain_outcome(OUTCOME_REFUSED, "too_many_pages", "the list does not end");
}

struct sim_answer {
	char *sid, *name;
};

static bool decode_sim(void *to, const char *body, size_t len, char *why, size_t why_size)
{
	struct sim_answer *answer = to;
	text_copy(why, why_size, "the answer holds no Sim");
	return api_sim_decode(answer->sid, answer->name, body, len);
}

struct outcome api_query_sim(struct api_query *query, const char *sim, char ret_sid[SID_SIZE], char ret_name[SIM_SIZE])
{
	struct buffer url;
	struct sim_answer answer = {ret_sid, ret_name};
	struct get get = {.decode = decode_sim, .to = &answer, .beside = true};
	buffer_init(&url, URL_SIZE - 1);
	buffer_append_format(&url, "%s/Sims/", query->settings->api_url);
	form_percent_encode(&url, sim);
	struct outcome outcome = ask(query, buffer_text(&url), &get);
	buffer_clear(&url);
	return outcome;
}
