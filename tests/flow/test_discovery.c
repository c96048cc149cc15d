/* Does Home Assistant learn of a whole fleet, and forget what left it, without harm to the rest? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/discovery.h"

#include "tests/flow/flow_world.h"

#define DEVICE_TOPIC(id) "homeassistant/device/mqtt-sms-bridge__" id "/config"

static struct discovery *discovery;

static int teardown(void **state)
{
	discovery_stop(discovery);
	discovery_destroy(discovery);
	discovery = NULL;
	return world_teardown(state);
}

#define DISCOVERY_TEST(test) cmocka_unit_test_setup_teardown(test, world_setup, teardown)

static void announce(struct world *world)
{
	world->settings->homeassistant_discovery = true;
	discovery = discovery_start(&(struct discovery_parts){.settings = world->settings,
							      .store = world->store,
							      .mapping = world->mapping,
							      .publisher = world->publisher});
}

static void start(struct world *world)
{
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
}

static bool is_remembered(struct world *world, const char *device)
{
	char key[DEVICE_SIZE + 8], value[8];
	text_format(key, sizeof(key), "ha:%s", device);
	store_recall(world->store, key, value, sizeof(value));
	return value[0] != '\0';
}

static void a_fleet_is_remembered_in_few_commits(void **state)
{
	enum { FLEET = 1000, COMMITS_MAX = FLEET / 20 };
	struct world *world = *state;
	struct buffer text;
	struct store_stats before, after;
	buffer_init(&text, 1 << 16);
	buffer_append_text(&text, "devices:\n");
	for (int i = 0; i < FLEET; i++)
		buffer_append_format(&text, "  d%d: HS%032x\n", i, i);
	world_map(world, buffer_text(&text));
	buffer_clear(&text);
	start(world);
	store_stats(world->store, &before);
	announce(world);
	WAIT_FOR(fake_mqtt_count(DEVICE_TOPIC("d999")) == 1);
	store_stats(world->store, &after);
	assert_in_range(after.commits - before.commits, 1, COMMITS_MAX);
	assert_true(is_remembered(world, "d0"));
	assert_true(is_remembered(world, "d999"));
}

/* A crash in between must not leave a device at the broker that nobody knows of. */
static void a_device_is_remembered_before_the_broker_has_it(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	world_map(world, "devices: {pump: " SIM_1 "}\n");
	start(world);
	announce(world);
	WAIT_FOR(fake_mqtt_count(DEVICE_TOPIC("pump")) == 1);
	assert_true(is_remembered(world, "pump"));
	fake_mqtt_acknowledges(true);
	fake_mqtt_reset_publishes();
}

/* Every name is some SIM's with `unlisted: unique_name`, but only those in the file are announced. */
static void what_left_is_cleared_also_where_unlisted_devices_are_served(void **state)
{
	struct world *world = *state;
	world_map(world, "devices: {pump: " SIM_1 ", gate: " SIM_2 "}\nunlisted: unique_name\n");
	start(world);
	announce(world);
	WAIT_FOR(fake_mqtt_count(DEVICE_TOPIC("gate")) == 1);
	world_map(world, "devices: {gate: " SIM_2 "}\nunlisted: unique_name\n");
	discovery_again(discovery);
	WAIT_FOR(fake_mqtt_count(DEVICE_TOPIC("pump")) == 2);
	assert_string_equal(fake_mqtt_published(DEVICE_TOPIC("pump"), 1).payload, "");
	assert_true(fake_mqtt_published(DEVICE_TOPIC("pump"), 1).retain);
	WAIT_FOR(!is_remembered(world, "pump"));
	assert_true(is_remembered(world, "gate"));
}

static void what_the_broker_was_not_told_is_not_forgotten(void **state)
{
	struct world *world = *state;
	world_map(world, "devices: {pump: " SIM_1 ", gate: " SIM_2 "}\n");
	start(world);
	announce(world);
	WAIT_FOR(fake_mqtt_count(DEVICE_TOPIC("gate")) == 1);
	fake_mqtt_acknowledges(false);
	world_map(world, "devices: {gate: " SIM_2 "}\n");
	discovery_again(discovery);
	WAIT_FOR(fake_mqtt_count(DEVICE_TOPIC("pump")) == 2);
	assert_true(is_remembered(world, "pump"));
	fake_mqtt_ack(fake_mqtt_published(DEVICE_TOPIC("pump"), 1).tag);
	WAIT_FOR(!is_remembered(world, "pump"));
	fake_mqtt_acknowledges(true);
	fake_mqtt_reset_publishes();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DISCOVERY_TEST(a_fleet_is_remembered_in_few_commits),
		DISCOVERY_TEST(a_device_is_remembered_before_the_broker_has_it),
		DISCOVERY_TEST(what_left_is_cleared_also_where_unlisted_devices_are_served),
		DISCOVERY_TEST(what_the_broker_was_not_told_is_not_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
