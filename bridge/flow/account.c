/* account - a rate, a circuit and a token behind one mutex. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/account.h"

#include <pthread.h>
#include <stdlib.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/rule/circuit.h"
#include "bridge/rule/rate.h"

/* So many creates without a clear answer in a row are an outage, not bad luck. */
enum { UNCLEAR_IN_A_ROW = 3, KNOCKS = 3, REFUSALS = 6, NO_TOKEN_WAIT_MS = 1000, SHORTEST_WAIT_MS = 1 };
enum { TAKEN_LATELY_MS = 10 * 60 * 1000 };
/* A pause of refused creates may outlast the commands that it began with, and then nobody tries. */
#define NEXT_TRY "; tried again with the next command"

/* How creates fare, from good to bad. What may read need not be what may send: of the last two, answers to questions
 * say nothing. */
enum creates {
	CREATES_GO,
	CREATES_FAIL,	 /* no way there, or no clear answers */
	CREATES_DOUBTED, /* the last one was refused; whether a newer token does for them is not known yet */
	CREATES_REFUSED, /* with a newer one, too: the pause is for that */
};

struct waiter {
	void (*wake)(void *ctx);
	void *ctx;
};

struct account {
	pthread_mutex_t lock;
	struct token *token; /* borrowed */
	struct rate rate;
	struct circuit circuit;
	int64_t unclear;
	enum creates creates;
	bool reads;	  /* the last question was answered */
	int64_t taken_ms; /* monotonic; -1: no request was taken yet */
	char why[WHY_SIZE];
	char refusal[WHY_SIZE]; /* why a token was refused last; outlives an answer to another request */
	struct waiter waiters[ACCOUNT_WAITERS];
	size_t waiter_count;
};

struct account *account_create(struct token *token, int64_t rate)
{
	struct account *account = memory_zeroed(1, sizeof(*account));
	pthread_mutex_init(&account->lock, NULL);
	account->token = token;
	account->taken_ms = -1;
	rate_init(&account->rate, rate, clock_mono_ms());
	return account;
}

void account_destroy(struct account *account)
{
	if (account == NULL)
		return;
	pthread_mutex_destroy(&account->lock);
	free(account);
}

void account_on_change(struct account *account, void (*wake)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&account->lock);
	if (account->waiter_count < ACCOUNT_WAITERS)
		account->waiters[account->waiter_count++] = (struct waiter){wake, ctx};
	pthread_mutex_unlock(&account->lock);
}

static bool has_token(struct account *account)
{
	return token_lifetime_s(account->token) != -2;
}

static void wake_all(struct account *account)
{
	struct waiter waiters[ACCOUNT_WAITERS];
	pthread_mutex_lock(&account->lock);
	size_t count = account->waiter_count;
	for (size_t i = 0; i < count; i++)
		waiters[i] = account->waiters[i];
	pthread_mutex_unlock(&account->lock);
	for (size_t i = 0; i < count; i++)
		waiters[i].wake(waiters[i].ctx);
}

void account_renewed(struct account *account)
{
	bool usable = has_token(account);
	pthread_mutex_lock(&account->lock);
	if (usable)
		account->circuit.not_before_ms = clock_mono_ms(); /* a probe finds out at once */
	pthread_mutex_unlock(&account->lock);
	wake_all(account);
}

void account_changed(struct account *account)
{
	pthread_mutex_lock(&account->lock);
	if (account->creates >= CREATES_DOUBTED)
		account->creates = account->circuit.failures > 0 ? CREATES_FAIL : CREATES_GO;
	pthread_mutex_unlock(&account->lock);
	account_renewed(account);
}

int64_t account_allow(struct account *account, int64_t wanted, int64_t *ret_wait_ms)
{
	*ret_wait_ms = NO_TOKEN_WAIT_MS;
	if (!has_token(account))
		return 0;
	int64_t mono_ms = clock_mono_ms();
	pthread_mutex_lock(&account->lock);
	int64_t allowed = circuit_allow(&account->circuit, wanted, mono_ms);
	if (allowed > 0) {
		bool probe = account->circuit.probing;
		allowed = rate_take(&account->rate, allowed, mono_ms);
		if (allowed == 0 && probe)
			circuit_unused(&account->circuit);
	}
	int64_t open_ms = circuit_wait_ms(&account->circuit, mono_ms);
	int64_t pace_ms = rate_wait_ms(&account->rate, mono_ms);
	pthread_mutex_unlock(&account->lock);
	*ret_wait_ms = open_ms > pace_ms ? open_ms : pace_ms;
	if (*ret_wait_ms < SHORTEST_WAIT_MS)
		*ret_wait_ms = SHORTEST_WAIT_MS;
	return allowed;
}

int64_t account_spare(struct account *account, int64_t wanted)
{
	if (!has_token(account))
		return 0;
	pthread_mutex_lock(&account->lock);
	bool closed = account->circuit.failures == 0;
	int64_t spare = closed ? rate_spare(&account->rate, wanted, clock_mono_ms()) : 0;
	pthread_mutex_unlock(&account->lock);
	return spare;
}

void account_give_back(struct account *account, int64_t unused, bool all)
{
	pthread_mutex_lock(&account->lock);
	rate_give_back(&account->rate, unused);
	if (all)
		circuit_unused(&account->circuit);
	pthread_mutex_unlock(&account->lock);
}

bool account_was_taken(struct account *account)
{
	pthread_mutex_lock(&account->lock);
	bool taken = account->taken_ms >= 0 && clock_mono_ms() - account->taken_ms < TAKEN_LATELY_MS;
	pthread_mutex_unlock(&account->lock);
	return taken;
}

bool account_may_ask(struct account *account)
{
	if (!has_token(account))
		return false;
	pthread_mutex_lock(&account->lock);
	int64_t wait_ms = circuit_wait_ms(&account->circuit, clock_mono_ms());
	bool readable = account->creates == CREATES_REFUSED && account->reads;
	bool may = wait_ms == 0 || account->circuit.probing || readable;
	pthread_mutex_unlock(&account->lock);
	return may;
}

uint64_t account_authorize(struct account *account, char header[AUTHORIZATION_SIZE])
{
	return token_authorization(account->token, header);
}

/* Does this outcome speak of the account? Its number of unclear answers in a row decides for UNKNOWN; in a pause one is
 * enough, for each probe costs a command its clear outcome. */
static bool is_trouble(struct account *account, const struct outcome *outcome)
{
	if (outcome->kind == OUTCOME_UNKNOWN)
		return ++account->unclear >= UNCLEAR_IN_A_ROW || account->circuit.failures > 0;
	return outcome->account == ACCOUNT_UNREACHABLE || outcome->account == ACCOUNT_UNAUTHORIZED;
}

static void note_worse(struct account *account, enum creates creates)
{
	if (account->creates < creates)
		account->creates = creates;
}

/* Knocking at a closed door costs nobody anything: an API that is back is found within 8 s. A refusal may be of that
 * one command alone, on an account that sends little: another one is tried within 64 s. The rest waits up to five
 * minutes. */
static void limit_wait(struct account *account, const struct outcome *outcome)
{
	int64_t *failures = &account->circuit.failures;
	if (account->creates == CREATES_REFUSED && *failures > REFUSALS)
		*failures = REFUSALS;
	else if (account->creates != CREATES_REFUSED && outcome->account == ACCOUNT_UNREACHABLE && *failures > KNOCKS)
		*failures = KNOCKS;
}

static bool note_trouble(struct account *account, enum account_asker asker, const struct outcome *outcome)
{
	bool news = account->circuit.failures == 0;
	if (asker != ASKED_BY_QUESTION)
		note_worse(account, outcome->account == ACCOUNT_UNAUTHORIZED ? CREATES_REFUSED : CREATES_FAIL);
	uint64_t random;
	clock_random(&random, sizeof(random));
	limit_wait(account, outcome);
	circuit_failure(&account->circuit, clock_mono_ms(), outcome->retry_after_ms, random);
	text_format(account->why, sizeof(account->why), "%s: %s", outcome->code, outcome->reason);
	return news;
}

/* Is the trouble over? A question that is refused shows that somebody is there, and nothing of creates. */
static bool is_over(const struct account *account, enum account_asker asker, const struct outcome *outcome)
{
	if (asker != ASKED_BY_QUESTION)
		return true;
	if (outcome->kind == OUTCOME_REFUSED)
		return account->creates == CREATES_GO && account->circuit.failures > 0;
	return account->creates != CREATES_REFUSED;
}

static void note_success(struct account *account, enum account_asker asker, const struct outcome *outcome)
{
	if (!is_over(account, asker, outcome)) {
		if (outcome->kind == OUTCOME_DONE) /* the way is open: what is left is the refusal */
			text_copy(account->why, sizeof(account->why), account->refusal);
		return;
	}
	if (asker != ASKED_BY_QUESTION || account->creates == CREATES_FAIL)
		account->creates = CREATES_GO;
	account->unclear = 0;
	account->why[0] = '\0';
	circuit_success(&account->circuit);
}

/* Was this token good for what others are refused? */
static bool vouches(const struct account *account, enum account_asker asker, const struct outcome *outcome)
{
	return asker != ASKED_BY_QUESTION || (outcome->kind == OUTCOME_DONE && account->creates < CREATES_DOUBTED);
}

/* Is this outcome to wait for what another one finds out: the probe that is under way, or, where creates are refused,
 * the next one? What was under way before the pause began knows nothing of it. */
static bool is_beside(const struct account *account, enum account_asker asker, const struct outcome *outcome)
{
	bool late = asker == ASKED_BY_CREATE && outcome->account != ACCOUNT_UNAUTHORIZED;
	return (account->circuit.probing && asker != ASKED_BY_PROBE) || (account->creates == CREATES_REFUSED && late);
}

bool account_is_probing(struct account *account)
{
	pthread_mutex_lock(&account->lock);
	bool probing = account->circuit.probing;
	pthread_mutex_unlock(&account->lock);
	return probing;
}

bool account_note(struct account *account, enum account_asker asker, const struct outcome *outcome, uint64_t generation)
{
	bool news = false;
	bool refused = outcome->account == ACCOUNT_UNAUTHORIZED;
	bool taken = !refused && (outcome->kind == OUTCOME_DONE || outcome->kind == OUTCOME_REFUSED);
	pthread_mutex_lock(&account->lock);
	/* A token that is being renewed is no reason to pause: the next one may do. */
	bool renewing = refused && token_refused(account->token, generation);
	if (taken && vouches(account, asker, outcome))
		token_accepted(account->token, generation);
	if (refused)
		text_format(account->refusal, sizeof(account->refusal), "%s: %s", outcome->code, outcome->reason);
	if (taken)
		account->taken_ms = clock_mono_ms();
	if (outcome->account == ACCOUNT_SLOW_DOWN)
		rate_slow_down(&account->rate, outcome->retry_after_ms, clock_mono_ms());
	if (renewing && asker != ASKED_BY_QUESTION)
		note_worse(account, CREATES_DOUBTED);
	bool waits = is_beside(account, asker, outcome);
	bool trouble = !renewing && is_trouble(account, outcome);
	if (asker == ASKED_BY_QUESTION)
		account->reads = outcome->kind == OUTCOME_DONE || (account->reads && !refused && !trouble);
	if (trouble && !waits)
		news = note_trouble(account, asker, outcome);
	else if (!renewing && !trouble && taken)
		note_success(account, asker, outcome);
	else if (!waits)
		circuit_unused(&account->circuit);
	pthread_mutex_unlock(&account->lock);
	return news;
}

/* Without a token the reason is the token's own; failing that, what the API said when it refused the last one. */
static void explain_missing_token(struct account *account, char why[WHY_SIZE])
{
	char token[WHY_SIZE];
	token_why(account->token, token);
	const char *const reasons[] = {token, why, account->refusal, "no access token yet"};
	size_t first = 0;
	while (reasons[first][0] == '\0')
		first++;
	if (reasons[first] != why)
		text_copy(why, WHY_SIZE, reasons[first]);
}

void account_state(struct account *account, struct account_state *ret)
{
	ret->token_lifetime_s = token_lifetime_s(account->token);
	ret->token_age_s = token_age_s(account->token);
	pthread_mutex_lock(&account->lock);
	bool waits = account->circuit.failures > 0 && account->creates >= CREATES_DOUBTED;
	ret->paused = account->circuit.failures > 0 || ret->token_lifetime_s == -2;
	text_copy(ret->why, sizeof(ret->why), account->why);
	if (ret->token_lifetime_s == -2)
		explain_missing_token(account, ret->why);
	else if (waits)
		text_format(ret->why, sizeof(ret->why), "%s" NEXT_TRY, account->why);
	pthread_mutex_unlock(&account->lock);
}
