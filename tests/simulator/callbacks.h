/* callbacks - which callbacks leave, what they say, and when they are tried again.
 *
 * Threads:   callbacks_raise() under the simulator's lock; the hooks take it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_CALLBACKS_H
#define SIMULATOR_CALLBACKS_H

#include "tests/simulator/sender.h"
#include "tests/simulator/world.h"

struct simulator;

/* The resource has come to this status: its URL, when it has one, will hear. */
void callbacks_raise(struct simulator *self, struct resource *resource, enum status status);

/* The sender's hooks; their context is the simulator. */
struct sender_hooks callbacks_hooks(struct simulator *self);

#endif
