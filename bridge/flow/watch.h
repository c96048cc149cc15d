/* watch - ends the process when a thread makes no progress any more: whoever started it starts it again.
 *
 * The truth is in the spool, so an end costs a second, and a hang would last until a person comes. It needs no
 * supervisor that watches: a container is restarted by its engine's policy. Where systemd watches, only this thread
 * feeds its watchdog, and only while all is well: a watch that itself hangs is noticed by systemd.
 *
 * Threads:   its own, which takes no lock that the watched ones take (but the log's, to say why). watch_main_alive()
 *            is main's.
 * Promise:   from a thread's last sign of life to the end of the process its limit passes, and a second or two. A
 *            process that stood still as a whole (stopped, suspended) has its time anew.
 * Failure:   one fatal line with the thread's name, exit status 1. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_WATCH_H
#define BRIDGE_FLOW_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/edge/store.h"
#include "bridge/flow/thread.h"

/* With RestartSec= and WatchdogSec= of the unit file that makes a minute at most. A thread that waits for something
 * with a deadline of its own says meanwhile that it is alive. */
enum { WATCH_LIMIT_MS = 40000, WATCHED_MAX = 16 };

struct watched {
	const char *name;
	int64_t (*silence_ms)(void *of); /* since its last sign of life */
	void *of;
	int64_t limit_ms;
};

/* Who waits for a slow disk, or for a lock of who does, is not at fault: that time does not count, however much it is.
 * But one turn of the disk has the limit, too. See store_busy_ms(). */
struct watch_disk {
	int64_t (*busy_ms)(const void *of), (*slow_ms)(const void *of);
	const void *of;
};

struct watch_state {
	struct watched watched;
	int64_t alive_ms, slow_ms;  /* its last sign of life as it was seen, and the disk's time then */
	_Atomic int64_t counted_ms; /* of its silence, at the last look */
};

struct watch {
	struct watch_state threads[WATCHED_MAX]; /* main is the last */
	size_t count;
	struct watch_disk disk;
	_Atomic int64_t main_alive_ms, looked_ms; /* monotonic */
	int64_t judge_from_ms;
	struct thread thread;
};

/* From here on they are watched, and main as well. Is stopped when none of them runs any more, and before what they
 * are of is freed. */
void watch_start(struct watch *watch, const struct watched *threads, size_t count, const struct store *store);
void watch_stop(struct watch *watch);

void watch_main_alive(struct watch *watch);

/* For probes from outside: has none been silent for half of its limit? Any thread. */
bool watch_is_well(void *watch);

/* watch_start() without its thread, for tests. */
void watch_prepare(struct watch *watch, const struct watched *threads, size_t count, const struct watch_disk *disk);

/* One look, by the watch's own thread: NULL, or the name of the thread that is to be given up, and for how long it has
 * been silent. */
const char *watch_look(struct watch *watch, int64_t now_ms, int64_t *ret_silence_ms);

#endif
