/* fake_token - the credentials of the API, as the test wants them.
 *
 * Takes the place of edge/token. A refused token is of no use any more; whether there is hope for a newer one the test
 * says beforehand, and when it comes.
 *
 * Threads: any. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_FAKE_TOKEN_H
#define TESTS_FLOW_FAKE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/edge/token.h"

/* Generation 1 is there: "Bearer token-1". A refusal finds no hope. */
void fake_token_reset(void);

/* The next refusals find hope: until fake_token_renew() there is no token. */
void fake_token_hope(bool hope);

/* There is none, or a new one; tells on_change. */
void fake_token_lose(void);
void fake_token_renew(void);

/* The next time that it is asked for, the token has just gone. */
void fake_token_blink(void);

int64_t fake_token_refusals(void);

/* The generation that the API took last; 0: none yet. */
uint64_t fake_token_accepted(void);

/* What token_set_secret() was given last; "". */
void fake_token_secret(char to[64]);

#endif
