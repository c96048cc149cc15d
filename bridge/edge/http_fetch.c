/* http_fetch - one HTTP request, waited for. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_client.h"

#include <stdatomic.h>

struct fetch {
	http_done *done;
	void *ctx;
	bool over;
};

static void on_fetched(void *ctx, const struct http_result *result)
{
	struct fetch *fetch = ctx;

	fetch->done(fetch->ctx, result);
	fetch->over = true;
}

void http_client_fetch(struct http_client *client, const struct http_request_out *request, http_done *done,
		       void (*waits)(void *ctx), void *ctx)
{
	struct fetch fetch = {.done = done, .ctx = ctx};

	http_client_start(client, request, on_fetched, &fetch);
	while (!fetch.over) {
		if (waits != NULL)
			waits(ctx);
		http_client_poll(client, 1000);
	}
}

int http_client_is_aborted(void *abort, int64_t a, int64_t b, int64_t c, int64_t d)
{
	const _Atomic bool *flag = abort;
	(void)a, (void)b, (void)c, (void)d;
	return flag != NULL && atomic_load(flag);
}
