/* trouble - what goes wrong while it lasts: deaths of bridge and broker, cuts between them, an API that misbehaves.
 *
 * Threads:   the main thread only.
 * Ownership: a trouble is yours to destroy; world, tap and dice are borrowed. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_CHAOS_TROUBLE_H
#define TESTS_CHAOS_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/chaos/dice.h"
#include "tests/harness/tap.h"
#include "tests/harness/world.h"

/* How the broker dies. Killed by -9 mosquitto loses some of what it acknowledged; stopped it must not. */
enum broker_end { BROKER_STOPPED, BROKER_KILLED, BROKER_EITHER };

struct trouble_parts {
	struct world *world;
	struct tap *tap;
	struct dice *dice;
	enum broker_end broker_end;
};

struct trouble_counts {
	size_t bridge_kills, broker_stops, broker_kills, cuts, api_stops;
};

struct trouble;
struct trouble *trouble_create(const struct trouble_parts *parts);
void trouble_destroy(struct trouble *trouble);

/* Strikes where it is time to. Fails when the bridge has ended by itself. */
void trouble_tick(struct trouble *trouble);

/* One kill more, so that no pace that the API imposed is left; then everything is up and well again. */
void trouble_end(struct trouble *trouble);

/* Fails when the bridge has ended by itself. */
void trouble_watch(struct trouble *trouble);

/* How often each fault of the API was used. */
void trouble_tell_faults(const struct trouble *trouble, void (*tell)(const char *what, int64_t count));

void trouble_count(const struct trouble *trouble, struct trouble_counts *ret);

#endif
