/* control - what tests tell the simulator and ask of it, under /_control/; JSON both ways.
 *
 * Threads: all functions lock the simulator themselves. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_CONTROL_H
#define SIMULATOR_CONTROL_H

#include "tests/simulator/http.h"
#include "tests/simulator/simulator.h"

typedef void control_function(struct simulator *self, const struct request *request, const char *rest,
			      struct reply *reply);

control_function control_set_faults, control_clear_faults, control_add_outcome, control_clear_outcomes;
control_function control_mo, control_status, control_fleet, control_settings, control_tokens, control_reset;
control_function control_ledger, control_summary, control_callbacks, control_fault_uses;

#endif
