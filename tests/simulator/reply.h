/* reply - answers in the API's shapes. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_REPLY_H
#define SIMULATOR_REPLY_H

#include "tests/simulator/http.h"
#include "tests/simulator/tokens.h"
#include "tests/simulator/world.h"

/* {"status":…,"message":…,"code":…}; a `code` of 0 is left out, as the API does. Replaces the body. */
void reply_error(struct reply *reply, int status, int code, const char *message);

/* The refusal for a verdict that is not good. */
void reply_unauthorized(struct reply *reply, enum token_verdict verdict);

/* A resource as a JSON object; `name` as in json_write. */
void reply_resource(struct buffer *out, const char *name, const struct resource *resource, const char *host);
void reply_sim(struct buffer *out, const char *name, const struct sim *sim, const char *host);

#endif
