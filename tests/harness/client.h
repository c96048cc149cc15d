/* client - an MQTT user of a test: records everything that it receives, publishes with receipts.
 *
 * Built on libmosquitto, not on the library of the bridge: an independent witness. It keeps its session and
 * reconnects by itself, so a restart of the broker loses it nothing.
 *
 * Threads:   the test's main thread calls; libmosquitto's thread records, under a lock of the client.
 * Promise:   messages keep the order in which they came. client_publish() returns after PUBACK.
 * Ownership: a client is yours to destroy; messages are borrowed from it until then.
 * Failure:   what does not come within its time fails the test. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_CLIENT_H
#define TESTS_HARNESS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;

struct client_message {
	size_t index; /* place in the order of arrival */
	char *topic;
	char *payload; /* NUL-terminated, which len does not count */
	size_t len;
	int qos;
	bool retain;
	char *correlation, *content_type; /* MQTT 5; "" */
	char *bridge;			  /* MQTT 5: the user property of this name; "" */
};

struct client_options {
	int port;
	const char *id;
	bool version_5;
	const char *username, *password; /* NULL: anonymous */
	const char *will_topic;		 /* "" or NULL: none; the will is the text `gone`, QoS 1 */
};

struct client_publish {
	const char *topic;
	const void *payload;
	size_t len;
	int qos;
	bool retain;
	const char *response_topic, *correlation; /* MQTT 5; NULL: none */
	uint32_t expiry_s;			  /* MQTT 5; 0: none */
};

/* Connects and waits for CONNACK. */
struct client *client_start(const struct client_options *options);
void client_destroy(struct client *client);

/* Subscribes at QoS 1 and waits for SUBACK. */
void client_subscribe(struct client *client, const char *filter);

/* Hands a message to libmosquitto, which sends it as soon as there is a connection. */
void client_send(struct client *client, const struct client_publish *publish);

/* Waits until every message handed over has its PUBACK. False at the deadline. */
bool client_flush(struct client *client, int64_t timeout_ms);

/* A text at QoS 1, with its PUBACK. */
void client_publish(struct client *client, const char *topic, const char *payload);

/* What a test looks for: an exact topic, and up to four pieces that the payload must contain. */
struct client_match {
	const char *topic;     /* NULL: any */
	const char *pieces[4]; /* NULL at the end */
	size_t from;	       /* the first message to look at */
};

/* The first message that fits, waited for; NULL at the deadline. */
const struct client_message *client_find(struct client *client, const struct client_match *match, int64_t timeout_ms);

/* The same, and failing the test when it does not come: client_expect(client, topic, piece). */
const struct client_message *client_expect(struct client *client, const char *topic, const char *piece);

/* How many messages fit so far. */
size_t client_matches(struct client *client, const struct client_match *match);

/* How many messages there are, and one of them. */
size_t client_count(struct client *client);
const struct client_message *client_message_at(struct client *client, size_t index);

/* Fails the test when more than `count` messages fit, now or within quiet_ms. */
void client_expect_none_more(struct client *client, const struct client_match *match, size_t count, int64_t quiet_ms);

#endif
