/* misbehave - carries out a fault on a request.
 *
 * Threads: under the simulator's lock, which is let go while a request is held. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_MISBEHAVE_H
#define SIMULATOR_MISBEHAVE_H

#include "tests/simulator/faults.h"
#include "tests/simulator/http.h"

struct simulator;

/* Holds the request while the whole API is stopped; true: it is lost, the reply says so. */
bool misbehave_stopped(struct simulator *self, struct reply *reply);

/* The fault keeps the request from being carried out; true: the reply is made. */
bool misbehave_before(struct simulator *self, const struct fault *fault, struct reply *reply);

/* The request was carried out and answered properly: now spoil the reply as the fault says. */
void misbehave_after(struct simulator *self, const struct fault *fault, struct reply *reply);

#endif
