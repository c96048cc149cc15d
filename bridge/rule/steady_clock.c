/* steady_clock - following the wall clock only as far as it is believable. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/steady_clock.h"

void steady_clock_init(struct steady_clock *clock, int64_t wall_ms, int64_t mono_ms, int64_t last_known_ms)
{
	*clock = (struct steady_clock){
		.now_ms = wall_ms > last_known_ms ? wall_ms : last_known_ms,
		.mono_ms = mono_ms,
	};
}

/* Ahead of a wall clock that is near: run at half speed until it has caught up. */
static int64_t slowed(int64_t now_ms, int64_t ahead_ms, int64_t elapsed_ms)
{
	int64_t most = elapsed_ms / 2;
	return now_ms - (ahead_ms < most ? ahead_ms : most);
}

/* Has the wall clock, far from us, kept to one and the same new time for long enough? */
static bool is_confirmed(struct steady_clock *clock, int64_t wall_ms, int64_t mono_ms)
{
	int64_t offset = wall_ms - mono_ms;
	int64_t drift = offset - clock->doubted_offset;
	if (!clock->doubted || drift > STEADY_NEAR_MS || drift < -STEADY_NEAR_MS) {
		clock->doubted = true;
		clock->doubted_since = mono_ms;
		clock->doubted_offset = offset;
	}
	return mono_ms - clock->doubted_since >= STEADY_CONFIRM_MS;
}

int64_t steady_clock_now(struct steady_clock *clock, int64_t wall_ms, int64_t mono_ms)
{
	int64_t elapsed = mono_ms > clock->mono_ms ? mono_ms - clock->mono_ms : 0;
	int64_t now_ms = clock->now_ms + elapsed;
	bool near = wall_ms - now_ms <= STEADY_NEAR_MS && now_ms - wall_ms <= STEADY_NEAR_MS;
	if (near) {
		clock->doubted = false;
		now_ms = wall_ms >= now_ms ? wall_ms : slowed(now_ms, now_ms - wall_ms, elapsed);
	} else if (wall_ms < STEADY_PLAUSIBLE_MS) {
		clock->doubted = false;
	} else if (is_confirmed(clock, wall_ms, mono_ms)) {
		clock->doubted = false;
		now_ms = wall_ms;
	}
	clock->now_ms = now_ms;
	clock->mono_ms += elapsed;
	return now_ms;
}
