/* status - what tests ask about the statuses of a command on `devices/{device}/status`.
 *
 * Threads:   the test's main thread only.
 * Ownership: messages are borrowed from the client. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_STATUS_H
#define TESTS_HARNESS_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/harness/client.h"

/* Publishes a payload on devices/{device}/cmd, with its PUBACK. */
void command_send(struct client *client, const char *device, const char *payload);

/* Waits for this status of the command `id`; fails the test when it does not come. */
const struct client_message *status_expect(struct client *client, const char *device, const char *id,
					   const char *status);

/* The same for a command whose id the bridge made, found by its payload. */
const struct client_message *status_expect_payload(struct client *client, const char *device, const char *payload,
						   const char *status);

/* Fails the test unless the statuses of `id` so far are exactly these words, in this order. */
void status_expect_sequence(struct client *client, const char *device, const char *id, const char *words);

/* Fails the test unless the statuses of `id` only rise, each once, from accepted to `final`. */
void status_expect_rising(struct client *client, const char *device, const char *id, const char *final);

/* The same where the bridge was killed: each may come twice in a row, when it died between a PUBACK and its record. */
void status_expect_rising_over_kill(struct client *client, const char *device, const char *id, const char *final);

/* Is this status here already? */
bool status_is(struct client *client, const char *device, const char *id, const char *status);

/* A member of a status, such as `error.code`, compared; fails the test when it differs. */
void status_expect_field(const struct client_message *message, const char *path, const char *wanted);

/* Waits until everything published before has surely come: a further command of another device, seen through
 * to its end (events are published in the order of their making). `device` should not be used otherwise. */
void status_settle(struct client *client, const char *device);

#endif
