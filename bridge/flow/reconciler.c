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
	int64_t next_mo_ms; /* monotonic: a jump of the wall clock must not stop the listing */
};

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A list that cannot be left before it reaches what waits for a name is long, and need not be read again before the
 * name is asked for again. */
static int64_t mo_pause_ms(const struct reconcile *reconcile, bool done)
{
	int64_t interval_ms = polling_interval_ms(reconcile->parts.settings);
	int64_t names_ms = reconcile->waits_for_names ? patience_wait_ms(&reconcile->patience, clock_mono_ms()) : 0;
	return done ? interval_ms : smaller(interval_ms, larger(AFTER_FAILURE_MS, names_ms));
}

/* MO SMS, when their time has come. */
static void list_mo(struct reconciler *reconciler)
{
	struct reconcile *reconcile = &reconciler->reconcile;
	if (!reconcile->parts.settings->reconcile_messages || clock_mono_ms() < reconciler->next_mo_ms)
		return;
	bool done = reconcile_mo(reconcile);
	reconciler->next_mo_ms = clock_mono_ms() + mo_pause_ms(reconcile, done);
}

/* Does what is due; returns when more is (wall ms; INT64_MAX: nothing). In an outage the first job that finds it ends
 * the pass: one request is enough of a probe. */
static int64_t pass(struct reconciler *reconciler)
{
	struct account *account = reconciler->reconcile.parts.account;
	int64_t due_ms = INT64_MAX;
	if (account_may_ask(account))
		list_mo(reconciler);
	if (account_may_ask(account))
		due_ms = reconcile_unknown(&reconciler->reconcile);
	if (account_may_ask(account))
		due_ms = smaller(due_ms, reconcile_silent(&reconciler->reconcile));
	return account_may_ask(account) ? due_ms : INT64_MAX;
}

static void run(void *ctx)
{
	struct reconciler *reconciler = ctx;
	struct timekeeper *time = reconciler->reconcile.parts.time;
	while (!thread_is_stopping(&reconciler->thread)) {
		int64_t due_ms = pass(reconciler);
		int64_t in_ms = due_ms == INT64_MAX ? LONGEST_WAIT_MS : due_ms - timekeeper_now(time);
		if (in_ms > 0)
			thread_wait(&reconciler->thread, smaller(in_ms, LONGEST_WAIT_MS));
	}
}

struct reconciler *reconciler_start(const struct reconciler_parts *parts)
{
	struct reconciler *reconciler = memory_zeroed(1, sizeof(*reconciler));
	reconciler->reconcile.parts = *parts;
	reconciler->reconcile.query = api_query_create(parts->settings, parts->account, &reconciler->thread);
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

int64_t reconciler_silence_ms(void *ctx)
{
	struct reconciler *reconciler = ctx;
	/* As the sender: a full disk is waited for. */
	return store_has_room(reconciler->reconcile.parts.store) ? thread_silence_ms(&reconciler->thread) : 0;
}
