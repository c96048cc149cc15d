/* metrics - Prometheus text exposition format 0.0.4, names and units by its conventions.
 *
 * Threads: any. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_METRICS_H
#define BRIDGE_FLOW_METRICS_H

#include "bridge/base/buffer.h"
#include "bridge/flow/health.h"

enum { METRICS_MAX = 65536 };

void metrics_encode(const struct health *health, struct buffer *to);

#endif
