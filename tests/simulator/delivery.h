/* delivery - one callback that must leave: which resource, which status, how often yet.
 *
 * Ownership: whoever holds the pointer; delivery_free() frees its successors too. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_DELIVERY_H
#define SIMULATOR_DELIVERY_H

#include "tests/simulator/world.h"

enum { DELIVERY_TOKEN_SIZE = 37 };

struct delivery {
	struct delivery *next; /* in the sender's queue */
	struct delivery *then; /* to be sent when this one has ended; NULL for none */
	uint32_t epoch, index;
	enum status status;
	unsigned attempt;
	int64_t repeats, deadline_ms;
	bool is_retried;
	char token[DELIVERY_TOKEN_SIZE]; /* constant over all its tries */
};

struct delivery *delivery_create(const struct world *world, const struct resource *resource, enum status status);
void delivery_free(struct delivery *delivery);

#endif
