/* admin_actions - what each administration request does.
 *
 * Threads: admin's own; an action may wait for the API or the disk. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_ADMIN_ACTIONS_H
#define BRIDGE_FLOW_ADMIN_ACTIONS_H

#include "bridge/flow/admin.h"
#include "bridge/flow/admin_request.h"
#include "bridge/flow/api_query.h"

enum { ADMIN_ANSWER_MAX = 2 * 1024 * 1024 }; /* a thousand of the longest commands */

/* All borrowed. */
struct admin_actor {
	const struct admin_parts *parts;
	const struct health *health;
	struct reload *reload;
	struct api_query *query;
};

/* Fills `data` with JSON; false and a sentence in `error`. */
bool admin_act(struct admin_actor *actor, const struct admin_request *request, struct buffer *data, char *error,
	       size_t error_size);

#endif
