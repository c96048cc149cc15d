// await - a short polling loop on the monotonic clock.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/await.h"

#include <stdlib.h>
#include <time.h>

#include "bridge/base/clock.h"

enum { ASK_EVERY_MS = 5, WRAPPED_FACTOR = 10 };

int64_t patient(int64_t ms)
{
	const char *wrapper = getenv("BRIDGE_TEST_WRAPPER");
	return wrapper != NULL && *wrapper != '\0' ? ms * WRAPPED_FACTOR : ms;
}

void pause_ms(int64_t ms)
{
	struct timespec time = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
	while (nanosleep(&time, &time) != 0) {
	}
}

bool await(bool (*is_true)(void *ctx), void *ctx, int64_t timeout_ms)
{
	int64_t deadline = clock_mono_ms() + patient(timeout_ms);
	while (!is_true(ctx)) {
		if (clock_mono_ms() >= deadline)
			return is_true(ctx);
		pause_ms(ASK_EVERY_MS);
	}
	return true;
}
