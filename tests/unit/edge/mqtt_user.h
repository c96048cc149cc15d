/* mqtt_user - a user of mqtt that records what its handlers are told; what the mqtt tests share.
 *
 * Threads:   calls from the test's main thread; handlers run on mqtt's.
 * Ownership: a user is yours to destroy, after it was stopped. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_EDGE_MQTT_USER_H
#define TESTS_UNIT_EDGE_MQTT_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/edge/mqtt.h"

enum { USER_TAGS = 65536, USER_MESSAGES = 256, USER_TEXT = 256, STOP_MS = 5000 };

struct user_message {
	char topic[TOPIC_SIZE], payload[USER_TEXT], reply_topic[TOPIC_SIZE], correlation[USER_TEXT];
	size_t len;
	int qos, packet_id;
	bool retained, dup;
	int64_t connection, expiry_s;
};

struct user;

/* Loopback, id "bridge", the filter `devices/+/cmd`, state topic `bridge/state`, 3.1.1. */
struct user *user_create(int port);
void user_destroy(struct user *user);

/* To be changed before user_start(). */
struct mqtt_options *user_options(struct user *user);

/* Starts; fails the test when mqtt_start() refuses. */
void user_start(struct user *user);
void user_stop(struct user *user);
void user_stop_within(struct user *user, int64_t timeout_ms);
/* Also while messages are held; what mqtt_stop() says. */
bool user_try_stop(struct user *user, int64_t timeout_ms);
struct mqtt *user_mqtt(struct user *user);

/* Starts and waits until both handles are up. */
void user_start_up(struct user *user);
void user_await_up(struct user *user);

/* Publishes a text on `devices/a/status`; what mqtt_publish() says. */
bool user_publish(struct user *user, const char *payload, int64_t tag);

/* on_message does not return until user_let_go(). */
void user_hold_messages(struct user *user);
void user_let_go(struct user *user);

/* Counts of handler calls. */
enum user_count {
	USER_MESSAGE,
	USER_CONNECTED,
	USER_DISCONNECTED,
	USER_PUBLISHED,
	USER_REFUSED,
	USER_RESET,
	USER_NEW_SESSION,
	USER_COUNTS
};
size_t user_count(struct user *user, enum user_count what);
void user_expect(struct user *user, enum user_count what, size_t at_least);

struct user_message user_message(struct user *user, size_t index);
/* How often on_published was called with this tag. */
size_t user_published(struct user *user, int64_t tag);
bool user_session_present(struct user *user);

/* What on_disconnected said last. */
void user_last_why(struct user *user, char why[WHY_SIZE]);

/* Waits until mqtt_status().why holds `part`. */
void user_expect_why(struct user *user, const char *part);
struct mqtt_status user_status(struct user *user);

#endif
