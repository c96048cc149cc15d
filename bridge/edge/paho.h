/* paho - one MQTTAsync handle of the Eclipse Paho C library, closed for its traps.
 *
 * Threads:   events come on Paho's threads while Paho's only mutex is held: they call nothing of this header,
 *            and nobody calls this header holding a lock that an event takes. Every function here may wait for
 *            that mutex, that is for as long as a message event runs on any handle.
 * Promise:   a QoS 1 message is acknowledged after its event returned, whatever happens; a publish is answered
 *            at most once. Nothing reconnects, buffers or resends by itself.
 * Ownership: settings, options and messages are borrowed for the call. A handle lives to the end of the process:
 *            MQTTAsync_destroy() may free twice (Paho's issues 1459, 1532, 1621, 1622).
 * Failure:   false means that nothing was started and no event follows. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_PAHO_H
#define BRIDGE_EDGE_PAHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/edge/mqtt.h"

struct paho;

/* What became of a publish. Failed says nothing about whether the broker has it. */
enum paho_answer { PAHO_ACKED, PAHO_REFUSED, PAHO_FAILED };

struct paho_events {
	/* CONNACK accepted; `receive_max` is the broker's Receive Maximum (65535 where it names none). */
	void (*connected)(void *ctx, bool session_present, int receive_max);
	/* The attempt failed. `code` > 0 is the CONNACK's, else 0. `text`: OpenSSL's reason, or Paho's, or "". */
	void (*failed)(void *ctx, int code, const char *text);
	/* The connection is gone. `code` > 0 is the reason in the broker's MQTT 5 DISCONNECT. */
	void (*lost)(void *ctx, int code);
	/* paho_disconnect() is done. */
	void (*closed)(void *ctx);
	/* SUBACK: the granted QoS, or >= 0x80 when refused; -1: the request failed. */
	void (*subscribed)(void *ctx, size_t mark, int code);
	/* `connection` is left 0. */
	void (*message)(void *ctx, struct mqtt_message *message);
	/* A message whose topic nothing may be done with; it is acknowledged. */
	void (*bad_topic)(void *ctx);
	/* `code` is the PUBACK's reason when refused. */
	void (*answered)(void *ctx, size_t mark, enum paho_answer answer, int code);
};

struct paho_settings {
	const char *url; /* checked: mqtt:// mqtts:// ws:// wss:// */
	const char *client_id;
	const char *sender; /* MQTT 5: the user property `bridge` of all that is published; borrowed while it is used */
	bool version_5;
	size_t marks; /* subscribe and publish take marks below this; each at most once at a time */
	const struct paho_events *events;
	void *ctx;
};

struct paho_connect {
	const char *username, *password;
	const char *ca_file, *cert_file, *key_file;
	int64_t keepalive_s, session_expiry_s; /* expiry: MQTT 5, never 0 for a handle that publishes */
	const char *will_topic, *will_text;    /* retained, QoS 1; "" : none */
};

/* Never NULL: url and client id were checked by mqtt_start(). */
struct paho *paho_create(const struct paho_settings *settings);

/* Starts to connect, keeping the session. Answered by connected or failed. */
bool paho_connect(struct paho *paho, const struct paho_connect *options);

/* Subscribes at QoS 1; MQTT 5: retained messages only for a subscription that is new to the session. */
bool paho_subscribe(struct paho *paho, const char *filter, size_t mark);

/* Sends at QoS 1. The answer may come before this returns. */
bool paho_publish(struct paho *paho, const struct mqtt_publish *publish, size_t mark);

/* Sends DISCONNECT; `with_will` asks an MQTT 5 broker to publish the will all the same. */
bool paho_disconnect(struct paho *paho, bool with_will);

/* Waits until no event of any handle is running; what Paho does around its events is then complete too. */
void paho_settle(struct paho *paho);

#endif
