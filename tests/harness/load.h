/* load - many commands to many devices, and what became of each.
 *
 * Command N is the text `load N` with the id `load-N` for device `load-D`, D = N modulo the number of devices.
 *
 * Threads:   the test's main thread only.
 * Ownership: a load is yours to destroy; client and simulator are borrowed. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_LOAD_H
#define TESTS_HARNESS_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/harness/client.h"

struct load;

/* A mapping file for so many devices; yours to free. */
char *load_mapping(size_t devices);

struct load *load_create(struct client *client, size_t devices);
void load_destroy(struct load *load);

/* Hands the next `count` commands to the client; client_flush() waits for their PUBACKs. */
void load_send(struct load *load, size_t count);

/* Hands over again every command that no status has been seen of: what a careful sender does after its broker
 * lost what it had acknowledged. The same id is harmless. */
void load_send_missing(struct load *load);

/* How many commands have been seen accepted, or delivered. */
size_t load_accepted(struct load *load);
size_t load_delivered(struct load *load);

/* Waits until `count` are delivered. False at the deadline. */
bool load_await_delivered(struct load *load, size_t count, int64_t timeout_ms);

#endif
