/* steady_clock - the time that the spool lives by: wall time without its jumps.
 *
 * Deadlines and retry times are on disk as wall milliseconds. A wall clock that jumps (no battery,
 * a wrong NTP server, an operator's slip) must neither expire everything at once nor stall it. So
 * time runs on with the monotonic clock and follows the wall clock only where that is plausible:
 * within a minute at once (backwards: by running at half speed), and further away only after the
 * new time has stood for five minutes. A time before 2024 is never believed.
 *
 * Threads: none of its own; one owner, or a lock of the caller's.
 * Promise: pure: both clocks are parameters. Goes back only when a new time has been confirmed. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_RULE_STEADY_CLOCK_H
#define BRIDGE_RULE_STEADY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* 2024-01-01T00:00:00Z: older than this program. */
#define STEADY_PLAUSIBLE_MS INT64_C(1704067200000)

enum { STEADY_NEAR_MS = 60000, STEADY_CONFIRM_MS = 300000 };

struct steady_clock {
	int64_t now_ms, mono_ms; /* it was now_ms when the monotonic clock said mono_ms */
	bool doubted;		 /* the wall clock is far away ... */
	int64_t doubted_since;	 /* ... since then (monotonic) ... */
	int64_t doubted_offset;	 /* ... by wall - mono */
};

/* `last_known_ms`: a time that has surely passed (remembered in the spool); 0 when nothing is known. */
void steady_clock_init(struct steady_clock *clock, int64_t wall_ms, int64_t mono_ms, int64_t last_known_ms);

/* The time now; call it at least every few minutes. */
int64_t steady_clock_now(struct steady_clock *clock, int64_t wall_ms, int64_t mono_ms);

#endif
