// What happens to an SMS by itself.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/life.h"

#include <stdlib.h>

#include "bridge/base/clock.h"
#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/simulator/callbacks.h"
#include "tests/simulator/simulator.h"

/* Events handled before others get the lock. */
enum { BATCH = 64, LONG_MS = 60000 };

static bool is_before(const struct life_event *a, const struct life_event *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void push(struct life *life, struct life_event event)
{
	if (life->count == life->capacity) {
		life->capacity = life->capacity == 0 ? 1024 : life->capacity * 2;
		life->heap = memory_resized(life->heap, life->capacity * sizeof(*life->heap));
	}
	event.order = life->orders++;
	size_t at = life->count++;
	for (; at > 0 && is_before(&event, &life->heap[(at - 1) / 2]); at = (at - 1) / 2)
		life->heap[at] = life->heap[(at - 1) / 2];
	life->heap[at] = event;
	if (at == 0)
		pthread_cond_signal(&life->wake);
}

static struct life_event pop(struct life *life)
{
	struct life_event top = life->heap[0];
	struct life_event last = life->heap[--life->count];
	size_t at = 0;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child + 1 < life->count && is_before(&life->heap[child + 1], &life->heap[child]))
			child++;
		if (child >= life->count || !is_before(&life->heap[child], &last))
			break;
		life->heap[at] = life->heap[child];
		at = child;
	}
	if (life->count > 0)
		life->heap[at] = last;
	return top;
}

void life_later(struct simulator *self, enum life_step step, const struct resource *resource, int64_t delay_ms)
{
	push(&self->life, (struct life_event){.due_ms = clock_mono_ms() + delay_ms,
					      .epoch = self->world.epoch,
					      .index = resource->index,
					      .generation = resource->generation,
					      .step = step});
}

void life_deliver_later(struct simulator *self, struct delivery *delivery, int64_t delay_ms)
{
	push(&self->life, (struct life_event){.due_ms = clock_mono_ms() + delay_ms,
					      .epoch = delivery->epoch,
					      .index = delivery->index,
					      .step = LIFE_DELIVERY,
					      .delivery = delivery});
}

struct resource *life_receive(struct simulator *self, struct sim *sim, const char *payload, bool is_announced)
{
	struct resource *resource = world_add(
		&self->world, &(struct resource_plan){.sim = sim,
						      .sim_given = sim->sid,
						      .payload = payload,
						      .callback_url = is_announced ? self->settings.fleet_url : "",
						      .is_callback_get = self->settings.is_fleet_get,
						      .is_from_sim = true});
	callbacks_raise(self, resource, STATUS_RECEIVED);
	return resource;
}

static void echo(struct simulator *self, struct resource *resource)
{
	char answer[SMS_SIZE];
	size_t at = 0;
	/* 160 characters at most, as any SMS: characters are counted, not bytes. */
	text_format(answer, sizeof(answer), "ok: %s", resource->payload);
	for (unsigned characters = 0; answer[at] != '\0' && characters < SMS_CHARACTERS; characters++)
		do
			at++;
		while (((unsigned char)answer[at] & 0xC0) == 0x80);
	answer[at] = '\0';
	life_receive(self, resource->sim, answer, true);
}

static void become_sent(struct simulator *self, struct resource *resource)
{
	struct subject subject = simulator_subject(resource, STATUS_SENT);
	const struct sms_outcome *outcome = faults_outcome(&self->faults, &subject);
	if (outcome != NULL && outcome->stay == STATUS_QUEUED) {
		faults_use_outcome(&self->faults, outcome);
		return;
	}
	world_move(resource, STATUS_SENT);
	callbacks_raise(self, resource, STATUS_SENT);
	life_later(self, LIFE_END, resource, self->settings.delay_delivered_ms);
}

static void come_to_an_end(struct simulator *self, struct resource *resource)
{
	struct subject subject = simulator_subject(resource, STATUS_DELIVERED);
	const struct sms_outcome *outcome = faults_outcome(&self->faults, &subject);
	if (outcome != NULL)
		faults_use_outcome(&self->faults, outcome);
	if (outcome != NULL && outcome->stay == STATUS_SENT)
		return;
	if (outcome != NULL && outcome->is_failure)
		world_fail(resource, outcome->failure.code, outcome->failure.message);
	else
		world_move(resource, STATUS_DELIVERED);
	callbacks_raise(self, resource, resource->status);
	if (self->settings.echo && resource->status == STATUS_DELIVERED)
		life_later(self, LIFE_ECHO, resource, self->settings.delay_echo_ms);
}

void life_step_now(struct simulator *self, struct resource *resource)
{
	if (resource->status == STATUS_QUEUED)
		become_sent(self, resource);
	else if (resource->status == STATUS_SENT)
		come_to_an_end(self, resource);
}

static void happen(struct simulator *self, struct life_event *event)
{
	if (event->step == LIFE_DELIVERY) {
		sender_push(self->sender, event->delivery);
		return;
	}
	if (event->epoch != self->world.epoch)
		return;
	struct resource *resource = self->world.all[event->index];
	bool is_due = event->generation == resource->generation;
	if (is_due && event->step == LIFE_SENT && resource->status == STATUS_QUEUED)
		become_sent(self, resource);
	else if (is_due && event->step == LIFE_END && resource->status == STATUS_SENT)
		come_to_an_end(self, resource);
	else if (event->step == LIFE_ECHO)
		echo(self, resource);
}

static void *run(void *context)
{
	struct simulator *self = context;
	struct life *life = &self->life;
	pthread_mutex_lock(&self->lock);
	while (!self->is_stopping) {
		int64_t now = clock_mono_ms();
		for (unsigned i = 0; i < BATCH && life->count > 0 && life->heap[0].due_ms <= now; i++) {
			struct life_event event = pop(life);
			happen(self, &event);
		}
		now = clock_mono_ms();
		if (life->count == 0 || life->heap[0].due_ms > now) {
			simulator_wait(self, &life->wake, life->count == 0 ? LONG_MS : life->heap[0].due_ms - now);
		} else {
			pthread_mutex_unlock(&self->lock);
			pthread_mutex_lock(&self->lock);
		}
	}
	pthread_mutex_unlock(&self->lock);
	return NULL;
}

void life_start(struct simulator *self)
{
	if (pthread_create(&self->life.thread, NULL, run, self) != 0)
		log_fatal("life", "no thread");
}

void life_forget(struct simulator *self)
{
	for (size_t i = 0; i < self->life.count; i++)
		delivery_free(self->life.heap[i].delivery);
	self->life.count = 0;
}

void life_stop(struct simulator *self)
{
	pthread_join(self->life.thread, NULL);
	life_forget(self);
	free(self->life.heap);
	self->life.heap = NULL;
}
