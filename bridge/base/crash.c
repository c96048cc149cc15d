/* crash - dying on request, without a trace, as a power cut does it. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_long passes;

void crash_when_named(const char *name)
{
	const char *wanted = getenv("BRIDGE_CRASH_AT");
	if (wanted == NULL)
		return;
	size_t len = strcspn(wanted, ":");
	if (strlen(name) != len || strncmp(wanted, name, len) != 0)
		return;
	long pass = wanted[len] == ':' ? strtol(wanted + len + 1, NULL, 10) : 1;
	if (atomic_fetch_add(&passes, 1) + 1 == pass)
		raise(SIGKILL);
}
