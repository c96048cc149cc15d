/* command_answer - from the answer to a create to what the store records of it.
 *
 * Threads: any; pure but for the decoding of the body. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_COMMAND_ANSWER_H
#define BRIDGE_FLOW_COMMAND_ANSWER_H

#include <stdint.h>

#include "bridge/base/outcome.h"
#include "bridge/codec/api_message.h"
#include "bridge/edge/http_client.h"
#include "bridge/edge/store.h"
#include "bridge/settings/settings.h"

/* What the API's resource means for its command: event, sids, and the error of a failed one. */
void command_answer_adopt(const struct api_resource *resource, struct store_settlement *ret);

/* Judges a result and fills the settlement's event, sids and error; not its seq and due time. */
struct outcome command_answer_judge(const struct http_result *result, struct store_settlement *ret);

/* When the command is to be looked at again: the next attempt, the reconciliation, or the first poll. `others_go`: the
 * API takes what other commands ask with these credentials. */
int64_t command_answer_due(const struct settings *settings, const struct outcome *outcome,
			   const struct store_attempt *attempt, bool others_go, int64_t now_ms, uint64_t random);

#endif
