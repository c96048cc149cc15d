/* heartbeat - a few things, each when it is due. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/heartbeat.h"

#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/log.h"
#include "bridge/base/text.h"

enum { HEALTH_MS = 30000, CLOCK_SAVE_MS = 60000, HEALTH_TEXT_MAX = 8192, UPKEEP_STEPS = 8, UPKEEP_MS = 1000 };

/* The name under which the store remembers the latest time. */
#define CLOCK_KEY "clock"

static void post_retained(struct heartbeat *heartbeat, const char *name, const struct buffer *text)
{
	char topic[TOPIC_SIZE];
	text_format(topic, sizeof(topic), "%s/%s", heartbeat->health->settings->topics_bridge, name);
	event_publisher_post(
		heartbeat->publisher,
		&(struct event_post){.topic = topic, .payload = buffer_text(text), .len = text->len, .retain = true});
}

/* Every 30 s, and when something has changed: once a tick at most, however busy it is. */
static void tell_health(struct heartbeat *heartbeat)
{
	struct health_reading now;
	struct buffer text;
	bool greet = atomic_exchange(&heartbeat->greet, false);
	health_read(heartbeat->health, &now);
	uint64_t key = health_key(&now);
	int64_t mono_ms = clock_mono_ms();
	if (!greet && key == heartbeat->health_key && mono_ms < heartbeat->health_due_ms)
		return;
	heartbeat->health_key = key;
	heartbeat->health_due_ms = mono_ms + HEALTH_MS;
	buffer_init(&text, HEALTH_TEXT_MAX);
	health_encode(&now, &text);
	post_retained(heartbeat, "health", &text);
	buffer_reset(&text);
	health_encode_info(heartbeat->health, &text);
	if (greet)
		post_retained(heartbeat, "info", &text);
	buffer_clear(&text);
}

/* Below the watermark nothing new is taken; what is under way is still recorded. */
static void watch_room(struct heartbeat *heartbeat)
{
	bool room = store_has_room(heartbeat->health->store);
	if (room == !heartbeat->paused)
		return;
	heartbeat->paused = !room;
	if (room) {
		log_info("", "intake goes on: there is room again",
			 LOG_TEXT("spool", heartbeat->health->settings->spool_path));
		mqtt_resume(heartbeat->health->mqtt);
	} else {
		log_error("", "intake paused: the disk is nearly full; free some space",
			  LOG_TEXT("spool", heartbeat->health->settings->spool_path));
		mqtt_pause(heartbeat->health->mqtt);
	}
}

/* Nothing else shows it, until an older copy of the spool is not noticed. */
static void watch_mark(struct heartbeat *heartbeat)
{
	struct store_stats stats;
	const char *spool = heartbeat->health->settings->spool_path;
	store_stats(heartbeat->health->store, &stats);
	if (stats.mark_error == heartbeat->mark_error)
		return;
	heartbeat->mark_error = stats.mark_error;
	if (stats.mark_error == 0)
		log_info("", "the file beside the spool is written again", LOG_TEXT("spool", spool));
	else
		log_warn("", "the file beside the spool cannot be written: an older copy would not be noticed",
			 LOG_TEXT("spool", spool), LOG_TEXT("file", ".mark"),
			 LOG_TEXT("why", strerror(stats.mark_error)));
}

static void save_clock(struct heartbeat *heartbeat)
{
	char text[32];
	if (clock_mono_ms() < heartbeat->clock_due_ms)
		return;
	heartbeat->clock_due_ms = clock_mono_ms() + CLOCK_SAVE_MS;
	text_format(text, sizeof(text), "%lld", (long long)timekeeper_now(heartbeat->health->time));
	store_remember(heartbeat->health->store, CLOCK_KEY, text);
}

int64_t heartbeat_last_clock_ms(struct store *store)
{
	char text[32];
	int64_t last_ms = 0;
	store_recall(store, CLOCK_KEY, text, sizeof(text));
	return text_to_int(text, 0, INT64_MAX, &last_ms) ? last_ms : 0;
}

/* Housekeeping in small steps, so that a long backlog of it never holds up the rest. */
static void keep_up(struct heartbeat *heartbeat, int64_t until_ms)
{
	for (int i = 0; i < UPKEEP_STEPS && clock_mono_ms() < until_ms; i++)
		if (!store_upkeep(heartbeat->health->store, timekeeper_now(heartbeat->health->time)))
			break;
}

void heartbeat_tick(struct heartbeat *heartbeat)
{
	int64_t until_ms = clock_mono_ms() + UPKEEP_MS;
	save_clock(heartbeat);
	keep_up(heartbeat, until_ms);
	watch_room(heartbeat);
	watch_mark(heartbeat);
	tell_health(heartbeat);
}
