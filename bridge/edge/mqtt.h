/* mqtt - the broker, through Paho's MQTTAsync, with two handles.
 *
 * Why two:   every Paho release up to 1.3.15 uses memory after free when the write of a QoS 1 PUBLISH
 *            fails. The intake handle only subscribes. The publish handle only publishes; at the first
 *            failure it is abandoned (never used, reconnected or destroyed again) and a new handle
 *            takes over; who published learns by on_publish_reset that everything without PUBACK must
 *            be published again.
 * Threads:   handlers run on Paho's receive thread (on_message may block: PUBACK leaves only after it
 *            returns) or on mqtt's own thread, which connects with backoff and jitter. Handlers call nothing
 *            of mqtt. No lock of ours is held across a Paho call.
 * Promise:   on_message returned = acknowledged; nothing else acknowledges. Subscribes at QoS 1.
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
	/* The intake handle is connected; `session_present` false: the broker has no session of ours. */
	void (*on_connected)(void *ctx, bool session_present);
	void (*on_disconnected)(void *ctx, const char *why);
	/* PUBACK of the publish with this tag. */
	void (*on_published)(void *ctx, int64_t tag);
	/* The broker refuses this one message for ever (MQTT 5 reason code >= 0x80). */
	void (*on_publish_refused)(void *ctx, int64_t tag, const char *why);
	/* A new publish handle is up: publish again whatever has no PUBACK. */
	void (*on_publish_reset)(void *ctx);
};

struct mqtt_subscription {
	const char *filter; /* borrowed for the lifetime of mqtt */
};

struct mqtt_options {
	const char *const *urls; /* mqtt:// mqtts:// ws:// wss://, tried in turn */
	size_t url_count;
	bool version_5;
	const char *client_id;		 /* the publish handle appends "-pub" */
	const char *username, *password; /* "" : none; re-read at each connect via mqtt_set_password() */
	const char *ca_file, *cert_file, *key_file;
	int64_t keepalive_s, session_expiry_s;
	const struct mqtt_subscription *subscriptions;
	size_t subscription_count;
	const char *will_topic; /* retained, QoS 1: "offline" by the broker, "online" and "offline" by us */
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
	char why[WHY_SIZE]; /* why it is not up; "" */
};

/* Starts connecting; returns at once. NULL and why only for settings that can never work. */
struct mqtt *mqtt_start(const struct mqtt_options *options, const struct mqtt_handlers *handlers, char *why,
			size_t why_size);

/* Sends one PUBLISH at QoS 1 through the publish handle; false: not connected or the handle just failed
 * (it will be published again after on_publish_reset). At most MQTT_WINDOW may be without PUBACK. Not from handlers. */
enum { MQTT_WINDOW = 100 };
bool mqtt_publish(struct mqtt *mqtt, const struct mqtt_publish *publish);

/* Stops taking messages: the intake handle disconnects after the message that is being handled. For a full
 * disk and for shutdown. mqtt_resume() connects again. */
void mqtt_pause(struct mqtt *mqtt);
void mqtt_resume(struct mqtt *mqtt);

void mqtt_set_password(struct mqtt *mqtt, const char *password);
void mqtt_status(struct mqtt *mqtt, struct mqtt_status *ret);

/* Publishes "offline", disconnects both handles within `timeout_ms`. The handles themselves are left to
 * the end of the process (MQTTAsync_destroy may free twice). */
void mqtt_stop(struct mqtt *mqtt, int64_t timeout_ms);

#endif
