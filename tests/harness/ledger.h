/* ledger - the SMS that the simulated API really took: the judge of "not lost, not twice".
 *
 * Threads: the test's main thread only. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_LEDGER_H
#define TESTS_HARNESS_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "tests/harness/simulator.h"

/* How many SMS with this payload there are; "" for all. */
size_t ledger_count(struct simulator *simulator, const char *payload);

/* Waits until there are at least `count`; fails the test when there are not. */
void ledger_await(struct simulator *simulator, const char *payload, size_t count);

/* Fails the test unless there are exactly so many SMS with this payload, "" for all; or exactly one. */
void ledger_expect(struct simulator *simulator, const char *payload, size_t count);
void ledger_expect_one(struct simulator *simulator, const char *payload);

/* Fails the test unless there are exactly `count` SMS, each with a payload of its own. */
void ledger_expect_distinct(struct simulator *simulator, size_t count);

/* A number of the summary, such as `refused`, `lists` or `by_status.delivered`. */
int64_t ledger_summary(struct simulator *simulator, const char *path);

/* A member of the SMS with this payload (the oldest, when there are several), copied: `sid`, `callback_url`, … */
void ledger_pick(struct simulator *simulator, const char *payload, const char *path, char *ret, size_t size);

/* The payloads in the order of their creation, with a blank between. */
void ledger_order(struct simulator *simulator, char *ret, size_t size);

#endif
