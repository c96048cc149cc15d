/* own_thread - how every thread of ours begins and waits: without signals, and waiting by a clock that never jumps. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/own_thread.h"

#include <string.h>
#include <time.h>

#include "bridge/base/limits.h"
#include "bridge/base/log.h"
#include "bridge/base/text.h"

enum { SECOND_MS = 1000, MS_NS = 1000000, SECOND_NS = 1000000000 };

void own_thread_hold_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, before);
}

void own_thread_release_signals(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

void own_thread_start(pthread_t *ret, void *(*run)(void *ctx), void *ctx, const char *what)
{
	sigset_t before;

	own_thread_hold_signals(&before);
	int error = pthread_create(ret, NULL, run, ctx);

	own_thread_release_signals(&before);
	if (!error)
		return;
	char why[WHY_SIZE];

	(void)text_format(why, sizeof(why), "%s: %s", what, strerror(error));
	log_fatal("a thread cannot be started", why);
}

void own_thread_condition(pthread_cond_t *ret)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(ret, &attributes);
	pthread_condattr_destroy(&attributes);
}

void own_thread_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t ms)
{
	struct timespec until = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / SECOND_MS);
	until.tv_nsec += (long)(ms % SECOND_MS) * MS_NS;
	if (until.tv_nsec >= SECOND_NS) {
		until.tv_sec++;
		until.tv_nsec -= SECOND_NS;
	}
	(void)pthread_cond_timedwait(condition, lock, &until);
}
