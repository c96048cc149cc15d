/* receiver - a small HTTP server in a test: what the callbacks call.
 *
 * Threads:   one of its own, one request at a time; the functions on the test's main thread.
 * Promise:   keeps every request whole and raw, in the order of arrival.
 * Ownership: a receiver is yours to destroy; what receiver_get() lends is good until then. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_RECEIVER_H
#define SIMULATOR_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct receiver;

struct received {
	char *head; /* request line and header lines, with their ends */
	char *body;
};

struct receiver *receiver_create(void);
void receiver_destroy(struct receiver *receiver);
int receiver_port(const struct receiver *receiver);

/* How the next `count` requests are answered; later ones get 204. */
void receiver_answer(struct receiver *receiver, int status, unsigned count);

/* A closed receiver reads requests and answers them only when it is opened again. */
void receiver_close_gate(struct receiver *receiver);
void receiver_open_gate(struct receiver *receiver);

/* Waits for at least `count` requests; fails the test at the deadline. */
void receiver_await(struct receiver *receiver, size_t count);

/* False when a request more than `count` arrives within `ms`. */
bool receiver_stays_at(struct receiver *receiver, size_t count, int64_t ms);

size_t receiver_count(struct receiver *receiver);
const struct received *receiver_get(struct receiver *receiver, size_t index);

/* The value of a header line, "" when empty or missing. */
void received_header(const struct received *received, const char *name, char *ret, size_t size);

/* Is there such a header line, whatever its value? */
bool received_has_header(const struct received *received, const char *name);

/* Is this field, as it stands encoded, in the body or (GET) in the URL? */
bool received_has_field(const struct received *received, const char *name_and_value);

#endif
