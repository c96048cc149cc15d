/* watch - a table of threads, looked at once a second. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/watch.h"

#include <assert.h>

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

/* Nobody can have moved while the process stood still, or the disk took its time: that does not count. */
static int64_t count_silence(const struct watch *watch, struct watch_state *state, int64_t now_ms, int64_t slow_ms)
{
	int64_t silence_ms = state->watched.silence_ms(state->watched.of);
	if (now_ms - silence_ms > state->alive_ms) {
		state->alive_ms = now_ms - silence_ms;
		state->slow_ms = slow_ms;
	}
	if (now_ms - watch->judge_from_ms < silence_ms)
		silence_ms = now_ms - watch->judge_from_ms;
	int64_t counted_ms = silence_ms - (slow_ms - state->slow_ms);
	return counted_ms > 0 ? counted_ms : 0;
}

static void note_standstill(struct watch *watch, int64_t now_ms)
{
	if (now_ms - atomic_load(&watch->looked_ms) > STANDSTILL_MS)
		watch->judge_from_ms = now_ms;
	atomic_store(&watch->looked_ms, now_ms);
}

static bool disk_hangs(const struct watch *watch, int64_t now_ms, int64_t *ret_ms)
{
	int64_t judged_ms = now_ms - watch->judge_from_ms;
	*ret_ms = watch->disk.busy_ms(watch->disk.of);
	*ret_ms = *ret_ms < judged_ms ? *ret_ms : judged_ms;
	return *ret_ms >= WATCH_LIMIT_MS;
}

const char *watch_look(struct watch *watch, int64_t now_ms, int64_t *ret_silence_ms)
{
	const char *stuck = NULL;
	int64_t slow_ms = watch->disk.slow_ms(watch->disk.of);
	note_standstill(watch, now_ms);
	if (disk_hangs(watch, now_ms, ret_silence_ms))
		return "the spool's disk";
	for (size_t i = 0; i < watch->count; i++) {
		struct watch_state *state = &watch->threads[i];
		int64_t counted_ms = count_silence(watch, state, now_ms, slow_ms);
		atomic_store(&state->counted_ms, counted_ms);
		if (stuck == NULL && counted_ms >= state->watched.limit_ms) {
			stuck = state->watched.name;
			*ret_silence_ms = counted_ms;
		}
	}
	return stuck;
}

/* The watch itself may be the one that does not look any more. */
bool watch_is_well(void *ctx)
{
	const struct watch *watch = ctx;
	if (clock_mono_ms() - atomic_load(&watch->looked_ms) >= WATCH_LIMIT_MS / 2)
		return false;
	for (size_t i = 0; i < watch->count; i++)
		if (atomic_load(&watch->threads[i].counted_ms) >= watch->threads[i].watched.limit_ms / 2)
			return false;
	return watch->disk.busy_ms(watch->disk.of) < WATCH_LIMIT_MS / 2;
}

static _Noreturn void give_up(const char *stuck, int64_t silence_ms)
{
	char why[WHY_SIZE];
	text_format(why, sizeof(why), "%s, for %lld s: the process ends, to be started again", stuck,
		    (long long)(silence_ms / 1000));
	log_fatal("a thread makes no progress", why);
}

static void run(void *ctx)
{
	struct watch *watch = ctx;
	int64_t fed_every_ms = supervisor_watchdog_ms(), silence_ms;
	int64_t wait_ms = fed_every_ms > 0 && fed_every_ms < LOOK_MS ? fed_every_ms : LOOK_MS;
	while (!thread_is_stopping(&watch->thread)) {
		const char *stuck = watch_look(watch, clock_mono_ms(), &silence_ms);
		if (stuck != NULL)
			give_up(stuck, silence_ms);
		supervisor_alive();
		thread_wait(&watch->thread, wait_ms);
	}
}

void watch_prepare(struct watch *watch, const struct watched *threads, size_t count, const struct watch_disk *disk)
{
	int64_t now_ms = clock_mono_ms();
	assert(count < WATCHED_MAX);
	*watch = (struct watch){.count = count + 1, .disk = *disk, .judge_from_ms = now_ms};
	atomic_store(&watch->looked_ms, now_ms);
	watch_main_alive(watch);
	for (size_t i = 0; i < count; i++)
		watch->threads[i].watched = threads[i];
	watch->threads[count].watched = (struct watched){"main", main_silence_ms, watch, WATCH_LIMIT_MS};
}

void watch_start(struct watch *watch, const struct watched *threads, size_t count, const struct store *store)
{
	watch_prepare(watch, threads, count, &(struct watch_disk){store_busy_ms, store_slow_ms, store});
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
