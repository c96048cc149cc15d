/* fake_http_client - the API as a script: what is asked is noted, what is answered is said beforehand.
 *
 * Takes the place of edge/http_client. As the real one does, it calls `done` only from http_client_poll(), on the
 * client's own thread. What no rule names is answered thus: a POST with 201 and a sid of its own, a list with an empty
 * page, any other GET with 404.
 *
 * Threads:   any; requests of all clients share one list.
 * Ownership: what a rule is given is copied. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_FAKE_HTTP_CLIENT_H
#define TESTS_FLOW_FAKE_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/limits.h"

struct fake_request {
	char line[URL_SIZE + 8]; /* "POST https://api.test/v1/SmsCommands" */
	char authorization[64];
	char body[4096];
};

struct fake_answer {
	int status;	  /* 0: no answer came */
	const char *body; /* NULL: "", and of a 201 a resource with a sid of its own */
	bool unsent;	  /* the request surely never left */
	bool held;	  /* not before fake_http_release() */
	bool truncated;
	int64_t retry_after_ms; /* 0: not given */
	const char *error;	/* NULL: "" */
};

/* Forgets requests and rules. No client may be there. */
void fake_http_reset(void);

/* What answers requests whose line contains `part`: from now on, or only the next one. Next ones go first, in the order
 * in which they were given. */
void fake_http_always(const char *part, struct fake_answer answer);
void fake_http_next(const char *part, struct fake_answer answer);

/* How many requests whose line contains `part` came so far. */
size_t fake_http_count(const char *part);

/* The `index`th of them; fails the test when there is none. */
struct fake_request fake_http_request(const char *part, size_t index);

/* Answers the `index`th of them, which is held. */
void fake_http_release(const char *part, size_t index, struct fake_answer answer);

/* Called when a request begins, on the thread that begins it. NULL: nobody. */
void fake_http_on_start(void (*hook)(void *ctx, const struct fake_request *request), void *ctx);

/* The sid in the generated answer to the `number`th POST (from 1). */
void fake_http_sid(char to[SID_SIZE], size_t number);

/* The time-out of the client that was made last. */
int64_t fake_http_timeout_ms(void);

/* How often clients began to wait; how long one of them ever meant to; how many requests were under way at once. */
size_t fake_http_polls(void);
int64_t fake_http_longest_wait_ms(void);
size_t fake_http_most_busy(void);

#endif
