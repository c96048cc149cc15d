/* listener - a listening TCP socket. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_LISTENER_H
#define SIMULATOR_LISTENER_H

#include "bridge/base/limits.h"

/* Binds HOST:PORT (IPv6 in brackets; port 0: a free one) and listens; the address with the real port goes to
 * `address`. -1 with the reason in `why`; else yours to close. */
int listener_open(const char *listen_on, char address[URL_SIZE], char why[WHY_SIZE]);

#endif
