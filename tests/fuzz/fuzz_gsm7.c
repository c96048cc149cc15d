// The measure of a text against the sum over its characters.
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"
#include "bridge/codec/gsm7.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t characters = 0, septets = 0;
	uint32_t character;
	if (!text_is_utf8(data, size))
		return 0;
	struct gsm7_measure measure = gsm7_measure((const char *)data, size);
	for (size_t at = 0; at < size && (measure.sendable || characters + 1 < measure.offender_position);) {
		at += text_next_utf8(data + at, size - at, &character);
		int cost = gsm7_septets(character);
		input_require(cost == 1 || cost == 2, "in the alphabet");
		septets += (size_t)cost;
		characters++;
	}
	if (measure.sendable)
		input_require(measure.characters == characters && measure.septets == septets, "the same sum");
	else
		input_require(gsm7_septets(measure.offender) == 0, "the offender is not in the alphabet");
	return 0;
}
