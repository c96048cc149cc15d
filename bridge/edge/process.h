/* process - the process as the operating system sees it: descriptors, environment, limits, signals.
 *
 * Threads: main, before there are others. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_PROCESS_H
#define BRIDGE_EDGE_PROCESS_H

#include <stdint.h>

/* Descriptors 0 to 2 are open (on /dev/null when they were not), SIGPIPE and SIGXFSZ are ignored, variables that
 * our libraries would obey (proxies, TLS key logs, traces) are gone, those that remain are not shown in /proc, no core
 * dumps, no new privileges. */
void process_prepare(void);

/* Blocks the signals that process_wait() waits for, in this thread and those that it starts. */
void process_block_signals(void);

enum process_signal { SIGNAL_NONE, SIGNAL_STOP, SIGNAL_RELOAD };

/* The next signal, or SIGNAL_NONE after `timeout_ms`. */
enum process_signal process_wait(int64_t timeout_ms);

/* From here on a second SIGTERM or SIGINT ends the process at once: what is not on disk was not promised. Nor may the
 * stop take for ever, on a disk that does not answer say: after `most_s` the process ends by itself, with status 1. */
enum { PROCESS_STOP_MAX_S = 50 }; /* less than the unit file's TimeoutStopSec= */
void process_stop_at_once_on_signal(unsigned most_s);

/* Ends without running destructors: library threads may still be at work. */
_Noreturn void process_end(int status);

#endif
