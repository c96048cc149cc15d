/* event - what the bridge publishes: statuses and MO SMS as JSON.
 *
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_CODEC_EVENT_H
#define BRIDGE_CODEC_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/base/buffer.h"

/* Every text is borrowed; "" leaves its member out (but status, device, id and payload). */
struct status_event {
	const char *status, *device, *id, *sid, *sim_sid, *payload;
	const char *error_code, *error_message;
	int64_t time_ms;
	bool duplicate, dry_run;
};

struct up_event {
	const char *device; /* "": of a SIM that no mapping names */
	const char *payload, *sid, *sim_sid, *sim_unique_name;
	int64_t time_ms;
};

void event_status_encode(struct buffer *to, const struct status_event *event);
void event_up_encode(struct buffer *to, const struct up_event *event);

#endif
