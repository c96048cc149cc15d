/* suggest - "did you mean": the known word nearest to an unknown one.
 *
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_SUGGEST_H
#define BRIDGE_SETTINGS_SUGGEST_H

#include <stddef.h>

enum { SUGGEST_SIZE = 64 };

struct suggestion {
	const char *word; /* borrowed */
	char best[SUGGEST_SIZE];
	size_t distance;
};

/* Nothing yet; only what differs in few letters will count. */
struct suggestion suggestion_for(const char *word);

/* Keeps `known` when it is nearer than what was offered before. */
void suggestion_offer(struct suggestion *suggestion, const char *known);

#endif
