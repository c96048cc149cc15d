/* mqtt_connector - the thread that connects, subscribes, watches and gives up; see the states in mqtt_inside.h. */
// SPDX-License-Identifier: Apache-2.0
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/mqtt_inside.h"
#include "bridge/edge/mqtt_text.h"
#include "bridge/rule/retry.h"

enum {
	CONNECT_MS = 30000, /* Paho itself gives up after 10 to 13 s */
	CLOSE_MS = 10000,
	LASTING_REFUSAL_MS = 10000,
	QUICK_LOSS_MS = 30000, /* a connection that lived shorter does not reset the backoff */
	QUICK_LOSSES = 3,      /* then it is no accident */
	FIGHT_LOSSES = 10,     /* then somebody fights over the client id: give way */
	ATTEMPTS_MAX = 3,   /* of retry_delay_ms(): waits of up to 4 s, so that a broker that is back is soon found */
	ATTEMPTS_FIGHT = 6, /* waits of up to 32 s */
	SOON_MS = 1000,
	STOP_LOOK_MS = 20,
	PROBE_MS = 5000,
	SESSION_MIN_S = 60 /* Paho frees publishes in flight when a session without expiry ends, some twice */
};

/* Both handles belong to one broker: where the intake is, the publishes go. */
static void follow_intake(struct mqtt *mqtt, struct link *link)
{
	struct link *intake = &mqtt->links[INTAKE];
	if (link != intake && mqtt_is_accepted(intake))
		link->url = intake->url;
}

static bool start_connect(struct mqtt *mqtt, struct mqtt_handle *handle, char *password, bool intake)
{
	const struct mqtt_options *options = &mqtt->options;
	int64_t expiry_s = options->session_expiry_s;
	if (!intake && expiry_s < SESSION_MIN_S)
		expiry_s = SESSION_MIN_S;
	struct paho_connect connect = {.username = options->username,
				       .password = password,
				       .ca_file = options->ca_file,
				       .cert_file = options->cert_file,
				       .key_file = options->key_file,
				       .keepalive_s = options->keepalive_s,
				       .session_expiry_s = expiry_s,
				       .will_topic = intake ? options->will_topic : "",
				       .will_text = "offline"};
	bool started = paho_connect(handle->paho, &connect);
	explicit_bzero(password, strlen(password));
	free(password);
	return started;
}

static void connect_link(struct mqtt *mqtt, struct link *link)
{
	follow_intake(mqtt, link);
	bool intake = mqtt_is_intake(mqtt, link);
	struct mqtt_handle *handle = link->by_url[link->url];
	char *password = memory_copied_text(mqtt->password);
	pthread_mutex_unlock(&mqtt->lock);
	if (handle == NULL)
		handle = mqtt_handle_create(mqtt, link, link->url);
	paho_settle(handle->paho); /* Paho may still be at work behind the event that ended the last connection */
	pthread_mutex_lock(&mqtt->lock);
	link->by_url[link->url] = handle;
	link->handle = handle;
	link->code = 0;
	link->state = LINK_CONNECTING;
	link->deadline_ms = clock_mono_ms() + CONNECT_MS;
	pthread_mutex_unlock(&mqtt->lock);
	bool started = start_connect(mqtt, handle, password, intake);
	pthread_mutex_lock(&mqtt->lock);
	if (!started && link->state == LINK_CONNECTING)
		mqtt_end_link(mqtt, link, END_FAILED, "the MQTT library refused to start");
}

/* Sends DISCONNECT; the link ends as `end` when that is done. */
void mqtt_close_link(struct mqtt *mqtt, struct link *link, enum link_end end, const char *detail)
{
	bool with_will = mqtt->stopping && mqtt_is_intake(mqtt, link) && !mqtt->announcement_done;
	link->state = LINK_CLOSING;
	link->end = end;
	link->deadline_ms = clock_mono_ms() + CLOSE_MS;
	text_copy(link->detail, sizeof(link->detail), detail);
	struct mqtt_handle *handle = link->handle;
	pthread_mutex_unlock(&mqtt->lock);
	bool started = paho_disconnect(handle->paho, with_will);
	pthread_mutex_lock(&mqtt->lock);
	if (!started && link->state == LINK_CLOSING) {
		link->state = LINK_ENDED;
		mqtt_wake(mqtt);
	}
}

static void explain(struct mqtt *mqtt, struct link *link)
{
	const char *url = mqtt->options.urls[link->url];
	if (link->end == END_CLOSED)
		text_format(link->why, sizeof(link->why), "%s", mqtt->paused ? "the intake is paused" : "");
	else if (link->end == END_FAILED)
		text_format(link->why, sizeof(link->why), "cannot use the broker %s: %s", url, link->detail);
	else if (link->quick_losses >= QUICK_LOSSES)
		text_format(link->why, sizeof(link->why),
			    "the broker %s ended the connection %d times soon after it was made (%s): is another "
			    "client using the client id \"%s\"? Give each bridge its own mqtt.client_id",
			    url, link->quick_losses, link->detail,
			    mqtt_is_intake(mqtt, link) ? mqtt->options.client_id : mqtt->publish_id);
	else
		text_format(link->why, sizeof(link->why), "the connection to the broker %s is gone: %s", url,
			    link->detail);
}

/* A connection that lasted wipes the slate; one that did not is counted. */
static void judge_end(struct link *link, int64_t now_ms)
{
	if (mqtt_code_is_lasting(link->code))
		link->floor_ms = LASTING_REFUSAL_MS;
	if (link->end == END_FAILED)
		return;
	bool lasted = now_ms - link->up_since_ms >= QUICK_LOSS_MS;
	link->tried = 0;
	if (lasted || link->end == END_CLOSED)
		link->attempts = 0;
	if (lasted || link->end != END_LOST)
		link->quick_losses = 0;
	else
		link->quick_losses++;
}

/* When to try again, and where: after a failure the next URL at once, after a round of failures a wait. */
static void schedule(struct mqtt *mqtt, struct link *link, int64_t now_ms)
{
	link->next_ms = now_ms;
	if (link->end == END_CLOSED)
		return;
	if (link->end == END_FAILED) {
		link->url = (link->url + 1) % mqtt->options.url_count;
		if (++link->tried < mqtt->options.url_count)
			return;
		link->tried = 0;
	}
	uint64_t random;
	clock_random(&random, sizeof(random));
	int64_t attempts_max = link->quick_losses >= FIGHT_LOSSES ? ATTEMPTS_FIGHT : ATTEMPTS_MAX;
	link->attempts = link->attempts < attempts_max ? link->attempts + 1 : attempts_max;
	int64_t wait_ms = retry_delay_ms(link->attempts, link->floor_ms, random);
	int64_t max_ms = mqtt->options.reconnect_max_ms;
	link->next_ms = now_ms + (max_ms > 0 && wait_ms > max_ms ? max_ms : wait_ms);
	link->floor_ms = 0;
}

/* A publish handle that was ever connected is not used again, whatever ended it: see the head of mqtt.h. */
static void conclude(struct mqtt *mqtt, struct link *link, int64_t now_ms)
{
	bool intake = mqtt_is_intake(mqtt, link), abandon = !intake && link->handle->used;
	if (abandon || link->discard)
		link->by_url[link->url] = NULL;
	if (abandon && link->end != END_CLOSED)
		mqtt->abandoned++;
	link->discard = false;
	link->state = LINK_DOWN;
	judge_end(link, now_ms);
	explain(mqtt, link);
	schedule(mqtt, link, now_ms);
	if (intake && link->end == END_CLOSED && mqtt->paused && !mqtt->stopping)
		mqtt_announce(mqtt, "offline"); /* who leaves politely has no will */
	pthread_cond_broadcast(&mqtt->changed);
	if (intake && link->why[0] && !mqtt->stopping)
		mqtt_tell_down(mqtt, link->why);
}

/* The state "offline" is with the broker, or will not get there by a publish any more. */
static bool goodbye_is_over(const struct mqtt *mqtt, int64_t now_ms)
{
	return mqtt->announcement_done || mqtt->links[PUBLISH].state != LINK_UP || now_ms >= mqtt->goodbye_until_ms;
}

/* While stopping, the intake waits for the goodbye. Could that not be said, an MQTT 5 DISCONNECT asks for the will;
 * in 3.1.1 the will comes only by ending without DISCONNECT, so the connection is left to the end of the process. */
static bool intake_is_wanted(const struct mqtt *mqtt, int64_t now_ms)
{
	if (!mqtt->stopping)
		return !mqtt->paused;
	if (mqtt->announcement_done)
		return false;
	return !goodbye_is_over(mqtt, now_ms) || !mqtt->options.version_5;
}

static bool is_wanted(const struct mqtt *mqtt, const struct link *link, int64_t now_ms)
{
	if (mqtt_is_intake(mqtt, link))
		return intake_is_wanted(mqtt, now_ms);
	if (!mqtt->stopping)
		return true;
	return now_ms < mqtt->goodbye_until_ms && link->handle != NULL && link->handle->in_flight > 0;
}

static void step_connected(struct mqtt *mqtt, struct link *link, bool wanted)
{
	if (!wanted || mqtt->stopping)
		mqtt_close_link(mqtt, link, END_CLOSED, "");
	else if (mqtt_is_intake(mqtt, link))
		mqtt_accept_intake(mqtt, link);
	else
		mqtt_publish_up(mqtt, link);
}

static void step_up(struct mqtt *mqtt, struct link *link, bool wanted, int64_t now_ms)
{
	if (!mqtt_is_intake(mqtt, link) && mqtt->announcement[0] && !mqtt->announcement_done)
		wanted = wanted || !goodbye_is_over(mqtt, now_ms);
	if (!wanted)
		mqtt_close_link(mqtt, link, END_CLOSED, "");
	else if (link->state == LINK_SUBSCRIBING)
		mqtt_check_subscriptions(mqtt, link, now_ms);
	else if (link->state == LINK_PARTLY && now_ms >= link->next_ms)
		mqtt_subscribe(mqtt, link);
	else if (link->state == LINK_UP && !mqtt_is_intake(mqtt, link))
		mqtt_watch_publishes(mqtt, link, now_ms);
}

/* While a message is handled Paho's threads stand still: that is no fault of the link. */
static bool is_late(const struct mqtt *mqtt, const struct link *link, int64_t now_ms)
{
	return !mqtt->in_message && now_ms >= link->deadline_ms && now_ms >= mqtt->message_end_ms + SOON_MS;
}

static void step(struct mqtt *mqtt, struct link *link, int64_t now_ms)
{
	enum link_state before = link->state;
	bool wanted = is_wanted(mqtt, link, now_ms);
	switch (before) {
	case LINK_DOWN:
		if (wanted && !mqtt->stopping && now_ms >= link->next_ms)
			connect_link(mqtt, link);
		break;
	case LINK_CONNECTING:
		link->discard = is_late(mqtt, link, now_ms);
		if (link->discard)
			mqtt_end_link(mqtt, link, END_FAILED, "no answer in time");
		break;
	case LINK_CONNECTED:
		step_connected(mqtt, link, wanted);
		break;
	case LINK_SUBSCRIBING:
	case LINK_PARTLY:
	case LINK_UP:
		step_up(mqtt, link, wanted, now_ms);
		break;
	case LINK_CLOSING:
		link->discard = is_late(mqtt, link, now_ms);
		if (link->discard)
			link->state = LINK_ENDED;
		break;
	case LINK_ENDED:
		conclude(mqtt, link, now_ms);
		break;
	}
	if (link->state != before)
		mqtt->news = true;
}

/* When the link must be looked at without news. */
static int64_t next_look_ms(const struct mqtt *mqtt, const struct link *link, int64_t now_ms)
{
	switch (link->state) {
	case LINK_DOWN:
		return is_wanted(mqtt, link, now_ms) && !mqtt->stopping ? link->next_ms : INT64_MAX;
	case LINK_CONNECTING:
	case LINK_SUBSCRIBING:
	case LINK_CLOSING:
		return link->deadline_ms;
	case LINK_PARTLY:
		return link->next_ms;
	case LINK_UP:
		return !mqtt_is_intake(mqtt, link) ? mqtt_stall_ms(mqtt, link->handle) : INT64_MAX;
	case LINK_CONNECTED:
	case LINK_ENDED:
		break;
	}
	return now_ms;
}

static int64_t next_wake_ms(const struct mqtt *mqtt, int64_t now_ms)
{
	int64_t wake_ms = mqtt->stopping ? now_ms + STOP_LOOK_MS : INT64_MAX;
	for (size_t i = 0; i < LINKS; i++) {
		int64_t look_ms = next_look_ms(mqtt, &mqtt->links[i], now_ms);
		if (look_ms <= now_ms) /* due, but a message is being handled */
			look_ms = now_ms + SOON_MS;
		if (look_ms < wake_ms)
			wake_ms = look_ms;
	}
	return wake_ms;
}

static bool is_finished(const struct mqtt *mqtt, int64_t now_ms)
{
	const struct link *intake = &mqtt->links[INTAKE];
	bool left = intake->state == LINK_DOWN ||
		    (mqtt_is_accepted(intake) && goodbye_is_over(mqtt, now_ms) && intake_is_wanted(mqtt, now_ms));
	bool gone = left && mqtt->links[PUBLISH].state == LINK_DOWN;
	return mqtt->stopping && (gone || now_ms >= mqtt->stop_deadline_ms);
}

/* A handle that was discarded and connected after all would fight with its successor for the session. */
static void dismiss_stray(struct mqtt *mqtt)
{
	struct mqtt_handle *stray = mqtt->stray;
	if (stray == NULL)
		return;
	mqtt->stray = NULL;
	pthread_mutex_unlock(&mqtt->lock);
	paho_disconnect(stray->paho, false);
	pthread_mutex_lock(&mqtt->lock);
}

/* A lock that Paho never gives back shows in nothing else for a long time. Names are looked up under it, too; but only
 * for a link that is to be made, and to begin that is for this thread. */
static void probe(struct mqtt *mqtt)
{
	struct mqtt_handle *handle = mqtt->links[INTAKE].handle;
	int64_t now_ms = clock_mono_ms();
	bool up = mqtt->links[INTAKE].state == LINK_UP && mqtt->links[PUBLISH].state == LINK_UP;
	if (!up || mqtt->in_message || mqtt->stopping || now_ms < mqtt->next_probe_ms)
		return;
	mqtt->next_probe_ms = now_ms + PROBE_MS;
	pthread_mutex_unlock(&mqtt->lock);
	atomic_store(&mqtt->probing_ms, now_ms);
	paho_settle(handle->paho);
	atomic_store(&mqtt->probing_ms, 0);
	pthread_mutex_lock(&mqtt->lock);
}

void *mqtt_connector_run(void *arg)
{
	struct mqtt *mqtt = arg;
	pthread_mutex_lock(&mqtt->lock);
	while (!is_finished(mqtt, clock_mono_ms())) {
		atomic_store(&mqtt->alive_ms, clock_mono_ms());
		mqtt->news = false;
		probe(mqtt);
		dismiss_stray(mqtt);
		for (size_t i = 0; i < LINKS; i++)
			step(mqtt, &mqtt->links[i], clock_mono_ms());
		if (!mqtt->news)
			mqtt_wait(mqtt, next_wake_ms(mqtt, clock_mono_ms()));
	}
	mqtt->connector_done = true;
	pthread_cond_broadcast(&mqtt->changed);
	pthread_mutex_unlock(&mqtt->lock);
	return NULL;
}
