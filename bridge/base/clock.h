/* clock - the two times: one for people and deadlines on disk, one for intervals.
 *
 * Threads:   any.
 * Promise:   wall time may jump; monotonic time never goes back and counts suspend
 *            (CLOCK_BOOTTIME). Pure code takes these as parameters and never calls them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_BASE_CLOCK_H
#define BRIDGE_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

enum { CLOCK_TEXT_SIZE = 25 };

/* Milliseconds since 1970, UTC. */
int64_t clock_wall_ms(void);

/* Milliseconds since some fixed moment of this boot. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* `2026-11-22T10:00:00.123Z` (ISO 8601, RFC 3339) of wall milliseconds; years 1970..9999. */
void clock_to_text(int64_t wall_ms, char text[CLOCK_TEXT_SIZE]);

/* The reverse; the fraction may be missing or of 1..9 digits, the zone is Z or +hh:mm.
 * -1 when it is not such a time. The API writes both forms. */
int64_t clock_from_text(const char *text);

/* Random bytes from the kernel; a kernel without them is a broken machine and exits. */
void clock_random(void *bytes, size_t len);

#endif
