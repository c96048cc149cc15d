/* suspect - a count of deaths and one proof; see the header. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/suspect.h"

bool suspect_died(struct suspect *suspect, int64_t oldest)
{
	if (oldest == 0) /* with nothing in flight: nothing is learnt */
		return false;
	bool proved = oldest == suspect->last_chance;
	bool without_it = suspect->aside != 0; /* then that one is not the cause */
	suspect->last_chance = suspect->aside = 0;
	if (proved || without_it) {
		suspect->tries = 0;
		suspect->event = proved ? 0 : suspect->event;
		return proved;
	}
	suspect->tries = oldest == suspect->event ? suspect->tries + 1 : 1;
	suspect->event = oldest;
	if (suspect->tries >= ASIDE_TRIES)
		suspect->aside = oldest;
	return false;
}

bool suspect_answered(struct suspect *suspect, bool itself)
{
	bool again = suspect->aside != 0;
	if (itself)
		suspect->tries = 0;
	if (itself || again)
		suspect->last_chance = suspect->aside;
	suspect->aside = 0;
	return again;
}

bool suspect_goes_alone(const struct suspect *suspect)
{
	return suspect->tries >= SUSPECT_TRIES;
}

bool suspect_waits(const struct suspect *suspect)
{
	return suspect->tries > 0 || suspect->aside != 0;
}
