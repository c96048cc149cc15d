/* api - the SMS Commands API as documented: token, create, fetch, list, SIMs.
 *
 * Threads: all functions lock the simulator themselves. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_API_H
#define SIMULATOR_API_H

#include "tests/simulator/http.h"
#include "tests/simulator/simulator.h"

/* `rest` is what stands behind the route's prefix, raw: a sid or a name; "" for none. */
void api_token(struct simulator *self, const struct request *request, const char *rest, struct reply *reply);
void api_create(struct simulator *self, const struct request *request, const char *rest, struct reply *reply);
void api_fetch(struct simulator *self, const struct request *request, const char *rest, struct reply *reply);
void api_list(struct simulator *self, const struct request *request, const char *rest, struct reply *reply);
void api_sim(struct simulator *self, const struct request *request, const char *rest, struct reply *reply);
void api_sims(struct simulator *self, const struct request *request, const char *rest, struct reply *reply);

#endif
