// fake_mqtt - a list of publishes and the handlers of whoever listens.
// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/fake_mqtt.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

enum { PUBLISHES_MAX = 8192 };

struct entry {
	struct fake_publish publish;
	bool in_flight;
};

struct mqtt {
	pthread_mutex_t lock;
	struct mqtt_handlers handlers;
	struct entry *entries[PUBLISHES_MAX];
	size_t count, in_flight, most_in_flight, failures;
	int64_t dropped;
	bool acknowledges, broken, mute, intake_up, paused;
	char poison[64], why[64], filters[512], password[64];
};

static atomic_bool hanging, held_up;
static _Atomic int64_t silence_ms;
static struct mqtt broker = {.lock = PTHREAD_MUTEX_INITIALIZER};

void fake_mqtt_reset(void)
{
	pthread_mutex_lock(&broker.lock);
	for (size_t i = 0; i < broker.count; i++)
		free(broker.entries[i]);
	broker.count = broker.in_flight = broker.most_in_flight = broker.failures = 0;
	broker.dropped = 0;
	broker.acknowledges = true;
	broker.broken = broker.mute = broker.intake_up = broker.paused = false;
	broker.poison[0] = broker.why[0] = broker.filters[0] = broker.password[0] = '\0';
	broker.handlers = (struct mqtt_handlers){0};
	pthread_mutex_unlock(&broker.lock);
}

struct mqtt *fake_mqtt_use(const struct mqtt_handlers *handlers)
{
	pthread_mutex_lock(&broker.lock);
	broker.handlers = *handlers;
	pthread_mutex_unlock(&broker.lock);
	return &broker;
}

void fake_mqtt_acknowledges(bool by_itself)
{
	pthread_mutex_lock(&broker.lock);
	broker.acknowledges = by_itself;
	pthread_mutex_unlock(&broker.lock);
}

void fake_mqtt_poison(const char *part)
{
	pthread_mutex_lock(&broker.lock);
	text_copy(broker.poison, sizeof(broker.poison), part);
	pthread_mutex_unlock(&broker.lock);
}

void fake_mqtt_silence(int64_t ms)
{
	atomic_store(&silence_ms, ms);
}

void fake_mqtt_drop(int64_t messages)
{
	pthread_mutex_lock(&broker.lock);
	broker.dropped = messages;
	pthread_mutex_unlock(&broker.lock);
}

void fake_mqtt_hang(bool hangs)
{
	atomic_store(&held_up, false);
	atomic_store(&hanging, hangs);
}

bool fake_mqtt_holds_up(void)
{
	return atomic_load(&held_up);
}

void fake_mqtt_break(void)
{
	pthread_mutex_lock(&broker.lock);
	broker.broken = true;
	pthread_mutex_unlock(&broker.lock);
}

static size_t read_number(const size_t *number)
{
	pthread_mutex_lock(&broker.lock);
	size_t value = *number;
	pthread_mutex_unlock(&broker.lock);
	return value;
}

static void reset_publishes(bool broken)
{
	pthread_mutex_lock(&broker.lock);
	broker.broken = broken;
	broker.mute = false;
	for (size_t i = 0; i < broker.count; i++)
		broker.entries[i]->in_flight = false;
	broker.in_flight = 0;
	pthread_mutex_unlock(&broker.lock);
	broker.handlers.on_publish_reset(broker.handlers.ctx);
}

void fake_mqtt_reset_publishes(void)
{
	reset_publishes(false);
}

void fake_mqtt_reset_and_break(void)
{
	reset_publishes(true);
}

size_t fake_mqtt_failures(void)
{
	return read_number(&broker.failures);
}

/* The newest publish with this tag is over. */
static void settle(int64_t tag)
{
	bool found = false;
	pthread_mutex_lock(&broker.lock);
	for (size_t i = broker.count; i > 0 && !found; i--) {
		found = broker.entries[i - 1]->in_flight && broker.entries[i - 1]->publish.tag == tag;
		if (found)
			broker.entries[i - 1]->in_flight = false;
	}
	broker.in_flight -= found ? 1 : 0;
	pthread_mutex_unlock(&broker.lock);
}

void fake_mqtt_ack(int64_t tag)
{
	settle(tag);
	broker.handlers.on_published(broker.handlers.ctx, tag);
}

void fake_mqtt_refuse(int64_t tag, const char *why)
{
	settle(tag);
	broker.handlers.on_publish_refused(broker.handlers.ctx, tag, why);
}

void fake_mqtt_connect(bool session_present)
{
	pthread_mutex_lock(&broker.lock);
	broker.intake_up = true;
	broker.why[0] = '\0';
	pthread_mutex_unlock(&broker.lock);
	if (!session_present && broker.handlers.on_new_session != NULL)
		broker.handlers.on_new_session(broker.handlers.ctx);
	if (broker.handlers.on_connected != NULL)
		broker.handlers.on_connected(broker.handlers.ctx, session_present);
}

void fake_mqtt_disconnect(const char *why)
{
	pthread_mutex_lock(&broker.lock);
	broker.intake_up = false;
	text_copy(broker.why, sizeof(broker.why), why);
	pthread_mutex_unlock(&broker.lock);
	if (broker.handlers.on_disconnected != NULL)
		broker.handlers.on_disconnected(broker.handlers.ctx, why);
}

void fake_mqtt_deliver(const struct mqtt_message *message)
{
	broker.handlers.on_message(broker.handlers.ctx, message);
}

/* Under the lock. */
static const struct entry *find(const char *part, size_t index)
{
	for (size_t i = 0; i < broker.count; i++)
		if (strstr(broker.entries[i]->publish.topic, part) != NULL && index-- == 0)
			return broker.entries[i];
	return NULL;
}

size_t fake_mqtt_count(const char *part)
{
	size_t count = 0;
	pthread_mutex_lock(&broker.lock);
	for (size_t i = 0; i < broker.count; i++)
		count += strstr(broker.entries[i]->publish.topic, part) != NULL ? 1 : 0;
	pthread_mutex_unlock(&broker.lock);
	return count;
}

struct fake_publish fake_mqtt_published(const char *part, size_t index)
{
	struct fake_publish publish = {0};
	pthread_mutex_lock(&broker.lock);
	const struct entry *entry = find(part, index);
	if (entry != NULL)
		publish = entry->publish;
	pthread_mutex_unlock(&broker.lock);
	if (entry == NULL)
		fail_msg("there is no publish number %zu on `%s`", index, part);
	return publish;
}

size_t fake_mqtt_in_flight(void)
{
	return read_number(&broker.in_flight);
}

size_t fake_mqtt_most_in_flight(void)
{
	return read_number(&broker.most_in_flight);
}

bool fake_mqtt_is_paused(void)
{
	pthread_mutex_lock(&broker.lock);
	bool paused = broker.paused;
	pthread_mutex_unlock(&broker.lock);
	return paused;
}

void fake_mqtt_filters(char *to, size_t size)
{
	text_copy(to, size, broker.filters);
}

void fake_mqtt_password(char to[64])
{
	pthread_mutex_lock(&broker.lock);
	text_copy(to, 64, broker.password);
	pthread_mutex_unlock(&broker.lock);
}

/* ---- what the stages call ----------------------------------------------------------------------------- */

struct mqtt *mqtt_start(const struct mqtt_options *options, const struct mqtt_handlers *handlers, char *why,
			size_t why_size)
{
	text_copy(why, why_size, "");
	for (size_t i = 0; i < options->subscription_count; i++) {
		size_t len = strlen(broker.filters);
		text_format(broker.filters + len, sizeof(broker.filters) - len, "%s%s", i > 0 ? " " : "",
			    options->subscriptions[i].filter);
	}
	return fake_mqtt_use(handlers);
}

static struct entry *entry_of(const struct mqtt_publish *publish)
{
	struct entry *entry = memory_zeroed(1, sizeof(*entry));
	struct fake_publish *to = &entry->publish;
	text_copy(to->topic, sizeof(to->topic), publish->topic);
	text_copy_bytes(to->payload, sizeof(to->payload), publish->payload, publish->len);
	text_copy_bytes(to->correlation, sizeof(to->correlation), publish->correlation, publish->correlation_len);
	to->correlation_len = publish->correlation_len;
	text_copy(to->content_type, sizeof(to->content_type), publish->content_type);
	to->tag = publish->tag;
	to->retain = publish->retain;
	return entry;
}

bool mqtt_publish(struct mqtt *mqtt, const struct mqtt_publish *publish)
{
	for (; atomic_load(&hanging); usleep(1000))
		atomic_store(&held_up, true);
	pthread_mutex_lock(&mqtt->lock);
	if (mqtt->count == PUBLISHES_MAX)
		abort(); /* a loop: no test publishes that often */
	if (mqtt->broken) {
		mqtt->failures++;
		pthread_mutex_unlock(&mqtt->lock);
		return false;
	}
	struct entry *entry = mqtt->entries[mqtt->count++] = entry_of(publish);
	mqtt->mute = mqtt->mute || (mqtt->poison[0] != '\0' && strstr(publish->topic, mqtt->poison) != NULL);
	bool acknowledges = mqtt->acknowledges && !mqtt->mute;
	entry->in_flight = !acknowledges;
	mqtt->in_flight += acknowledges ? 0 : 1;
	mqtt->most_in_flight = mqtt->in_flight > mqtt->most_in_flight ? mqtt->in_flight : mqtt->most_in_flight;
	pthread_mutex_unlock(&mqtt->lock);
	if (acknowledges)
		mqtt->handlers.on_published(mqtt->handlers.ctx, publish->tag);
	return true;
}

void mqtt_pause(struct mqtt *mqtt)
{
	pthread_mutex_lock(&mqtt->lock);
	mqtt->paused = true;
	pthread_mutex_unlock(&mqtt->lock);
}

void mqtt_resume(struct mqtt *mqtt)
{
	pthread_mutex_lock(&mqtt->lock);
	mqtt->paused = false;
	pthread_mutex_unlock(&mqtt->lock);
}

void mqtt_set_password(struct mqtt *mqtt, const char *password)
{
	pthread_mutex_lock(&mqtt->lock);
	text_copy(mqtt->password, sizeof(mqtt->password), password);
	pthread_mutex_unlock(&mqtt->lock);
}

void mqtt_status(struct mqtt *mqtt, struct mqtt_status *ret)
{
	pthread_mutex_lock(&mqtt->lock);
	*ret = (struct mqtt_status){
		.intake_up = mqtt->intake_up, .publish_up = !mqtt->broken, .dropped = mqtt->dropped};
	text_copy(ret->why, sizeof(ret->why), mqtt->why);
	pthread_mutex_unlock(&mqtt->lock);
}

int64_t mqtt_library_silence_ms(void *mqtt)
{
	(void)mqtt;
	return atomic_load(&silence_ms);
}

int64_t mqtt_silence_ms(void *mqtt)
{
	return mqtt_library_silence_ms(mqtt);
}

bool mqtt_stop(struct mqtt *mqtt, int64_t timeout_ms)
{
	(void)mqtt;
	(void)timeout_ms;
	return true;
}
