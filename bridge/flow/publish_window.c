/* publish_window - a table of places. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/publish_window.h"

#include <assert.h>

static size_t free_place(const struct publish_window *window)
{
	size_t place = 0;
	while (place < MQTT_WINDOW && window->places[place].tag != 0)
		place++;
	assert(place < MQTT_WINDOW);
	return place;
}

void publish_window_enter(struct publish_window *window, int64_t tag)
{
	size_t place = free_place(window);
	window->places[place].tag = tag;
	window->places[place].sent = false;
	window->taken++;
}

int64_t publish_window_enter_post(struct publish_window *window, struct post *post, const struct post **ret)
{
	size_t place = free_place(window);
	window->places[place].tag = --window->last_post;
	window->places[place].sent = window->places[place].settled = false;
	window->places[place].post = *post;
	window->taken++;
	*post = (struct post){0};
	*ret = &window->places[place].post;
	return window->last_post;
}

static void leave(struct publish_window *window, size_t place)
{
	window->places[place].tag = 0;
	window->taken--;
}

void publish_window_sent(struct publish_window *window, int64_t tag)
{
	for (size_t i = 0; i < MQTT_WINDOW; i++)
		if (window->places[i].tag == tag)
			window->places[i].sent = true;
}

bool publish_window_holds(const struct publish_window *window, int64_t tag)
{
	bool holds = false;
	for (size_t i = 0; tag != 0 && i < MQTT_WINDOW; i++)
		holds = holds || window->places[i].tag == tag;
	return holds;
}

bool publish_window_settle(struct publish_window *window, int64_t tag)
{
	for (size_t i = 0; tag != 0 && i < MQTT_WINDOW; i++) {
		if (window->places[i].tag != tag)
			continue;
		if (tag > 0)
			leave(window, i);
		else
			window->places[i].settled = true;
		return true;
	}
	return false;
}

void publish_window_sweep(struct publish_window *window)
{
	for (size_t i = 0; i < MQTT_WINDOW; i++) {
		if (window->places[i].tag >= 0 || !window->places[i].settled)
			continue;
		post_clear(&window->places[i].post);
		leave(window, i);
	}
}

int64_t publish_window_oldest(const struct publish_window *window)
{
	int64_t oldest = 0;
	for (size_t i = 0; i < MQTT_WINDOW; i++) {
		int64_t tag = window->places[i].tag;
		if (tag > 0 && window->places[i].sent && (oldest == 0 || tag < oldest))
			oldest = tag;
	}
	return oldest;
}

size_t publish_window_posts(const struct publish_window *window)
{
	size_t count = 0;
	for (size_t i = 0; i < MQTT_WINDOW; i++)
		count += window->places[i].tag < 0 && !window->places[i].settled;
	return count;
}

/* The place of the oldest post, which has the highest tag; MQTT_WINDOW: there is none. */
static size_t oldest_post(const struct publish_window *window)
{
	size_t oldest = MQTT_WINDOW;
	for (size_t i = 0; i < MQTT_WINDOW; i++)
		if (window->places[i].tag < 0 &&
		    (oldest == MQTT_WINDOW || window->places[i].tag > window->places[oldest].tag))
			oldest = i;
	return oldest;
}

size_t publish_window_reset(struct publish_window *window, struct post ret[MQTT_WINDOW], size_t *ret_events)
{
	size_t count = 0, place;
	publish_window_sweep(window);
	while ((place = oldest_post(window)) < MQTT_WINDOW) {
		ret[count] = window->places[place].post;
		ret[count++].tries += window->places[place].sent ? 1 : 0;
		window->places[place].post = (struct post){0};
		leave(window, place);
	}
	*ret_events = window->taken;
	for (size_t i = 0; i < MQTT_WINDOW; i++)
		window->places[i].tag = 0;
	window->taken = 0;
	return count;
}

void publish_window_clear(struct publish_window *window)
{
	for (size_t i = 0; i < MQTT_WINDOW; i++)
		if (window->places[i].tag < 0)
			post_clear(&window->places[i].post);
	*window = (struct publish_window){0};
}
