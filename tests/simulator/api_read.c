// Reading: one SMS Command, the list of them, SIMs.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/simulator/api.h"
#include "tests/simulator/json_write.h"
#include "tests/simulator/misbehave.h"
#include "tests/simulator/page.h"
#include "tests/simulator/reply.h"

/* What a reading request is made of. */
struct reading {
	struct simulator *self;
	const struct request *request;
	struct form query;
	char name[SIM_SIZE]; /* from the path; "" for none */
	struct reply *reply;
};

typedef void read_function(struct reading *reading);

static void answer(struct reading *reading, bool is_sound, read_function *read)
{
	struct simulator *self = reading->self;
	enum token_verdict verdict = tokens_judge(&self->tokens, reading->request->authorization);
	if (verdict != TOKEN_GOOD)
		reply_unauthorized(reading->reply, verdict);
	else if (!is_sound)
		reply_error(reading->reply, 400, 20001, "the URL is malformed");
	else
		read(reading);
}

/* All that reading requests have in common: stop, fault, authorization. */
static void perform(struct reading *reading, const char *rest, enum fault_place place, read_function *read)
{
	struct simulator *self = reading->self;
	struct reply *reply = reading->reply;
	struct fault fault;
	bool is_sound = form_decode_segment(rest, strlen(rest), reading->name, sizeof(reading->name));
	form_read(&reading->query, reading->request->query, strlen(reading->request->query));
	is_sound = is_sound && reading->query.malformed[0] == '\0';
	const char *sim = form_get(&reading->query, "Sim");
	struct subject subject = {sim[0] == '\0' ? reading->name : sim, "", "", form_get(&reading->query, "Status")};
	pthread_mutex_lock(&self->lock);
	if (!misbehave_stopped(self, reply)) {
		faults_take(&self->faults, place, &subject, &fault);
		if (!misbehave_before(self, &fault, reply)) {
			answer(reading, is_sound, read);
			misbehave_after(self, &fault, reply);
		}
		fault_clear(&fault);
	}
	pthread_mutex_unlock(&self->lock);
	form_clear(&reading->query);
}

static void fetch(struct reading *reading)
{
	struct world *world = &reading->self->world;
	const struct resource *resource = world_find(world, reading->name);
	world->counters.fetches++;
	if (resource == NULL)
		reply_error(reading->reply, 404, 20404, "The requested SmsCommand was not found");
	else
		reply_resource(&reading->reply->body, "", resource, reading->request->host);
}

void api_fetch(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	struct reading reading = {.self = self, .request = request, .reply = reply};
	perform(&reading, rest, FAULT_FETCH, fetch);
}

/* Which resources a list shows. */
struct filter {
	const struct sim *sim; /* NULL: any */
	const char *status, *direction;
	int64_t created_before_ms;
};

static bool shows(const struct filter *filter, const struct resource *resource)
{
	const char *direction = resource->is_from_sim ? "from_sim" : "to_sim";
	return (filter->sim == NULL || filter->sim == resource->sim) &&
	       (filter->status[0] == '\0' || text_equal(filter->status, status_to_text(resource->status))) &&
	       (filter->direction[0] == '\0' || text_equal(filter->direction, direction)) &&
	       resource->created_ms <= filter->created_before_ms;
}

/* The shortest list that holds all that is shown; NULL: all resources. */
static const struct index_list *narrowest(const struct world *world, const struct filter *filter)
{
	if (filter->sim != NULL)
		return &filter->sim->commands;
	bool is_from_sim = text_equal(filter->direction, "from_sim") || text_equal(filter->status, "received");
	return is_from_sim ? &world->from_sim : NULL;
}

static void write_list(struct reading *reading, const struct filter *filter, struct page *page)
{
	const struct world *world = &reading->self->world;
	const struct index_list *list = narrowest(world, filter);
	struct buffer *out = &reading->reply->body;
	int64_t written = 0;
	json_write_open(out, "", '{');
	json_write_open(out, "sms_commands", '[');
	for (uint64_t at = page->position; at < page->total && !page->has_next; at++) {
		uint64_t index = page_index(page, at);
		const struct resource *resource = world->all[list != NULL ? list->at[index] : index];
		if (!shows(filter, resource))
			continue;
		if (page->skip > 0) {
			page->skip--;
		} else if (written == page->size) {
			page->has_next = true;
			page->next = at;
		} else {
			reply_resource(out, "", resource, reading->request->host);
			written++;
		}
	}
	json_write_close(out, ']');
	page_write_meta(out, page, &reading->query, reading->request->host, "/v1/SmsCommands", "sms_commands");
	json_write_close(out, '}');
}

/* What is wrong with the list's parameters; "" when nothing is. */
static const char *list_problem(const struct form *query)
{
	static const char *const known[] = {"Sim", "Status", "Direction", "PageSize", "Page", "PageToken", NULL};
	const char *status = form_get(query, "Status");
	const char *direction = form_get(query, "Direction");
	if (form_unknown(query, known)[0] != '\0')
		return "there is an unknown parameter";
	if (status[0] != '\0' && status_from_text(status) == STATUS_COUNT)
		return "Status must be queued, sent, delivered, received or failed";
	if (direction[0] != '\0' && !text_equal(direction, "to_sim") && !text_equal(direction, "from_sim"))
		return "Direction must be to_sim or from_sim";
	return "";
}

static void list(struct reading *reading)
{
	struct simulator *self = reading->self;
	const char *sim = form_get(&reading->query, "Sim");
	const char *problem = list_problem(&reading->query);
	char why[WHY_SIZE];
	struct page page;
	struct filter filter = {.status = form_get(&reading->query, "Status"),
				.direction = form_get(&reading->query, "Direction"),
				.created_before_ms = self->settings.list_lag_ms == 0
							     ? INT64_MAX
							     : clock_wall_ms() - self->settings.list_lag_ms};
	self->world.counters.lists++;
	if (problem[0] != '\0') {
		reply_error(reading->reply, 400, 20001, problem);
		return;
	}
	if (sim[0] != '\0')
		filter.sim = sims_find(&self->world.sims, sim);
	const struct index_list *indexes = narrowest(&self->world, &filter);
	uint64_t count = indexes != NULL ? indexes->count : self->world.count;
	if (sim[0] != '\0' && filter.sim == NULL)
		count = 0;
	if (page_read(&reading->query, self->settings.order, count, &page, why))
		write_list(reading, &filter, &page);
	else
		reply_error(reading->reply, 400, 20001, why);
}

void api_list(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	struct reading reading = {.self = self, .request = request, .reply = reply};
	perform(&reading, rest, FAULT_LIST, list);
}

static void sim(struct reading *reading)
{
	const struct sim *found = sims_find(&reading->self->world.sims, reading->name);
	reading->self->world.counters.sims++;
	if (found == NULL)
		reply_error(reading->reply, 404, 20404, "The requested Sim was not found");
	else
		reply_sim(&reading->reply->body, "", found, reading->request->host);
}

void api_sim(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	struct reading reading = {.self = self, .request = request, .reply = reply};
	perform(&reading, rest, FAULT_SIMS, sim);
}

static void write_sims(struct reading *reading, const struct sim *only, struct page *page)
{
	const struct sims *sims = &reading->self->world.sims;
	const char *status = form_get(&reading->query, "Status");
	struct buffer *out = &reading->reply->body;
	int64_t written = 0;
	json_write_open(out, "", '{');
	json_write_open(out, "sims", '[');
	for (uint64_t at = page->position; at < page->total && !page->has_next; at++) {
		const struct sim *shown = only != NULL ? only : sims->all[page_index(page, at)];
		if (status[0] != '\0' && !text_equal(status, shown->status))
			continue;
		if (page->skip > 0) {
			page->skip--;
		} else if (written == page->size) {
			page->has_next = true;
			page->next = at;
		} else {
			reply_sim(out, "", shown, reading->request->host);
			written++;
		}
	}
	json_write_close(out, ']');
	page_write_meta(out, page, &reading->query, reading->request->host, "/v1/Sims", "sims");
	json_write_close(out, '}');
}

static void sims(struct reading *reading)
{
	static const char *const known[] = {"UniqueName", "Status", "PageSize", "Page", "PageToken", NULL};
	struct simulator *self = reading->self;
	const char *name = form_get(&reading->query, "UniqueName");
	char why[WHY_SIZE];
	struct page page;
	self->world.counters.sims++;
	/* Only a unique name is looked for, never a sid. */
	const struct sim *only = name[0] == '\0' || sims_is_sid(name) ? NULL : sims_find(&self->world.sims, name);
	uint64_t count = name[0] == '\0' ? self->world.sims.count : only != NULL ? 1 : 0;
	if (form_unknown(&reading->query, known)[0] != '\0')
		reply_error(reading->reply, 400, 20001, "there is an unknown parameter");
	else if (!page_read(&reading->query, self->settings.order, count, &page, why))
		reply_error(reading->reply, 400, 20001, why);
	else
		write_sims(reading, only, &page);
}

void api_sims(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	struct reading reading = {.self = self, .request = request, .reply = reply};
	perform(&reading, rest, FAULT_SIMS, sims);
}
