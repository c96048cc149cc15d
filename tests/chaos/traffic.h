/* traffic - commands and SMS from devices at a steady rate, and the two witnesses of what is told about them.
 *
 * The tap between bridge and broker sees what the bridge told, also when the broker dies and loses it: it judges the
 * bridge. The subscriber behind the broker is a careful sender: a command of which it hears nothing for PATIENCE_MS is
 * published again with the same id.
 *
 * Threads:   the main thread only.
 * Ownership: a traffic is yours to destroy; world, tap and dice are borrowed. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_CHAOS_TRAFFIC_H
#define TESTS_CHAOS_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/chaos/dice.h"
#include "tests/harness/audit.h"
#include "tests/harness/tap.h"
#include "tests/harness/world.h"

enum { TRAFFIC_DEVICES = 40, PATIENCE_MS = 5000 };

struct traffic_parts {
	struct world *world;
	struct tap *tap;
	struct dice *dice;
	int64_t rate; /* commands a second */
};

struct traffic;
struct traffic *traffic_create(const struct traffic_parts *parts);
void traffic_destroy(struct traffic *traffic);

/* Sends what is due, unless `draining`, and takes note of what has come. While draining also commands whose end came to
 * the tap and not to the subscriber are published again. */
void traffic_tick(struct traffic *traffic, bool draining);

/* Is everything final and here, for both witnesses? */
bool traffic_is_complete(const struct traffic *traffic);

struct traffic_counts {
	size_t commands, final, repeated, messages;
	/* Final for the tap, and the subscriber had to ask; SMS that the tap saw and the subscriber never. */
	size_t asked, messages_unheard;
};
void traffic_count(const struct traffic *traffic, struct traffic_counts *ret);

/* What the tap witnessed; and what the subscriber did. */
const struct audit *traffic_told(const struct traffic *traffic);
const struct audit *traffic_heard(const struct traffic *traffic);

#endif
