/* lifecycle - the table itself; docs/architecture.md draws it. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/lifecycle.h"

#include <assert.h>

/* What an event makes of a state; STAYS (0) where it means nothing. An announced step publishes a status. */
enum { STAYS = 0 };

#define QUIETLY(state)                            \
	{                                         \
		.to = (state), .announced = false \
	}
#define ANNOUNCED(state)                         \
	{                                        \
		.to = (state), .announced = true \
	}

/* A status of the API outranks everything that waits for the API: also a command that was put back
 * (its callback was late) and one that an operator was to judge. */
static const struct lifecycle_step steps[STATE_MAX + 1][LIFECYCLE_EVENTS] =
	{
		[STATE_ACCEPTED] =
			{
				[EVENT_ATTEMPT] = QUIETLY(STATE_SENDING),
				[EVENT_API_QUEUED] = ANNOUNCED(STATE_QUEUED),
				[EVENT_API_SENT] = ANNOUNCED(STATE_SENT),
				[EVENT_API_DELIVERED] = ANNOUNCED(STATE_DELIVERED),
				[EVENT_API_FAILED] = ANNOUNCED(STATE_FAILED),
				[EVENT_TIME_OVER] = ANNOUNCED(STATE_EXPIRED),
				[EVENT_CANCEL] = ANNOUNCED(STATE_CANCELLED),
				[EVENT_DOUBTED] = QUIETLY(STATE_UNKNOWN),
			},
		[STATE_SENDING] =
			{
				[EVENT_API_QUEUED] = ANNOUNCED(STATE_QUEUED),
				[EVENT_API_SENT] = ANNOUNCED(STATE_SENT),
				[EVENT_API_DELIVERED] = ANNOUNCED(STATE_DELIVERED),
				[EVENT_API_FAILED] = ANNOUNCED(STATE_FAILED),
				[EVENT_NOT_SENT] = QUIETLY(STATE_ACCEPTED),
				[EVENT_REFUSED] = ANNOUNCED(STATE_REJECTED),
				[EVENT_NO_ANSWER] = QUIETLY(STATE_UNKNOWN),
			},
		[STATE_UNKNOWN] =
			{
				[EVENT_API_QUEUED] = ANNOUNCED(STATE_QUEUED),
				[EVENT_API_SENT] = ANNOUNCED(STATE_SENT),
				[EVENT_API_DELIVERED] = ANNOUNCED(STATE_DELIVERED),
				[EVENT_API_FAILED] = ANNOUNCED(STATE_FAILED),
				[EVENT_NOT_SENT] = QUIETLY(STATE_ACCEPTED),
				[EVENT_REFUSED] = ANNOUNCED(STATE_REJECTED),
				[EVENT_AMBIGUOUS] = QUIETLY(STATE_HELD),
			},
		[STATE_QUEUED] =
			{
				[EVENT_API_SENT] = ANNOUNCED(STATE_SENT),
				[EVENT_API_DELIVERED] = ANNOUNCED(STATE_DELIVERED),
				[EVENT_API_FAILED] = ANNOUNCED(STATE_FAILED),
				[EVENT_SILENT] = ANNOUNCED(STATE_UNCONFIRMED),
			},
		[STATE_SENT] =
			{
				[EVENT_API_DELIVERED] = ANNOUNCED(STATE_DELIVERED),
				[EVENT_API_FAILED] = ANNOUNCED(STATE_FAILED),
				[EVENT_SILENT] = ANNOUNCED(STATE_UNCONFIRMED),
			},
		/* `sent` may have been published before the silence: only an end is news. */
		[STATE_UNCONFIRMED] =
			{
				[EVENT_API_DELIVERED] = ANNOUNCED(STATE_DELIVERED),
				[EVENT_API_FAILED] = ANNOUNCED(STATE_FAILED),
			},
		[STATE_HELD] =
			{
				[EVENT_API_QUEUED] = ANNOUNCED(STATE_QUEUED),
				[EVENT_API_SENT] = ANNOUNCED(STATE_SENT),
				[EVENT_API_DELIVERED] = ANNOUNCED(STATE_DELIVERED),
				[EVENT_API_FAILED] = ANNOUNCED(STATE_FAILED),
				[EVENT_CANCEL] = ANNOUNCED(STATE_CANCELLED),
			},
};

struct names {
	const char *name, *status;
	bool final, open;
};

static const struct names names[STATE_MAX + 1] = {
	[STATE_ACCEPTED] = {"accepted", "accepted", false, true},
	[STATE_SENDING] = {"sending", "accepted", false, true},
	[STATE_UNKNOWN] = {"unknown", "accepted", false, true},
	[STATE_QUEUED] = {"queued", "queued", false, false},
	[STATE_SENT] = {"sent", "sent", false, false},
	[STATE_UNCONFIRMED] = {"unconfirmed", "unconfirmed", false, false},
	[STATE_DELIVERED] = {"delivered", "delivered", true, false},
	[STATE_FAILED] = {"failed", "failed", true, false},
	[STATE_REJECTED] = {"rejected", "rejected", true, false},
	[STATE_EXPIRED] = {"expired", "expired", true, false},
	[STATE_CANCELLED] = {"cancelled", "cancelled", true, false},
	[STATE_HELD] = {"held", "accepted", false, true},
};

static const struct names *names_of(enum command_state state)
{
	assert(state >= STATE_ACCEPTED && (int)state <= STATE_MAX);
	return &names[state];
}

struct lifecycle_step lifecycle_next(enum command_state from, enum lifecycle_event event)
{
	assert(from >= STATE_ACCEPTED && (int)from <= STATE_MAX);
	assert((int)event >= 0 && (int)event < LIFECYCLE_EVENTS);
	struct lifecycle_step step = steps[from][event];
	if ((int)step.to == STAYS)
		step.to = from;
	return step;
}

bool lifecycle_is_final(enum command_state state)
{
	return names_of(state)->final;
}

bool lifecycle_is_open(enum command_state state)
{
	return names_of(state)->open;
}

const char *lifecycle_status(enum command_state state)
{
	return names_of(state)->status;
}

const char *lifecycle_name(enum command_state state)
{
	return names_of(state)->name;
}
