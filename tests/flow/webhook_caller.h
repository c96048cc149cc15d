/* webhook_caller - the provider, calling the webhook as its server would: first the gate, then the handler.
 *
 * The macs were computed outside of this project (Python's hmac) with the secret of the world's configuration. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_WEBHOOK_CALLER_H
#define TESTS_FLOW_WEBHOOK_CALLER_H

#include "tests/flow/fake_http_server.h"
#include "tests/flow/flow_world.h"

/* Tokens of the first and second command of a new spool, of one of another spool, and of MO SMS. */
#define STATUS_1     "/callback/status/feedface-1-a50f530b30e93c7bd4312630cf62ac96"
#define STATUS_2     "/callback/status/feedface-2-1a7144efc408f94eafd7eb90c015c897"
#define STATUS_OTHER "/callback/status/0000beef-1-7ffeb91abde1d7d03703688ec2103748"
#define SMS	     "/callback/sms/fd5e17d13d5abe2af937490c946a9c40"

#define SENT_A	    "CommandSid=" SID_A "&SimSid=" SIM_1 "&Direction=to_sim&Status=sent&Payload=reboot"
#define DELIVERED_A "CommandSid=" SID_A "&SimSid=" SIM_1 "&Direction=to_sim&Status=delivered&Payload=reboot"
#define RECEIVED_B  "CommandSid=" SID_B "&SimSid=" SIM_1 "&Direction=from_sim&Status=received&Payload=T%3D21.5"

struct call {
	const char *method; /* NULL: POST */
	const char *path, *query, *body;
	const char *header, *value; /* one more; NULL: none */
	const char *type;	    /* NULL: that of a form */
};

enum { CALLS_MAX = 8 };

/* What came together: what passes gate and sift is stored as one batch. Their statuses go to `ret`. */
static inline void call_webhook_together(struct world *world, const struct call *calls, size_t count,
					 int ret[CALLS_MAX])
{
	struct http_exchange exchanges[CALLS_MAX] = {0};
	struct http_headers headers[CALLS_MAX] = {0};
	size_t places[CALLS_MAX], open = 0;
	for (size_t i = 0; i < count; i++) {
		const struct call *call = &calls[i];
		const char *body = call->body != NULL ? call->body : "";
		const char *type = call->type != NULL ? call->type : "application/x-www-form-urlencoded";
		const char *method = call->method != NULL ? call->method : "POST";
		ret[i] = callback_intake_gate(&world->callbacks, method, call->path);
		if (ret[i] != 0)
			continue;
		headers[open] =
			(struct http_headers){.names = {"Content-Type", call->header}, .values = {type, call->value}};
		struct http_exchange *exchange = &exchanges[open];
		exchange->request = (struct http_request_in){.method = method,
							     .path = call->path,
							     .query = call->query != NULL ? call->query : "",
							     .body = body,
							     .body_len = strlen(body),
							     .peer = "192.0.2.1",
							     .headers = &headers[open]};
		if (callback_intake_sift(&world->callbacks, &exchange->request, &exchange->reply, &exchange->read))
			ret[i] = exchange->reply.status;
		else
			places[open++] = i;
	}
	if (open > 0)
		callback_intake_store(&world->callbacks, exchanges, open);
	for (size_t i = 0; i < open; i++)
		ret[places[i]] = exchanges[i].reply.status;
}

static inline int call_webhook(struct world *world, struct call call)
{
	int status[CALLS_MAX];
	call_webhook_together(world, &call, 1, status);
	return status[0];
}
#define CALL(world, ...) call_webhook((world), (struct call){__VA_ARGS__})

#endif
