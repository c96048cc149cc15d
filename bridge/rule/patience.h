/* patience - how long to wait before something that failed is asked again, and for whom it has lasted long enough.
 *
 * Some answers may never come: of one SIM, while all others are answered. Each has its own pauses, a tenth of the time
 * that it has failed for, so that one that fails for ever takes little time from the others. Only time in which it was
 * asked and failed counts: while nothing could be asked at all, nobody's patience ends.
 *
 * Threads: none of its own; pure, monotonic milliseconds are parameters. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_RULE_PATIENCE_H
#define BRIDGE_RULE_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/limits.h"

enum {
	PATIENCE_MAX = 256, /* so many at once; others are asked each time, and their failures are not remembered */
	PATIENCE_LEAST_MS = 1000,
	PATIENCE_MOST_MS = 5 * 60 * 1000,
	PATIENCE_STEP_MS = 2 * PATIENCE_MOST_MS, /* more between two failures does not count, */
	PATIENCE_ANEW_MS = 24 * 60 * 60 * 1000,	 /* and after so long all begins anew */
	PATIENCE_IDLE_MS = 60 * 60 * 1000	 /* who was not asked for so long gives way */
};

struct patience_entry {
	char name[SID_SIZE];
	int64_t failed_ms;  /* the last time */
	int64_t failing_ms; /* for so long */
};

struct patience { /* all zero: empty */
	struct patience_entry entries[PATIENCE_MAX];
	size_t count;
};

/* A tenth of what it has taken so far, within bounds. */
int64_t patience_pause_ms(int64_t so_far_ms, int64_t least_ms, int64_t most_ms);

/* Is its pause over? One that is not known to have failed has none. */
bool patience_may_ask(const struct patience *patience, const char *name, int64_t mono_ms);

/* It was asked, after patience_may_ask(), and failed. True: for the first time, and there was room to remember it. */
bool patience_failed(struct patience *patience, const char *name, int64_t mono_ms);

/* Has it failed before, as far as is remembered? */
bool patience_knows(const struct patience *patience, const char *name);

/* It was answered, or need not be asked any more. */
void patience_ended(struct patience *patience, const char *name);

/* Has it failed for `limit_ms`? */
bool patience_is_over(const struct patience *patience, const char *name, int64_t limit_ms);

/* Milliseconds until the next pause is over; 0: nobody pauses. */
int64_t patience_wait_ms(const struct patience *patience, int64_t mono_ms);

#endif
