/* callback_intake - webhook to store: status callbacks and MO SMS, authenticated, then stored, then answered.
 *
 * Threads:   gate and sift on the HTTP server's thread, without waiting for anything; what is to be stored on that of
 *            its batches, where all of a batch wait for one commit (statuses of strangers for one more).
 * Promise:   2xx is given only after the fact is on disk or known already; every cause of distrust has the same
 *            403; 503 when it could not be stored (the provider tries again).
 * Failure:   an HTTP status; what names no device of ours goes to the `unmapped` topic, nothing is dropped. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_CALLBACK_INTAKE_H
#define BRIDGE_FLOW_CALLBACK_INTAKE_H

#include "bridge/edge/http_server.h"
#include "bridge/edge/store.h"
#include "bridge/flow/counters.h"
#include "bridge/flow/mo_intake.h"
#include "bridge/flow/timekeeper.h"
#include "bridge/flow/webhook_keys.h"
#include "bridge/settings/settings.h"

/* All borrowed. */
struct callback_intake {
	const struct settings *settings;
	struct store *store;
	struct mo_intake *mo;
	struct timekeeper *time;
	struct counters *counters;
	struct webhook_keys *keys;
};

/* The Allow header of a 405. */
const char *callback_intake_methods(const struct settings *settings);

/* http_gate, http_sift and http_batch_handler of the webhook listener; `ctx` is the intake. The sift believes or
 * refuses; what it leaves is read already. */
int callback_intake_gate(void *ctx, const char *method, const char *path);
bool callback_intake_sift(void *ctx, const struct http_request_in *request, struct http_reply *reply, void **ret_read);
void callback_intake_store(void *ctx, struct http_exchange *exchanges, size_t count);

#endif
