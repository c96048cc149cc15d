/* reconcile - the three jobs of the reconciler, each one pass.
 *
 * Threads: the reconciler's. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_RECONCILE_H
#define BRIDGE_FLOW_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/flow/api_query.h"
#include "bridge/flow/reconciler.h"
#include "bridge/flow/thread.h"
#include "bridge/rule/patience.h"

/* The API may be ahead of or behind our clock by so much. */
enum { RECONCILE_SKEW_MS = 15 * 60 * 1000 };

struct reconcile {
	struct reconciler_parts parts;
	struct api_query *query;
	struct thread *thread;	  /* to end early when it is asked to stop */
	struct patience patience; /* with SIMs that could not be asked for their names */
	bool newcomers_only;	  /* the last pass had no time left for those that had never failed */
	bool waits_for_names;	  /* these alone kept the last pass over MO SMS from its end */
};

/* Commands whose outcome is unknown. Returns when the next is due (wall ms; INT64_MAX: none). */
int64_t reconcile_unknown(struct reconcile *reconcile);

/* Statuses that have been silent. Likewise. */
int64_t reconcile_silent(struct reconcile *reconcile);

/* MO SMS that no callback brought. False: it could not be finished; the next one begins where it began. */
bool reconcile_mo(struct reconcile *reconcile);

#endif
