/* tokens - who may call the API: client credentials, a static bearer, or user and password.
 *
 * Threads:   none of its own; under the simulator's lock. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_TOKENS_H
#define SIMULATOR_TOKENS_H

#include "tests/simulator/table.h"

#include <stdint.h>

enum token_verdict { TOKEN_GOOD, TOKEN_MISSING, TOKEN_UNKNOWN, TOKEN_EXPIRED };

struct issued_token;

struct tokens {
	struct table by_text;
	struct issued_token *newest;
	char *bearer; /* the whole header value; "" for none */
	char *basic;  /* likewise */
};

/* "" for a way in that is not wanted. */
void tokens_init(struct tokens *tokens, const char *bearer, const char *user_password);
void tokens_clear(struct tokens *tokens);

/* A new token; borrowed. */
const char *tokens_issue(struct tokens *tokens, int64_t lifetime_ms);

/* All issued tokens expire now, or are forgotten. */
void tokens_expire(struct tokens *tokens);
void tokens_forget(struct tokens *tokens);

/* Judges the header `Authorization`; "" when there was none. */
enum token_verdict tokens_judge(const struct tokens *tokens, const char *authorization);

#endif
