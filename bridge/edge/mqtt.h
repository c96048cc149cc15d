/* mqtt - the broker, through Paho's MQTTAsync, with two handles.
 *
 * Why two:   every Paho release up to 1.3.15 uses memory after free when the write of a QoS 1 PUBLISH
 *            fails. The intake handle only subscribes. The publish handle only publishes; at the first
 *            failure it is abandoned (never used, reconnected or destroyed again) and a new handle
 *            takes over; who published learns by on_publish_reset that everything without PUBACK must
 *            be published again.
 * Threads:   on_message, on_published and on_publish_refused run on Paho's receive thread (on_message may block:
 *            PUBACK leaves only after it returns, and nothing else is received or sent meanwhile); the others on
 *            mqtt's own thread, which connects with backoff and jitter. Handlers call nothing of mqtt, and take no
 *            lock that is held across a call of mqtt. None begins after mqtt_stop() returned.
 * Promise:   on_message returned = acknowledged; nothing else acknowledges, except for what status.dropped counts.
 *            Subscribes at QoS 1, once after the start of the process and then whenever the broker has lost the
 *            session. Filters of an earlier configuration stay in a session that the broker still has: their
 *            messages come too, and are the user's to refuse.
 * Limits:    an MQTT 5 broker is told to drop what is larger than 1 MiB; on 3.1.1 set its own limit. Paho looks up host
 *            names holding its one lock: a slow name server holds up both handles.
 * Failure:   a broker that is away is a state, never an error; see mqtt_status(). */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_MQTT_H
#define BRIDGE_EDGE_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/limits.h"

struct mqtt;

struct mqtt_message {
	const char *topic; /* checked: UTF-8, no NUL, no wildcard; borrowed like all of this */
	const void *payload;
	size_t len;
	int qos, packet_id;
	bool retained, dup;
	int64_t connection;	 /* differs for each connection, also across restarts of the process */
	const char *reply_topic; /* MQTT 5 Response Topic; "" */
	const void *correlation; /* MQTT 5 Correlation Data; NULL */
	size_t correlation_len;
	int64_t expiry_s; /* MQTT 5 Message Expiry Interval; -1: none */
};

struct mqtt_handlers {
	void *ctx;
	void (*on_message)(void *ctx, const struct mqtt_message *message);
	/* The broker has no session of ours: what is known of an earlier one's packet ids is void. Before anything is
	 * subscribed, so before any message of the new session. NULL: does not matter. */
	void (*on_new_session)(void *ctx);
	/* The intake is connected and subscribed; `session_present` false: the broker had no session of ours.
	 * Messages of the session may come before this. */
	void (*on_connected)(void *ctx, bool session_present);
	/* It is not, or not with all subscriptions; called again only when the reason changes. */
	void (*on_disconnected)(void *ctx, const char *why);
	/* PUBACK of the publish with this tag; may come before mqtt_publish() returns, and from a handle given up. */
	void (*on_published)(void *ctx, int64_t tag);
	/* The broker refuses this one message for ever (MQTT 5 reason code >= 0x80 that does not pass by itself, as
	 * a quota would: then the handle is given up and the message published again after a while). */
	void (*on_publish_refused)(void *ctx, int64_t tag, const char *why);
	/* A publish handle is up, the first one too: publish again whatever has no PUBACK. */
	void (*on_publish_reset)(void *ctx);
};

struct mqtt_subscription {
	const char *filter;
};

/* All of it is copied. No pointer is NULL. */
struct mqtt_options {
	const char *const *urls; /* mqtt:// mqtts:// ws:// wss://, tried in turn; no credentials in them */
	size_t url_count;
	bool version_5;
	const char *client_id;		 /* the publish handle appends "-pub" */
	const char *username, *password; /* "" : none; re-read at each connect via mqtt_set_password() */
	const char *ca_file, *cert_file, *key_file;
	int64_t keepalive_s, session_expiry_s;
	const struct mqtt_subscription *subscriptions;
	size_t subscription_count;
	/* Retained, QoS 1: "online" while the intake is up, "offline" by the broker's will, by mqtt_pause() and
	 * mqtt_stop(). "" : none. */
	const char *will_topic;
	int64_t puback_timeout_ms; /* no PUBACK for so long: the publish handle is given up; 0: 30 s */
	int64_t reconnect_max_ms;  /* the longest wait between two attempts; 0: 2 s, 32 s when the
				    * broker hangs up again and again */
};

struct mqtt_publish {
	const char *topic;
	const void *payload;
	size_t len;
	bool retain;
	const void *correlation; /* MQTT 5; NULL: none */
	size_t correlation_len;
	const char *content_type; /* MQTT 5; "" : none */
	int64_t tag;		  /* comes back in on_published; mqtt gives it no meaning */
};

struct mqtt_status {
	bool intake_up, publish_up;
	int64_t connects, abandoned; /* since start: intake connections made, publish handles given up */
	int64_t messages;
	int64_t dropped;    /* acknowledged without on_message: a topic that is no topic, or not for us */
	char why[WHY_SIZE]; /* why it is not up, or works badly; "" */
};

/* Starts connecting; returns at once. NULL and why only for settings that can never work. */
struct mqtt *mqtt_start(const struct mqtt_options *options, const struct mqtt_handlers *handlers, char *why,
			size_t why_size);

/* Sends one PUBLISH at QoS 1 through the publish handle. While MQTT_WINDOW publishes (or the broker's Receive Maximum)
 * have no PUBACK it waits for room. False: not connected, or the handle failed; then an on_publish_reset follows (not
 * after mqtt_stop()). True says only that it is on its way. Not from handlers. */
enum { MQTT_WINDOW = 100 };
bool mqtt_publish(struct mqtt *mqtt, const struct mqtt_publish *publish);

/* Stops taking messages: the intake handle disconnects after the message that is being handled, or soon after, and the
 * state becomes "offline". For a full disk and for shutdown. mqtt_resume() connects again. Returns at once. */
void mqtt_pause(struct mqtt *mqtt);
void mqtt_resume(struct mqtt *mqtt);

void mqtt_set_password(struct mqtt *mqtt, const char *password);
void mqtt_status(struct mqtt *mqtt, struct mqtt_status *ret);

/* For who watches over the threads, from any: since mqtt's own thread last moved, which can take minutes while names
 * are looked up; and how long on_message, or while nothing looks up a name Paho's lock, has been taking. */
int64_t mqtt_silence_ms(void *mqtt);
int64_t mqtt_library_silence_ms(void *mqtt);

/* Publishes "offline", waits for the PUBACKs still missing, disconnects both handles, all within `timeout_ms`. Where
 * "offline" does not get through, the will says it (3.1.1: when the process ends). The memory is left to the end of the
 * process, for Paho may still call back (and MQTTAsync_destroy may free twice); the pointer must not be used again.
 * False: a handler has not returned yet, and may still use what it uses. */
bool mqtt_stop(struct mqtt *mqtt, int64_t timeout_ms);

#endif
