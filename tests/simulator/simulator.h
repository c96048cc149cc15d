/* simulator - all that one simulator is made of, behind one lock.
 *
 * Threads:   every member but `options`, `sender` and `lock` is touched under `lock`.
 *            `changed` is signalled when a callback ended, when faults change, at reset and at stop. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_SIMULATOR_H
#define SIMULATOR_SIMULATOR_H

#include "tests/simulator/faults.h"
#include "tests/simulator/life.h"
#include "tests/simulator/options.h"
#include "tests/simulator/sender.h"
#include "tests/simulator/tokens.h"
#include "tests/simulator/world.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum list_order { ORDER_NEWEST, ORDER_OLDEST, ORDER_RANDOM, ORDER_COUNT };

/* What control may change while we run. Texts are owned; "" for none. */
struct settings {
	int64_t token_lifetime_ms, delay_sent_ms, delay_delivered_ms, delay_echo_ms, list_lag_ms;
	enum list_order order;
	bool echo, is_fleet_get;
	char *kore_secret, *twilio_token, *fleet_url;
};

struct simulator {
	struct options options;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_stopping;
	struct settings settings;
	struct world world;
	struct faults faults;
	struct tokens tokens;
	struct life life;
	struct sender *sender;
};

/* Starts the threads. NULL with the reason in `why`. */
struct simulator *simulator_create(const struct options *options, char why[WHY_SIZE]);

/* Whoever waits inside is let go; nothing begins to wait any more. */
void simulator_release(struct simulator *self);
void simulator_destroy(struct simulator *self);

/* Forgets resources, ledger, tries, faults, outcomes; keeps settings and tokens. Under the lock. */
void simulator_reset(struct simulator *self);

/* Waits for `condition` at most `ms`, under the lock. */
void simulator_wait(struct simulator *self, pthread_cond_t *condition, int64_t ms);

/* An account has one sid. */
const char *simulator_account(void);

/* The subject that rules look at. Borrows from the resource. */
struct subject simulator_subject(const struct resource *resource, enum status status);

#endif
