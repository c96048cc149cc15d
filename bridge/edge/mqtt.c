/* mqtt - start, stop and the small questions; the work is in mqtt_connector.c and mqtt_events.c. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/mqtt.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/mqtt_inside.h"
#include "bridge/edge/mqtt_text.h"
#include "bridge/edge/own_thread.h"

enum { PUBACK_TIMEOUT_MS = 30000, WAIT_MAX_MS = 5000, STOP_SLACK_MS = 500 };

/* Everything that Paho may still call back for, to the end of the process. */
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static struct mqtt_handle *kept_handles;
static struct mqtt *kept_mqtts;

void mqtt_wake(struct mqtt *mqtt)
{
	mqtt->news = true;
	pthread_cond_broadcast(&mqtt->changed);
}

void mqtt_wait(struct mqtt *mqtt, int64_t until_ms)
{
	int64_t left_ms = until_ms - clock_mono_ms();
	if (left_ms <= 0)
		return;
	if (left_ms > WAIT_MAX_MS)
		left_ms = WAIT_MAX_MS;
	own_thread_wait(&mqtt->changed, &mqtt->lock, left_ms);
}

bool mqtt_is_intake(const struct mqtt *mqtt, const struct link *link)
{
	return link == &mqtt->links[INTAKE];
}

bool mqtt_is_accepted(const struct link *link)
{
	return link->state == LINK_UP || link->state == LINK_PARTLY || link->state == LINK_SUBSCRIBING;
}

struct mqtt_handle *mqtt_handle_create(struct mqtt *mqtt, struct link *link, size_t url)
{
	struct mqtt_handle *handle = memory_zeroed(1, sizeof(*handle));
	bool intake = mqtt_is_intake(mqtt, link);
	struct paho_settings settings = {
		.url = mqtt->options.urls[url],
		.client_id = intake ? mqtt->options.client_id : mqtt->publish_id,
		.sender = mqtt->options.client_id,
		.version_5 = mqtt->options.version_5,
		.marks = intake ? mqtt->options.subscription_count : FLIGHTS,
		.events = &mqtt_paho_events,
		.ctx = handle,
	};
	handle->mqtt = mqtt;
	handle->link = link;
	handle->paho = paho_create(&settings);
	pthread_mutex_lock(&kept_lock);
	handle->older = kept_handles;
	kept_handles = handle;
	pthread_mutex_unlock(&kept_lock);
	return handle;
}

static void copy_options(struct mqtt *mqtt, const struct mqtt_options *from)
{
	struct mqtt_options *to = &mqtt->options;
	const char **urls = memory_zeroed(from->url_count, sizeof(*urls));
	struct mqtt_subscription *subscriptions = memory_zeroed(from->subscription_count, sizeof(*subscriptions));
	for (size_t i = 0; i < from->url_count; i++)
		urls[i] = memory_copied_text(from->urls[i]);
	for (size_t i = 0; i < from->subscription_count; i++)
		subscriptions[i].filter = memory_copied_text(from->subscriptions[i].filter);
	*to = *from;
	to->urls = urls;
	to->subscriptions = subscriptions;
	to->client_id = memory_copied_text(from->client_id);
	to->username = memory_copied_text(from->username);
	to->password = "";
	to->ca_file = memory_copied_text(from->ca_file);
	to->cert_file = memory_copied_text(from->cert_file);
	to->key_file = memory_copied_text(from->key_file);
	to->will_topic = memory_copied_text(from->will_topic);
}

static struct mqtt *create(const struct mqtt_options *options, const struct mqtt_handlers *handlers)
{
	struct mqtt *mqtt = memory_zeroed(1, sizeof(*mqtt));
	copy_options(mqtt, options);
	mqtt->handlers = *handlers;
	mqtt->password = memory_copied_text(options->password);
	size_t id_size = strlen(options->client_id) + sizeof("-pub");
	mqtt->publish_id = memory_zeroed(id_size, 1);
	text_format(mqtt->publish_id, id_size, "%s-pub", options->client_id);
	mqtt->puback_timeout_ms = options->puback_timeout_ms > 0 ? options->puback_timeout_ms : PUBACK_TIMEOUT_MS;
	mqtt->subscribed = memory_zeroed(options->url_count, sizeof(*mqtt->subscribed));
	mqtt->answers = memory_zeroed(options->subscription_count, sizeof(*mqtt->answers));
	for (size_t i = 0; i < LINKS; i++) {
		mqtt->links[i].by_url = memory_zeroed(options->url_count, sizeof(struct mqtt_handle *));
		text_copy(mqtt->links[i].why, WHY_SIZE, "not connected yet");
	}
	mqtt->announcement = "";
	clock_random(&mqtt->connection, sizeof(mqtt->connection));
	mqtt->connection &= INT64_MAX >> 1; /* room to count up */
	pthread_mutex_init(&mqtt->lock, NULL);
	own_thread_condition(&mqtt->changed);
	return mqtt;
}

struct mqtt *mqtt_start(const struct mqtt_options *options, const struct mqtt_handlers *handlers, char *why,
			size_t why_size)
{
	if (!mqtt_options_are_valid(options, why, why_size))
		return NULL;
	struct mqtt *mqtt = create(options, handlers);
	pthread_mutex_lock(&kept_lock);
	mqtt->older = kept_mqtts;
	kept_mqtts = mqtt;
	pthread_mutex_unlock(&kept_lock);
	atomic_store(&mqtt->alive_ms, clock_mono_ms());
	/* Paho starts its threads from this one, and they too take no signals. */
	own_thread_start(&mqtt->connector, mqtt_connector_run, mqtt, "the one that connects to the broker");
	return mqtt;
}

static void set_paused(struct mqtt *mqtt, bool paused)
{
	pthread_mutex_lock(&mqtt->lock);
	mqtt->paused = paused;
	mqtt_wake(mqtt);
	pthread_mutex_unlock(&mqtt->lock);
}

void mqtt_pause(struct mqtt *mqtt)
{
	set_paused(mqtt, true);
}

void mqtt_resume(struct mqtt *mqtt)
{
	set_paused(mqtt, false);
}

void mqtt_set_password(struct mqtt *mqtt, const char *password)
{
	char *copy = memory_copied_text(password);
	pthread_mutex_lock(&mqtt->lock);
	char *old = mqtt->password;
	mqtt->password = copy;
	pthread_mutex_unlock(&mqtt->lock);
	explicit_bzero(old, strlen(old));
	free(old);
}

void mqtt_status(struct mqtt *mqtt, struct mqtt_status *ret)
{
	pthread_mutex_lock(&mqtt->lock);
	const struct link *intake = &mqtt->links[INTAKE], *publish = &mqtt->links[PUBLISH];
	*ret = (struct mqtt_status){.intake_up = intake->state == LINK_UP,
				    .publish_up = publish->state == LINK_UP,
				    .connects = mqtt->connects,
				    .abandoned = mqtt->abandoned,
				    .messages = mqtt->messages,
				    .dropped = mqtt->dropped};
	text_copy(ret->why, sizeof(ret->why), intake->why[0] ? intake->why : publish->why);
	pthread_mutex_unlock(&mqtt->lock);
}

int64_t mqtt_silence_ms(void *ctx)
{
	struct mqtt *mqtt = ctx;
	return clock_mono_ms() - atomic_load(&mqtt->alive_ms);
}

int64_t mqtt_library_silence_ms(void *ctx)
{
	struct mqtt *mqtt = ctx;
	int64_t probing_ms = atomic_load(&mqtt->probing_ms), handling_ms = atomic_load(&mqtt->handling_ms);
	int64_t since_ms = probing_ms > 0 ? probing_ms : handling_ms;
	return since_ms > 0 ? clock_mono_ms() - since_ms : 0;
}

bool mqtt_stop(struct mqtt *mqtt, int64_t timeout_ms)
{
	if (mqtt == NULL)
		return true;
	int64_t now_ms = clock_mono_ms(), until_ms = now_ms + timeout_ms + STOP_SLACK_MS;
	pthread_mutex_lock(&mqtt->lock);
	mqtt->stopping = true;
	mqtt->goodbye_until_ms = now_ms + timeout_ms / 2;
	mqtt->stop_deadline_ms = now_ms + timeout_ms;
	if (!text_equal(mqtt->announcement, "offline"))
		mqtt_announce(mqtt, "offline");
	mqtt_wake(mqtt);
	while (!mqtt->connector_done && clock_mono_ms() < until_ms)
		mqtt_wait(mqtt, until_ms);
	mqtt->stopped = true;
	while (mqtt->handling > 0 && clock_mono_ms() < until_ms)
		mqtt_wait(mqtt, until_ms);
	bool done = mqtt->connector_done, quiet = mqtt->handling == 0;
	pthread_cond_broadcast(&mqtt->changed);
	pthread_mutex_unlock(&mqtt->lock);
	if (done)
		pthread_join(mqtt->connector, NULL);
	else
		pthread_detach(mqtt->connector); /* Paho holds it up; the process ends soon */
	return quiet;
}
