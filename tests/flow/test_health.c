/* Does the bridge tell how it is: to the broker when something changes, to probes and to Prometheus? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/health.h"

#include "bridge/flow/admin_http.h"
#include "bridge/flow/heartbeat.h"
#include "bridge/flow/metrics.h"
#include "tests/flow/fake_http_server.h"
#include "tests/flow/flow_world.h"

#define HEALTH "mqtt-sms-bridge/health"
#define INFO   "mqtt-sms-bridge/info"

static struct heartbeat start(struct world *world)
{
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	fake_mqtt_connect(true);
	return (struct heartbeat){.health = &world->health, .publisher = world->publisher};
}

static void health_is_told_on_change_and_every_half_minute(void **state)
{
	struct world *world = *state;
	struct heartbeat heartbeat = start(world);
	heartbeat_tick(&heartbeat);
	WAIT_FOR(fake_mqtt_count(HEALTH) == 1);
	assert_true(fake_mqtt_published(HEALTH, 0).retain);
	heartbeat_tick(&heartbeat);
	fake_token_lose();
	heartbeat_tick(&heartbeat);
	WAIT_FOR(fake_mqtt_count(HEALTH) == 2);
	want_part("health", "payload", fake_mqtt_published(HEALTH, 1).payload, "\"status\":\"degraded\"");
	fake_token_renew();
	heartbeat_tick(&heartbeat);
	WAIT_FOR(fake_mqtt_count(HEALTH) == 3);
	world_advance(world, 20 * SECOND);
	heartbeat_tick(&heartbeat);
	world_advance(world, 10 * SECOND);
	heartbeat_tick(&heartbeat);
	WAIT_FOR(fake_mqtt_count(HEALTH) == 4);
	assert_int_equal(fake_mqtt_count(INFO), 0);
}

static void the_depth_of_the_queue_is_told_when_it_changes(void **state)
{
	struct world *world = *state;
	struct heartbeat heartbeat = start(world);
	PUBLISH(world, .payload = "one");
	heartbeat_tick(&heartbeat);
	WAIT_FOR(fake_mqtt_count(HEALTH) == 1);
	want_part("one", "payload", fake_mqtt_published(HEALTH, 0).payload, "\"queue_depth\":1,");
	PUBLISH(world, .payload = "two");
	PUBLISH(world, .payload = "three");
	heartbeat_tick(&heartbeat);
	WAIT_FOR(fake_mqtt_count(HEALTH) == 2);
	want_part("three", "payload", fake_mqtt_published(HEALTH, 1).payload, "\"queue_depth\":3,");
}

static void each_callback_is_told_of_soon(void **state)
{
	struct world *world = *state;
	struct heartbeat heartbeat = start(world);
	atomic_store(&world->counters.last_callback_ms, CLOCK_BEGIN);
	heartbeat_tick(&heartbeat);
	WAIT_FOR(fake_mqtt_count(HEALTH) == 1);
	atomic_store(&world->counters.last_callback_ms, CLOCK_BEGIN + SECOND);
	heartbeat_tick(&heartbeat);
	WAIT_FOR(fake_mqtt_count(HEALTH) == 2);
	want_part("health", "payload", fake_mqtt_published(HEALTH, 1).payload,
		  "\"last_callback\":\"2026-11-22T10:00:01.");
}

static void who_comes_back_to_the_broker_introduces_itself(void **state)
{
	struct world *world = *state;
	struct heartbeat heartbeat = start(world);
	atomic_store(&heartbeat.greet, true);
	heartbeat_tick(&heartbeat);
	WAIT_FOR(fake_mqtt_count(INFO) == 1);
	struct fake_publish info = fake_mqtt_published(INFO, 0);
	assert_true(info.retain);
	want_part("info", "payload", info.payload, "\"devices\":10");
	want_part("info", "payload", info.payload, "\"mode\":\"callbacks\"");
	want_part("info", "payload", info.payload, "\"api\":\"" API_URL "\"");
	want_part("info", "payload", info.payload, "\"started\":\"2026-11-22T10:00:00.");
	heartbeat_tick(&heartbeat);
	assert_int_equal(fake_mqtt_count(INFO), 1);
}

/* After a restart without a clock of its own the machine may think that it is 1970. */
static void the_latest_time_survives_a_restart(void **state)
{
	struct world *world = *state;
	struct heartbeat heartbeat = start(world);
	assert_int_equal(heartbeat_last_clock_ms(world->store), 0);
	heartbeat_tick(&heartbeat);
	int64_t saved_ms = heartbeat_last_clock_ms(world->store);
	assert_in_range(saved_ms, CLOCK_BEGIN, CLOCK_BEGIN + MINUTE);
	world_advance(world, 2 * MINUTE);
	heartbeat_tick(&heartbeat);
	assert_in_range(heartbeat_last_clock_ms(world->store), saved_ms + 2 * MINUTE, saved_ms + 3 * MINUTE);
}

static void what_waits_too_long_expires_without_a_sender(void **state)
{
	struct world *world = *state;
	struct heartbeat heartbeat = start(world);
	PUBLISH(world, .payload = "{\"payload\": \"x\", \"id\": \"job\", \"ttl\": 60}");
	fake_token_lose();
	heartbeat_tick(&heartbeat);
	want_state(world, "job", STATE_ACCEPTED);
	world_advance(world, 61 * SECOND);
	heartbeat_tick(&heartbeat);
	want_state(world, "job", STATE_EXPIRED);
}

static const struct {
	const char *name, *method, *path;
	int want;
} gates[] = {
	{"metrics", "GET", "/metrics", 200},
	{"health", "GET", "/healthz", 200},
	{"a probe without a body", "HEAD", "/healthz", 200},
	{"POST", "POST", "/metrics", 405},
	{"something else", "GET", "/metricsx", 404},
};

static bool alive;

static bool is_alive(void *ctx)
{
	(void)ctx;
	return alive;
}

/* The status; `text` gets the body. */
static int call(const char *method, const char *path, char *text, size_t size)
{
	const struct http_headers headers = {.names = {NULL}};
	const struct http_request_in request = {
		.method = method, .path = path, .query = "", .body = "", .peer = "127.0.0.1", .headers = &headers};
	struct http_reply reply = fake_http_serve(&request);
	text_copy_bytes(text, size, reply.body, reply.body_len);
	free(reply.body);
	return reply.status;
}

static struct admin_http admin;

static void listen_to(struct world *world)
{
	char why[WHY_SIZE];
	admin = (struct admin_http){.health = &world->health, .is_alive = is_alive};
	assert_non_null(admin_http_start(&admin, "127.0.0.1:0", why, sizeof(why)));
	alive = true;
}

static void probes_are_answered_by_what_is(void **state)
{
	struct world *world = *state;
	static char text[METRICS_MAX];
	listen_to(world);
	for (size_t i = 0; i < ROWS(gates); i++)
		want_number(gates[i].name, "status", call(gates[i].method, gates[i].path, text, sizeof(text)),
			    gates[i].want);
	alive = false;
	assert_int_equal(call("GET", "/healthz", text, sizeof(text)), 503);
	/* Not connected to the broker: nothing can be accepted. */
	assert_int_equal(call("GET", "/readyz", text, sizeof(text)), 503);
	fake_mqtt_connect(true);
	assert_int_equal(call("GET", "/readyz", text, sizeof(text)), 200);
	/* An account that is paused is no reason to take none: they wait here. */
	fake_token_lose();
	assert_int_equal(call("GET", "/readyz", text, sizeof(text)), 200);
	want_part("readyz", "body", text, "\"api\":\"paused\"");
}

static void a_full_queue_accepts_nothing(void **state)
{
	struct world *world = *state;
	static char text[METRICS_MAX];
	world->settings->spool_max_commands = 2;
	listen_to(world);
	fake_mqtt_connect(true);
	world_command(world, 1, "one");
	assert_int_equal(call("GET", "/readyz", text, sizeof(text)), 200);
	want_part("room", "body", text, "\"queue\":\"ok\"");
	world_command(world, 2, "two");
	assert_int_equal(call("GET", "/readyz", text, sizeof(text)), 503);
	want_part("full", "body", text, "\"status\":\"degraded\",\"queue\":\"full\"");
	assert_int_equal(store_cancel(world->store, "", "one", timekeeper_now(world->time)), 1);
	assert_int_equal(call("GET", "/readyz", text, sizeof(text)), 200);
}

static void an_empty_queue_has_no_oldest(void **state)
{
	struct world *world = *state;
	static char text[METRICS_MAX];
	listen_to(world);
	world_command(world, 1, "one");
	store_upkeep(world->store, timekeeper_now(world->time));
	world_advance(world, 20 * SECOND);
	assert_int_equal(call("GET", "/readyz", text, sizeof(text)), 503);
	want_part("one waits", "body", text, "\"queue_depth\":1,\"waiting\":1,\"oldest_age_s\":20");
	assert_int_equal(store_cancel(world->store, "", "one", timekeeper_now(world->time)), 1);
	assert_int_equal(call("GET", "/readyz", text, sizeof(text)), 503);
	want_part("none waits", "body", text, "\"queue_depth\":0,\"waiting\":0,\"oldest_age_s\":0");
}

static void metrics_count_what_happened(void **state)
{
	struct world *world = *state;
	static char text[METRICS_MAX];
	listen_to(world);
	world_command(world, 1, "job");
	PUBLISH(world, .device = "nobody");
	fake_mqtt_drop(3);
	assert_int_equal(call("GET", "/metrics", text, sizeof(text)), 200);
	want_part("metrics", "accepted", text, "messages_total{result=\"accepted\"} 1\n");
	want_part("metrics", "rejected", text, "messages_total{result=\"rejected\"} 1\n");
	want_part("metrics", "dropped", text, "mqtt_sms_bridge_broker_messages_dropped_total 3\n");
	/* Every family is explained once, whatever its labels. */
	const char *first = strstr(text, "# TYPE mqtt_sms_bridge_messages_total counter\n");
	assert_non_null(first);
	assert_null(strstr(first + 1, "# TYPE mqtt_sms_bridge_messages_total"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(health_is_told_on_change_and_every_half_minute),
		WORLD_TEST(the_depth_of_the_queue_is_told_when_it_changes),
		WORLD_TEST(each_callback_is_told_of_soon),
		WORLD_TEST(who_comes_back_to_the_broker_introduces_itself),
		WORLD_TEST(the_latest_time_survives_a_restart),
		WORLD_TEST(what_waits_too_long_expires_without_a_sender),
		WORLD_TEST(probes_are_answered_by_what_is),
		WORLD_TEST(a_full_queue_accepts_nothing),
		WORLD_TEST(an_empty_queue_has_no_oldest),
		WORLD_TEST(metrics_count_what_happened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
