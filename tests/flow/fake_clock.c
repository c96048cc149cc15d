// fake_clock - the real monotonic clock and an offset.
// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/fake_clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "bridge/base/clock.h"

/* The names that the linker's --wrap asks for. */
int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_mono_ms(void);
void __wrap_clock_random(void *bytes, size_t len);
int64_t __real_clock_mono_ms(void);
void __real_clock_random(void *bytes, size_t len);

static _Atomic int64_t began_ms, offset_ms;
static _Atomic uint64_t random_bits;
static atomic_bool frozen;

void fake_clock_reset(uint64_t random)
{
	atomic_store(&began_ms, __real_clock_mono_ms());
	atomic_store(&offset_ms, 0);
	atomic_store(&frozen, false);
	fake_clock_random(random);
}

void fake_clock_freeze(void)
{
	atomic_store(&offset_ms, atomic_load(&offset_ms) + __real_clock_mono_ms() - atomic_load(&began_ms));
	atomic_store(&frozen, true);
}

void fake_clock_random(uint64_t random)
{
	atomic_store(&random_bits, random);
}

void fake_clock_advance(int64_t ms)
{
	atomic_fetch_add(&offset_ms, ms);
}

static int64_t elapsed_ms(void)
{
	int64_t real_ms = atomic_load(&frozen) ? 0 : __real_clock_mono_ms() - atomic_load(&began_ms);
	return real_ms + atomic_load(&offset_ms);
}

int64_t __wrap_clock_wall_ms(void)
{
	return CLOCK_BEGIN + elapsed_ms();
}

int64_t __wrap_clock_mono_ms(void)
{
	return HOUR + elapsed_ms();
}

/* Backoff asks for 64 bits, a new spool for an epoch of 32. */
void __wrap_clock_random(void *bytes, size_t len)
{
	static const unsigned char epoch[] = {0xfe, 0xed, 0xfa, 0xce};
	uint64_t bits = atomic_load(&random_bits);
	if (len == sizeof(bits))
		memcpy(bytes, &bits, len);
	else if (len == sizeof(epoch))
		memcpy(bytes, epoch, len);
	else
		__real_clock_random(bytes, len);
}
