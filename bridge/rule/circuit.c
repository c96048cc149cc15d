/* circuit - a breaker for the whole account; see the header for its states. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/circuit.h"

#include "bridge/rule/retry.h"

/* While a probe is under way only its answer changes anything. It has a deadline of its own, and its end wakes who
 * waits: no need to ask again soon. */
enum { PROBE_UNDER_WAY_MS = 120000 };

int64_t circuit_allow(struct circuit *circuit, int64_t wanted, int64_t mono_ms)
{
	if (circuit->failures == 0)
		return wanted;
	if (circuit->probing || mono_ms < circuit->not_before_ms || wanted < 1)
		return 0;
	circuit->probing = true;
	return 1;
}

void circuit_unused(struct circuit *circuit)
{
	circuit->probing = false;
}

void circuit_success(struct circuit *circuit)
{
	*circuit = (struct circuit){0};
}

void circuit_failure(struct circuit *circuit, int64_t mono_ms, int64_t least_ms, uint64_t random)
{
	/* Requests that were under way when the first one failed say nothing new. */
	if (circuit->failures > 0 && !circuit->probing && mono_ms < circuit->not_before_ms)
		return;
	circuit->failures++;
	circuit->probing = false;
	circuit->not_before_ms = mono_ms + retry_delay_ms(circuit->failures, least_ms, random);
}

int64_t circuit_wait_ms(const struct circuit *circuit, int64_t mono_ms)
{
	if (circuit->failures == 0)
		return 0;
	if (circuit->probing)
		return PROBE_UNDER_WAY_MS;
	return circuit->not_before_ms > mono_ms ? circuit->not_before_ms - mono_ms : 0;
}
