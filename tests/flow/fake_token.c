// fake_token - a generation and two flags.
// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/fake_token.h"

#include <pthread.h>

#include "bridge/base/text.h"

struct token {
	pthread_mutex_t lock;
	uint64_t generation, accepted;
	bool usable, hope, blinks;
	int64_t refusals;
	char secret[64];
	void (*on_change)(void *ctx, bool usable, const char *why);
	void *ctx;
};

static struct token the_token = {.lock = PTHREAD_MUTEX_INITIALIZER};

void fake_token_reset(void)
{
	pthread_mutex_lock(&the_token.lock);
	the_token.generation = 1;
	the_token.accepted = 0;
	the_token.usable = true;
	the_token.hope = the_token.blinks = false;
	the_token.refusals = 0;
	the_token.secret[0] = '\0';
	pthread_mutex_unlock(&the_token.lock);
}

void fake_token_hope(bool hope)
{
	pthread_mutex_lock(&the_token.lock);
	the_token.hope = hope;
	pthread_mutex_unlock(&the_token.lock);
}

static void set_usable(bool usable)
{
	pthread_mutex_lock(&the_token.lock);
	the_token.usable = usable;
	the_token.generation += usable ? 1 : 0;
	pthread_mutex_unlock(&the_token.lock);
	if (the_token.on_change != NULL)
		the_token.on_change(the_token.ctx, usable, usable ? "" : "the token server said no");
}

void fake_token_lose(void)
{
	set_usable(false);
}

void fake_token_renew(void)
{
	set_usable(true);
}

void fake_token_blink(void)
{
	pthread_mutex_lock(&the_token.lock);
	the_token.blinks = true;
	pthread_mutex_unlock(&the_token.lock);
}

int64_t fake_token_refusals(void)
{
	pthread_mutex_lock(&the_token.lock);
	int64_t refusals = the_token.refusals;
	pthread_mutex_unlock(&the_token.lock);
	return refusals;
}

uint64_t fake_token_accepted(void)
{
	pthread_mutex_lock(&the_token.lock);
	uint64_t accepted = the_token.accepted;
	pthread_mutex_unlock(&the_token.lock);
	return accepted;
}

void fake_token_secret(char to[64])
{
	pthread_mutex_lock(&the_token.lock);
	text_copy(to, 64, the_token.secret);
	pthread_mutex_unlock(&the_token.lock);
}

struct token *token_start(const struct token_options *options)
{
	the_token.on_change = options->on_change;
	the_token.ctx = options->ctx;
	return &the_token;
}

void token_stop(struct token *token)
{
	token->on_change = NULL;
}

uint64_t token_authorization(struct token *token, char ret[AUTHORIZATION_SIZE])
{
	pthread_mutex_lock(&token->lock);
	uint64_t generation = token->usable && !token->blinks ? token->generation : 0;
	token->blinks = false;
	ret[0] = '\0';
	if (generation > 0)
		text_format(ret, AUTHORIZATION_SIZE, "Bearer token-%llu", (unsigned long long)generation);
	pthread_mutex_unlock(&token->lock);
	return generation;
}

bool token_refused(struct token *token, uint64_t generation)
{
	pthread_mutex_lock(&token->lock);
	bool newer = generation != token->generation;
	if (!newer) {
		token->refusals++;
		token->usable = token->usable && !token->hope;
	}
	bool hope = newer || token->hope;
	pthread_mutex_unlock(&token->lock);
	return hope;
}

void token_accepted(struct token *token, uint64_t generation)
{
	pthread_mutex_lock(&token->lock);
	token->accepted = generation;
	pthread_mutex_unlock(&token->lock);
}

void token_set_secret(struct token *token, const char *secret)
{
	pthread_mutex_lock(&token->lock);
	text_copy(token->secret, sizeof(token->secret), secret);
	pthread_mutex_unlock(&token->lock);
}

int64_t token_age_s(struct token *token)
{
	pthread_mutex_lock(&token->lock);
	int64_t age_s = token->usable ? 7 : -1;
	pthread_mutex_unlock(&token->lock);
	return age_s;
}

int64_t token_lifetime_s(struct token *token)
{
	pthread_mutex_lock(&token->lock);
	int64_t lifetime_s = token->usable ? 300 : -2;
	pthread_mutex_unlock(&token->lock);
	return lifetime_s;
}

void token_why(struct token *token, char ret[WHY_SIZE])
{
	(void)token;
	text_copy(ret, WHY_SIZE, "");
}
