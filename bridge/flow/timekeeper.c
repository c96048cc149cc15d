/* timekeeper - one steady clock behind a mutex. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/timekeeper.h"

#include <pthread.h>
#include <stdlib.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/rule/steady_clock.h"

struct timekeeper {
	pthread_mutex_t lock;
	struct steady_clock clock;
};

struct timekeeper *timekeeper_create(int64_t last_known_ms)
{
	struct timekeeper *keeper = memory_zeroed(1, sizeof(*keeper));
	pthread_mutex_init(&keeper->lock, NULL);
	steady_clock_init(&keeper->clock, clock_wall_ms(), clock_mono_ms(), last_known_ms);
	return keeper;
}

void timekeeper_destroy(struct timekeeper *keeper)
{
	if (keeper == NULL)
		return;
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

int64_t timekeeper_now(struct timekeeper *keeper)
{
	pthread_mutex_lock(&keeper->lock);
	int64_t now = steady_clock_now(&keeper->clock, clock_wall_ms(), clock_mono_ms());
	pthread_mutex_unlock(&keeper->lock);
	return now;
}
