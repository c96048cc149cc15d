/* account - the API account that all requests share: its credentials, its pace, its pauses.
 *
 * Threads:   any.
 * Promise:   a refused credential or an outage pauses everybody and burns no command; one probe at a
 *            time finds out when it is over. 401 and 403 both ask for a new token once (an expired
 *            token answers 403).
 * Failure:   a pause with a reason that health shows. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_ACCOUNT_H
#define BRIDGE_FLOW_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/base/limits.h"
#include "bridge/base/outcome.h"
#include "bridge/edge/http_client.h"
#include "bridge/edge/token.h"

struct account;

struct account_state {
	bool paused;
	char why[WHY_SIZE];	  /* "" when it is not */
	int64_t token_lifetime_s; /* -1: it has no end, -2: there is none */
	int64_t token_age_s;	  /* -1: there is none */
};

/* `token` is borrowed for the account's lifetime; `rate`: creates a second, 0: no limit. */
struct account *account_create(struct token *token, int64_t rate);
void account_destroy(struct account *account);

/* Who to wake when a pause may be over: up to ACCOUNT_WAITERS. */
enum { ACCOUNT_WAITERS = 4 };
void account_on_change(struct account *account, void (*wake)(void *ctx), void *ctx);

/* The token's keeper has fetched a new one, or has not got it: with a token there, one probe need not wait any longer.
 */
void account_renewed(struct account *account);

/* New credentials, or somebody who says that they are good now: that creates were refused is forgotten. */
void account_changed(struct account *account);

/* How many creates may begin now, of `wanted`. When 0, *ret_wait_ms says when to ask again. */
int64_t account_allow(struct account *account, int64_t wanted, int64_t *ret_wait_ms);

/* How many of `wanted` could begin now, without taking them; 0 in a pause, also when a probe could. */
int64_t account_spare(struct account *account, int64_t wanted);

/* `unused` of those allowed were not needed. */
void account_give_back(struct account *account, int64_t unused, bool all);

/* May a list or fetch be asked now? Does not count against the rate of creates. In a pause only as a probe may go, but
 * at any time where only creates are refused. */
bool account_may_ask(struct account *account);

/* Fills the Authorization of a request into `header`; its generation, 0: there is no token now. */
uint64_t account_authorize(struct account *account, char header[AUTHORIZATION_SIZE]);

/* Did the API take a request, or refuse only the request itself, in the last ten minutes? */
bool account_was_taken(struct account *account);

/* Is a probe under way? Whoever was just allowed one create has it. */
bool account_is_probing(struct account *account);

/* Who asked: the create that was allowed as the probe, another one (from before the pause, say), or a list or fetch. */
enum account_asker { ASKED_BY_PROBE, ASKED_BY_CREATE, ASKED_BY_QUESTION };

/* What an exchange showed about the account. While there is a probe, others neither lengthen the pause nor make room
 * for another probe; they may end it. But a pause in which creates are refused with these credentials ends with one
 * that is taken, or by account_changed(): no question that is answered ends it, for what may read need not be what may
 * send. And one that is refused ends no pause that creates are part of. True when the pause is news (to be logged
 * once). */
bool account_note(struct account *account, enum account_asker asker, const struct outcome *outcome,
		  uint64_t generation);

void account_state(struct account *account, struct account_state *ret);

#endif
