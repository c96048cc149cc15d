/* token - the Authorization of API requests: OAuth2 client credentials (RFC 6749 4.4), a static bearer
 * token, or basic.
 *
 * Threads:   any may ask. With oauth2 a keeper thread of its own fetches (single flight) and renews
 *            well before `expires_in` ends; askers never wait for the network.
 * Promise:   a secret is never in a reason, a log or a URL; a fetch that failed is tried again with backoff.
 * Failure:   "no token now", with a reason. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_TOKEN_H
#define BRIDGE_EDGE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/base/limits.h"

enum token_kind { TOKEN_OAUTH2, TOKEN_BEARER, TOKEN_BASIC };
enum { AUTHORIZATION_SIZE = 8192 };

struct token;

struct token_options {
	enum token_kind kind;
	const char *url, *client_id, *client_secret; /* oauth2 */
	const char *bearer;
	const char *username, *password; /* basic */
	const char *ca_file;
	/* At least between fetches with refused credentials; 0: half a minute. A sixth of it lies between two fetches
	 * for tokens that were taken and then refused. */
	int64_t probe_ms;
	/* Called on the keeper's thread when a token came after there was none, or a fetch failed; perhaps before
	 * token_start() has returned. */
	void (*on_change)(void *ctx, bool usable, const char *why);
	void *ctx;
};

struct token *token_start(const struct token_options *options);
void token_stop(struct token *token);

/* The header's value into `ret`; its generation (>= 1), or 0 when there is none now. */
uint64_t token_authorization(struct token *token, char ret[AUTHORIZATION_SIZE]);

/* The API refused this generation with 401 or 403: fetch a new one at once (oauth2), once for each
 * generation. False: there is nothing newer to hope for (static, or this generation was fresh): pause; the token stays
 * in use, for the pause to find out whether others may. */
bool token_refused(struct token *token, uint64_t generation);

/* The API took a request with this generation, and one of the kind that was refused before: when it is refused later,
 * it was revoked, and a new one may do. */
void token_accepted(struct token *token, uint64_t generation);

/* New secrets after a reload; what they replace is wiped. The same again is tried at once if there is no good token
 * now. */
void token_set_secret(struct token *token, const char *secret);

/* For who watches over the threads: since the keeper last moved; 0: there is none. Any thread. */
int64_t token_silence_ms(void *token);

/* Seconds until the current token ends; -1: it has no end, -2: there is none. */
int64_t token_lifetime_s(struct token *token);

/* Seconds since the current token was asked for, or taken into use where it is a fixed one; -1: there is none. */
int64_t token_age_s(struct token *token);

/* Why the last fetch gave no token; "" when it did, or there was none yet. Holds no secret. */
void token_why(struct token *token, char ret[WHY_SIZE]);

#endif
