/* token - the Authorization of API requests: OAuth2 client credentials, a static bearer token, or basic. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/token.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/http_client.h"
#include "bridge/edge/own_thread.h"
#include "bridge/edge/token_fetch.h"
#include "bridge/edge/token_text.h"
#include "bridge/rule/retry.h"

/* A token that is refused so soon after the one before was refused is not the token's fault (a missing scope, a closed
 * account, one command for somebody else's SIM): then a new one is fetched only now and then, and until then this one
 * is kept, for it may do for others. One that the API took before is renewed sooner, but not one upon the other. */
enum { FRESH_MS = 300000, PROBE_MS = 30000, AGAIN_SHARE = 6 };
/* Time asleep (a suspended machine) is not seen by a wait, so look up now and then; and to be seen alive. */
enum { NAP_MS = 10000, RENEW_MIN_MS = 1000, MARGIN_MS = 60000 };

struct token {
	struct token_options options; /* its texts are copies; the secret is apart */
	char *url, *client_id, *username, *secret;
	struct http_client *client;
	pthread_t keeper;
	pthread_mutex_t lock; /* of all below, and of the secret */
	pthread_cond_t changed;
	char header[AUTHORIZATION_SIZE];
	uint64_t generation;			 /* of the header; 0: there never was one */
	uint64_t refused;			 /* the generation that the API refused last: out of use */
	uint64_t doubted;			 /* one that was refused, too, and is as good as they come */
	int64_t fetched_ms, expires_ms, next_ms; /* monotonic */
	int64_t again_ms;			 /* not before it is a token fetched because of a refusal */
	int64_t failures, refusals;		 /* in a row */
	uint64_t secret_version;
	bool born_of_refusal, stopping;
	_Atomic int64_t alive_ms; /* of the keeper, monotonic */
	char why[WHY_SIZE];	  /* the last fetch failed; "" */
};

static void wipe_text(char *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

static uint64_t random_bits(void)
{
	uint64_t random;

	clock_random(&random, sizeof(random));
	return random;
}

/* Is the present token of use? The lock is held. */
static bool usable(const struct token *token, int64_t now_ms)
{
	return token->generation && token->refused != token->generation && now_ms < token->expires_ms;
}

/* At 80 % of the lifetime, a minute before its end at the latest, a little earlier each at its own time. */
static int64_t renew_after_ms(int64_t lifetime_ms)
{
	int64_t after = lifetime_ms / 5 * 4;

	if (after > lifetime_ms - MARGIN_MS)
		after = lifetime_ms - MARGIN_MS;
	if (after < lifetime_ms / 2)
		after = lifetime_ms / 2;
	after -= (int64_t)(random_bits() % (uint64_t)(after / 20 + 1));
	return after > RENEW_MIN_MS ? after : RENEW_MIN_MS;
}

/* The lock is held. True: there is a token where none, or no good one, was. */
static bool adopt(struct token *token, const struct token_fetched *fetched, int64_t asked_ms)
{
	bool doubted = token->generation && token->doubted == token->generation;
	bool news = doubted || !usable(token, clock_mono_ms());

	token->born_of_refusal = doubted || (token->generation && token->refused == token->generation);
	explicit_bzero(token->header, sizeof(token->header));
	(void)text_copy(token->header, sizeof(token->header), fetched->header);
	token->generation++;
	token->fetched_ms = asked_ms;
	token->expires_ms = asked_ms + fetched->lifetime_ms;
	token->next_ms = asked_ms + renew_after_ms(fetched->lifetime_ms);
	token->failures = 0;
	return news;
}

static int64_t at_least(int64_t value, int64_t least)
{
	return value > least ? value : least;
}

/* The lock is held. Refused credentials are not tried as often as a server that is away. */
static void postpone(struct token *token, const struct token_fetched *fetched)
{
	int64_t delay = retry_delay_ms(++token->failures, fetched->retry_after_ms, random_bits());

	token->next_ms = clock_mono_ms() + at_least(delay, fetched->refused ? token->options.probe_ms : 0);
}

/* One fetch from beginning to end; the lock is held before and after, but not during. */
static void fetch(struct token *token)
{
	struct token_fetched fetched = {0};
	uint64_t version = token->secret_version;
	int64_t asked_ms = clock_mono_ms();
	struct token_fetch *under_way = token_fetch_begin(token->client, token->url, token->client_id, token->secret);
	bool over = false, news = true;

	while (!over && !token->stopping) {
		atomic_store(&token->alive_ms, clock_mono_ms());
		pthread_mutex_unlock(&token->lock);
		over = token_fetch_go_on(under_way, &fetched);
		pthread_mutex_lock(&token->lock);
	}
	if (over && fetched.header[0])
		news = adopt(token, &fetched, asked_ms);
	else if (over)
		postpone(token, &fetched);
	if (over)
		(void)text_copy(token->why, sizeof(token->why), fetched.why);
	if (token->secret_version != version)
		token->next_ms = 0;
	pthread_mutex_unlock(&token->lock);
	token_fetch_end(under_way);
	if (over && news && token->options.on_change != NULL)
		token->options.on_change(token->options.ctx, fetched.header[0] != '\0', fetched.why);
	explicit_bzero(&fetched, sizeof(fetched));
	pthread_mutex_lock(&token->lock);
}

static void *keep(void *ctx)
{
	struct token *token = ctx;

	pthread_mutex_lock(&token->lock);
	while (!token->stopping) {
		int64_t wait_ms = token->next_ms - clock_mono_ms();

		atomic_store(&token->alive_ms, clock_mono_ms());
		if (wait_ms <= 0)
			fetch(token);
		else
			own_thread_wait(&token->changed, &token->lock, wait_ms < NAP_MS ? wait_ms : NAP_MS);
	}
	pthread_mutex_unlock(&token->lock);
	return NULL;
}

/* A header that needs no fetching; the lock is held. */
static void set_static(struct token *token)
{
	bool whole = token->options.kind == TOKEN_BEARER
			     ? token_text_bearer(token->header, token->secret)
			     : token_text_basic(token->header, token->username, token->secret);

	token->generation = whole ? token->generation + 1 : 0;
	token->fetched_ms = clock_mono_ms();
	token->expires_ms = INT64_MAX;
}

static const char *secret_of(const struct token_options *options)
{
	switch (options->kind) {
	case TOKEN_OAUTH2:
		return options->client_secret;
	case TOKEN_BEARER:
		return options->bearer;
	case TOKEN_BASIC:
		return options->password;
	}
	return "";
}

struct token *token_start(const struct token_options *options)
{
	struct token *token = memory_zeroed(1, sizeof(*token));

	token->options = (struct token_options){.kind = options->kind,
						.on_change = options->on_change,
						.ctx = options->ctx,
						.probe_ms = options->probe_ms ? options->probe_ms : PROBE_MS};
	token->url = memory_copied_text(options->url);
	token->client_id = memory_copied_text(options->client_id);
	token->username = memory_copied_text(options->username);
	token->secret = memory_copied_text(secret_of(options));
	pthread_mutex_init(&token->lock, NULL);
	own_thread_condition(&token->changed);
	atomic_store(&token->alive_ms, clock_mono_ms());
	if (options->kind == TOKEN_OAUTH2) {
		token->client = token_fetch_client(options->ca_file);
		own_thread_start(&token->keeper, keep, token, "the keeper of the access token");
	} else {
		set_static(token);
	}
	return token;
}

void token_stop(struct token *token)
{
	if (token == NULL)
		return;
	pthread_mutex_lock(&token->lock);
	token->stopping = true;
	pthread_cond_broadcast(&token->changed);
	pthread_mutex_unlock(&token->lock);
	if (token->client != NULL) {
		http_client_wake(token->client);
		pthread_join(token->keeper, NULL);
	}
	http_client_destroy(token->client);
	pthread_cond_destroy(&token->changed);
	pthread_mutex_destroy(&token->lock);
	explicit_bzero(token->header, sizeof(token->header));
	wipe_text(token->secret);
	free(token->url);
	free(token->client_id);
	free(token->username);
	free(token);
}

uint64_t token_authorization(struct token *token, char ret[AUTHORIZATION_SIZE])
{
	pthread_mutex_lock(&token->lock);
	uint64_t generation = usable(token, clock_mono_ms()) ? token->generation : 0;

	(void)text_copy(ret, AUTHORIZATION_SIZE, generation ? token->header : "");
	pthread_mutex_unlock(&token->lock);
	return generation;
}

/* The first refusal of the present token; the lock is held. */
static void note_refusal(struct token *token)
{
	int64_t now_ms = clock_mono_ms();

	if (!token->born_of_refusal || now_ms - token->fetched_ms >= FRESH_MS) {
		token->refused = token->generation;
		token->refusals = 0;
		token->next_ms = at_least(now_ms, token->again_ms);
		token->again_ms = token->next_ms + token->options.probe_ms / AGAIN_SHARE;
	} else {
		token->doubted = token->generation;
		token->refusals++;
		token->next_ms =
			now_ms + at_least(retry_delay_ms(token->refusals, 0, random_bits()), token->options.probe_ms);
	}
	pthread_cond_broadcast(&token->changed);
}

bool token_refused(struct token *token, uint64_t generation)
{
	if (token->options.kind != TOKEN_OAUTH2 || !generation)
		return false;
	pthread_mutex_lock(&token->lock);
	bool present = generation == token->generation;

	if (present && token->refused != generation && token->doubted != generation)
		note_refusal(token);
	bool hope = !present || token->refused == generation;

	pthread_mutex_unlock(&token->lock);
	return hope;
}

void token_accepted(struct token *token, uint64_t generation)
{
	pthread_mutex_lock(&token->lock);
	if (generation == token->generation && token->refused != generation) {
		token->born_of_refusal = false;
		token->doubted = 0;
		token->refusals = 0;
	}
	pthread_mutex_unlock(&token->lock);
}

void token_set_secret(struct token *token, const char *secret)
{
	pthread_mutex_lock(&token->lock);
	bool same = text_equal(token->secret, secret);

	if (!same) {
		wipe_text(token->secret);
		token->secret = memory_copied_text(secret);
		token->secret_version++;
	}
	if (!same || token->doubted == token->generation || !usable(token, clock_mono_ms())) {
		token->failures = token->refusals = 0;
		token->next_ms = 0;
	}
	if (!same && token->options.kind != TOKEN_OAUTH2)
		set_static(token);
	pthread_cond_broadcast(&token->changed);
	pthread_mutex_unlock(&token->lock);
}

int64_t token_silence_ms(void *ctx)
{
	struct token *token = ctx;

	return token->client != NULL ? clock_mono_ms() - atomic_load(&token->alive_ms) : 0;
}

int64_t token_lifetime_s(struct token *token)
{
	pthread_mutex_lock(&token->lock);
	int64_t now_ms = clock_mono_ms();
	int64_t left_s = !usable(token, now_ms)		  ? -2
			 : token->expires_ms == INT64_MAX ? -1
							  : (token->expires_ms - now_ms) / 1000;

	pthread_mutex_unlock(&token->lock);
	return left_s;
}

int64_t token_age_s(struct token *token)
{
	pthread_mutex_lock(&token->lock);
	int64_t now_ms = clock_mono_ms();
	int64_t age_s = usable(token, now_ms) ? (now_ms - token->fetched_ms) / 1000 : -1;

	pthread_mutex_unlock(&token->lock);
	return age_s;
}

void token_why(struct token *token, char ret[WHY_SIZE])
{
	pthread_mutex_lock(&token->lock);
	(void)text_copy(ret, WHY_SIZE, token->why);
	pthread_mutex_unlock(&token->lock);
}
