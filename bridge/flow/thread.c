/* thread - a condition variable on the monotonic clock. */
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE /* pthread_setname_np */
#include "bridge/flow/thread.h"

#include <time.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "bridge/edge/own_thread.h"

void thread_init(struct thread *thread)
{
	*thread = (struct thread){0};
	pthread_mutex_init(&thread->lock, NULL);
	own_thread_condition(&thread->changed);
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
	text_copy(thread->name, sizeof(thread->name), name);
	thread->run = run;
	thread->ctx = ctx;
	thread_alive(thread);
	own_thread_start(&thread->id, body, thread, thread->name);
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
