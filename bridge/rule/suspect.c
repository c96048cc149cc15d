/* suspect - a count of deaths and one proof; see the header. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/suspect.h"

bool suspect_died(struct suspect *suspect, int64_t oldest)
{
	if (suspect->aside != 0) { /* it died without that one as well: not the cause */
		suspect->aside = 0;
		suspect->tries = 0;
		return false;
	}
	if (oldest == 0)
		return false;
	suspect->tries = oldest == suspect->event ? suspect->tries + 1 : 1;
	suspect->event = oldest;
	if (suspect->tries < POISON_TRIES)
		return false;
	suspect->aside = oldest;
	return true;
}

int64_t suspect_answered(struct suspect *suspect, bool itself)
{
	int64_t proved = suspect->aside;
	if (itself || proved != 0)
		suspect->tries = 0;
	suspect->aside = 0;
	return proved;
}

bool suspect_goes_alone(const struct suspect *suspect)
{
	return suspect->tries >= SUSPECT_TRIES;
}

bool suspect_waits(const struct suspect *suspect)
{
	return suspect->tries > 0 || suspect->aside != 0;
}
