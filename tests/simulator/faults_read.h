/* faults_read - rules and outcomes out of JSON; every unknown member is an error.
 *
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_FAULTS_READ_H
#define SIMULATOR_FAULTS_READ_H

#include "tests/simulator/faults.h"

/* False with the reason; *ret can be cleared in both cases. */
bool faults_read_rule(const struct json *rule, struct fault *ret, char why[WHY_SIZE]);

/* False with the reason; then *ret holds nothing. */
bool faults_read_outcome(const struct json *body, struct sms_outcome *ret, char why[WHY_SIZE]);

#endif
