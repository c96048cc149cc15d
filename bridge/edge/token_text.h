/* token_text - the Authorization header's two forms (RFC 6750 2.1, RFC 7617).
 *
 * Threads: any; no state.
 * Failure: false and "" when it is too long for a header, or holds what a header cannot carry. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_TOKEN_TEXT_H
#define BRIDGE_EDGE_TOKEN_TEXT_H

#include <stdbool.h>

#include "bridge/edge/token.h"

bool token_text_bearer(char to[AUTHORIZATION_SIZE], const char *token);
bool token_text_basic(char to[AUTHORIZATION_SIZE], const char *username, const char *password);

#endif
