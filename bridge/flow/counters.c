/* counters - relaxed atomics and the table of their names. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/counters.h"

const int64_t latency_bounds_ms[LATENCY_BUCKETS] = {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000};

#define COUNTER_TEXT(name, family, labels, help) {family, labels, help},
const struct counter_text counter_texts[COUNTER_COUNT] = {COUNTERS(COUNTER_TEXT)};
#undef COUNTER_TEXT

void counters_add(struct counters *counters, enum counter counter)
{
	atomic_fetch_add_explicit(&counters->values[counter], 1, memory_order_relaxed);
}

int64_t counters_get(struct counters *counters, enum counter counter)
{
	return atomic_load_explicit(&counters->values[counter], memory_order_relaxed);
}

bool counters_may_tell(struct counters *counters, int64_t mono_ms, int64_t *ret_untold)
{
	enum { LINES_A_SECOND = 10 };
	int64_t second = mono_ms / 1000 + 1, lines = 0;
	if (atomic_exchange(&counters->refusal_second, second) != second)
		lines = atomic_exchange(&counters->refusal_lines, 0);
	*ret_untold = lines > LINES_A_SECOND ? lines - LINES_A_SECOND : 0;
	return atomic_fetch_add(&counters->refusal_lines, 1) < LINES_A_SECOND;
}

void counters_latency(struct counters *counters, int64_t elapsed_us)
{
	int bucket = 0;
	while (bucket < LATENCY_BUCKETS && elapsed_us > latency_bounds_ms[bucket] * 1000)
		bucket++;
	atomic_fetch_add_explicit(&counters->latency[bucket], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&counters->latency_us_sum, elapsed_us, memory_order_relaxed);
}
