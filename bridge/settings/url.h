/* url - the few forms of address that the settings hold, checked and made uniform.
 *
 * Threads:   any; no state.
 * Ownership: what is returned is yours to free.
 * Failure:   NULL or false, and why; the address itself is not repeated, it may hold a password. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_URL_H
#define BRIDGE_SETTINGS_URL_H

#include <stdbool.h>

#include "bridge/base/limits.h"

/* mqtt, mqtts, ws or wss: a host, a port (filled in), and for ws and wss a path. */
char *url_for_mqtt(const char *text, char why[WHY_SIZE]);

/* http or https: no query, no fragment, no slash at the end. */
char *url_for_http(const char *text, char why[WHY_SIZE]);

/* Plain http to another machine than this one. Of an address that url_for_http() made. */
bool url_is_exposed(const char *url);

/* host:port to listen on; an IPv6 host in brackets; port 0 lets the kernel choose. */
bool url_is_listen_address(const char *text, char why[WHY_SIZE]);

#endif
