/* polling - how often the API is asked, with and without callbacks.
 *
 * With a public address callbacks bring the news, and asking only finds what they lost. Without one, asking is the
 * only source and happens at POLLING_ONLY_MS at least.
 *
 * Threads: any; pure. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_POLLING_H
#define BRIDGE_FLOW_POLLING_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/settings/settings.h"

enum { POLLING_ONLY_MS = 10000 };

/* No public URL, or no listener: nobody calls us. */
bool polling_only(const struct settings *settings);

int64_t polling_poll_after_ms(const struct settings *settings);
int64_t polling_interval_ms(const struct settings *settings);

#endif
