/* timekeeper - the wall time that the stages use: steady when the machine's clock jumps.
 *
 * Threads: any. See rule/steady_clock for what "steady" means. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_TIMEKEEPER_H
#define BRIDGE_FLOW_TIMEKEEPER_H

#include <stdint.h>

struct timekeeper;

/* `last_known_ms`: the latest time that an earlier life of the process recorded; 0: none. */
struct timekeeper *timekeeper_create(int64_t last_known_ms);
void timekeeper_destroy(struct timekeeper *keeper);

/* Wall milliseconds. */
int64_t timekeeper_now(struct timekeeper *keeper);

#endif
