/* lifecycle - the states of a command as a table; every pair of state and event has an answer.
 *
 * Threads: any; pure.
 * Promise: statuses never go backwards; a final state never changes. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_RULE_LIFECYCLE_H
#define BRIDGE_RULE_LIFECYCLE_H

#include <stdbool.h>

/* The numbers are on disk: never renumber. */
enum command_state {
	STATE_ACCEPTED = 1,
	STATE_SENDING = 2, /* intent committed; bytes may be on the wire */
	STATE_UNKNOWN = 3, /* asked, no answer: to be reconciled */
	STATE_QUEUED = 4,
	STATE_SENT = 5,
	STATE_UNCONFIRMED = 6,
	STATE_DELIVERED = 7,
	STATE_FAILED = 8,
	STATE_REJECTED = 9,
	STATE_EXPIRED = 10,
	STATE_CANCELLED = 11,
	STATE_HELD = 12, /* two resources could be ours, a yes without a sid, it killed us three times, a restored
			    spool, or a refused list: an operator decides */
};
enum { STATE_MAX = 12 };

enum lifecycle_event {
	EVENT_ATTEMPT,	  /* intent to POST */
	EVENT_API_QUEUED, /* 201, callback or poll: the API has it */
	EVENT_API_SENT,
	EVENT_API_DELIVERED,
	EVENT_API_FAILED,
	EVENT_NOT_SENT,	 /* surely not delivered to the API, or found absent: due again */
	EVENT_REFUSED,	 /* refused for good */
	EVENT_NO_ANSWER, /* the outcome is unknown */
	EVENT_AMBIGUOUS, /* reconciliation found two candidates, none of what the API said yes to, or no list */
	EVENT_TIME_OVER, /* ttl or max_age */
	EVENT_CANCEL,
	EVENT_SILENT,  /* 24 h without a delivery report */
	EVENT_DOUBTED, /* the spool is older than the truth: it may have been sent since */
};
enum { LIFECYCLE_EVENTS = 13 };

struct lifecycle_step {
	enum command_state to; /* the same state when nothing changes */
	bool announced;	       /* a status is published */
};

/* The one place that decides a change of state. */
struct lifecycle_step lifecycle_next(enum command_state from, enum lifecycle_event event);

bool lifecycle_is_final(enum command_state state);

/* Waiting for the API to have it: accepted, sending, unknown or held. */
bool lifecycle_is_open(enum command_state state);

/* The status that users see: accepted for sending, unknown and held too. */
const char *lifecycle_status(enum command_state state);

/* For logs and administration: the state itself. */
const char *lifecycle_name(enum command_state state);

#endif
