/* kill - a life of the daemon that ends by SIGKILL at a named point, the next one, and the judgement over both.
 *
 * Each round sends a bit of everything: commands with and without an id to several SIMs, a repeat, one that cannot be
 * sent, one that fails, one whose answer is lost, one that nothing is heard of, one behind a slow one that is
 * cancelled, SMS from devices with and without a callback, another program's status. All rounds share one spool.
 *
 * Threads: the test's main thread only. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_KILL_H
#define TESTS_HARNESS_KILL_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/harness/world.h"

struct kill_point {
	const char *at;	  /* BRIDGE_CRASH_AT: name, or name:n for the n-th pass */
	bool while_start; /* in the start that follows a kill -9 under traffic, not in the traffic itself */
};

/* Prepares a world and plays the points one after the other; skips the test in a build without crash points. */
void kill_at_each(struct world *world, const struct kill_point *points, size_t count);

#endif
