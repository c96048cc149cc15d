/* command_sender - store to API: takes what is due, commits the intent, POSTs once, commits the answer.
 *
 * While it has room for more, a standing order lets the store take a command in the transaction that accepts it; what
 * waits is taken in turns.
 *
 * Threads:   one of its own, which owns an HTTP client.
 * Promise:   no byte of a create leaves before `sending` is on disk; a create without a clear answer is never
 *            repeated here: it becomes `unknown` and the reconciler finds out.
 * Failure:   outages and refused credentials pause the account, not the commands. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_COMMAND_SENDER_H
#define BRIDGE_FLOW_COMMAND_SENDER_H

#include <stdint.h>

#include "bridge/edge/store.h"
#include "bridge/flow/account.h"
#include "bridge/flow/counters.h"
#include "bridge/flow/thread.h"
#include "bridge/flow/timekeeper.h"
#include "bridge/flow/webhook_keys.h"
#include "bridge/settings/settings.h"

struct command_sender;

/* All borrowed for the sender's lifetime. */
struct command_sender_parts {
	const struct settings *settings;
	struct store *store;
	struct account *account;
	struct timekeeper *time;
	struct counters *counters;
	struct webhook_keys *keys;
};

struct command_sender *command_sender_start(const struct command_sender_parts *parts);

/* Takes nothing more, waits up to `grace_ms` for answers under way; what has none by then becomes `unknown`. It may
 * still be woken (and does nothing) until command_sender_destroy(), which is for when nobody wakes any more. */
void command_sender_stop(struct command_sender *sender, int64_t grace_ms);
void command_sender_destroy(struct command_sender *sender);

/* From the store and the account: look again. `ctx` is the sender. */
void command_sender_wake(void *ctx);

/* From the store: commands were taken on the standing order. */
void command_sender_wake_for_taken(void *ctx);

/* For the watch. */
int64_t command_sender_silence_ms(void *sender);

#endif
