/* recent - what happened lately, for people who look: the last commands with their lives, the last SMS from devices,
 * and samples of queue and throughput.
 *
 * A ring in memory, not a read of the store: the store keeps where a command is, not how it came there, and a page that
 * many look at must not take the writer's time. It begins empty at each start (but for the commands that are still
 * open); the truth is in the spool.
 *
 * Entries change in place, and each change gives them a new version. Who follows asks for the oldest change after the
 * last one it saw: a slow reader misses steps in between, never the last word, and holds nobody up.
 *
 * Threads:   any; a mutex inside, held for a copy.
 * Ownership: everything is copied.
 * Bounds:    as the enum says; the oldest entry gives way. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_RECENT_H
#define BRIDGE_FLOW_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/edge/store.h"

enum {
	RECENT_COMMANDS = 500,
	RECENT_MESSAGES = 500,
	RECENT_STEPS = 16,
	RECENT_SAMPLES = 360,
	RECENT_SAMPLE_MS = 5000,
	RECENT_BODY_SIZE = 641 /* a longer SMS from a device is cut */
};

struct recent_step {
	enum command_state state;
	int64_t at_ms;
};

struct recent_command {
	int64_t seq; /* 0: a message that was refused and is no command */
	char id[COMMAND_ID_SIZE], device[DEVICE_SIZE], sid[SID_SIZE];
	char payload[SMS_SIZE];
	char error_code[ERROR_CODE_SIZE], error_message[ERROR_TEXT_SIZE];
	int64_t attempts;
	struct recent_step steps[RECENT_STEPS]; /* a longer life loses steps in the middle */
	size_t step_count;
};

struct recent_message {
	char device[DEVICE_SIZE]; /* "" : of a SIM that no mapping names */
	char sim[SID_SIZE], sid[SID_SIZE];
	char payload[RECENT_BODY_SIZE];
	int64_t at_ms;
};

/* One sample: levels, and what happened since the one before. */
struct recent_sample {
	int64_t at_ms;
	int64_t open, events;
	int64_t accepted, delivered, failed, received;
};

enum recent_kind { RECENT_NOTHING, RECENT_COMMAND, RECENT_MESSAGE, RECENT_SAMPLE };

struct recent_entry {
	int64_t version;
	enum recent_kind kind;
	union {
		struct recent_command command;
		struct recent_message message;
		struct recent_sample sample;
	} of;
};

struct recent;

struct recent *recent_create(void);
void recent_destroy(struct recent *recent);

/* A listener of the store: `ctx` is the recent. */
void recent_note_command(void *ctx, const struct store_record *record);

/* The two below take NULL for a bridge that nobody looks at. */
void recent_note_refusal(struct recent *recent, const struct recent_command *refused, int64_t at_ms);
void recent_note_message(struct recent *recent, const struct recent_message *message);

/* `totals` counts since the start; the sample gets the differences. Its levels and time are taken as they are. */
void recent_note_sample(struct recent *recent, const struct recent_sample *totals);

/* The oldest change after version `after`; its kind. */
enum recent_kind recent_next(struct recent *recent, int64_t after, struct recent_entry *ret);

/* Waits until something has changed after `after`, at most `timeout_ms`. False: recent_stop() was called. */
bool recent_wait(struct recent *recent, int64_t after, int64_t timeout_ms);
void recent_stop(struct recent *recent);

#endif
