/* circuit - whether the account may be asked now: a circuit breaker with one probe at a time.
 *
 * An outage or a refused credential concerns every command alike. So the account waits as a whole,
 * commands keep their place, and one probe finds out when it is over.
 *
 *   closed --failure--> open (wait with backoff) --time--> half open (one probe) --success--> closed
 *                         ^                                    |
 *                         +------------- failure --------------+
 *
 * Threads: none of its own; pure, monotonic milliseconds and randomness are parameters. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_RULE_CIRCUIT_H
#define BRIDGE_RULE_CIRCUIT_H

#include <stdbool.h>
#include <stdint.h>

struct circuit {
	int64_t failures;      /* in a row; 0: closed */
	int64_t not_before_ms; /* monotonic */
	bool probing;	       /* half open, and the probe is under way */
};

/* How many requests may begin now, given `wanted`; 0 while it is open. A returned probe is under way from here on. */
int64_t circuit_allow(struct circuit *circuit, int64_t wanted, int64_t mono_ms);

/* What was allowed was not used (nothing was due): the probe is free again. */
void circuit_unused(struct circuit *circuit);

void circuit_success(struct circuit *circuit);

/* A failure that concerns the account. `least_ms`: what the answer asked for, 0 for nothing. */
void circuit_failure(struct circuit *circuit, int64_t mono_ms, int64_t least_ms, uint64_t random);

/* Milliseconds until something may be allowed, as far as time decides it; 0: now. */
int64_t circuit_wait_ms(const struct circuit *circuit, int64_t mono_ms);

#endif
