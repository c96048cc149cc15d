/* ports - free TCP ports of this machine, for servers that must know theirs before they start.
 *
 * Promise: a port is given to one test program at a time, also when tests run side by side: it is held by a
 *          lock until the program ends, and lies below the range that outgoing connections use. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_PORTS_H
#define TESTS_HARNESS_PORTS_H

#include <stdbool.h>

/* A port on 127.0.0.1 that nobody listens on. Fails the test when there is none. */
int port_free(void);

/* Does somebody accept connections there? */
bool port_answers(int port);

#endif
