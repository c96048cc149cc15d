/* simulator - the SMS Commands API as a process of its own (tests/simulator), and its control calls.
 *
 * Threads:   the test's main thread only.
 * Promise:   the port stays the same over simulator_restart(); the simulator itself forgets.
 * Ownership: a simulator is yours to destroy; answers are yours to free. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_SIMULATOR_H
#define TESTS_HARNESS_SIMULATOR_H

#include <stddef.h>
#include <stdint.h>

struct simulator;

/* `args` are further options ("--delay-sent", "50ms", …, NULL) or NULL. Fails the test when it does not start. */
struct simulator *simulator_start(const char *folder, const char *const *args);
void simulator_destroy(struct simulator *simulator);

int simulator_port(const struct simulator *simulator);

/* kill -9: the API is away. simulator_restart() brings it back, with an empty memory. */
void simulator_kill(struct simulator *simulator);
void simulator_restart(struct simulator *simulator);

/* A call of the control API under /_control/; fails the test when its answer is not 2xx. The body is yours. */
char *simulator_control(struct simulator *simulator, const char *method, const char *what, const char *body);

/* The same with the answer forgotten. */
void simulator_tell(struct simulator *simulator, const char *method, const char *what, const char *body);

/* Sets a list of faults (JSON array); simulator_heal() takes them all away. */
void simulator_fault(struct simulator *simulator, const char *faults);
void simulator_heal(struct simulator *simulator);

/* What becomes of SMS, a JSON object: {"match":{"payload":"x"},"status":"failed","error_code":"30008"}. */
void simulator_outcome(struct simulator *simulator, const char *outcome);

/* A device sends an SMS: its sid, and a callback to the Fleet's URL. */
void simulator_mo(struct simulator *simulator, const char *sim, const char *payload, char *ret_sid, size_t size);

/* Tells the Fleet where its MO SMS go. */
void simulator_set_fleet(struct simulator *simulator, const char *sms_commands_url);

#endif
