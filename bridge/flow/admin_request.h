/* admin_request - one administration request: which action, with which members.
 *
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_ADMIN_REQUEST_H
#define BRIDGE_FLOW_ADMIN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/limits.h"

enum admin_action { ADMIN_GET, ADMIN_LIST, ADMIN_PENDING, ADMIN_CANCEL, ADMIN_RETRY, ADMIN_RELOAD, ADMIN_HEALTH };
enum { ADMIN_ACTIONS = 7, ADMIN_LIMIT_MAX = 1000, TRANSACTION_MAX = 4096 };

struct admin_request {
	enum admin_action action;
	char sid[SID_SIZE], id[COMMAND_ID_SIZE], device[DEVICE_SIZE];
	char status[16], direction[16];
	int64_t limit;
	char transaction[TRANSACTION_MAX + 1]; /* JSON text, as it came; "" for none */
};

/* Reads a request. An empty payload is {}. False and why: unknown action or member, wrong type, a missing member;
 * the transaction is filled where it could be read. */
bool admin_request_read(struct admin_request *ret, const char *action, const void *payload, size_t len, char *why,
			size_t why_size);

#endif
