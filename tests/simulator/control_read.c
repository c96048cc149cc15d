// What tests ask of the simulator: the ledger and the tries of callbacks.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "tests/simulator/control.h"
#include "tests/simulator/form.h"
#include "tests/simulator/json_write.h"
#include "tests/simulator/reply.h"

/* Of the payloads that were created more than once; their number is always complete. */
enum { DUPLICATES_SHOWN = 1000 };

typedef void show_function(struct simulator *self, const struct form *query, struct buffer *out);

static void perform(struct simulator *self, const struct request *request, struct reply *reply, show_function *show)
{
	struct form query;
	form_read(&query, request->query, strlen(request->query));
	if (query.malformed[0] != '\0') {
		reply_error(reply, 400, 0, query.malformed);
	} else {
		pthread_mutex_lock(&self->lock);
		show(self, &query, &reply->body);
		pthread_mutex_unlock(&self->lock);
	}
	form_clear(&query);
}

static void write_entry(struct buffer *out, const struct resource *resource)
{
	json_write_open(out, "", '{');
	json_write_text(out, "sid", resource->sid);
	json_write_text(out, "sim", resource->sim_given);
	json_write_text(out, "sim_sid", resource->sim->sid);
	json_write_text(out, "payload", resource->payload);
	json_write_text(out, "callback_url", resource->callback_url);
	json_write_text(out, "callback_method", resource->is_callback_get ? "GET" : "POST");
	json_write_number(out, "at_ms", resource->created_ms);
	json_write_text(out, "status", status_to_text(resource->status));
	json_write_bool(out, "answered", resource->is_answered);
	json_write_close(out, '}');
}

static void show_ledger(struct simulator *self, const struct form *query, struct buffer *out)
{
	const struct index_list *ledger = &self->world.ledger;
	const char *payload = form_get(query, "payload");
	json_write_open(out, "", '[');
	for (size_t i = 0; i < ledger->count; i++) {
		const struct resource *resource = self->world.all[ledger->at[i]];
		if (payload[0] == '\0' || text_equal(payload, resource->payload))
			write_entry(out, resource);
	}
	json_write_close(out, ']');
}

void control_ledger(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, show_ledger);
}

static void show_summary(struct simulator *self, const struct form *query, struct buffer *out)
{
	const struct world *world = &self->world;
	int64_t by_status[STATUS_COUNT] = {0};
	(void)query;
	json_write_open(out, "", '{');
	json_write_number(out, "creates", world->counters.creates);
	json_write_number(out, "refused", world->counters.refused);
	json_write_number(out, "fetches", world->counters.fetches);
	json_write_number(out, "lists", world->counters.lists);
	json_write_number(out, "sims", world->counters.sims);
	json_write_number(out, "token_requests", world->counters.token_requests);
	json_write_number(out, "tokens", world->counters.tokens);
	json_write_number(out, "received", (int64_t)world->from_sim.count);
	json_write_number(out, "callbacks", (int64_t)world->try_count);
	json_write_number(out, "distinct_payloads", (int64_t)world->by_payload.count);
	json_write_number(out, "duplicates", world->counters.creates - (int64_t)world->by_payload.count);
	json_write_open(out, "by_payload_duplicates", '{');
	for (size_t i = 0, shown = 0; i < world->ledger.count; i++) {
		const struct resource *resource = world->all[world->ledger.at[i]];
		by_status[resource->status]++;
		if (resource->payload_count > 1 && shown++ < DUPLICATES_SHOWN)
			json_write_number(out, resource->payload, resource->payload_count);
	}
	json_write_close(out, '}');
	json_write_open(out, "by_status", '{');
	for (unsigned i = 0; i < STATUS_COUNT; i++)
		json_write_number(out, status_to_text((enum status)i), by_status[i]);
	json_write_close(out, '}');
	json_write_close(out, '}');
}

void control_summary(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, show_summary);
}

static void show_fault_uses(struct simulator *self, const struct form *query, struct buffer *out)
{
	(void)query;
	json_write_open(out, "", '{');
	json_write_open(out, "uses", '{');
	for (size_t i = 0; i < self->faults.use_count; i++)
		json_write_number(out, self->faults.uses[i].name, self->faults.uses[i].count);
	json_write_close(out, '}');
	json_write_close(out, '}');
}

void control_fault_uses(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, show_fault_uses);
}

static void show_callbacks(struct simulator *self, const struct form *query, struct buffer *out)
{
	const struct world *world = &self->world;
	const char *sid = form_get(query, "sid");
	json_write_open(out, "", '[');
	for (size_t i = 0; i < world->try_count; i++) {
		const struct callback_try *one = &world->tries[i];
		const struct resource *resource = world->all[one->index];
		if (sid[0] != '\0' && !text_equal(sid, resource->sid))
			continue;
		json_write_open(out, "", '{');
		json_write_text(out, "sid", resource->sid);
		json_write_text(out, "status", status_to_text((enum status)one->status));
		json_write_text(out, "url", resource->callback_url);
		json_write_number(out, "http_status", one->http_status);
		json_write_number(out, "attempt", one->attempt);
		json_write_number(out, "at_ms", one->at_ms);
		json_write_close(out, '}');
	}
	json_write_close(out, ']');
}

void control_callbacks(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, show_callbacks);
}
