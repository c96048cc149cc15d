// fake_http_client - a list of requests and a list of rules behind one lock.
// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/fake_http_client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/http_client.h"

enum { REQUESTS_MAX = 1024, RULES_MAX = 256 };

struct entry {
	struct fake_request request;
	struct http_client *client;
	http_done *done;
	void *ctx;
	struct fake_answer answer; /* its texts are copies */
	size_t post;		   /* the number of the POST, from 1 */
	bool over;
};

struct rule {
	char part[128];
	struct fake_answer answer;
	bool once, used;
};

struct http_client {
	size_t busy;
	bool woken;
	_Atomic bool *abort;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct entry *entries[REQUESTS_MAX];
static struct rule rules[RULES_MAX];
static size_t entry_count, rule_count, posts, polls, busy, most_busy;
static int64_t longest_wait_ms, last_timeout_ms;
static void (*start_hook)(void *ctx, const struct fake_request *request);
static void *hook_ctx;

static void init(void)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

static struct fake_answer copied(struct fake_answer answer)
{
	answer.body = answer.body != NULL ? memory_copied_text(answer.body) : NULL;
	answer.error = memory_copied_text(answer.error);
	return answer;
}

static void clear(struct fake_answer *answer)
{
	free((void *)(uintptr_t)answer->body);
	free((void *)(uintptr_t)answer->error);
	*answer = (struct fake_answer){0};
}

void fake_http_reset(void)
{
	pthread_once(&once, init);
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < entry_count; i++) {
		clear(&entries[i]->answer);
		free(entries[i]);
	}
	for (size_t i = 0; i < rule_count; i++)
		clear(&rules[i].answer);
	entry_count = rule_count = posts = polls = busy = most_busy = 0;
	longest_wait_ms = 0;
	start_hook = NULL;
	pthread_mutex_unlock(&lock);
}

static void add_rule(const char *part, struct fake_answer answer, bool only_next)
{
	pthread_mutex_lock(&lock);
	assert_true(rule_count < RULES_MAX);
	struct rule *rule = &rules[rule_count++];
	*rule = (struct rule){.answer = copied(answer), .once = only_next};
	text_copy(rule->part, sizeof(rule->part), part);
	pthread_mutex_unlock(&lock);
}

void fake_http_always(const char *part, struct fake_answer answer)
{
	add_rule(part, answer, false);
}

void fake_http_next(const char *part, struct fake_answer answer)
{
	add_rule(part, answer, true);
}

/* The rule for a request, or NULL. Under the lock. */
static struct rule *find_rule(const char *line)
{
	for (size_t i = 0; i < rule_count; i++)
		if (rules[i].once && !rules[i].used && strstr(line, rules[i].part) != NULL)
			return &rules[i];
	for (size_t i = rule_count; i > 0; i--)
		if (!rules[i - 1].once && strstr(line, rules[i - 1].part) != NULL)
			return &rules[i - 1];
	return NULL;
}

static struct fake_answer choose_answer(const char *line)
{
	struct rule *rule = find_rule(line);
	if (rule != NULL) {
		rule->used = true;
		return copied(rule->answer);
	}
	if (text_starts_with(line, "POST"))
		return copied((struct fake_answer){.status = 201});
	if (strstr(line, "/SmsCommands?") != NULL)
		return copied((struct fake_answer){.status = 200, .body = "{\"sms_commands\": []}"});
	return copied((struct fake_answer){.status = 404, .body = "{\"code\": 20404, \"message\": \"not found\"}"});
}

/* Under the lock; NULL: there is none. */
static struct entry *find_entry(const char *part, size_t index)
{
	for (size_t i = 0; i < entry_count; i++)
		if (strstr(entries[i]->request.line, part) != NULL && index-- == 0)
			return entries[i];
	return NULL;
}

size_t fake_http_count(const char *part)
{
	size_t count = 0;
	pthread_mutex_lock(&lock);
	while (find_entry(part, count) != NULL)
		count++;
	pthread_mutex_unlock(&lock);
	return count;
}

struct fake_request fake_http_request(const char *part, size_t index)
{
	struct fake_request request = {0};
	pthread_mutex_lock(&lock);
	struct entry *entry = find_entry(part, index);
	if (entry != NULL)
		request = entry->request;
	pthread_mutex_unlock(&lock);
	if (entry == NULL)
		fail_msg("there is no request number %zu of `%s`", index, part);
	return request;
}

void fake_http_release(const char *part, size_t index, struct fake_answer answer)
{
	pthread_mutex_lock(&lock);
	struct entry *entry = find_entry(part, index);
	bool held = entry != NULL && entry->answer.held && !entry->over;
	if (held) {
		clear(&entry->answer);
		entry->answer = copied(answer);
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
	if (!held)
		fail_msg("no held request number %zu of `%s`", index, part);
}

void fake_http_on_start(void (*hook)(void *ctx, const struct fake_request *request), void *ctx)
{
	pthread_mutex_lock(&lock);
	start_hook = hook;
	hook_ctx = ctx;
	pthread_mutex_unlock(&lock);
}

void fake_http_sid(char to[SID_SIZE], size_t number)
{
	text_format(to, SID_SIZE, "HC%032zx", number);
}

static size_t read_number(const size_t *number)
{
	pthread_mutex_lock(&lock);
	size_t value = *number;
	pthread_mutex_unlock(&lock);
	return value;
}

size_t fake_http_polls(void)
{
	return read_number(&polls);
}

size_t fake_http_most_busy(void)
{
	return read_number(&most_busy);
}

static int64_t read_time(const int64_t *time)
{
	pthread_mutex_lock(&lock);
	int64_t value = *time;
	pthread_mutex_unlock(&lock);
	return value;
}

int64_t fake_http_longest_wait_ms(void)
{
	return read_time(&longest_wait_ms);
}

int64_t fake_http_timeout_ms(void)
{
	return read_time(&last_timeout_ms);
}

/* ---- what the stages call ----------------------------------------------------------------------------- */

struct http_client *http_client_create(const struct http_client_options *options)
{
	struct http_client *client = memory_zeroed(1, sizeof(*client));
	pthread_once(&once, init);
	client->abort = options->abort;
	pthread_mutex_lock(&lock);
	last_timeout_ms = options->timeout_ms;
	pthread_mutex_unlock(&lock);
	return client;
}

void http_client_destroy(struct http_client *client)
{
	if (client == NULL)
		return;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < entry_count; i++)
		entries[i]->over = entries[i]->over || entries[i]->client == client;
	busy -= client->busy;
	pthread_mutex_unlock(&lock);
	free(client);
}

void http_client_start(struct http_client *client, const struct http_request_out *request, http_done *done, void *ctx)
{
	struct entry *entry = memory_zeroed(1, sizeof(*entry));
	entry->client = client;
	entry->done = done;
	entry->ctx = ctx;
	text_format(entry->request.line, sizeof(entry->request.line), "%s %s", request->method, request->url);
	text_copy(entry->request.authorization, sizeof(entry->request.authorization), request->authorization);
	text_copy(entry->request.body, sizeof(entry->request.body), request->body != NULL ? request->body : "");
	pthread_mutex_lock(&lock);
	void (*hook)(void *, const struct fake_request *) = start_hook;
	void *to = hook_ctx;
	pthread_mutex_unlock(&lock);
	if (hook != NULL)
		hook(to, &entry->request);
	pthread_mutex_lock(&lock);
	if (entry_count == REQUESTS_MAX)
		abort(); /* a loop: no test asks that often */
	if (text_equal(request->method, "POST"))
		entry->post = ++posts;
	entry->answer = choose_answer(entry->request.line);
	entries[entry_count++] = entry;
	client->busy++;
	busy++;
	most_busy = busy > most_busy ? busy : most_busy;
	pthread_mutex_unlock(&lock);
}

size_t http_client_busy(const struct http_client *client)
{
	return read_number(&client->busy);
}

static bool is_aborted(const struct http_client *client)
{
	return client->abort != NULL && atomic_load(client->abort);
}

/* Under the lock. What is aborted fails, held or not. */
static struct entry *next_ready(const struct http_client *client)
{
	bool aborted = is_aborted(client);
	for (size_t i = 0; i < entry_count; i++)
		if (entries[i]->client == client && !entries[i]->over && (aborted || !entries[i]->answer.held))
			return entries[i];
	return NULL;
}

static void deliver(struct entry *entry)
{
	char created[256], sid[SID_SIZE];
	const struct fake_answer *answer = &entry->answer;
	fake_http_sid(sid, entry->post);
	text_format(created, sizeof(created), "{\"sid\": \"%s\", \"status\": \"queued\"}", sid);
	bool aborted = is_aborted(entry->client);
	const char *body = aborted ? "" : answer->body != NULL ? answer->body : answer->status == 201 ? created : "";
	struct http_result result = {
		.status = aborted ? 0 : answer->status,
		.body_started = !answer->unsent,
		.truncated = answer->truncated,
		.body = body,
		.len = strlen(body),
		.content_type = "application/json",
		.retry_after_ms = answer->retry_after_ms > 0 ? answer->retry_after_ms : -1,
		.elapsed_us = 1000,
	};
	text_copy(result.error, sizeof(result.error), answer->error);
	entry->done(entry->ctx, &result);
}

/* Delivers what is ready; true when there was something. */
static bool deliver_ready(struct http_client *client)
{
	bool any = false;
	for (;;) {
		pthread_mutex_lock(&lock);
		struct entry *entry = next_ready(client);
		if (entry != NULL) {
			entry->over = true;
			client->busy--;
			busy--;
		}
		pthread_mutex_unlock(&lock);
		if (entry == NULL)
			return any;
		deliver(entry);
		any = true;
	}
}

void http_client_poll(struct http_client *client, int64_t timeout_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(timeout_ms / 1000);
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	if (deliver_ready(client))
		return;
	pthread_mutex_lock(&lock);
	polls++;
	longest_wait_ms = timeout_ms > longest_wait_ms ? timeout_ms : longest_wait_ms;
	int error = 0;
	while (!client->woken && next_ready(client) == NULL && error == 0)
		error = pthread_cond_timedwait(&changed, &lock, &until);
	client->woken = false;
	pthread_mutex_unlock(&lock);
	deliver_ready(client);
}

void http_client_wake(struct http_client *client)
{
	pthread_mutex_lock(&lock);
	client->woken = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

void http_client_fetch(struct http_client *client, const struct http_request_out *request, http_done *done,
		       void (*waits)(void *ctx), void *ctx)
{
	http_client_start(client, request, done, ctx);
	while (http_client_busy(client) > 0) {
		if (waits != NULL)
			waits(ctx);
		http_client_poll(client, 1000);
	}
}
