/* reconciler - API lists to store: what answers and callbacks did not tell.
 *
 * It resolves unknown outcomes (a create that was asked and never answered), fetches statuses that have been silent,
 * and lists MO SMS that came while nobody listened. Without a public address it is the only source of news.
 *
 * Threads:   one of its own, which waits for the API.
 * Promise:   an unknown create is sent again only when the API's list shows that it is not there; MO SMS are stored
 *            once by sid, oldest first, and history from before a fresh spool is never replayed.
 * Failure:   an API that cannot be asked leaves everything as it is, for later. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_RECONCILER_H
#define BRIDGE_FLOW_RECONCILER_H

#include <stdint.h>

#include "bridge/edge/store.h"
#include "bridge/flow/account.h"
#include "bridge/flow/counters.h"
#include "bridge/flow/mo_intake.h"
#include "bridge/flow/timekeeper.h"
#include "bridge/settings/settings.h"

struct reconciler;

/* All borrowed for its lifetime. */
struct reconciler_parts {
	const struct settings *settings;
	struct store *store;
	struct account *account;
	struct mo_intake *mo;
	struct timekeeper *time;
	struct counters *counters;
};

struct reconciler *reconciler_start(const struct reconciler_parts *parts);

/* Ends the thread. It may still be woken (and does nothing) until reconciler_destroy(), which is for when nobody wakes
 * any more. */
void reconciler_stop(struct reconciler *reconciler);
void reconciler_destroy(struct reconciler *reconciler);

/* From the store and the account; `ctx` is the reconciler. */
void reconciler_wake(void *ctx);
int64_t reconciler_silence_ms(void *reconciler);

#endif
