// Which function answers which request.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/router.h"

#include <string.h>

#include "bridge/base/text.h"
#include "tests/simulator/api.h"
#include "tests/simulator/control.h"
#include "tests/simulator/reply.h"

struct route {
	const char *method, *path; /* a path that ends in `/` has one segment behind it */
	control_function *answer;
};

static const struct route routes[] = {
	{"POST", "/api-services/v1/auth/token", api_token},
	{"POST", "/v1/auth/token", api_token},
	{"POST", "/v1/SmsCommands", api_create},
	{"GET", "/v1/SmsCommands", api_list},
	{"GET", "/v1/SmsCommands/", api_fetch},
	{"GET", "/v1/Sims", api_sims},
	{"GET", "/v1/Sims/", api_sim},
	{"POST", "/_control/faults", control_set_faults},
	{"DELETE", "/_control/faults", control_clear_faults},
	{"GET", "/_control/faults", control_fault_uses},
	{"POST", "/_control/outcome", control_add_outcome},
	{"DELETE", "/_control/outcome", control_clear_outcomes},
	{"POST", "/_control/mo", control_mo},
	{"POST", "/_control/status", control_status},
	{"POST", "/_control/fleet", control_fleet},
	{"POST", "/_control/settings", control_settings},
	{"POST", "/_control/tokens", control_tokens},
	{"POST", "/_control/reset", control_reset},
	{"GET", "/_control/ledger", control_ledger},
	{"GET", "/_control/ledger/summary", control_summary},
	{"GET", "/_control/callbacks", control_callbacks},
};

/* What stands behind the route's path; NULL when the path is another. */
static const char *rest_of(const struct route *route, const char *path)
{
	size_t len = strlen(route->path);
	if (route->path[len - 1] != '/')
		return text_equal(path, route->path) ? "" : NULL;
	if (!text_starts_with(path, route->path) || path[len] == '\0' || strchr(path + len, '/') != NULL)
		return NULL;
	return path + len;
}

static void handle(void *context, const struct request *request, struct reply *reply)
{
	bool is_known = false;
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		const char *rest = rest_of(&routes[i], request->path);
		if (rest == NULL)
			continue;
		is_known = true;
		if (text_equal(routes[i].method, request->method)) {
			routes[i].answer(context, request, rest, reply);
			return;
		}
	}
	if (is_known)
		reply_error(reply, 405, 20004, "Method not allowed");
	else
		reply_error(reply, 404, 20404, "The requested resource was not found");
}

static void finished(void *context, const struct reply *reply, bool is_complete)
{
	struct simulator *self = context;
	if (!reply->is_create || !is_complete)
		return;
	pthread_mutex_lock(&self->lock);
	if (reply->epoch == self->world.epoch)
		self->world.all[reply->index]->is_answered = true;
	pthread_mutex_unlock(&self->lock);
}

struct server_hooks router_hooks(struct simulator *self)
{
	return (struct server_hooks){.context = self, .handle = handle, .finished = finished};
}
