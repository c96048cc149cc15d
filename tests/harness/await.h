/* await - waiting for a condition with a deadline; the tests never sleep for luck.
 *
 * Threads: any. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_AWAIT_H
#define TESTS_HARNESS_AWAIT_H

#include <stdbool.h>
#include <stdint.h>

/* How long a healthy machine may take for one step. Generous: only failures wait this long. */
enum { STEP_MS = 30000 };

/* `ms` made longer where the daemon runs under a wrapper such as valgrind (BRIDGE_TEST_WRAPPER is set). */
int64_t patient(int64_t ms);

/* Asks every few milliseconds until it is true, at most patient(timeout_ms). Returns the last answer. */
bool await(bool (*is_true)(void *ctx), void *ctx, int64_t timeout_ms);

/* For the few places where time itself is the subject (a TTL that must run out, a delay between cuts). */
void pause_ms(int64_t ms);

#endif
