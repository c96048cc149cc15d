/* mqtt_events - what Paho tells: noted under the lock, never acted upon here. Only messages and PUBACKs go straight
 * to the user, since they are what Paho's thread is for. */
// SPDX-License-Identifier: Apache-2.0
#include <stdatomic.h>
#include <unistd.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "bridge/edge/mqtt_inside.h"
#include "bridge/edge/mqtt_text.h"

void mqtt_end_link(struct mqtt *mqtt, struct link *link, enum link_end end, const char *detail)
{
	link->state = LINK_ENDED;
	link->end = end;
	text_copy(link->detail, sizeof(link->detail), detail);
	mqtt_wake(mqtt);
}

bool mqtt_enter_handler(struct mqtt *mqtt)
{
	pthread_mutex_lock(&mqtt->lock);
	bool may = !mqtt->stopped;
	if (may)
		mqtt->handling++;
	pthread_mutex_unlock(&mqtt->lock);
	return may;
}

void mqtt_leave_handler(struct mqtt *mqtt)
{
	pthread_mutex_lock(&mqtt->lock);
	mqtt->handling--;
	if (mqtt->stopping)
		pthread_cond_broadcast(&mqtt->changed);
	pthread_mutex_unlock(&mqtt->lock);
}

static void on_connected(void *ctx, bool session_present, int receive_max)
{
	struct mqtt_handle *handle = ctx;
	struct mqtt *mqtt = handle->mqtt;
	struct link *link = handle->link;
	pthread_mutex_lock(&mqtt->lock);
	handle->connection = ++mqtt->connection;
	handle->progress_ms = clock_mono_ms();
	handle->limit = receive_max > 0 && receive_max < MQTT_WINDOW ? (size_t)receive_max : MQTT_WINDOW;
	handle->used = true;
	if (link->handle != handle || link->state != LINK_CONNECTING) {
		mqtt->stray = handle;
	} else {
		link->state = LINK_CONNECTED;
		link->up_since_ms = handle->progress_ms;
		if (mqtt_is_intake(mqtt, link)) {
			mqtt->session_present = session_present;
			mqtt->connects++;
		}
	}
	mqtt_wake(mqtt);
	pthread_mutex_unlock(&mqtt->lock);
}

static void on_failed(void *ctx, int code, const char *text)
{
	struct mqtt_handle *handle = ctx;
	struct mqtt *mqtt = handle->mqtt;
	struct link *link = handle->link;
	pthread_mutex_lock(&mqtt->lock);
	if (link->handle == handle && link->state == LINK_CONNECTING) {
		bool tls = mqtt_url_has_tls(mqtt->options.urls[link->url]);
		link->code = code;
		mqtt_end_link(mqtt, link, END_FAILED, code > 0 ? mqtt_code_text(code) : mqtt_failure_text(text, tls));
	}
	pthread_mutex_unlock(&mqtt->lock);
}

static bool is_connected(const struct link *link)
{
	return link->state == LINK_CONNECTED || link->state == LINK_SUBSCRIBING || link->state == LINK_PARTLY ||
	       link->state == LINK_UP;
}

static void on_lost(void *ctx, int code)
{
	struct mqtt_handle *handle = ctx;
	struct link *link = handle->link;
	pthread_mutex_lock(&handle->mqtt->lock);
	if (link->handle == handle && is_connected(link)) {
		link->code = code;
		mqtt_end_link(handle->mqtt, link, END_LOST,
			      code > 0 ? mqtt_code_text(code) : "closed by the broker or the network");
	} else if (link->handle == handle && link->state == LINK_CLOSING) {
		link->state = LINK_ENDED;
		mqtt_wake(handle->mqtt);
	}
	pthread_mutex_unlock(&handle->mqtt->lock);
}

static void on_closed(void *ctx)
{
	struct mqtt_handle *handle = ctx;
	struct link *link = handle->link;
	pthread_mutex_lock(&handle->mqtt->lock);
	if (link->handle == handle && link->state == LINK_CLOSING) {
		link->state = LINK_ENDED;
		mqtt_wake(handle->mqtt);
	}
	pthread_mutex_unlock(&handle->mqtt->lock);
}

/* Answers to an earlier connection's request come while connecting, and count for nothing. */
static void on_subscribed(void *ctx, size_t mark, int code)
{
	struct mqtt_handle *handle = ctx;
	pthread_mutex_lock(&handle->mqtt->lock);
	if (handle->link->handle == handle && handle->link->state == LINK_SUBSCRIBING) {
		handle->mqtt->answers[mark] = code;
		mqtt_wake(handle->mqtt);
	}
	pthread_mutex_unlock(&handle->mqtt->lock);
}

static void count_dropped(struct mqtt *mqtt)
{
	pthread_mutex_lock(&mqtt->lock);
	mqtt->dropped++;
	pthread_mutex_unlock(&mqtt->lock);
}

static void on_bad_topic(void *ctx)
{
	struct mqtt_handle *handle = ctx;
	count_dropped(handle->mqtt);
}

/* The user is gone and Paho acknowledges whatever we return: only not returning keeps the message at the broker.
 * It happens at the end of the process alone, when DISCONNECT did not get through in time. */
static _Noreturn void withhold(void)
{
	for (;;)
		pause();
}

static void note_message(struct mqtt *mqtt, bool begins)
{
	pthread_mutex_lock(&mqtt->lock);
	mqtt->in_message = begins;
	mqtt->messages += begins ? 1 : 0;
	mqtt->message_end_ms = clock_mono_ms();
	atomic_store(&mqtt->handling_ms, begins ? mqtt->message_end_ms : 0);
	pthread_mutex_unlock(&mqtt->lock);
}

static void on_message(void *ctx, struct mqtt_message *message)
{
	struct mqtt_handle *handle = ctx;
	struct mqtt *mqtt = handle->mqtt;
	if (!mqtt_is_intake(mqtt, handle->link)) { /* subscribed by somebody else under our id: not ours to keep */
		count_dropped(mqtt);
		return;
	}
	if (!mqtt_enter_handler(mqtt))
		withhold();
	message->connection = handle->connection; /* written by this thread before the first message */
	note_message(mqtt, true);
	mqtt->handlers.on_message(mqtt->handlers.ctx, message);
	note_message(mqtt, false);
	mqtt_leave_handler(mqtt);
}

size_t mqtt_take_flight(struct mqtt_handle *handle, bool ours, int64_t tag)
{
	for (size_t i = 0; i < FLIGHTS; i++) {
		if (handle->flights[i].busy)
			continue;
		if (handle->in_flight++ == 0)
			handle->progress_ms = clock_mono_ms();
		handle->flights[i] = (struct flight){.busy = true, .ours = ours, .tag = tag};
		return i;
	}
	return FLIGHTS;
}

void mqtt_give_up(struct mqtt_handle *handle, const char *why)
{
	if (handle->link->handle == handle && is_connected(handle->link))
		mqtt_end_link(handle->mqtt, handle->link, END_GIVEN_UP, why);
}

/* Ends the flight; a failure, or a refusal that passes, is the end of the handle. Under the lock. */
static struct flight land(struct mqtt_handle *handle, size_t mark, enum paho_answer answer, int code)
{
	struct mqtt *mqtt = handle->mqtt;
	struct flight flight = handle->flights[mark];
	if (!flight.busy)
		return flight;
	handle->flights[mark].busy = false;
	handle->in_flight--;
	handle->progress_ms = clock_mono_ms();
	if (answer == PAHO_FAILED)
		mqtt_give_up(handle, "a message could not be sent");
	else if (answer == PAHO_REFUSED && mqtt_code_is_passing(code))
		mqtt_give_up(handle, mqtt_code_text(code));
	else if (flight.ours && flight.tag == mqtt->announcement_number)
		mqtt->announcement_done = true;
	if (mqtt->stopping)
		mqtt_wake(mqtt);
	else if (mqtt->waiting > 0)
		pthread_cond_broadcast(&mqtt->changed);
	return flight;
}

/* A PUBACK that comes late, from a handle already given up, is as true as any other. */
static void on_answered(void *ctx, size_t mark, enum paho_answer answer, int code)
{
	struct mqtt_handle *handle = ctx;
	struct mqtt *mqtt = handle->mqtt;
	pthread_mutex_lock(&mqtt->lock);
	struct flight flight = land(handle, mark, answer, code);
	pthread_mutex_unlock(&mqtt->lock);
	if (!flight.busy || flight.ours || answer == PAHO_FAILED || !mqtt_enter_handler(mqtt))
		return;
	if (answer == PAHO_ACKED)
		mqtt->handlers.on_published(mqtt->handlers.ctx, flight.tag);
	else if (!mqtt_code_is_passing(code))
		mqtt->handlers.on_publish_refused(mqtt->handlers.ctx, flight.tag, mqtt_code_text(code));
	mqtt_leave_handler(mqtt);
}

const struct paho_events mqtt_paho_events = {
	.connected = on_connected,
	.failed = on_failed,
	.lost = on_lost,
	.closed = on_closed,
	.subscribed = on_subscribed,
	.message = on_message,
	.bad_topic = on_bad_topic,
	.answered = on_answered,
};
