/* thread - a stage's own thread: started, woken, asked to stop and waited for.
 *
 * Promise:   a wake is never lost: one that comes before the wait ends the wait at once. The thread
 *            blocks all signals, so that main alone receives them.
 * Failure:   no thread to be had is a broken machine: one fatal line. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_THREAD_H
#define BRIDGE_FLOW_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct thread {
	pthread_t id;
	pthread_mutex_t lock; /* the stage's own data may share it */
	pthread_cond_t changed;
	bool woken, stopping;
	_Atomic bool started;	  /* asked by who watches over it */
	_Atomic int64_t alive_ms; /* monotonic: when it last waited or said so */
	void (*run)(void *ctx);
	void *ctx;
	char name[16];
};

void thread_init(struct thread *thread);
void thread_clear(struct thread *thread);

void thread_start(struct thread *thread, const char *name, void (*run)(void *ctx), void *ctx);

/* Asks to stop and wakes. For a stage that may wait elsewhere than in thread_wait() and is to be woken there too. */
void thread_ask_to_stop(struct thread *thread);

/* The same, and waits for the end. Harmless when it never started. */
void thread_stop(struct thread *thread);

void thread_wake(struct thread *thread);

/* Waits for a wake, at most `timeout_ms`. */
void thread_wait(struct thread *thread, int64_t timeout_ms);
bool thread_is_stopping(struct thread *thread);

/* Says that work moves on, for the watch; thread_wait() says it too. */
void thread_alive(struct thread *thread);

/* Milliseconds since it was last alive; 0 when it is not running. */
int64_t thread_silence_ms(struct thread *thread);

#endif
