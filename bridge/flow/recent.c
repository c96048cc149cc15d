/* recent - rings whose entries carry the version of their last change. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/recent.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/own_thread.h"

enum { PLACES = RECENT_COMMANDS + RECENT_MESSAGES + RECENT_SAMPLES };

/* The places of one kind, reused in a circle. */
struct range {
	size_t first, size, used;
};

struct recent {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct recent_entry *entries;
	struct range ranges[RECENT_SAMPLE + 1];
	int64_t version;
	struct recent_sample totals;
	bool stopping;
};

struct recent *recent_create(void)
{
	struct recent *recent = memory_zeroed(1, sizeof(*recent));
	recent->entries = memory_zeroed(PLACES, sizeof(*recent->entries));
	recent->ranges[RECENT_COMMAND] = (struct range){0, RECENT_COMMANDS, 0};
	recent->ranges[RECENT_MESSAGE] = (struct range){RECENT_COMMANDS, RECENT_MESSAGES, 0};
	recent->ranges[RECENT_SAMPLE] = (struct range){RECENT_COMMANDS + RECENT_MESSAGES, RECENT_SAMPLES, 0};
	pthread_mutex_init(&recent->lock, NULL);
	own_thread_condition(&recent->changed);
	return recent;
}

void recent_destroy(struct recent *recent)
{
	if (recent == NULL)
		return;
	pthread_cond_destroy(&recent->changed);
	pthread_mutex_destroy(&recent->lock);
	free(recent->entries);
	free(recent);
}

/* The oldest place of that kind, emptied. Under the lock. */
static struct recent_entry *fresh(struct recent *recent, enum recent_kind kind)
{
	struct range *range = &recent->ranges[kind];
	struct recent_entry *entry = &recent->entries[range->first + range->used++ % range->size];
	*entry = (struct recent_entry){.kind = kind};
	return entry;
}

/* Under the lock. */
static void touch(struct recent *recent, struct recent_entry *entry)
{
	entry->version = ++recent->version;
	pthread_cond_broadcast(&recent->changed);
}

/* The entry of a command, or NULL; the newest are looked at first. Under the lock. */
static struct recent_entry *find(struct recent *recent, int64_t seq)
{
	const struct range *range = &recent->ranges[RECENT_COMMAND];
	size_t count = range->used < range->size ? range->used : range->size;
	for (size_t i = 1; i <= count; i++) {
		struct recent_entry *entry = &recent->entries[range->first + (range->used - i) % range->size];
		if (entry->of.command.seq == seq)
			return entry;
	}
	return NULL;
}

static void add_step(struct recent_command *command, enum command_state state, int64_t at_ms)
{
	enum { KEPT = RECENT_STEPS / 2 };
	if (command->step_count > 0 && command->steps[command->step_count - 1].state == state)
		return;
	if (command->step_count == RECENT_STEPS) {
		memmove(&command->steps[KEPT], &command->steps[KEPT + 1],
			(RECENT_STEPS - KEPT - 1) * sizeof(command->steps[0]));
		command->step_count--;
	}
	command->steps[command->step_count++] = (struct recent_step){state, at_ms};
}

static void take_record(struct recent_command *command, const struct store_record *record)
{
	if (command->seq == 0) {
		command->seq = record->seq;
		text_copy(command->id, sizeof(command->id), record->id);
		text_copy(command->device, sizeof(command->device), record->device);
		text_copy(command->payload, sizeof(command->payload), record->payload);
		if (record->state != STATE_ACCEPTED)
			add_step(command, STATE_ACCEPTED, record->created_ms);
	}
	text_copy(command->sid, sizeof(command->sid), record->sid);
	text_copy(command->error_code, sizeof(command->error_code), record->error_code);
	text_copy(command->error_message, sizeof(command->error_message), record->error_message);
	command->attempts = record->attempts;
	add_step(command, record->state, record->updated_ms);
}

void recent_note_command(void *ctx, const struct store_record *record)
{
	struct recent *recent = ctx;
	pthread_mutex_lock(&recent->lock);
	struct recent_entry *entry = find(recent, record->seq);
	if (entry == NULL)
		entry = fresh(recent, RECENT_COMMAND);
	take_record(&entry->of.command, record);
	touch(recent, entry);
	pthread_mutex_unlock(&recent->lock);
}

void recent_note_refusal(struct recent *recent, const struct recent_command *refused, int64_t at_ms)
{
	if (recent == NULL)
		return;
	pthread_mutex_lock(&recent->lock);
	struct recent_entry *entry = fresh(recent, RECENT_COMMAND);
	entry->of.command = *refused;
	add_step(&entry->of.command, STATE_REJECTED, at_ms);
	touch(recent, entry);
	pthread_mutex_unlock(&recent->lock);
}

void recent_note_message(struct recent *recent, const struct recent_message *message)
{
	if (recent == NULL)
		return;
	pthread_mutex_lock(&recent->lock);
	struct recent_entry *entry = fresh(recent, RECENT_MESSAGE);
	entry->of.message = *message;
	touch(recent, entry);
	pthread_mutex_unlock(&recent->lock);
}

void recent_note_sample(struct recent *recent, const struct recent_sample *totals)
{
	pthread_mutex_lock(&recent->lock);
	struct recent_sample sample = *totals;
	sample.accepted -= recent->totals.accepted;
	sample.delivered -= recent->totals.delivered;
	sample.failed -= recent->totals.failed;
	sample.received -= recent->totals.received;
	recent->totals = *totals;
	struct recent_entry *entry = fresh(recent, RECENT_SAMPLE);
	entry->of.sample = sample;
	touch(recent, entry);
	pthread_mutex_unlock(&recent->lock);
}

enum recent_kind recent_next(struct recent *recent, int64_t after, struct recent_entry *ret)
{
	const struct recent_entry *oldest = NULL;
	*ret = (struct recent_entry){.kind = RECENT_NOTHING};
	pthread_mutex_lock(&recent->lock);
	for (size_t i = 0; recent->version > after && i < PLACES; i++) {
		const struct recent_entry *entry = &recent->entries[i];
		if (entry->version > after && (oldest == NULL || entry->version < oldest->version))
			oldest = entry;
	}
	if (oldest != NULL)
		*ret = *oldest;
	pthread_mutex_unlock(&recent->lock);
	return ret->kind;
}

bool recent_wait(struct recent *recent, int64_t after, int64_t timeout_ms)
{
	struct timespec until;
	int err = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&recent->lock);
	while (!recent->stopping && recent->version <= after && err == 0)
		err = pthread_cond_timedwait(&recent->changed, &recent->lock, &until);
	bool goes_on = !recent->stopping;
	pthread_mutex_unlock(&recent->lock);
	return goes_on;
}

void recent_stop(struct recent *recent)
{
	pthread_mutex_lock(&recent->lock);
	recent->stopping = true;
	pthread_cond_broadcast(&recent->changed);
	pthread_mutex_unlock(&recent->lock);
}
