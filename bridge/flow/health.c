/* health - read once, render many. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/health.h"

#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/codec/json.h"
#include "bridge/flow/polling.h"

void health_read(const struct health *health, struct health_reading *ret)
{
	*ret = (struct health_reading){.now_ms = timekeeper_now(health->time)};
	store_stats(health->store, &ret->store);
	/* The oldest is looked for now and then only: one that has left since is none. */
	if (ret->store.open == 0)
		ret->store.oldest_ms = 0;
	mqtt_status(health->mqtt, &ret->mqtt);
	account_state(health->account, &ret->account);
	ret->last_callback_ms = atomic_load(&health->counters->last_callback_ms);
	ret->queue_full = ret->store.open >= health->settings->spool_max_commands;
}

bool health_is_ready(const struct health_reading *reading)
{
	return reading->mqtt.intake_up && reading->store.room && !reading->queue_full;
}

bool health_is_well(const struct health_reading *reading)
{
	return health_is_ready(reading) && reading->mqtt.publish_up && !reading->account.paused &&
	       reading->store.held == 0 && reading->store.mark_error == 0;
}

static void put_time(struct buffer *to, const char *key, int64_t wall_ms)
{
	char text[CLOCK_TEXT_SIZE];
	if (wall_ms <= 0) {
		json_put_null(to, key);
		return;
	}
	clock_to_text(wall_ms, text);
	json_put_text(to, key, text);
}

static void put_queue(struct buffer *to, const struct health_reading *reading)
{
	const struct store_stats *store = &reading->store;
	json_put_text(to, "queue", reading->queue_full ? "full" : "ok");
	json_put_integer(to, "queue_depth", store->open);
	json_put_integer(to, "waiting", store->waiting);
	json_put_integer(to, "oldest_age_s", store->oldest_ms > 0 ? (reading->now_ms - store->oldest_ms) / 1000 : 0);
	json_put_integer(to, "unresolved", store->unknown + store->held);
	json_put_integer(to, "held", store->held);
	json_put_integer(to, "events_waiting", store->events);
}

static void put_links(struct buffer *to, const struct health_reading *reading)
{
	json_put_text(to, "broker", reading->mqtt.intake_up && reading->mqtt.publish_up ? "up" : "down");
	if (reading->mqtt.why[0] != '\0')
		json_put_text(to, "broker_why", reading->mqtt.why);
	json_put_text(to, "api", reading->account.paused ? "paused" : "ok");
	if (reading->account.why[0] != '\0')
		json_put_text(to, "api_why", reading->account.why);
	json_put_text(to, "disk", reading->store.room ? "ok" : "full");
	json_put_text(to, "mark", reading->store.mark_error == 0 ? "ok" : "stale");
	if (reading->store.mark_error != 0)
		json_put_text(to, "mark_why", strerror(reading->store.mark_error));
	if (reading->account.token_lifetime_s >= 0)
		json_put_integer(to, "token_lifetime_s", reading->account.token_lifetime_s);
	else
		json_put_null(to, "token_lifetime_s");
}

void health_encode(const struct health_reading *reading, struct buffer *to)
{
	json_open_object(to, "");
	json_put_text(to, "status", health_is_well(reading) ? "ok" : "degraded");
	put_queue(to, reading);
	put_links(to, reading);
	put_time(to, "last_callback", reading->last_callback_ms);
	put_time(to, "time", reading->now_ms);
	json_close_object(to);
}

void health_encode_info(const struct health *health, struct buffer *to)
{
	json_open_object(to, "");
	json_put_text(to, "version", BRIDGE_VERSION);
	put_time(to, "started", health->started_ms);
	json_put_integer(to, "devices", (int64_t)mapping_count(health->mapping));
	json_put_text(to, "api", health->settings->api_url);
	json_put_text(to, "mode", polling_only(health->settings) ? "polling" : "callbacks");
	if (health->settings->api_dry_run)
		json_put_bool(to, "dry_run", true);
	json_close_object(to);
}

uint64_t health_key(const struct health_reading *reading)
{
	const int64_t facts[] = {
		reading->mqtt.intake_up, reading->mqtt.publish_up,  reading->account.paused,
		reading->store.room,	 reading->store.open,	    reading->store.unknown,
		reading->store.held,	 reading->last_callback_ms, reading->store.mark_error != 0,
		reading->queue_full,
	};
	uint64_t key = 0;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		key = key * 1000003 + (uint64_t)facts[i];
	for (const char *at = reading->account.why; *at != '\0'; at++)
		key = key * 1000003 + (unsigned char)*at;
	return key;
}
