/* faults - what shall go wrong: rules for requests and callbacks, and outcomes for SMS.
 *
 * Threads:   none of its own; under the simulator's lock.
 * Promise:   the first rule that matches is taken, and counted down.
 * Ownership: rules are copied from what control says; a taken fault is yours to clear. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_FAULTS_H
#define SIMULATOR_FAULTS_H

#include "bridge/base/limits.h"
#include "tests/simulator/json_read.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FAULT_AT_ONCE is a callback rule that acts while the create is not yet answered. */
enum fault_place {
	FAULT_CREATE,
	FAULT_TOKEN,
	FAULT_FETCH,
	FAULT_LIST,
	FAULT_SIMS,
	FAULT_CALLBACK,
	FAULT_AT_ONCE,
	FAULT_NOWHERE
};

/* How a request is answered, apart from a status of its own. */
enum fault_manner {
	MANNER_USUAL,
	MANNER_ACCEPT_THEN_CLOSE,
	MANNER_ACCEPT_THEN_RESET,
	MANNER_CLOSE_BEFORE,
	MANNER_TRUNCATE,
	MANNER_NO_SID,
	MANNER_HTML,
	MANNER_STOP,
	MANNER_COUNT
};

/* What a rule looks at; "" for what the request does not have, and in a rule for "any". */
struct subject {
	const char *sim, *sim_sid, *payload, *status;
};

struct match {
	char *sim, *payload, *status; /* "" for any */
};

enum { FAULT_NAME_SIZE = 32, FAULT_NAMES_MAX = 64 };

struct fault {
	enum fault_place on;
	char name[FAULT_NAME_SIZE]; /* under which its uses are counted; "" for none */
	struct match match;
	int64_t times; /* left; below 0: for ever */
	/* requests */
	enum fault_manner manner;
	int status; /* 0: as usual */
	char retry_after[64];
	char *body; /* "" for a proper one */
	bool accept;
	int64_t hold_ms;
	/* callbacks */
	bool lose, reorder, before_answer_final;
	int64_t repeat, delay_ms;
};

struct sms_outcome {
	struct match match;
	int64_t times;
	bool is_failure;
	int stay; /* enum status, or -1 */
	struct failure_text {
		char code[ERROR_CODE_SIZE];
		char message[ERROR_TEXT_SIZE];
	} failure;
};

struct faults {
	struct fault *rules;
	size_t rule_count;
	struct sms_outcome *outcomes;
	size_t outcome_count;
	struct fault_use {
		char name[FAULT_NAME_SIZE];
		int64_t count;
	} uses[FAULT_NAMES_MAX]; /* of named rules, also of those that are gone */
	size_t use_count;
	bool is_stopped;     /* no request is answered at all */
	uint32_t generation; /* moves on with every change: who is held notices */
};

/* Replaces the rules by what `body` says: a list, one rule, or {"rules":[…],"stop":true}. False with the reason. */
bool faults_set(struct faults *faults, const struct json *body, char why[WHY_SIZE]);

/* Adds outcomes: a list or one. False with the reason. */
bool faults_add_outcomes(struct faults *faults, const struct json *body, char why[WHY_SIZE]);

/* No rules, nothing stopped; outcomes and the counts of uses stay. */
void faults_clear(struct faults *faults);
void faults_clear_uses(struct faults *faults);
void faults_clear_outcomes(struct faults *faults);

/* The first rule for this place and subject, counted down and copied; false when none matches. */
bool faults_take(struct faults *faults, enum fault_place on, const struct subject *subject, struct fault *ret);
void fault_clear(struct fault *fault);

/* Borrowed until the outcomes change; NULL when none matches. `use` counts it down. */
const struct sms_outcome *faults_outcome(const struct faults *faults, const struct subject *subject);
void faults_use_outcome(struct faults *faults, const struct sms_outcome *outcome);

#endif
