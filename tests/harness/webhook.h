/* webhook - callbacks that a test writes itself, to the bridge's webhook port.
 *
 * Threads: the test's main thread only. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_WEBHOOK_H
#define TESTS_HARNESS_WEBHOOK_H

#include <stddef.h>

#include "tests/harness/http.h"
#include "tests/harness/simulator.h"

enum { WEBHOOK_PATH_SIZE = 1024, WEBHOOK_BODY_SIZE = 2048 };

/* The path of the CallbackUrl that the SMS with this payload was created with. */
void webhook_path(struct simulator *simulator, const char *payload, char ret[WEBHOOK_PATH_SIZE]);

/* The path of any URL. */
void webhook_path_of(const char *url, char ret[WEBHOOK_PATH_SIZE]);

/* The form of a status callback as the API sends it. */
void webhook_status_body(const char *sid, const char *sim_sid, const char *status, char ret[WEBHOOK_BODY_SIZE]);

#endif
