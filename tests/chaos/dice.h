/* dice - chance that can be repeated: the same seed throws the same numbers. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_CHAOS_DICE_H
#define TESTS_CHAOS_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

/* From `least` to `most`, both included. */
int64_t dice_throw(struct dice *dice, int64_t least, int64_t most);

/* True in so many of a hundred. */
bool dice_chance(struct dice *dice, int percent);

#endif
