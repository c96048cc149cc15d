/* discovery - one walk over the mapping, one over what was published before. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/discovery.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/discovery.h"
#include "bridge/codec/topic.h"
#include "bridge/flow/thread.h"

/* A batch shares one commit: a large fleet is remembered in thousands of them, not a million. */
enum { BACKLOG_MAX = 256, PATIENCE_MS = 20, IDLE_MS = 10000, BATCH = 128, KEY_SIZE = DEVICE_SIZE + 8 };

#define REMEMBERED "ha:"

struct discovery {
	struct discovery_parts parts;
	struct thread thread;
	_Atomic bool again;

	/* The thread's own. */
	struct mapped_device batch[BATCH];
	char keys[BATCH][KEY_SIZE];
	size_t count;	/* in the batch */
	size_t cleared; /* in this walk */
};

/* False when it is time to stop. The publisher's queue is shared with answers and health: never fill it. */
static bool wait_for_publisher(struct discovery *discovery, size_t most)
{
	thread_alive(&discovery->thread);
	while (event_publisher_backlog(discovery->parts.publisher) > most) {
		if (thread_is_stopping(&discovery->thread))
			return false;
		thread_wait(&discovery->thread, PATIENCE_MS);
	}
	return !thread_is_stopping(&discovery->thread);
}

/* An empty `text` clears. */
static void post(struct discovery *discovery, const char *id, const char *text, size_t len)
{
	char topic[TOPIC_SIZE + DISCOVERY_ID_SIZE];
	text_format(topic, sizeof(topic), "%s/device/%s/config", discovery->parts.settings->homeassistant_prefix, id);
	event_publisher_post(discovery->parts.publisher,
			     &(struct event_post){.topic = topic, .payload = text, .len = len, .retain = true});
}

static void add_key(struct discovery *discovery, const char *device)
{
	text_format(discovery->keys[discovery->count++], KEY_SIZE, REMEMBERED "%s", device);
}

/* The batch's keys are known from now on, or ("") forgotten. */
static void remember(struct discovery *discovery, const char *value)
{
	const char *keys[BATCH];
	for (size_t i = 0; i < discovery->count; i++)
		keys[i] = discovery->keys[i];
	store_remember_all(discovery->parts.store, keys, discovery->count, value);
	discovery->count = 0;
}

static void publish_device(struct discovery *discovery, const struct mapped_device *mapped)
{
	const struct settings *settings = discovery->parts.settings;
	char command[TOPIC_SIZE], status[TOPIC_SIZE], up[TOPIC_SIZE], id[DISCOVERY_ID_SIZE];
	struct buffer text;
	topic_fill(command, settings->topics_command, mapped->device);
	topic_fill(status, settings->topics_status, mapped->device);
	topic_fill(up, settings->topics_up, mapped->device);
	discovery_id(id, settings->topics_bridge, mapped->device);
	buffer_init(&text, DISCOVERY_MAX);
	discovery_encode_device(&text, &(struct discovery_device){
					       .bridge = settings->topics_bridge,
					       .device = mapped->device,
					       .label = mapped->label,
					       .sim = mapped->sim,
					       .command_topic = command,
					       .status_topic = status,
					       .up_topic = up,
					       .text_only = mapped->cmd == COMMAND_TEXT,
					       .up_text = mapped->up == UP_TEXT,
				       });
	if (text.overflow)
		log_error("", "device not announced: its names are too long", LOG_TEXT("device", mapped->device));
	else
		post(discovery, id, buffer_text(&text), text.len);
	buffer_clear(&text);
}

static void publish_bridge(struct discovery *discovery)
{
	const char *bridge = discovery->parts.settings->topics_bridge;
	char id[DISCOVERY_ID_SIZE];
	struct buffer text;
	buffer_init(&text, DISCOVERY_MAX);
	discovery_id(id, bridge, "");
	discovery_encode_bridge(&text, bridge, BRIDGE_VERSION);
	post(discovery, id, buffer_text(&text), text.len);
	buffer_clear(&text);
}

/* Devices from `from` on; how many. They are remembered before the broker has them: one too many is cleared in vain,
 * one too few stays there for ever. */
static size_t gather(struct discovery *discovery, size_t from)
{
	size_t count = 0;
	discovery->count = 0;
	while (count < BATCH && mapping_at(discovery->parts.mapping, from + count, &discovery->batch[count]))
		add_key(discovery, discovery->batch[count++].device);
	if (count > 0)
		remember(discovery, "1");
	return count;
}

/* A reload in between starts the walk anew. */
static bool publish_all(struct discovery *discovery)
{
	size_t count;
	publish_bridge(discovery);
	for (size_t from = 0; (count = gather(discovery, from)) > 0; from += count) {
		for (size_t i = 0; i < count; i++) {
			if (!wait_for_publisher(discovery, BACKLOG_MAX) || atomic_load(&discovery->again))
				return false;
			publish_device(discovery, &discovery->batch[i]);
		}
	}
	return true;
}

/* Walks the devices that were published and are in the mapping no more. False: it is time to stop. */
static bool each_gone(struct discovery *discovery, void (*act)(struct discovery *discovery, const char *device))
{
	char key[KEY_SIZE] = REMEMBERED;
	while (store_recall_next(discovery->parts.store, REMEMBERED, key, sizeof(key))) {
		const char *device = key + strlen(REMEMBERED);
		if (!wait_for_publisher(discovery, BACKLOG_MAX))
			return false;
		if (!mapping_lists(discovery->parts.mapping, device))
			act(discovery, device);
	}
	return true;
}

static void clear_device(struct discovery *discovery, const char *device)
{
	char id[DISCOVERY_ID_SIZE];
	discovery_id(id, discovery->parts.settings->topics_bridge, device);
	post(discovery, id, "", 0);
	discovery->cleared++;
}

static void forget_device(struct discovery *discovery, const char *device)
{
	add_key(discovery, device);
	if (discovery->count == BATCH)
		remember(discovery, "");
}

static bool forget_gone(struct discovery *discovery)
{
	discovery->count = 0;
	bool all = each_gone(discovery, forget_device);
	if (discovery->count > 0)
		remember(discovery, "");
	if (all)
		log_info("", "cleared from Home Assistant: no longer in the mapping",
			 LOG_NUMBER("devices", (int64_t)discovery->cleared));
	return all;
}

/* A device is forgotten only when the broker has everything, its clearing too: else nobody would ever clear it. */
static bool clear_gone(struct discovery *discovery)
{
	discovery->cleared = 0;
	if (!each_gone(discovery, clear_device))
		return false;
	return discovery->cleared == 0 || (wait_for_publisher(discovery, 0) && forget_gone(discovery));
}

static void run(void *ctx)
{
	struct discovery *discovery = ctx;
	while (!thread_is_stopping(&discovery->thread)) {
		if (atomic_exchange(&discovery->again, false)) {
			if (clear_gone(discovery) && publish_all(discovery))
				log_info("", "announced to Home Assistant",
					 LOG_NUMBER("devices", (int64_t)mapping_count(discovery->parts.mapping)));
		} else {
			thread_wait(&discovery->thread, IDLE_MS);
		}
	}
}

struct discovery *discovery_start(const struct discovery_parts *parts)
{
	if (!parts->settings->homeassistant_discovery)
		return NULL;
	struct discovery *discovery = memory_zeroed(1, sizeof(*discovery));
	discovery->parts = *parts;
	atomic_store(&discovery->again, true);
	thread_init(&discovery->thread);
	thread_start(&discovery->thread, "discovery", run, discovery);
	return discovery;
}

void discovery_stop(struct discovery *discovery)
{
	if (discovery != NULL)
		thread_stop(&discovery->thread);
}

int64_t discovery_silence_ms(void *ctx)
{
	struct discovery *discovery = ctx;
	if (discovery == NULL || !store_has_room(discovery->parts.store))
		return 0;
	return thread_silence_ms(&discovery->thread);
}

void discovery_destroy(struct discovery *discovery)
{
	if (discovery == NULL)
		return;
	thread_clear(&discovery->thread);
	free(discovery);
}

void discovery_again(struct discovery *discovery)
{
	if (discovery == NULL)
		return;
	atomic_store(&discovery->again, true);
	thread_wake(&discovery->thread);
}
