/* rate - how many creates may leave now: a token bucket that the API can slow down.
 *
 * A 429 concerns the account and not one command, so everybody stops until the time it asked for and then goes on
 * at half the pace. The pace recovers by a quarter every RATE_RECOVER_MS without another 429.
 *
 * Threads: none of its own; pure, monotonic milliseconds are a parameter.
 * Promise: no second holds more than the rate and a twentieth of it: creates leave one after the other, not in bursts.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_RULE_RATE_H
#define BRIDGE_RULE_RATE_H

#include <stdint.h>

enum { RATE_RECOVER_MS = 10000, RATE_PAUSE_MS = 1000 };

struct rate {
	int64_t limit_milli;   /* configured, creates in 1000 s; very large: no limit */
	int64_t pace_milli;    /* allowed at present */
	int64_t tokens_micro;  /* one create is 1,000,000 */
	int64_t filled_ms;     /* when tokens were last added */
	int64_t recover_ms;    /* when the pace next rises */
	int64_t not_before_ms; /* nobody may create before */
	int64_t second_ms;     /* start of the second that is counted */
	int64_t count, count_before;
};

/* `per_second` 0: no limit (until the API sets one by a 429). */
void rate_init(struct rate *rate, int64_t per_second, int64_t mono_ms);

/* Takes up to `wanted`; how many may begin now. */
int64_t rate_take(struct rate *rate, int64_t wanted, int64_t mono_ms);

/* How many of `wanted` rate_take() would give now. */
int64_t rate_spare(const struct rate *rate, int64_t wanted, int64_t mono_ms);

/* `unused` of those taken were not needed. */
void rate_give_back(struct rate *rate, int64_t unused);

/* Milliseconds until at least one may begin; 0: now. */
int64_t rate_wait_ms(const struct rate *rate, int64_t mono_ms);

/* A 429 came; `retry_after_ms` as it asked, 0 for nothing said. Several of one burst count once. */
void rate_slow_down(struct rate *rate, int64_t retry_after_ms, int64_t mono_ms);

#endif
