// All that one simulator is made of: start, stop, reset.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/simulator.h"

#include <stdlib.h>
#include <time.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/simulator/callbacks.h"

enum { NS_A_SECOND = 1000000000, NS_A_MS = 1000000 };

static void make_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

void simulator_wait(struct simulator *self, pthread_cond_t *condition, int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + (ms % 1000) * NS_A_MS;
	until.tv_sec += ms / 1000 + ns / NS_A_SECOND;
	until.tv_nsec = ns % NS_A_SECOND;
	pthread_cond_timedwait(condition, &self->lock, &until);
}

struct simulator *simulator_create(const struct options *options, char why[WHY_SIZE])
{
	struct simulator *self = memory_zeroed(1, sizeof(*self));
	if (options->sims[0] != '\0' && !sims_load(&self->world.sims, options->sims, why)) {
		world_clear(&self->world);
		free(self);
		return NULL;
	}
	self->options = *options;
	self->settings = (struct settings){.token_lifetime_ms = options->token_lifetime_ms,
					   .delay_sent_ms = options->delay_sent_ms,
					   .delay_delivered_ms = options->delay_delivered_ms,
					   .delay_echo_ms = options->delay_echo_ms,
					   .echo = options->echo,
					   .kore_secret = memory_copied_text(options->kore_secret),
					   .twilio_token = memory_copied_text(options->twilio_token),
					   .fleet_url = memory_copied_text(options->mo_url)};
	pthread_mutex_init(&self->lock, NULL);
	make_condition(&self->changed);
	make_condition(&self->life.wake);
	tokens_init(&self->tokens, options->bearer, options->basic);
	struct sender_hooks hooks = callbacks_hooks(self);
	self->sender = sender_create(options->ca_file, &hooks);
	life_start(self);
	return self;
}

void simulator_release(struct simulator *self)
{
	pthread_mutex_lock(&self->lock);
	self->is_stopping = true;
	pthread_cond_broadcast(&self->changed);
	pthread_cond_broadcast(&self->life.wake);
	pthread_mutex_unlock(&self->lock);
}

void simulator_destroy(struct simulator *self)
{
	life_stop(self);
	sender_destroy(self->sender);
	world_clear(&self->world);
	faults_clear(&self->faults);
	faults_clear_outcomes(&self->faults);
	tokens_clear(&self->tokens);
	free(self->settings.kore_secret);
	free(self->settings.twilio_token);
	free(self->settings.fleet_url);
	pthread_cond_destroy(&self->changed);
	pthread_cond_destroy(&self->life.wake);
	pthread_mutex_destroy(&self->lock);
	free(self);
}

void simulator_reset(struct simulator *self)
{
	life_forget(self);
	faults_clear(&self->faults);
	faults_clear_uses(&self->faults);
	faults_clear_outcomes(&self->faults);
	world_reset(&self->world);
	pthread_cond_broadcast(&self->changed);
}

const char *simulator_account(void)
{
	return "AC5157a1a7051a7051a7051a7051a70500";
}

struct subject simulator_subject(const struct resource *resource, enum status status)
{
	return (struct subject){.sim = resource->sim->unique_name,
				.sim_sid = resource->sim->sid,
				.payload = resource->payload,
				.status = status_to_text(status)};
}
