/* token_fetch - one request for an access token: OAuth2 client credentials (RFC 6749, section 4.4).
 *
 * Threads:   one at a time, that of the client.
 * Promise:   neither the secret nor the token is in `why`.
 * Ownership: what is given is copied; token_fetch_end() frees. If it is not over, the client must be destroyed next.
 * Failure:   a result with an empty header. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_TOKEN_FETCH_H
#define BRIDGE_EDGE_TOKEN_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/base/limits.h"
#include "bridge/edge/http_client.h"
#include "bridge/edge/token.h"

struct token_fetch;

struct token_fetched {
	char header[AUTHORIZATION_SIZE]; /* a secret; "" : no token */
	int64_t lifetime_ms;
	bool refused;		/* the credentials are wrong, as far as can be told */
	int64_t retry_after_ms; /* -1: not given */
	char why[WHY_SIZE];
};

struct http_client *token_fetch_client(const char *ca_file);

struct token_fetch *token_fetch_begin(struct http_client *client, const char *url, const char *client_id,
				      const char *client_secret);

/* Waits for a while; true when it is over and *ret is filled. http_client_wake() ends the wait. */
bool token_fetch_go_on(struct token_fetch *fetch, struct token_fetched *ret);
void token_fetch_end(struct token_fetch *fetch);

#endif
