/* world - what the provider would have on its disks: resources, the ledger, callback tries.
 *
 * Threads:   none of its own; under the simulator's lock.
 * Promise:   constant time for each request; nothing is forgotten before a reset. A reset starts
 *            a new epoch, so that whoever worked on the old one notices.
 * Ownership: resources live until the reset. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_WORLD_H
#define SIMULATOR_WORLD_H

#include "bridge/base/limits.h"
#include "tests/simulator/sims.h"

#include <stdbool.h>
#include <stdint.h>

enum status { STATUS_QUEUED, STATUS_SENT, STATUS_DELIVERED, STATUS_FAILED, STATUS_RECEIVED, STATUS_COUNT };

/* "queued" …; status_from_text() gives STATUS_COUNT for what is none. */
const char *status_to_text(enum status status);
enum status status_from_text(const char *text);

struct failure {
	char code[ERROR_CODE_SIZE];
	char message[ERROR_TEXT_SIZE];
};

struct resource {
	char sid[SID_SIZE];
	uint32_t index;
	struct sim *sim;
	char *sim_given; /* as the request named it */
	char *payload;
	char *callback_url; /* "" for none */
	int64_t created_ms, updated_ms;
	struct failure *failure; /* NULL while there is none */
	uint32_t payload_count;	 /* creates with this payload; counted in the first of them */
	uint16_t open_callbacks;
	uint8_t generation; /* moves on when a person moves the resource: old timers are void */
	enum status status;
	bool is_from_sim, is_callback_get, is_answered, is_sent_held;
};

struct callback_try {
	int64_t at_ms;
	uint32_t index;
	uint16_t http_status; /* 0: no answer */
	uint8_t attempt;
	uint8_t status;
};

struct counters {
	int64_t creates, fetches, lists, tokens, sims, refused, token_requests;
};

struct world {
	uint32_t epoch;
	struct sims sims;
	struct table by_sid, by_payload;
	struct resource **all;
	size_t count, capacity;
	struct index_list from_sim, ledger;
	struct callback_try *tries;
	size_t try_count, try_capacity;
	struct counters counters;
};

struct resource_plan {
	struct sim *sim;
	const char *sim_given, *payload, *callback_url;
	bool is_callback_get, is_from_sim;
};

/* A new resource with a sid of its own: queued, or received from a SIM. */
struct resource *world_add(struct world *world, const struct resource_plan *plan);
struct resource *world_find(const struct world *world, const char *sid);

void world_move(struct resource *resource, enum status status);
void world_fail(struct resource *resource, const char *code, const char *message);
void world_log_try(struct world *world, const struct callback_try *attempt);

/* Forgets everything but the listed SIMs. */
void world_reset(struct world *world);
void world_clear(struct world *world);

#endif
