/* rate - how many creates may leave now: a token bucket that the API can slow down. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/rate.h"

#include <assert.h>
#include <stdbool.h>

/* A pace in creates in 1000 s times milliseconds gives millionths of a create. */
enum { CREATE_MICRO = 1000000, SECOND_MS = 1000 };

/* A bucket of a whole second's worth would let almost two leave in the first one: full, and filled meanwhile. */
enum { BURST_MS = 50 };

static const int64_t UNLIMITED_MILLI = 1000000000000; /* a thousand million a second */
static const int64_t SLOWEST_MILLI = 100;	      /* one in ten seconds */
static const int64_t LONGEST_FILL_MS = 10000;	      /* fills every bucket, and keeps products small */

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t full(const struct rate *rate)
{
	return larger(CREATE_MICRO, rate->pace_milli * BURST_MS);
}

void rate_init(struct rate *rate, int64_t per_second, int64_t mono_ms)
{
	assert(per_second >= 0);
	int64_t limit = per_second ? smaller(per_second * 1000, UNLIMITED_MILLI) : UNLIMITED_MILLI;

	*rate = (struct rate){.limit_milli = limit,
			      .pace_milli = limit,
			      .filled_ms = mono_ms,
			      .second_ms = mono_ms,
			      .not_before_ms = mono_ms};
	rate->tokens_micro = full(rate);
}

static void recover(struct rate *rate, int64_t mono_ms)
{
	while (rate->pace_milli < rate->limit_milli && mono_ms >= rate->recover_ms) {
		rate->pace_milli = smaller(rate->limit_milli, rate->pace_milli + larger(1, rate->pace_milli / 4));
		rate->recover_ms += RATE_RECOVER_MS;
	}
}

static void refill(struct rate *rate, int64_t mono_ms)
{
	recover(rate, mono_ms);
	int64_t passed = smaller(larger(0, mono_ms - rate->filled_ms), LONGEST_FILL_MS);

	rate->tokens_micro = smaller(full(rate), rate->tokens_micro + passed * rate->pace_milli);
	rate->filled_ms = larger(rate->filled_ms, mono_ms);
}

/* Remembers the traffic of this second and the one before. */
static void count(struct rate *rate, int64_t taken, int64_t mono_ms)
{
	int64_t age = mono_ms - rate->second_ms;

	if (age >= SECOND_MS) {
		rate->count_before = age < 2 * SECOND_MS ? rate->count : 0;
		rate->count = 0;
		rate->second_ms = mono_ms;
	}
	rate->count += taken;
}

int64_t rate_take(struct rate *rate, int64_t wanted, int64_t mono_ms)
{
	refill(rate, mono_ms);
	if (mono_ms < rate->not_before_ms || wanted <= 0)
		return 0;
	int64_t taken = smaller(wanted, rate->tokens_micro / CREATE_MICRO);

	rate->tokens_micro -= taken * CREATE_MICRO;
	count(rate, taken, mono_ms);
	return taken;
}

int64_t rate_spare(const struct rate *rate, int64_t wanted, int64_t mono_ms)
{
	struct rate then = *rate;

	return rate_take(&then, wanted, mono_ms);
}

void rate_give_back(struct rate *rate, int64_t unused)
{
	rate->tokens_micro = smaller(full(rate), rate->tokens_micro + unused * CREATE_MICRO);
	rate->count = larger(0, rate->count - unused);
}

int64_t rate_wait_ms(const struct rate *rate, int64_t mono_ms)
{
	struct rate then = *rate;

	refill(&then, mono_ms);
	int64_t pause = larger(0, then.not_before_ms - mono_ms);
	int64_t missing = larger(0, CREATE_MICRO - then.tokens_micro);

	return larger(pause, (missing + then.pace_milli - 1) / then.pace_milli);
}

void rate_slow_down(struct rate *rate, int64_t retry_after_ms, int64_t mono_ms)
{
	bool same_burst = mono_ms < rate->not_before_ms;

	refill(rate, mono_ms);
	rate->not_before_ms = larger(rate->not_before_ms, mono_ms + larger(RATE_PAUSE_MS, retry_after_ms));
	rate->recover_ms = rate->not_before_ms + RATE_RECOVER_MS;
	if (same_burst)
		return;
	/* Half of what really was sent, when that is less than what was allowed: else a high limit would take
	 * many refusals to come down to earth. One refusal of few creates says little: one a second is left. */
	count(rate, 0, mono_ms);
	int64_t seen = larger(rate->count, rate->count_before) * 1000;

	rate->pace_milli = larger(SLOWEST_MILLI, smaller(rate->pace_milli, larger(seen, 2 * SECOND_MS)) / 2);
	rate->tokens_micro = smaller(rate->tokens_micro, CREATE_MICRO);
}
