/* life - the life of a spool in steps, each of which promises something; lived in a child that may die, and judged by
 * its parent: what was promised is there, nothing is there twice.
 *
 * Threads:   the test's main thread only.
 * Ownership: a life is yours to end. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FAULTS_LIFE_H
#define TESTS_FAULTS_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/edge/store_world.h"

/* Commands c0, c1, c2 of devices m0, m1, m2; the last one is accepted after the fault, when all is well again. */
enum { LIFE_COMMANDS = 4, LIFE_LAST = LIFE_COMMANDS - 1, SAID_SIZE = 4096 };

/* What the child was promised, in memory that its parent sees too. */
struct promises {
	int64_t struck; /* faults that happened */
	bool refused;	/* the spool did not open, and said why */
	bool accepted[LIFE_COMMANDS], full[LIFE_COMMANDS], taken[LIFE_COMMANDS];
	bool queued, unknown, sent, mo; /* c0 queued and sent, c1 unknown, an MO SMS stored */
	bool wrong;			/* something was read that had never been written */
	bool done_begun, upkeep_begun;	/* events and old commands may be forgotten from here on */
};

struct life {
	struct world world;
	struct promises *promises;
	char said[SAID_SIZE]; /* what the child wrote to stderr */
};

enum life_step {
	LIFE_OPEN,
	LIFE_ACCEPT,
	LIFE_TAKE,
	LIFE_TURN,
	LIFE_SETTLE,
	LIFE_REPORT,
	LIFE_MO,
	LIFE_EVENTS_DONE,
	LIFE_UPKEEP,
	LIFE_CLOSE,
	LIFE_REOPEN,
	LIFE_STEPS
};
const char *life_step_name(enum life_step step);

/* A folder for a spool that does not exist yet; nothing is promised. */
void life_begin(struct life *life);
void life_end(struct life *life);

/* In the child: one step, or those from `first` to before `end`. Without a store only opening does something. */
void life_do(struct life *life, enum life_step step);
void life_do_range(struct life *life, enum life_step first, enum life_step end);

/* In the child, when the fault is over: does it work again, without a restart? Ends the child with 3 if not. */
void life_must_go_on(struct life *life);

/* Runs `live` in a child. Returns its exit status, or minus the signal that killed it. */
int life_in_child(struct life *life, void (*live)(struct life *life, const void *arg), const void *arg);

/* In a child: lives until before `end`, and dies by kill -9. Fails the test when it does not get there. */
void life_cut_short(struct life *life, enum life_step end);

/* In the parent, with a good disk: the spool opens, is whole, keeps every promise, says nothing twice, and counts on.
 * Fails the test with `what` otherwise. */
void life_judge(struct life *life, const char *what);

#endif
