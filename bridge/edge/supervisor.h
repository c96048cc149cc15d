/* supervisor - whoever started us: systemd's notifications and watchdog (libsystemd).
 *
 * Threads: any. Nothing happens when there is no NOTIFY_SOCKET. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_SUPERVISOR_H
#define BRIDGE_EDGE_SUPERVISOR_H

#include <stdint.h>

void supervisor_ready(void);
void supervisor_reloading(void);
void supervisor_stopping(void);

/* How often WATCHDOG=1 must be said, in ms; 0: no watchdog. */
int64_t supervisor_watchdog_ms(void);
void supervisor_alive(void);

#endif
