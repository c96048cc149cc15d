/* life - what happens to an SMS by itself: sent, delivered or failed, answered by the device.
 *
 * Threads:   one of its own; all functions but start and stop under the simulator's lock.
 * Promise:   events happen in the order of their times; a resource that control has moved is left alone. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_LIFE_H
#define SIMULATOR_LIFE_H

#include "tests/simulator/delivery.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct simulator;

enum life_step { LIFE_SENT, LIFE_END, LIFE_ECHO, LIFE_DELIVERY };

struct life_event {
	int64_t due_ms;
	uint64_t order; /* among equal times */
	uint32_t epoch, index;
	uint8_t generation;
	enum life_step step;
	struct delivery *delivery; /* of LIFE_DELIVERY; owned */
};

/* A binary heap, the next event on top. */
struct life {
	struct life_event *heap;
	size_t count, capacity;
	uint64_t orders;
	pthread_cond_t wake;
	pthread_t thread;
};

void life_start(struct simulator *self);
/* After simulator_release(). */
void life_stop(struct simulator *self);
void life_forget(struct simulator *self);

void life_later(struct simulator *self, enum life_step step, const struct resource *resource, int64_t delay_ms);
void life_deliver_later(struct simulator *self, struct delivery *delivery, int64_t delay_ms);

/* The next step of its life, now. */
void life_step_now(struct simulator *self, struct resource *resource);

/* An SMS from a SIM; `is_announced`: the Fleet's URL is called. */
struct resource *life_receive(struct simulator *self, struct sim *sim, const char *payload, bool is_announced);

#endif
