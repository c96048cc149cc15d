/* crash - dying on request, without a trace, as a power cut does it; or standing still for ever. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Is this the pass of the point that the variable names? */
static bool is_named(const char *variable, const char *name, atomic_long *passes)
{
	const char *wanted = getenv(variable);
	if (wanted == NULL)
		return false;
	size_t len = strcspn(wanted, ":");
	if (strlen(name) != len || strncmp(wanted, name, len) != 0)
		return false;
	long pass = wanted[len] == ':' ? strtol(wanted + len + 1, NULL, 10) : 1;
	return atomic_fetch_add(passes, 1) + 1 == pass;
}

void crash_when_named(const char *name)
{
	static atomic_long crashes, hangs;
	if (is_named("BRIDGE_CRASH_AT", name, &crashes))
		raise(SIGKILL);
	if (is_named("BRIDGE_HANG_AT", name, &hangs))
		for (;;)
			pause();
}
