/* watch - a table of threads, looked at once a second. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/watch.h"

#include <assert.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/log.h"
#include "bridge/base/text.h"
#include "bridge/edge/supervisor.h"

enum { LOOK_MS = 1000, STANDSTILL_MS = 5000 };

static int64_t main_silence_ms(void *of)
{
	const struct watch *watch = of;
	return clock_mono_ms() - atomic_load(&watch->main_alive_ms);
}

/* Nobody can have moved while the process stood still: the silence of then does not count. */
static int64_t counted_ms(const struct watch *watch, const struct watched *watched, int64_t now_ms)
{
	int64_t silence_ms = watched->silence_ms(watched->of);
	int64_t judged_ms = now_ms - atomic_load(&watch->judge_from_ms);
	return silence_ms < judged_ms ? silence_ms : judged_ms;
}

const struct watched *watch_look(struct watch *watch, int64_t now_ms, int64_t *ret_silence_ms)
{
	if (now_ms - atomic_load(&watch->looked_ms) > STANDSTILL_MS)
		atomic_store(&watch->judge_from_ms, now_ms);
	atomic_store(&watch->looked_ms, now_ms);
	for (size_t i = 0; i < watch->count; i++) {
		*ret_silence_ms = counted_ms(watch, &watch->threads[i], now_ms);
		if (*ret_silence_ms >= watch->threads[i].limit_ms)
			return &watch->threads[i];
	}
	return NULL;
}

bool watch_is_well(void *ctx)
{
	const struct watch *watch = ctx;
	int64_t now_ms = clock_mono_ms();
	for (size_t i = 0; i < watch->count; i++)
		if (counted_ms(watch, &watch->threads[i], now_ms) >= watch->threads[i].limit_ms / 2)
			return false;
	return true;
}

static _Noreturn void give_up(const struct watched *stuck, int64_t silence_ms)
{
	char why[WHY_SIZE];
	text_format(why, sizeof(why), "%s, for %lld s: the process ends, to be started again", stuck->name,
		    (long long)(silence_ms / 1000));
	log_fatal("a thread makes no progress", why);
}

static void run(void *ctx)
{
	struct watch *watch = ctx;
	int64_t fed_every_ms = supervisor_watchdog_ms(), silence_ms;
	int64_t wait_ms = fed_every_ms > 0 && fed_every_ms < LOOK_MS ? fed_every_ms : LOOK_MS;
	while (!thread_is_stopping(&watch->thread)) {
		const struct watched *stuck = watch_look(watch, clock_mono_ms(), &silence_ms);
		if (stuck != NULL)
			give_up(stuck, silence_ms);
		supervisor_alive();
		thread_wait(&watch->thread, wait_ms);
	}
}

void watch_prepare(struct watch *watch, const struct watched *threads, size_t count)
{
	int64_t now_ms = clock_mono_ms();
	assert(count < WATCHED_MAX);
	*watch = (struct watch){
		.count = count + 1, .looked_ms = now_ms, .judge_from_ms = now_ms, .main_alive_ms = now_ms};
	memcpy(watch->threads, threads, count * sizeof(*threads));
	watch->threads[count] = (struct watched){"main", main_silence_ms, watch, WATCH_LIMIT_MS};
}

void watch_start(struct watch *watch, const struct watched *threads, size_t count)
{
	watch_prepare(watch, threads, count);
	thread_init(&watch->thread);
	thread_start(&watch->thread, "watch", run, watch);
}

void watch_stop(struct watch *watch)
{
	thread_stop(&watch->thread);
}

void watch_main_alive(struct watch *watch)
{
	atomic_store(&watch->main_alive_ms, clock_mono_ms());
}
