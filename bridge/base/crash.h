/* crash - named points where a test may kill the process, as a power cut would.
 *
 * In a build with -DTEST_HOOKS=ON the environment's BRIDGE_CRASH_AT names a point (`name`, or
 * `name:3` for the third pass) at which the process kills itself; BRIDGE_HANG_AT, likewise, one at which
 * the thread stands still for ever. In any other build a point is nothing at all.
 *
 * Threads: any. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_BASE_CRASH_H
#define BRIDGE_BASE_CRASH_H

/* Only for crash_point(): looks at the environment and kills with SIGKILL, or hangs, where it is asked to. */
void crash_when_named(const char *name);

#ifdef BRIDGE_TEST_HOOKS
static inline void crash_point(const char *name)
{
	crash_when_named(name);
}
#else
static inline void crash_point(const char *name)
{
	(void)name;
}
#endif

#endif
