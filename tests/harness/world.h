/* world - everything that one integration test needs, and the runner of a list of such tests.
 *
 * A test is a function that is given a fresh folder. world_start() fills it with a broker, a simulator, the
 * bridge (ready) and a client that has subscribed to everything the bridge says. Whatever a test left running
 * is stopped behind it: a bridge that still runs must end with 0 on SIGTERM, in every test.
 * Logs are printed and kept only for tests that fail.
 *
 * Threads: the test's main thread only. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_WORLD_H
#define TESTS_HARNESS_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/harness/await.h"
#include "tests/harness/bridge.h"
#include "tests/harness/broker.h"
#include "tests/harness/client.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/http.h"
#include "tests/harness/json_view.h"
#include "tests/harness/ledger.h"
#include "tests/harness/simulator.h"
#include "tests/harness/status.h"
#include "tests/harness/webhook.h"

enum { WORLD_FOLDER_SIZE = 256 };

struct world {
	char folder[WORLD_FOLDER_SIZE];
	struct broker *broker; /* each NULL until it is started; stopped and freed behind the test */
	struct simulator *simulator;
	struct bridge *bridge;
	struct client *client;
};

struct world_options {
	const char *const *lines;	   /* settings of the bridge to change; NULL: none */
	const char *devices;		   /* mapping file; NULL: the default one */
	const char *const *simulator_args; /* NULL: fast reports (see world.c) */
	const char *const *bridge_env;	   /* NULL: none */
	bool version_5;			   /* the client speaks MQTT 5 */
};

/* Starts the whole world; NULL: all defaults. */
void world_start(struct world *world, const struct world_options *options);

/* The same without launching the bridge: for tests that start it themselves (world->bridge is created). */
void world_prepare(struct world *world, const struct world_options *options);

/* The whole world, with a command `silent` of meter-001 that is queued and that the API says no more of: the path and
 * the body with which it would report `delivered`. */
void world_start_silent(struct world *world, char path[WEBHOOK_PATH_SIZE], char body[WEBHOOK_BODY_SIZE]);

/* Writes a file into the world's folder (mode 0600), such as a secret that the settings name by its relative path. */
void world_file(const struct world *world, const char *name, const char *text);

struct world_test {
	const char *name;
	void (*run)(struct world *world);
	enum broker_gift needs; /* skipped, with a reason, where the broker under test has not got it */
};

/* Runs the tests one after the other, each in a world of its own; the exit status for main(). */
int world_run(const struct world_test *tests, size_t count);

#define WORLD_TEST(function) WORLD_TEST_WITH(function, BROKER_ANY)
#define WORLD_TEST_WITH(function, gift)   \
	{                                 \
#function, function, gift \
	}
#define WORLD_RUN(tests) world_run((tests), sizeof(tests) / sizeof((tests)[0]))

/* Sends "text <id>" to meter-001 with that id, without waiting for its PUBACK. */
void world_send_unheard(struct world *world, const char *id);

/* Starts the bridge that has ended: that command is delivered, by one SMS. Then stops it. */
void world_expect_one_after_restart(struct world *world, const char *id);

/* Were crash points compiled into the daemon (TEST_HOOKS)? */
bool world_has_crash_points(void);

#endif
