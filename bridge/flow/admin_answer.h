/* admin_answer - the answers of administration as JSON.
 *
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_ADMIN_ANSWER_H
#define BRIDGE_FLOW_ADMIN_ANSWER_H

#include "bridge/base/buffer.h"
#include "bridge/edge/store.h"

/* One of our records. */
void admin_answer_record(struct buffer *to, const char *key, const struct store_record *record);

/* The whole answer; `data` is JSON text or "" for none, `error` "" for none. */
void admin_answer_encode(struct buffer *to, const char *data, const char *error, const char *transaction);

#endif
