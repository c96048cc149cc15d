// dice - splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
// SPDX-License-Identifier: Apache-2.0
#include "tests/chaos/dice.h"

static uint64_t next(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t dice_throw(struct dice *dice, int64_t least, int64_t most)
{
	return least + (int64_t)(next(dice) % (uint64_t)(most - least + 1));
}

bool dice_chance(struct dice *dice, int percent)
{
	return dice_throw(dice, 1, 100) <= percent;
}
