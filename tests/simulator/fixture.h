/* fixture - one simulator for a test program, and the few requests that all tests make.
 *
 * Threads:   the test's main thread only.
 * Promise:   fixture_reset() gives each test a simulator that remembers nothing; its delays are 20 ms. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_FIXTURE_H
#define SIMULATOR_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/harness/http.h"
#include "tests/harness/simulator.h"

/* cmocka's group and test setup. */
int fixture_start(void **state);
int fixture_stop(void **state);
int fixture_reset(void **state);

struct simulator *fixture_simulator(void);
int fixture_port(void);

/* A request with the test's bearer token. */
void fixture_ask(const char *method, const char *path, const char *body, struct http_answer *ret);

/* The same; the answer is one text (or number) of its JSON. Returns the HTTP status. */
int fixture_pick(const char *method, const char *path, const char *body, const char *what, char *ret, size_t size);

/* POST /v1/SmsCommands with this form; returns the HTTP status, the sid goes to `sid` (35 bytes; "" for none). */
int fixture_create(const char *form, char *sid);

/* A create as it stands on the wire, for tests that speak raw; keep-alive. Borrowed until the next call. */
const char *fixture_raw_create(const char *form);

/* A number, a bool, a count of GET /_control/<what>, by its path. */
int64_t fixture_control_int(const char *what, const char *path);
bool fixture_control_bool(const char *what, const char *path);
size_t fixture_control_count(const char *what, const char *path);

/* Waits until the resource has this status. */
void fixture_await_status(const char *sid, const char *status);

#endif
