/* flow_world - a real spool in a folder of its own, real settings and mappings, and fakes for the other edges.
 *
 * world_setup() opens all that needs no thread; a test starts the stages that it is about. world_teardown() stops what
 * was started and clears up. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_FLOW_WORLD_H
#define TESTS_FLOW_FLOW_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "bridge/flow/admin.h"
#include "bridge/flow/callback_intake.h"
#include "bridge/flow/command_sender.h"
#include "bridge/flow/mqtt_router.h"
#include "bridge/flow/reconcile.h"
#include "tests/flow/fake_clock.h"
#include "tests/flow/fake_http_client.h"
#include "tests/flow/fake_mqtt.h"
#include "tests/flow/fake_token.h"
#include "tests/unit/table.h"

#define API_URL	   "https://api.test/v1"
#define PUBLIC_URL "https://bridge.test/hooks"
#define SIM_1	   "HS11111111111111111111111111111111" /* of meter-1 */
#define SIM_2	   "HS22222222222222222222222222222222" /* of meter-2 */
#define SIM_GATE   "HS33333333333333333333333333333333" /* of gate, which the mapping names by unique_name Gate-7 */
#define SIM_OTHER  "HS99999999999999999999999999999999" /* of no device */
#define SID_A	   "HCaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SID_B	   "HCbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SID_C	   "HCcccccccccccccccccccccccccccccccc"

/* Random bits that make every pause 999 ms or longer. */
enum { RANDOM_BITS = 999, WAIT_MS = 20000, STOPPED_MAX = 4 };

struct world {
	char folder[64], config[96], spool[96];
	struct settings *settings;
	struct store_options store_options; /* by the settings; a test may change them and reopen */
	struct store *store;
	struct timekeeper *time;
	struct counters counters;
	struct mapping *mapping;
	struct webhook_keys *keys;
	struct token *token;
	struct account *account;
	struct mqtt *mqtt;
	struct event_publisher *publisher;
	struct mo_intake mo;
	struct command_intake intake;
	struct callback_intake callbacks;
	struct command_sender *sender; /* these NULL or idle until a test starts them */
	struct command_sender *stopped[STOPPED_MAX];
	size_t stopped_count;
	struct reconciler *reconciler;
	struct reconcile reconcile; /* passes without the reconciler's thread */
	struct thread reconcile_thread;
	struct health health;
	struct reload reload;
	struct admin *admin;
	_Atomic bool greet;
	bool publishes, administers;
	int64_t seen; /* events told so far */
	char told[65536];
};

int world_setup(void **state);
/* The clocks stand still, but for what a test advances them: no pause is over because the machine is slow. */
int world_setup_frozen(void **state);
int world_teardown(void **state);
#define WORLD_TEST(test)	cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
#define FROZEN_WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_setup_frozen, world_teardown)

/* Instead of the teardown, where a thread never returns: as at the end of a process nothing is stopped or freed. */
int world_leave(void **state);

/* The spool closed and opened again, as after a crash of the process. */
void world_reopen(struct world *world);

/* A file of the world's folder: "bridge.yaml", "devices.yaml". */
void world_write(const struct world *world, const char *name, const char *text);

/* Another mapping, as by a reload. */
void world_map(struct world *world, const char *text);

/* No webhook: only the API's lists tell anything. Before a stage starts. */
void world_polling_only(struct world *world);

/* No file grows any more, and there is no room; the opposite. */
void world_fill_disk(struct world *world);
void world_free_disk(struct world *world);

void world_start_sender(struct world *world);
void world_stop_sender(struct world *world, int64_t grace_ms);
void world_start_reconciler(struct world *world);
void world_start_publisher(struct world *world);
void world_start_admin(struct world *world);

/* The clocks jump, and every stage looks up. */
void world_advance(struct world *world, int64_t ms);

/* Waits until the sender has looked at the present once, and sleeps again. */
void world_pass(struct world *world);

/* ---- commands ------------------------------------------------------------------------------------- */

/* A message on a command topic, QoS 1, as the router would hand it over. */
struct publish {
	const char *device; /* NULL: meter-1 */
	const char *payload, *reply_topic, *correlation;
	size_t len; /* 0: strlen of the payload */
	bool retained, dup, qos0;
	int packet_id;
	int64_t connection, expiry_s; /* 0: none */
};
void world_publish(struct world *world, struct publish publish);
#define PUBLISH(world, ...) world_publish((world), (struct publish){__VA_ARGS__})

/* A command with this id for meter-<n>, stored. */
void world_command(struct world *world, int meter, const char *id);

/* The statuses since the last call: "meter-1 job-1 accepted, meter-1 job-1 rejected:api_400"; of other events their
 * topic. */
const char *world_told(struct world *world);
void want_told(struct world *world, const char *want);

/* The newest event as it is, yours to clear. */
struct store_event world_last_event(struct world *world);

struct store_record world_find(struct world *world, const char *id);
void want_state(struct world *world, const char *id, enum command_state want);

/* A command that the API has (`sid`), and one whose outcome is unknown; by a sender's turn, without the sender. */
void world_queued(struct world *world, const char *id, const char *sid);
void world_unknown(struct world *world, const char *id);
void world_unknown_of(struct world *world, int meter, const char *id);

/* ---- waiting --------------------------------------------------------------------------------------- */

/* Real milliseconds, whatever the fake clock says; a short nap. */
int64_t real_ms(void);
void nap(void);

/* Waits until `condition` holds, with a deadline. */
#define WAIT_FOR(condition)                                               \
	for (int64_t until_ms = real_ms() + WAIT_MS; !(condition); nap()) \
		if (real_ms() > until_ms)                                 \
	fail_msg("%s:%d: waited in vain for %s", __FILE__, __LINE__, #condition)

bool world_is(struct world *world, const char *id, enum command_state state);

#endif
