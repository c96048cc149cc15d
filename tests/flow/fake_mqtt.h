/* fake_mqtt - a broker that does what the test says: notes publishes, acknowledges them when asked to.
 *
 * Takes the place of edge/mqtt. There is one; each mqtt_start() is the same one again, with new handlers.
 *
 * Threads: any; handlers run on the thread that asks for them, an automatic PUBACK within mqtt_publish(). */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_FAKE_MQTT_H
#define TESTS_FLOW_FAKE_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/edge/mqtt.h"

struct fake_publish {
	char topic[TOPIC_SIZE], payload[16384], correlation[64], content_type[32];
	size_t correlation_len;
	int64_t tag;
	bool retain;
};

/* Forgets everything: no publishes, acknowledges by itself, refuses none, nobody's handlers. */
void fake_mqtt_reset(void);

/* Whose handlers are called from now on, without mqtt_start(). */
struct mqtt *fake_mqtt_use(const struct mqtt_handlers *handlers);

/* Acknowledge by itself, or wait for fake_mqtt_ack(). */
void fake_mqtt_acknowledges(bool by_itself);

/* The handle fails: from now on mqtt_publish() is false, until fake_mqtt_reset_publishes() says that a new one is up.
 */
void fake_mqtt_break(void);
void fake_mqtt_reset_publishes(void);

/* The library's lock is taken for good: mqtt_publish() does not return while this is so. Does somebody wait in it? */
void fake_mqtt_hang(bool hangs);
bool fake_mqtt_holds_up(void);

/* So many messages had a topic that is none. */
void fake_mqtt_drop(int64_t messages);

/* For how long the library has shown no life. */
void fake_mqtt_silence(int64_t ms);

/* Both at once: a new handle is up and has failed before it takes anything. How often mqtt_publish() was false. */
void fake_mqtt_reset_and_break(void);
size_t fake_mqtt_failures(void);

/* A message on a topic that contains `part` kills the connection ("": none does): neither it nor what is sent behind it
 * has a PUBACK, until fake_mqtt_reset_publishes(). */
void fake_mqtt_poison(const char *part);

/* PUBACK, refusal for ever of the publish with this tag; the intake's link. */
void fake_mqtt_ack(int64_t tag);
void fake_mqtt_refuse(int64_t tag, const char *why);
void fake_mqtt_connect(bool session_present);
void fake_mqtt_disconnect(const char *why);

/* A message comes in; returns when it is acknowledged. */
void fake_mqtt_deliver(const struct mqtt_message *message);

/* Publishes so far whose topic contains `part`, and the `index`th of them (fails the test when there is none). */
size_t fake_mqtt_count(const char *part);
struct fake_publish fake_mqtt_published(const char *part, size_t index);

/* Publishes without PUBACK; the most there ever were. */
size_t fake_mqtt_in_flight(void);
size_t fake_mqtt_most_in_flight(void);

/* What it was told by mqtt_start(), mqtt_pause() and mqtt_set_password(). */
bool fake_mqtt_is_paused(void);
void fake_mqtt_filters(char *to, size_t size); /* "devices/+/cmd base/request/+" */
void fake_mqtt_password(char to[64]);

#endif
