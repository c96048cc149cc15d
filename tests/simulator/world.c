// What the provider would have on its disks.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/world.h"

#include <stdlib.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"

static const char *const status_names[STATUS_COUNT] = {
	[STATUS_QUEUED] = "queued", [STATUS_SENT] = "sent",	    [STATUS_DELIVERED] = "delivered",
	[STATUS_FAILED] = "failed", [STATUS_RECEIVED] = "received",
};

const char *status_to_text(enum status status)
{
	return status_names[status];
}

enum status status_from_text(const char *text)
{
	unsigned i = 0;
	while (i < STATUS_COUNT && !text_equal(status_names[i], text))
		i++;
	return (enum status)i;
}

static void make_sid(char sid[SID_SIZE])
{
	unsigned char random[16];
	clock_random(random, sizeof(random));
	sid[0] = 'H';
	sid[1] = 'C';
	text_to_hex(sid + 2, random, sizeof(random));
}

static struct resource *append(struct world *world)
{
	if (world->count == world->capacity) {
		world->capacity = world->capacity == 0 ? 1024 : world->capacity * 2;
		world->all = memory_resized(world->all, world->capacity * sizeof(struct resource *));
	}
	struct resource *resource = memory_zeroed(1, sizeof(*resource));
	resource->index = (uint32_t)world->count;
	world->all[world->count++] = resource;
	return resource;
}

/* The ledger entry of a create: it also counts how often this payload was created. */
static void enter(struct world *world, struct resource *resource)
{
	index_list_add(&world->ledger, resource->index);
	world->counters.creates++;
	struct resource *first = table_get(&world->by_payload, resource->payload);
	if (first == NULL) {
		table_put(&world->by_payload, resource->payload, resource);
		first = resource;
	}
	first->payload_count++;
}

struct resource *world_add(struct world *world, const struct resource_plan *plan)
{
	struct resource *resource = append(world);
	make_sid(resource->sid);
	resource->sim = plan->sim;
	resource->sim_given = memory_copied_text(plan->sim_given);
	resource->payload = memory_copied_text(plan->payload);
	resource->callback_url = memory_copied_text(plan->callback_url);
	resource->is_callback_get = plan->is_callback_get;
	resource->is_from_sim = plan->is_from_sim;
	resource->status = plan->is_from_sim ? STATUS_RECEIVED : STATUS_QUEUED;
	resource->created_ms = resource->updated_ms = clock_wall_ms();
	table_put(&world->by_sid, resource->sid, resource);
	index_list_add(&plan->sim->commands, resource->index);
	if (plan->is_from_sim)
		index_list_add(&world->from_sim, resource->index);
	else
		enter(world, resource);
	return resource;
}

struct resource *world_find(const struct world *world, const char *sid)
{
	return table_get(&world->by_sid, sid);
}

void world_move(struct resource *resource, enum status status)
{
	resource->status = status;
	resource->updated_ms = clock_wall_ms();
}

void world_fail(struct resource *resource, const char *code, const char *message)
{
	if (resource->failure == NULL)
		resource->failure = memory_zeroed(1, sizeof(*resource->failure));
	text_copy(resource->failure->code, sizeof(resource->failure->code), code);
	text_copy(resource->failure->message, sizeof(resource->failure->message), message);
	world_move(resource, STATUS_FAILED);
}

void world_log_try(struct world *world, const struct callback_try *attempt)
{
	if (world->try_count == world->try_capacity) {
		world->try_capacity = world->try_capacity == 0 ? 1024 : world->try_capacity * 2;
		world->tries = memory_resized(world->tries, world->try_capacity * sizeof(*world->tries));
	}
	world->tries[world->try_count++] = *attempt;
}

static void forget_resources(struct world *world)
{
	for (size_t i = 0; i < world->count; i++) {
		struct resource *resource = world->all[i];
		free(resource->sim_given);
		free(resource->payload);
		free(resource->callback_url);
		free(resource->failure);
		free(resource);
	}
	free(world->all);
	free(world->tries);
	table_clear(&world->by_sid);
	table_clear(&world->by_payload);
	index_list_clear(&world->from_sim);
	index_list_clear(&world->ledger);
}

void world_reset(struct world *world)
{
	forget_resources(world);
	struct sims sims = world->sims;
	*world = (struct world){.epoch = world->epoch + 1};
	if (sims.is_closed) {
		for (size_t i = 0; i < sims.count; i++)
			index_list_clear(&sims.all[i]->commands);
		world->sims = sims;
	} else {
		sims_clear(&sims);
	}
}

void world_clear(struct world *world)
{
	forget_resources(world);
	sims_clear(&world->sims);
	*world = (struct world){0};
}
