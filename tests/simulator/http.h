/* http - a request as the server read it, and the answer it shall give.
 *
 * Ownership: a request is borrowed; a reply's body is the reply's. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_HTTP_H
#define SIMULATOR_HTTP_H

#include "bridge/base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* Path and query are raw, as on the wire. */
struct request {
	const char *method, *path, *query;
	const char *host, *authorization, *content_type; /* "" when not given */
	const char *body;
	size_t body_len;
};

enum reply_end {
	REPLY_SEND,
	REPLY_TRUNCATE, /* the head and half of the body, then the end */
	REPLY_CLOSE,	/* no byte, the connection ends */
	REPLY_RESET	/* no byte, the connection is reset */
};

struct reply {
	int status;
	enum reply_end end;
	const char *content_type; /* static */
	char retry_after[64];	  /* "" for none */
	struct buffer body;
	/* the ledger entry that this answers */
	bool is_create;
	uint32_t epoch, index;
};

#endif
