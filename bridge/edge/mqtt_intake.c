/* mqtt_intake - the intake link after CONNACK: its subscriptions, and what the user is told. Connector thread. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "bridge/edge/mqtt_inside.h"
#include "bridge/edge/mqtt_text.h"

enum { SUBACK_MS = 30000, REFUSED_FILTER_MS = 60000 };

/* Tells the user once that the intake is not up, and again when the reason changes. */
void mqtt_tell_down(struct mqtt *mqtt, const char *why)
{
	if (!mqtt->told_up && text_equal(mqtt->told_why, why))
		return;
	char text[WHY_SIZE];
	text_copy(text, sizeof(text), why);
	text_copy(mqtt->told_why, sizeof(mqtt->told_why), why);
	mqtt->told_up = false;
	pthread_mutex_unlock(&mqtt->lock);
	if (mqtt_enter_handler(mqtt)) {
		mqtt->handlers.on_disconnected(mqtt->handlers.ctx, text);
		mqtt_leave_handler(mqtt);
	}
	pthread_mutex_lock(&mqtt->lock);
}

static void tell_up(struct mqtt *mqtt, bool session_present)
{
	mqtt->told_up = true;
	mqtt->told_why[0] = '\0';
	pthread_mutex_unlock(&mqtt->lock);
	if (mqtt_enter_handler(mqtt)) {
		mqtt->handlers.on_connected(mqtt->handlers.ctx, session_present);
		mqtt_leave_handler(mqtt);
	}
	pthread_mutex_lock(&mqtt->lock);
}

static void intake_up(struct mqtt *mqtt, struct link *link)
{
	bool session_present = mqtt->session_present;
	link->state = LINK_UP;
	link->why[0] = '\0';
	for (size_t i = 0; i < mqtt->options.subscription_count; i++)
		if (mqtt->answers[i] == 0)
			text_format(link->why, sizeof(link->why),
				    "the broker grants only QoS 0 for \"%s\": it may lose messages",
				    mqtt->options.subscriptions[i].filter);
	mqtt->subscribed[link->url] = true;
	mqtt_announce(mqtt, "online");
	tell_up(mqtt, session_present);
}

/* Asks for every filter that was not granted yet on this connection. */
void mqtt_subscribe(struct mqtt *mqtt, struct link *link)
{
	struct mqtt_handle *handle = link->handle;
	link->state = LINK_SUBSCRIBING;
	link->deadline_ms = clock_mono_ms() + SUBACK_MS;
	for (size_t i = 0; i < mqtt->options.subscription_count; i++)
		if (mqtt->answers[i] < 0 || mqtt->answers[i] >= 0x80)
			mqtt->answers[i] = NO_ANSWER;
	for (size_t i = 0; i < mqtt->options.subscription_count && link->state == LINK_SUBSCRIBING; i++) {
		if (mqtt->answers[i] != NO_ANSWER)
			continue;
		pthread_mutex_unlock(&mqtt->lock);
		bool sent = paho_subscribe(handle->paho, mqtt->options.subscriptions[i].filter, i);
		pthread_mutex_lock(&mqtt->lock);
		if (!sent && link->state == LINK_SUBSCRIBING && mqtt->answers[i] == NO_ANSWER)
			mqtt->answers[i] = -1;
	}
	mqtt_wake(mqtt);
}

void mqtt_check_subscriptions(struct mqtt *mqtt, struct link *link, int64_t now_ms)
{
	size_t missing = 0, failed = 0, refused = 0, which = 0;
	for (size_t i = 0; i < mqtt->options.subscription_count; i++) {
		missing += mqtt->answers[i] == NO_ANSWER;
		failed += mqtt->answers[i] == -1;
		if (mqtt->answers[i] >= 0x80 && refused++ == 0)
			which = i;
	}
	if (failed > 0 || (missing > 0 && now_ms >= link->deadline_ms)) {
		mqtt_close_link(mqtt, link, END_FAILED, "it did not answer a SUBSCRIBE");
	} else if (missing == 0 && refused == 0) {
		intake_up(mqtt, link);
	} else if (missing == 0) {
		link->state = LINK_PARTLY;
		link->next_ms = now_ms + REFUSED_FILTER_MS;
		text_format(link->why, sizeof(link->why), "the broker refuses the subscription \"%s\": %s",
			    mqtt->options.subscriptions[which].filter, mqtt_code_text(mqtt->answers[which]));
		mqtt_tell_down(mqtt, link->why);
	}
}

static void tell_new_session(struct mqtt *mqtt)
{
	pthread_mutex_unlock(&mqtt->lock);
	if (mqtt->handlers.on_new_session != NULL && mqtt_enter_handler(mqtt)) {
		mqtt->handlers.on_new_session(mqtt->handlers.ctx);
		mqtt_leave_handler(mqtt);
	}
	pthread_mutex_lock(&mqtt->lock);
}

/* Once in each life of the process the filters are sent to a broker: its session may be that of another configuration.
 * After that only to a broker that has lost the session, since a SUBSCRIBE brings retained messages (3.1.1). */
void mqtt_accept_intake(struct mqtt *mqtt, struct link *link)
{
	if (mqtt->subscribed[link->url] && mqtt->session_present) {
		intake_up(mqtt, link);
		return;
	}
	if (!mqtt->session_present)
		tell_new_session(mqtt);
	if (link->state != LINK_CONNECTED) /* lost meanwhile */
		return;
	for (size_t i = 0; i < mqtt->options.subscription_count; i++)
		mqtt->answers[i] = NO_ANSWER;
	mqtt_subscribe(mqtt, link);
}
