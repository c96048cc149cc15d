/* scripted_broker - an MQTT broker (3.1.1 and 5) that a test leads by the hand: it routes nothing, answers by its
 * rules, remembers every packet, and sends, withholds or resets exactly when told.
 *
 * Threads:   calls from the test's main thread; a thread of its own reads and answers.
 * Promise:   a packet is on record before it is answered. Written from the OASIS standard, not with a library.
 * Ownership: a broker is yours to destroy. Packets are copied out.
 * Failure:   what it cannot do fails the test. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_SCRIPTED_BROKER_H
#define TESTS_HARNESS_SCRIPTED_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scripted_broker;

/* MQTT 3.1.1 table 2.1. */
enum scripted_type {
	PACKET_CONNECT = 1,
	PACKET_PUBLISH = 3,
	PACKET_PUBACK = 4,
	PACKET_SUBSCRIBE = 8,
	PACKET_PINGREQ = 12,
	PACKET_DISCONNECT = 14
};

/* How it answers from now on. All zero: accepts everything, without a session. */
struct scripted_rules {
	int connack; /* return code */
	bool session_present;
	int suback;	       /* granted QoS plus 1, or 0x80; 0: as asked for */
	bool mute_connect;     /* no CONNACK at all */
	bool hold_pubacks;     /* a PUBLISH is not answered; see scripted_broker_puback() */
	int reset_at_publish;  /* the n-th PUBLISH from now is answered by RST; 0: none */
	bool close_at_connect; /* closes right after CONNACK */
};

enum { PACKET_TEXT_SIZE = 128 };

struct scripted_packet {
	enum scripted_type type;
	int flags;	/* the low four bits; of CONNECT: the connect flags */
	int connection; /* 0, 1, 2 … in the order of accept() */
	int id;		/* packet identifier; of CONNECT: keep-alive */
	char client[PACKET_TEXT_SIZE];
	char topic[PACKET_TEXT_SIZE]; /* PUBLISH, first filter of SUBSCRIBE, will topic of CONNECT */
	char text[PACKET_TEXT_SIZE];  /* payload, will message */
	int qos;		      /* PUBLISH, SUBSCRIBE */
};

struct scripted_broker *scripted_broker_start(void);
void scripted_broker_destroy(struct scripted_broker *broker);
int scripted_broker_port(const struct scripted_broker *broker);
void scripted_broker_rules(struct scripted_broker *broker, const struct scripted_rules *rules);

/* How many packets of this type came from the client with this id. */
size_t scripted_broker_count(struct scripted_broker *broker, const char *client, enum scripted_type type);

/* Waits for the n-th (from 1) of them and copies it; fails the test when it does not come. */
struct scripted_packet scripted_broker_expect(struct scripted_broker *broker, const char *client,
					      enum scripted_type type, size_t n);

struct scripted_message {
	const char *topic;
	size_t topic_len; /* 0: strlen */
	const char *payload;
	int qos, id;
	bool dup, retain;
};

/* Sends a PUBLISH (3.1.1), a PUBACK, or any bytes on a connection. A connection that is gone is no error. */
void scripted_broker_publish(struct scripted_broker *broker, int connection, const struct scripted_message *message);
void scripted_broker_puback(struct scripted_broker *broker, int connection, int id);
void scripted_broker_send(struct scripted_broker *broker, int connection, const void *bytes, size_t len);

/* Ends a connection by RST. */
void scripted_broker_reset(struct scripted_broker *broker, int connection);

#endif
