/* router - which function answers which request. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_ROUTER_H
#define SIMULATOR_ROUTER_H

#include "tests/simulator/server.h"
#include "tests/simulator/simulator.h"

/* The server's hooks; their context is the simulator. */
struct server_hooks router_hooks(struct simulator *self);

#endif
