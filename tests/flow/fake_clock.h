/* fake_clock - the two clocks run on, and jump where the test says so.
 *
 * The linker puts them in the place of base/clock's (--wrap); its other functions stay. Backoff takes its randomness
 * from here too, so that a pause has a length that a test can know, and a new spool its epoch: always feedface.
 *
 * Threads: any. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_FAKE_CLOCK_H
#define TESTS_FLOW_FAKE_CLOCK_H

#include <stdint.h>

#define SECOND	    ((int64_t)1000)
#define MINUTE	    (60 * SECOND)
#define HOUR	    (60 * MINUTE)
#define DAY	    (24 * HOUR)
#define CLOCK_BEGIN ((int64_t)1795341600000) /* 2026-11-22T10:00:00Z, where the wall clock starts */

/* Both clocks start anew; 64 random bits are `random` from now on. */
void fake_clock_reset(uint64_t random);

/* The 64 random bits are others from now on. */
void fake_clock_random(uint64_t random);

/* Both clocks stand still from now on, but for what they are advanced; until the next reset. */
void fake_clock_freeze(void);

/* Both clocks are `ms` ahead of where they were. */
void fake_clock_advance(int64_t ms);

#endif
