// Question: is one access token enough for all, renewed when it must be, and does a wrong secret lose nothing?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/harness/files.h"
#include "tests/harness/load.h"
#include "tests/harness/world.h"

#define HEALTH "mqtt-sms-bridge/health"

enum { DEVICES = 10, MANY = 100, QUIET_MS = 1000 };
/* Creates go out side by side, and new tokens are fetched half a minute apart, by default. */
enum { CONCURRENCY = 8, RENEWAL_MS = 30000, LISTS = 12, PROBES = 16 };

static const char *const oauth2[] = {"api.auth: oauth2", "api.client_id: simulator", "api.client_secret: simulator",
				     NULL};
static const char *const from_file[] = {"api.auth: oauth2", "api.client_id: simulator",
					"api.client_secret_file: client.secret", NULL};

static int64_t fetches(struct world *world)
{
	return ledger_summary(world->simulator, "token_requests");
}

static bool has_fetched_twice(void *ctx)
{
	return fetches(ctx) >= 2;
}

static void start_with_load(struct world *world, const char *const *lines)
{
	char *mapping = load_mapping(DEVICES);
	struct world_options options = {.lines = lines, .devices = mapping};
	world_start(world, &options);
	free(mapping);
}

static void deliver(struct world *world, struct load *load, size_t count, size_t total)
{
	load_send(load, count);
	if (!load_await_delivered(load, total, 2 * STEP_MS))
		fail_msg("%zu of %zu commands were delivered", load_delivered(load), total);
	ledger_expect_distinct(world->simulator, total);
}

static void one_token_serves_many(struct world *world)
{
	start_with_load(world, oauth2);
	struct load *load = load_create(world->client, DEVICES);
	deliver(world, load, MANY, MANY);
	load_destroy(load);
	assert_int_equal(fetches(world), 1);
	assert_int_equal(ledger_summary(world->simulator, "refused"), 0);
}

/* All who wait for the first token wait for the same one. */
static void a_slow_token_is_asked_for_once(struct world *world)
{
	char *mapping = load_mapping(DEVICES);
	struct world_options options = {.lines = oauth2, .devices = mapping};
	world_prepare(world, &options);
	free(mapping);
	simulator_fault(world->simulator, "[{\"on\":\"token\",\"times\":-1,\"action\":{\"hold_ms\":1500}}]");
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	struct load *load = load_create(world->client, DEVICES);
	deliver(world, load, MANY, MANY);
	load_destroy(load);
	assert_int_equal(fetches(world), 1);
}

static void expect_not_logged(struct world *world, const char *words)
{
	char path[WORLD_FOLDER_SIZE + 32];
	text_format(path, sizeof(path), "%s/bridge.log", world->folder);
	char *log = file_text(path);
	bool found = strstr(log, words) != NULL;
	free(log);
	if (found)
		fail_msg("the log says: %s", words);
}

static void an_expired_token_is_renewed_once_and_nothing_is_sent_twice(struct world *world)
{
	start_with_load(world, oauth2);
	struct load *load = load_create(world->client, DEVICES);
	deliver(world, load, DEVICES, DEVICES);
	simulator_tell(world->simulator, "POST", "tokens", "{\"expire\":true}");
	deliver(world, load, MANY, DEVICES + MANY);
	load_destroy(load);
	assert_int_equal(fetches(world), 2);
	assert_true(ledger_summary(world->simulator, "refused") > 0); /* the 403 of the expired one */
	expect_not_logged(world, "the API account is paused");	      /* that is for what a new token cannot mend */
}

static void a_token_is_renewed_before_it_ends(struct world *world)
{
	static const char *const args[] = {"--delay-sent", "20ms", "--delay-delivered", "20ms", "--token-lifetime",
					   "20s",	   NULL};
	struct world_options options = {.lines = oauth2, .simulator_args = args};
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"first\",\"id\":\"1\"}");
	status_expect(world->client, "meter-001", "1", "delivered");
	assert_true(await(has_fetched_twice, world, STEP_MS));
	command_send(world->client, "meter-001", "{\"payload\":\"second\",\"id\":\"2\"}");
	status_expect(world->client, "meter-001", "2", "delivered");
	assert_int_equal(ledger_summary(world->simulator, "refused"), 0);
}

static void expect_health(struct world *world, const char *api, const char *piece)
{
	struct client_match match = {.topic = HEALTH, .pieces = {api, piece}};
	if (client_find(world->client, &match, STEP_MS) == NULL)
		fail_msg("no health says %s and %s", api, piece);
}

static void a_wrong_secret_pauses_loudly_and_a_new_one_heals(struct world *world)
{
	struct world_options options = {.lines = from_file};
	char why[512];
	world_file(world, "client.secret", "not-the-secret-of-this-client\n");
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"kept\",\"id\":\"k\"}");
	status_expect(world->client, "meter-001", "k", "accepted");
	expect_health(world, "\"api\":\"paused\"", "client_secret");
	const struct client_message *health = client_expect(world->client, HEALTH, "client_secret");
	json_pick(health->payload, "api_why", why, sizeof(why));
	assert_non_null(strstr(why, "401"));
	assert_null(strstr(why, "not-the-secret-of-this-client"));
	assert_true(process_wait_line(bridge_process(world->bridge), "client_secret", STEP_MS, why, sizeof(why)));
	assert_true(fetches(world) <= 2); /* the door is not hammered */
	ledger_expect(world->simulator, "", 0);
	world_file(world, "client.secret", "simulator\n");
	bridge_reload(world->bridge);
	status_expect(world->client, "meter-001", "k", "delivered");
	ledger_expect_one(world->simulator, "kept");
	struct client_match well = {.topic = HEALTH, .pieces = {"\"api\":\"ok\""}, .from = health->index};
	assert_non_null(client_find(world->client, &well, STEP_MS));
}

/* A good token that may not do this: every new one is refused as well. */
static void a_missing_scope_pauses_and_is_not_hammered(struct world *world)
{
	struct world_options options = {.lines = oauth2};
	static const struct client_match sent = {.topic = "devices/meter-001/status", .pieces = {"\"queued\""}};
	world_start(world, &options);
	simulator_fault(world->simulator, "[{\"on\":\"create\",\"times\":-1,\"action\":{\"status\":403}}]");
	command_send(world->client, "meter-001", "{\"payload\":\"in time\",\"id\":\"s\"}");
	status_expect(world->client, "meter-001", "s", "accepted");
	expect_health(world, "\"api\":\"paused\"", "403");
	client_expect_none_more(world->client, &sent, 0, QUIET_MS);
	assert_true(fetches(world) <= 3);
	ledger_expect(world->simulator, "", 0);
	simulator_heal(world->simulator);
	bridge_reload(world->bridge); /* or wait for half a minute: a new token is tried then by itself */
	status_expect(world->client, "meter-001", "s", "delivered");
	ledger_expect_one(world->simulator, "in time");
}

static int64_t refused_creates(struct world *world)
{
	char *answer = simulator_control(world->simulator, "GET", "faults", "");
	struct json_view *view = json_view_open(answer);
	int64_t uses = json_view_int(view, "uses.send");
	json_view_close(view);
	free(answer);
	return uses;
}

struct lists {
	struct world *world;
	int64_t want;
};

static bool are_listed(void *ctx)
{
	const struct lists *lists = ctx;
	return ledger_summary(lists->world->simulator, "lists") >= lists->want;
}

/* That lists are answered is no reason to think that one more token will do. */
static void a_token_that_may_list_and_not_send_pauses_for_good(struct world *world)
{
	static const char *const lines[] = {"api.auth: oauth2", "api.client_id: simulator",
					    "api.client_secret: simulator", "reconcile.interval: 100ms", NULL};
	static const struct client_match paused = {.topic = HEALTH,
						   .pieces = {"\"api\":\"paused\"", "403", "next command"}};
	start_with_load(world, lines);
	simulator_fault(world->simulator,
			"[{\"name\":\"send\",\"on\":\"create\",\"times\":-1,\"action\":{\"status\":403}}]");
	struct load *load = load_create(world->client, DEVICES);
	load_send(load, DEVICES);
	const struct client_message *health = client_find(world->client, &paused, STEP_MS);
	assert_non_null(health);
	struct client_match well = {.topic = HEALTH, .pieces = {"\"api\":\"ok\""}, .from = health->index};
	int64_t began_ms = clock_mono_ms();
	struct lists lists = {world, ledger_summary(world->simulator, "lists") + LISTS};
	assert_true(await(are_listed, &lists, 2 * STEP_MS));
	assert_int_equal(client_matches(world->client, &well), 0);
	assert_true(fetches(world) <= 2 + (clock_mono_ms() - began_ms) / RENEWAL_MS);
	assert_true(refused_creates(world) <= 2 * CONCURRENCY + PROBES);
	ledger_expect(world->simulator, "", 0);
	simulator_heal(world->simulator);
	bridge_reload(world->bridge);
	assert_true(load_await_delivered(load, DEVICES, 2 * STEP_MS));
	load_destroy(load);
	ledger_expect_distinct(world->simulator, DEVICES);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(one_token_serves_many),
		WORLD_TEST(a_slow_token_is_asked_for_once),
		WORLD_TEST(an_expired_token_is_renewed_once_and_nothing_is_sent_twice),
		WORLD_TEST(a_token_is_renewed_before_it_ends),
		WORLD_TEST(a_wrong_secret_pauses_loudly_and_a_new_one_heals),
		WORLD_TEST(a_missing_scope_pauses_and_is_not_hammered),
		WORLD_TEST(a_token_that_may_list_and_not_send_pauses_for_good),
	};
	return WORLD_RUN(tests);
}
