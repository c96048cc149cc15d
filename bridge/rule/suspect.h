/* suspect - is it this event that kills the connection each time?
 *
 * A connection that dies with events in flight says nothing about which one is the cause. When it is always the same
 * one at the head, that one goes alone; when it still dies, the others go without it. A broker that is ill itself looks
 * the same: so the last proof is that others get through while that one stays aside.
 *
 * Threads: none of its own; pure. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_RULE_SUSPECT_H
#define BRIDGE_RULE_SUSPECT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SUSPECT_TRIES = 3, /* then the oldest event goes alone, to learn whether it is the cause */
	ASIDE_TRIES = 6	   /* then it stays aside, to learn whether others get through without it */
};

struct suspect {
	int64_t event;	     /* 0: none; events have numbers above that */
	int64_t aside;	     /* 0, or the event, while the others are tried without it */
	int64_t last_chance; /* 0, or the event, on the connection that has just taken others */
	int tries;	     /* connections that died with it, in a row */
};

/* A connection died; `oldest`: the oldest event that it had, 0: none. True: that one is the cause, and is to be
 * dropped. While `aside` is set, the others are to be tried without it. */
bool suspect_died(struct suspect *suspect, int64_t oldest);

/* The broker acknowledged something; `itself`: the suspect is among it. True: others got through without it, and it is
 * to go once more, next and alone. */
bool suspect_answered(struct suspect *suspect, bool itself);

/* Is it to go alone? */
bool suspect_goes_alone(const struct suspect *suspect);

/* Does the next answer decide something? */
bool suspect_waits(const struct suspect *suspect);

#endif
