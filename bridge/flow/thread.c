/* thread - a condition variable on the monotonic clock. */
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE /* pthread_setname_np */
#include "bridge/flow/thread.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "bridge/base/clock.h"
#include "bridge/base/log.h"
#include "bridge/base/text.h"

void thread_init(struct thread *thread)
{
	*thread = (struct thread){0};
	pthread_condattr_t attributes;
	pthread_mutex_init(&thread->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&thread->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

void thread_clear(struct thread *thread)
{
	pthread_cond_destroy(&thread->changed);
	pthread_mutex_destroy(&thread->lock);
}

static void *body(void *arg)
{
	struct thread *thread = arg;
	pthread_setname_np(pthread_self(), thread->name);
	thread_alive(thread);
	thread->run(thread->ctx);
	return NULL;
}

void thread_start(struct thread *thread, const char *name, void (*run)(void *ctx), void *ctx)
{
	sigset_t all, before;
	text_copy(thread->name, sizeof(thread->name), name);
	thread->run = run;
	thread->ctx = ctx;
	thread_alive(thread);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int error = pthread_create(&thread->id, NULL, body, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		log_fatal("cannot start a thread", strerror(error));
	thread->started = true;
}

void thread_ask_to_stop(struct thread *thread)
{
	pthread_mutex_lock(&thread->lock);
	thread->stopping = true;
	thread->woken = true;
	pthread_cond_broadcast(&thread->changed);
	pthread_mutex_unlock(&thread->lock);
}

void thread_stop(struct thread *thread)
{
	if (!thread->started)
		return;
	thread_ask_to_stop(thread);
	pthread_join(thread->id, NULL);
	thread->started = false;
}

void thread_wake(struct thread *thread)
{
	pthread_mutex_lock(&thread->lock);
	if (!thread->woken) {
		thread->woken = true;
		pthread_cond_signal(&thread->changed);
	}
	pthread_mutex_unlock(&thread->lock);
}

void thread_wait(struct thread *thread, int64_t timeout_ms)
{
	struct timespec until;
	thread_alive(thread);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(timeout_ms / 1000);
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&thread->lock);
	int error = 0;
	while (!thread->woken && error == 0)
		error = pthread_cond_timedwait(&thread->changed, &thread->lock, &until);
	thread->woken = false;
	pthread_mutex_unlock(&thread->lock);
	thread_alive(thread);
}

bool thread_is_stopping(struct thread *thread)
{
	pthread_mutex_lock(&thread->lock);
	bool stopping = thread->stopping;
	pthread_mutex_unlock(&thread->lock);
	return stopping;
}

void thread_alive(struct thread *thread)
{
	atomic_store(&thread->alive_ms, clock_mono_ms());
}

int64_t thread_silence_ms(struct thread *thread)
{
	return thread->started ? clock_mono_ms() - atomic_load(&thread->alive_ms) : 0;
}
