/* retry - how an HTTP exchange is judged, and when to try again.
 *
 * Threads: any; pure: time and randomness are parameters.
 * Sources: facts measured on libcurl (the read callback tells "surely not sent" from "unknown");
 *          Retry-After of RFC 9110 10.2.3; full jitter as in "Exponential Backoff And Jitter" (AWS). */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_RULE_RETRY_H
#define BRIDGE_RULE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/base/outcome.h"

/* What was seen of one create. */
struct exchange {
	int http_status;	/* 0: no status line */
	bool body_started;	/* libcurl asked for the body at least once */
	bool has_sid;		/* a 2xx whose body held a valid sid */
	bool is_page;		/* its body is a page for people: a portal, a proxy, and not the API */
	int64_t retry_after_ms; /* -1: not given */
	const char *error_code; /* of the answer's body, "" for none; borrowed */
	const char *error_text; /* of the answer's body or of the transport; borrowed */
};

/* The code of UNKNOWN where the API said yes and only the sid is missing: never to be sent again. */
#define RETRY_NO_SID "no_sid"

/* DONE, RETRY, REFUSED or UNKNOWN, with a code such as `api_400`, `timeout` and a reason. */
struct outcome retry_judge(const struct exchange *exchange);

enum { RETRY_BASE_MS = 1000, RETRY_MAX_MS = 300000, RETRY_AFTER_MIN_MS = 1000, RETRY_AFTER_MAX_MS = 3600000 };

/* Milliseconds to wait before attempt number `attempts` + 1 (attempts >= 1): full jitter over
 * base * 2^(attempts-1), capped; never before `retry_after_ms`. `random` is any 64 random bits. */
int64_t retry_delay_ms(int64_t attempts, int64_t retry_after_ms, uint64_t random);

#endif
