/* Does each message from the broker reach the stage that it is for? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/mqtt_router.h"

#include "tests/flow/flow_world.h"

struct post {
	struct world *world;
	struct mqtt_router router;
	struct discovery *discovery;
};

static struct post post;

static int setup(void **state)
{
	char why[WHY_SIZE];
	world_setup(state);
	struct world *world = *state;
	world->settings->homeassistant_discovery = true;
	world_start_admin(world);
	post = (struct post){.world = world};
	post.discovery = discovery_start(&(struct discovery_parts){.settings = world->settings,
								   .store = world->store,
								   .mapping = world->mapping,
								   .publisher = world->publisher});
	post.router = (struct mqtt_router){.settings = world->settings,
					   .intake = &world->intake,
					   .admin = world->admin,
					   .publisher = world->publisher,
					   .store = world->store,
					   .discovery = post.discovery,
					   .greet = &world->greet};
	world->mqtt = mqtt_router_start(&post.router, why, sizeof(why));
	assert_non_null(world->mqtt);
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	return 0;
}

static int teardown(void **state)
{
	discovery_stop(post.discovery);
	discovery_destroy(post.discovery);
	return world_teardown(state);
}

#define ROUTER_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void deliver(const char *topic, const char *payload, bool retained)
{
	const struct mqtt_message message = {.topic = topic,
					     .payload = payload,
					     .len = strlen(payload),
					     .qos = 1,
					     .packet_id = 1,
					     .connection = 1,
					     .retained = retained,
					     .reply_topic = "",
					     .expiry_s = -1};
	fake_mqtt_deliver(&message);
}

static void it_subscribes_to_what_the_stages_take(void **state)
{
	char filters[512];
	(void)state;
	fake_mqtt_filters(filters, sizeof(filters));
	assert_string_equal(filters, "devices/+/cmd mqtt-sms-bridge/request/+ homeassistant/status");
}

static void a_command_is_stored_when_its_handler_returns(void **state)
{
	struct world *world = *state;
	deliver("devices/meter-1/cmd", "{\"payload\": \"x\", \"id\": \"job\"}", false);
	want_state(world, "job", STATE_ACCEPTED);
	WAIT_FOR(fake_mqtt_count("devices/meter-1/status") == 1);
}

static void a_request_is_answered_and_a_retained_one_ignored(void **state)
{
	struct world *world = *state;
	deliver("mqtt-sms-bridge/request/cancel", "{\"device\": \"meter-1\"}", true);
	deliver("mqtt-sms-bridge/request/health", "{}", false);
	WAIT_FOR(fake_mqtt_count("response/health") == 1);
	assert_int_equal(fake_mqtt_count("response/cancel"), 0);
	WAIT_FOR(counters_get(&world->counters, COUNT_ADMIN_REQUESTS) == 1); /* counted when it is answered */
}

static void home_assistants_birth_and_not_its_death_starts_the_announcements_anew(void **state)
{
	struct world *world = *state;
	size_t devices = mapping_count(world->mapping);
	WAIT_FOR(fake_mqtt_count("homeassistant/device/") == devices + 1);
	deliver("homeassistant/status", "offline", false);
	deliver("homeassistant/status", "on", false);
	for (int i = 0; i < 50; i++)
		nap();
	assert_int_equal(fake_mqtt_count("homeassistant/device/"), devices + 1);
	deliver("homeassistant/status", "online", false);
	WAIT_FOR(fake_mqtt_count("homeassistant/device/") == 2 * (devices + 1));
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_UNUSABLE), 0);
}

/* Filters of an earlier configuration live on in the session that the broker keeps. */
static void what_is_for_nobody_is_dropped(void **state)
{
	struct world *world = *state;
	deliver("mqtt-sms-bridge/requests", "x", false);
	deliver("old/meter-1/cmd", "x", false);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_UNUSABLE), 2);
}

static void deliver_again(int64_t connection, bool dup)
{
	const struct mqtt_message message = {.topic = "devices/meter-1/cmd",
					     .payload = "reboot",
					     .len = strlen("reboot"),
					     .qos = 1,
					     .packet_id = 5,
					     .connection = connection,
					     .dup = dup,
					     .reply_topic = "",
					     .expiry_s = -1};
	fake_mqtt_deliver(&message);
}

/* Without the session that they belong to, what is remembered of packet ids would take a new command for an old one. */
static void a_session_that_is_lost_takes_its_packet_ids_along(void **state)
{
	struct world *world = *state;
	fake_mqtt_connect(false);
	deliver_again(1, false);
	fake_mqtt_connect(true);
	deliver_again(2, true);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_ACCEPTED), 1);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_REDELIVERED), 1);
	fake_mqtt_connect(false);
	deliver_again(3, true);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_ACCEPTED), 2);
	assert_int_equal(counters_get(&world->counters, COUNT_MESSAGE_REDELIVERED), 1);
}

static void a_connection_makes_health_and_info_due(void **state)
{
	struct world *world = *state;
	fake_mqtt_connect(true);
	assert_true(atomic_load(&world->greet));
	fake_mqtt_disconnect("broken pipe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUTER_TEST(it_subscribes_to_what_the_stages_take),
		ROUTER_TEST(a_command_is_stored_when_its_handler_returns),
		ROUTER_TEST(a_request_is_answered_and_a_retained_one_ignored),
		ROUTER_TEST(home_assistants_birth_and_not_its_death_starts_the_announcements_anew),
		ROUTER_TEST(what_is_for_nobody_is_dropped),
		ROUTER_TEST(a_session_that_is_lost_takes_its_packet_ids_along),
		ROUTER_TEST(a_connection_makes_health_and_info_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
