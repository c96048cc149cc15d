/* reconciler - one thread that asks when something is due. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconciler.h"

#include <stdlib.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/flow/polling.h"
#include "bridge/flow/reconcile.h"

enum { LONGEST_WAIT_MS = 1000, AFTER_FAILURE_MS = 10000 };

struct reconciler {
	struct reconcile reconcile;
	struct thread thread;
};

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void run(void *ctx)
{
	struct reconciler *reconciler = ctx;
	struct reconcile *reconcile = &reconciler->reconcile;
	struct timekeeper *time = reconcile->parts.time;
	int64_t next_mo_ms = 0; /* monotonic: a jump of the wall clock must not stop the listing */
	while (!thread_is_stopping(&reconciler->thread)) {
		int64_t wait_ms = LONGEST_WAIT_MS;
		if (account_may_ask(reconcile->parts.account)) {
			if (clock_mono_ms() >= next_mo_ms) {
				int64_t interval_ms = polling_interval_ms(reconcile->parts.settings);
				bool done = reconcile_mo(reconcile);
				next_mo_ms =
					clock_mono_ms() + (done ? interval_ms : smaller(interval_ms, AFTER_FAILURE_MS));
			}
			int64_t due_ms = smaller(reconcile_unknown(reconcile), reconcile_silent(reconcile));
			int64_t in_ms = due_ms == INT64_MAX ? LONGEST_WAIT_MS : due_ms - timekeeper_now(time);
			wait_ms = smaller(wait_ms, in_ms > 0 ? in_ms : 0);
		}
		if (wait_ms > 0)
			thread_wait(&reconciler->thread, wait_ms);
	}
}

struct reconciler *reconciler_start(const struct reconciler_parts *parts)
{
	struct reconciler *reconciler = memory_zeroed(1, sizeof(*reconciler));
	reconciler->reconcile.parts = *parts;
	reconciler->reconcile.query = api_query_create(parts->settings, parts->account);
	reconciler->reconcile.thread = &reconciler->thread;
	thread_init(&reconciler->thread);
	thread_start(&reconciler->thread, "reconciler", run, reconciler);
	return reconciler;
}

void reconciler_stop(struct reconciler *reconciler)
{
	if (reconciler == NULL)
		return;
	api_query_stop(reconciler->reconcile.query);
	thread_stop(&reconciler->thread);
}

void reconciler_destroy(struct reconciler *reconciler)
{
	if (reconciler == NULL)
		return;
	api_query_destroy(reconciler->reconcile.query);
	thread_clear(&reconciler->thread);
	free(reconciler);
}

void reconciler_wake(void *ctx)
{
	struct reconciler *reconciler = ctx;
	thread_wake(&reconciler->thread);
}

int64_t reconciler_silence_ms(struct reconciler *reconciler)
{
	/* As the sender: a full disk is waited for. */
	return store_has_room(reconciler->reconcile.parts.store) ? thread_silence_ms(&reconciler->thread) : 0;
}
