/* own_thread - how every thread of ours begins and waits: without signals, and waiting by a clock that never jumps.
 *
 * Threads: any; no state.
 * Failure: no thread to be had is a broken machine: one fatal line. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_OWN_THREAD_H
#define BRIDGE_EDGE_OWN_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>

/* Starts a thread that blocks all signals, so that main alone receives them. `what` is for the fatal line. */
void own_thread_start(pthread_t *ret, void *(*run)(void *ctx), void *ctx, const char *what);

/* Between these two, threads that a library starts are born the same way. */
void own_thread_hold_signals(sigset_t *before);
void own_thread_release_signals(const sigset_t *before);

/* A condition for own_thread_wait(). */
void own_thread_condition(pthread_cond_t *ret);

/* Waits up to `ms`, on the monotonic clock, for the condition; the lock is held. */
void own_thread_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t ms);

#endif
