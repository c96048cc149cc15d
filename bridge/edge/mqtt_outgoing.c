/* mqtt_outgoing - the publish link: what is sent, what is announced, and when the handle is given up. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/edge/mqtt_inside.h"

enum { WAIT_MS = 1000 };

static void reset_publishes(struct mqtt *mqtt)
{
	mqtt->resetting = true;
	mqtt->reset_again = false;
	pthread_mutex_unlock(&mqtt->lock);
	if (mqtt_enter_handler(mqtt)) {
		mqtt->handlers.on_publish_reset(mqtt->handlers.ctx);
		mqtt_leave_handler(mqtt);
	}
	pthread_mutex_lock(&mqtt->lock);
	mqtt->resetting = false;
}

static void send_announcement(struct mqtt *mqtt, struct link *link)
{
	struct mqtt_handle *handle = link->handle;
	size_t mark = mqtt_take_flight(handle, true, mqtt->announcement_number);
	if (mark == FLIGHTS)
		return;
	mqtt->announcement_sent = true;
	struct mqtt_publish publish = {.topic = mqtt->options.will_topic,
				       .payload = mqtt->announcement,
				       .len = strlen(mqtt->announcement),
				       .retain = true,
				       .content_type = ""};
	pthread_mutex_unlock(&mqtt->lock);
	bool sent = paho_publish(handle->paho, &publish, mark);
	pthread_mutex_lock(&mqtt->lock);
	if (!sent)
		mqtt_give_up(handle, "a message could not be sent");
}

/* When a silence counts as a stall. Nothing comes in while a message is being handled: that time does not count. */
int64_t mqtt_stall_ms(const struct mqtt *mqtt, const struct mqtt_handle *handle)
{
	if (handle->in_flight == 0)
		return clock_mono_ms() + mqtt->puback_timeout_ms;
	int64_t since = handle->progress_ms > mqtt->message_end_ms ? handle->progress_ms : mqtt->message_end_ms;
	return since + mqtt->puback_timeout_ms;
}

void mqtt_watch_publishes(struct mqtt *mqtt, struct link *link, int64_t now_ms)
{
	struct link *intake = &mqtt->links[INTAKE];
	if (mqtt_is_accepted(intake) && intake->url != link->url)
		mqtt_end_link(mqtt, link, END_GIVEN_UP, "the intake is connected to another broker");
	else if (!mqtt->in_message && now_ms >= mqtt_stall_ms(mqtt, link->handle))
		mqtt_end_link(mqtt, link, END_GIVEN_UP, "no PUBACK for too long");
	else if (mqtt->reset_again)
		reset_publishes(mqtt);
	if (link->state == LINK_UP && mqtt->announcement[0] && !mqtt->announcement_sent && !mqtt->announcement_done)
		send_announcement(mqtt, link);
}

void mqtt_publish_up(struct mqtt *mqtt, struct link *link)
{
	link->state = LINK_UP;
	link->why[0] = '\0';
	mqtt->announcement_sent = mqtt->announcement_done;
	reset_publishes(mqtt);
}

void mqtt_announce(struct mqtt *mqtt, const char *text)
{
	mqtt->announcement = text;
	mqtt->announcement_number++;
	mqtt->announcement_sent = false;
	mqtt->announcement_done = mqtt->options.will_topic[0] == '\0';
	mqtt_wake(mqtt);
}

/* Waits while the window is full. FLIGHTS: not up, or the handle changed meanwhile; a reset follows then, so that
 * nobody keeps waiting for a PUBACK of what was not sent. */
static size_t wait_for_flight(struct mqtt *mqtt, struct mqtt_handle **ret_handle, int64_t tag)
{
	struct link *link = &mqtt->links[PUBLISH];
	struct mqtt_handle *handle = link->handle;
	mqtt->waiting++;
	while (link->state == LINK_UP && link->handle == handle && !mqtt->resetting && !mqtt->stopped &&
	       handle->in_flight >= handle->limit)
		mqtt_wait(mqtt, clock_mono_ms() + WAIT_MS); /* the connector ends a link that stalls */
	mqtt->waiting--;
	*ret_handle = handle;
	if (link->state == LINK_UP && link->handle == handle && !mqtt->resetting && !mqtt->stopped)
		return mqtt_take_flight(handle, false, tag);
	return FLIGHTS;
}

bool mqtt_publish(struct mqtt *mqtt, const struct mqtt_publish *publish)
{
	struct mqtt_handle *handle;
	pthread_mutex_lock(&mqtt->lock);
	size_t mark = wait_for_flight(mqtt, &handle, publish->tag);
	pthread_mutex_unlock(&mqtt->lock);
	bool sent = mark < FLIGHTS && paho_publish(handle->paho, publish, mark);
	pthread_mutex_lock(&mqtt->lock);
	struct link *link = &mqtt->links[PUBLISH];
	if (mark < FLIGHTS && !sent)
		mqtt_give_up(handle, "a message could not be sent");
	bool current = link->handle == handle && link->state == LINK_UP;
	if (link->state == LINK_UP && (!sent || !current)) {
		mqtt->reset_again = true;
		mqtt_wake(mqtt);
	}
	pthread_mutex_unlock(&mqtt->lock);
	return sent && current;
}
