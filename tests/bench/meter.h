/* meter - when each numbered message left and when it was seen.
 *
 * Message number N carries the text `mN`, wherever it goes; so any program under test can be measured
 * that passes the payload on.
 *
 * Threads: any; each message is counted once under a lock. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_BENCH_METER_H
#define TESTS_BENCH_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { METER_MAX = 4000000 };

int64_t meter_now_us(void);

/* The next number, its time noted; -1 when there are no more. */
int64_t meter_send(void);

/* A text that holds `mN` (at its start, or after `"` or `=`): N was seen. False: no number in it. */
bool meter_see(const char *text, size_t len);

/* The same on the way, at the API's side; the sides are counted apart. */
bool meter_see_at_api(const char *text, size_t len);

int64_t meter_sent(void);
int64_t meter_seen(void);
int64_t meter_duplicates(void);

/* Waits until at most `count` messages are under way, or the deadline. False: the deadline. */
bool meter_wait(int64_t count, int64_t deadline_us);

/* Prints `,"NAME_p50_us":…,"NAME_p99_us":…,"NAME_max_us":…` of all that were seen. */
void meter_print(const char *name, bool at_api);

#endif
