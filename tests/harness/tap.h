/* tap - stands between the bridge and its broker: passes every byte on, and remembers what was published for good.
 *
 * A PUBLISH at QoS 1 counts when the broker's PUBACK for it has come by: from then on the bridge may forget it. So the
 * tap is the witness of what the bridge told, also when the broker loses it afterwards. MQTT 3.1.1 only.
 *
 * Threads:   calls from the test's main thread; a thread for each connection passes the bytes.
 * Promise:   messages are in the order in which the bridge published them on one connection.
 * Ownership: a tap is yours to destroy; messages are borrowed from it until then. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_TAP_H
#define TESTS_HARNESS_TAP_H

#include <stddef.h>

struct tap;

/* Listens on a free port and connects each who comes to the broker's. */
struct tap *tap_start(int broker_port);
void tap_destroy(struct tap *tap);
int tap_port(const struct tap *tap);

/* Ends every connection by RST, both ways. */
void tap_cut(struct tap *tap);

struct tap_message {
	char *topic, *payload; /* NUL-terminated */
};

/* The message at this place in the order of their PUBACKs; NULL: there are not so many yet. */
const struct tap_message *tap_message_at(struct tap *tap, size_t index);

#endif
