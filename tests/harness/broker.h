/* broker - a real broker with a configuration and a folder of its own, on a free port, keeping its state on disk.
 *
 * Which one the environment says: TEST_BROKER=mosquitto (or unset), nats, rabbitmq. Tests that need what it has not got
 * are skipped (WORLD_TEST_WITH). RabbitMQ takes seconds to start: one is started for the whole program, and each broker
 * is a virtual host of it, with sessions and retained messages of its own.
 *
 * Threads:   the test's main thread only.
 * Promise:   accepts connections when broker_start() or broker_restart() returns; the port stays the same.
 * Ownership: a broker is yours to destroy. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_BROKER_H
#define TESTS_HARNESS_BROKER_H

#include <stddef.h>

struct broker;
struct process;

/* What not every broker has. */
enum broker_gift {
	BROKER_ANY,	    /* nothing special: every broker has it */
	BROKER_MOSQUITTO,   /* its own settings, access lists and tools */
	BROKER_MQTT_5,	    /* the protocol */
	BROKER_SHARES,	    /* shared subscriptions */
	BROKER_QUICK_START, /* within a second: for tests that start it again and again */
	BROKER_ORDERS,	    /* delivers in the order of publishing, whatever subscription brings it */
	BROKER_RETAINED,    /* retained messages also for a filter with wildcards */
	BROKER_KEEPS,	    /* keeps what waits for an absent client when it is stopped and started again */
	BROKER_GIFTS
};

/* Why the broker under test cannot take part in a test that needs this, in words; "" when it has it. */
const char *broker_lacks(enum broker_gift gift);

/* Its name, as in TEST_BROKER. */
const char *broker_name(void);

/* How often a test should start the broker again: `rounds`, or fewer where that is slow. */
size_t broker_restarts(size_t rounds);

/* `lines` are added to mosquitto's configuration (BROKER_MOSQUITTO); "" for none. Fails the test when the broker does
 * not come up. */
struct broker *broker_start(const char *folder, const char *lines);
void broker_destroy(struct broker *broker);

/* Ends what was started for the whole program; for the end of it. */
void broker_finish(void);

int broker_port(const struct broker *broker);

/* Its process, borrowed, for signals. */
struct process *broker_process(struct broker *broker);

/* SIGTERM: it saves its state. Waits for its end. */
void broker_stop(struct broker *broker);

/* kill -9: what it had not saved is lost. */
void broker_kill(struct broker *broker);

/* Starts it again on the same port with the same state. */
void broker_restart(struct broker *broker);

#endif
