/* sender - the provider's proxy: makes callbacks, up to 64 at a time, from one thread.
 *
 * Threads:   sender_push() from any; the hooks are called on the sender's thread.
 * Ownership: pushed deliveries are the sender's until `finished` gives them back; a delivery that
 *            `prepare` refuses is freed. What `prepare` fills in is the sender's to free. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_SENDER_H
#define SIMULATOR_SENDER_H

#include "tests/simulator/delivery.h"

#include <stdbool.h>
#include <stdint.h>

enum { CALL_HEADERS_MAX = 6 };

struct call {
	char *url, *body; /* a GET has no body */
	bool is_get;
	char *headers[CALL_HEADERS_MAX]; /* `name: value`; NULL at the end */
	int64_t timeout_ms;
};

struct sender;

struct sender_hooks {
	void *context;
	bool (*prepare)(void *context, struct delivery *delivery, struct call *ret);
	void (*finished)(void *context, struct delivery *delivery, unsigned http_status); /* 0: no answer */
};

/* `ca_file` may be "". */
struct sender *sender_create(const char *ca_file, const struct sender_hooks *hooks);

/* Ends the thread, breaks off what is under way and frees what waits. NULL is fine. */
void sender_destroy(struct sender *sender);

void sender_push(struct sender *sender, struct delivery *delivery);

#endif
