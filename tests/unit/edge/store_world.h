/* store_world - a real spool in a folder of its own, and short words for what the tests do with it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_EDGE_STORE_WORLD_H
#define TESTS_UNIT_EDGE_STORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bridge/base/text.h"
#include "bridge/codec/json.h"
#include "bridge/edge/sqlite.h"
#include "bridge/edge/store.h"
#include "tests/unit/table.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define NOW    ((int64_t)1795341600000) /* 2026-11-22T10:00:00Z */

struct world {
	char folder[64], path[96];
	struct store_options options;
	struct store *store;
	int64_t seen; /* events told so far */
	char told[65536];
	char why[WHY_SIZE];
};

static inline void world_open(struct world *world)
{
	world->why[0] = '\0';
	world->store = store_open(&world->options, NOW, world->why, sizeof(world->why));
	if (world->store == NULL)
		fail_msg("the store does not open: %s", world->why);
	world->seen = 0;
}

static inline void world_reopen(struct world *world)
{
	store_close(world->store);
	world_open(world);
}

/* Without a store yet, for tests that set options first. */
static inline void world_prepare(struct world *world)
{
	*world = (struct world){.folder = "/tmp/store-XXXXXX"};
	assert_non_null(mkdtemp(world->folder));
	text_format(world->path, sizeof(world->path), "%s/spool.db", world->folder);
	world->options = (struct store_options){
		.path = world->path,
		.max_commands = 1000000,
		.retention_ms = 30 * DAY,
		.watch_ms = 10 * MINUTE,
		.topic_status = "devices/+/status",
	};
}

static inline int world_setup(void **state)
{
	struct world *world = malloc(sizeof(*world));
	assert_non_null(world);
	world_prepare(world);
	world_open(world);
	*state = world;
	return 0;
}

/* The spool's file by itself, when the store is closed; yours to close. */
static inline struct sql *world_open_file(struct world *world)
{
	store_close(world->store);
	world->store = NULL;
	return sql_open(world->path, false);
}

static inline int world_setup_closed(void **state)
{
	struct world *world = malloc(sizeof(*world));
	assert_non_null(world);
	world_prepare(world);
	*state = world;
	return 0;
}

static inline void world_remove(const struct world *world, const char *suffix)
{
	char path[128];
	text_format(path, sizeof(path), "%s%s", world->path, suffix);
	unlink(path);
}

static inline int world_teardown(void **state)
{
	struct world *world = *state;
	store_close(world->store);
	static const char *const suffixes[] = {"", "-wal", "-journal", ".ballast", ".mark", ".new", ".link"};
	for (size_t i = 0; i < ROWS(suffixes); i++)
		world_remove(world, suffixes[i]);
	assert_int_equal(rmdir(world->folder), 0);
	free(world);
	return 0;
}

#define WORLD_TEST(test)	cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
#define CLOSED_WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_setup_closed, world_teardown)

/* ---- commands ------------------------------------------------------------------------------------- */

struct ask {
	const char *device, *sim, *payload, *id, *reply_topic, *correlation;
	int urgency; /* 1: high, 0: normal, -1: low */
	bool replace;
	int64_t max_wait_ms; /* 0: a day */
	int64_t at_ms;	     /* 0: NOW */
	struct store_delivery delivery;
};

static inline const char *or_text(const char *text, const char *otherwise)
{
	return text != NULL ? text : otherwise;
}

static inline struct store_accepted world_ask(struct world *world, struct ask ask)
{
	struct command command = {.replace = ask.replace,
				  .priority = (enum command_priority)(PRIORITY_NORMAL - ask.urgency)};
	struct store_accepted accepted;
	text_copy(command.payload, sizeof(command.payload), or_text(ask.payload, "reboot"));
	text_copy(command.id, sizeof(command.id), or_text(ask.id, ""));
	const struct store_new_command in = {
		.delivery = ask.delivery,
		.device = or_text(ask.device, "meter-1"),
		.sim = or_text(ask.sim, or_text(ask.device, "meter-1")),
		.command = &command,
		.reply_topic = or_text(ask.reply_topic, ""),
		.correlation = ask.correlation,
		.correlation_len = ask.correlation != NULL ? strlen(ask.correlation) : 0,
		.max_wait_ms = ask.max_wait_ms != 0 ? ask.max_wait_ms : DAY,
	};
	store_accept(world->store, &in, ask.at_ms != 0 ? ask.at_ms : NOW, &accepted);
	return accepted;
}

#define ASK(world, ...) world_ask((world), (struct ask){__VA_ARGS__})

/* ---- what was announced ----------------------------------------------------------------------------- */

static inline void tell(struct world *world, const struct store_event *event)
{
	char why[128];
	struct json *json = json_parse(event->payload, event->payload_len, why, sizeof(why));
	if (json == NULL)
		fail_msg("no JSON: %.*s", (int)event->payload_len, event->payload);
	const char *code = json_text(json_member(json_member(json, "error"), "code"));
	size_t len = strlen(world->told);
	text_format(world->told + len, sizeof(world->told) - len, "%s%s %s %s%s%s", len > 0 ? ", " : "",
		    json_text(json_member(json, "device")), json_text(json_member(json, "id")),
		    json_text(json_member(json, "status")), code[0] != '\0' ? ":" : "", code);
	json_free(json);
}

/* The statuses since the last call: "meter-1 job-1 accepted, meter-1 job-2 rejected:queue_full". */
static inline const char *world_told(struct world *world)
{
	struct store_event events[64];
	size_t count;
	world->told[0] = '\0';
	while ((count = store_events(world->store, world->seen, events, 64)) > 0) {
		for (size_t i = 0; i < count; i++) {
			tell(world, &events[i]);
			world->seen = events[i].seq;
			store_event_clear(&events[i]);
		}
	}
	return world->told;
}

/* The newest event as it is, yours to clear. */
static inline struct store_event world_last_event(struct world *world)
{
	struct store_event event = {0}, next;
	while (store_events(world->store, event.seq, &next, 1) == 1) {
		store_event_clear(&event);
		event = next;
	}
	return event;
}

/* ---- attempts ----------------------------------------------------------------------------------------- */

enum { TAKEN_MAX = 16 };

struct taken {
	struct store_attempt attempts[TAKEN_MAX];
	size_t count;
	int64_t next_ms;
	char ids[512]; /* "job-1 job-2" */
};

static inline struct taken world_take(struct world *world, int64_t now_ms, size_t max)
{
	struct taken taken = {0};
	taken.count = store_take_due(world->store, now_ms, taken.attempts, max, &taken.next_ms);
	for (size_t i = 0; i < taken.count; i++) {
		size_t len = strlen(taken.ids);
		text_format(taken.ids + len, sizeof(taken.ids) - len, "%s%s", i > 0 ? " " : "", taken.attempts[i].id);
	}
	return taken;
}

struct result {
	int64_t seq, due_ms, at_ms; /* at 0: NOW */
	const char *sid, *sim_sid, *code;
};

static inline void world_settle(struct world *world, enum lifecycle_event event, struct result result)
{
	struct store_settlement settlement = {.seq = result.seq, .event = event, .due_ms = result.due_ms};
	text_copy(settlement.sid, sizeof(settlement.sid), or_text(result.sid, ""));
	text_copy(settlement.sim_sid, sizeof(settlement.sim_sid), or_text(result.sim_sid, ""));
	text_copy(settlement.error_code, sizeof(settlement.error_code), or_text(result.code, ""));
	store_settle(world->store, &settlement, 1, result.at_ms != 0 ? result.at_ms : NOW);
}

#define SETTLE(world, event, ...) world_settle((world), (event), (struct result){__VA_ARGS__})

static inline struct store_record world_find(struct world *world, const char *id)
{
	struct store_record record = {0};
	if (!store_find_id(world->store, "", id, &record))
		fail_msg("no command has the id %s", id);
	return record;
}

static inline void want_state(struct world *world, const char *id, enum command_state want)
{
	struct store_record record = world_find(world, id);
	want_text(id, "state", lifecycle_name(record.state), lifecycle_name(want));
}

#define SID_A "HCaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SID_B "HCbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SIM_A "HSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#endif
