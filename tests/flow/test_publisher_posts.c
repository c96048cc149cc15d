/* Do messages that are not in the store (health, answers, announcements) arrive while the process lives? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/event_publisher.h"

#include "tests/flow/flow_world.h"

static void post(struct world *world, const char *topic, bool retain)
{
	event_publisher_post(world->publisher,
			     &(struct event_post){.topic = topic, .payload = "{}", .len = 2, .retain = retain});
}

/* With a handle that is up. */
static void start(struct world *world)
{
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
}

static void a_post_without_puback_goes_out_again_on_a_new_handle(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	start(world);
	post(world, "a/1", true);
	post(world, "a/2", true);
	WAIT_FOR(fake_mqtt_count("a/") == 2);
	fake_mqtt_ack(fake_mqtt_published("a/1", 0).tag);
	assert_int_equal(event_publisher_backlog(world->publisher), 1);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("a/2") == 2);
	assert_int_equal(fake_mqtt_count("a/1"), 1);
	fake_mqtt_ack(fake_mqtt_published("a/2", 1).tag);
	WAIT_FOR(event_publisher_backlog(world->publisher) == 0);
}

static void their_order_stays(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	start(world);
	post(world, "b/1", false);
	post(world, "b/2", false);
	post(world, "b/3", false);
	WAIT_FOR(fake_mqtt_count("b/") == 3);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("b/") == 6);
	assert_string_equal(fake_mqtt_published("b/", 3).topic, "b/1");
	assert_string_equal(fake_mqtt_published("b/", 4).topic, "b/2");
	assert_string_equal(fake_mqtt_published("b/", 5).topic, "b/3");
}

static void what_a_broken_handle_did_not_take_waits_for_the_next(void **state)
{
	struct world *world = *state;
	start(world);
	fake_mqtt_break();
	post(world, "c/1", true);
	post(world, "c/2", true);
	WAIT_FOR(event_publisher_backlog(world->publisher) == 2);
	fake_mqtt_reset_publishes();
	WAIT_FOR(event_publisher_backlog(world->publisher) == 0);
	assert_true(fake_mqtt_count("c/1") >= 1);
	assert_true(fake_mqtt_count("c/2") >= 1);
}

static void a_late_puback_of_an_old_handle_settles_nothing_of_the_new(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	start(world);
	post(world, "d/1", true);
	WAIT_FOR(fake_mqtt_count("d/1") == 1);
	int64_t old = fake_mqtt_published("d/1", 0).tag;
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("d/1") == 2);
	fake_mqtt_ack(old);
	assert_int_equal(event_publisher_backlog(world->publisher), 1);
	fake_mqtt_ack(fake_mqtt_published("d/1", 1).tag);
	WAIT_FOR(event_publisher_backlog(world->publisher) == 0);
}

static void a_refused_post_is_not_sent_again(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	start(world);
	post(world, "e/1", true);
	WAIT_FOR(fake_mqtt_count("e/1") == 1);
	fake_mqtt_refuse(fake_mqtt_published("e/1", 0).tag, "not authorized");
	WAIT_FOR(event_publisher_backlog(world->publisher) == 0);
	fake_mqtt_reset_publishes();
	post(world, "e/2", true);
	WAIT_FOR(fake_mqtt_count("e/2") == 1);
	assert_int_equal(fake_mqtt_count("e/1"), 1);
}

/* Else the bridge would never publish anything again. */
static void a_post_with_which_every_connection_dies_is_given_up(void **state)
{
	struct world *world = *state;
	start(world);
	fake_mqtt_poison("f/bad");
	post(world, "f/bad", true);
	for (size_t tries = 1; event_publisher_backlog(world->publisher) > 0; tries++) {
		assert_true(tries <= 40);
		WAIT_FOR(fake_mqtt_count("f/bad") >= tries || event_publisher_backlog(world->publisher) == 0);
		fake_mqtt_reset_publishes();
	}
	post(world, "f/good", true);
	WAIT_FOR(event_publisher_backlog(world->publisher) == 0);
	assert_int_equal(fake_mqtt_count("f/good"), 1);
}

/* A lock of the MQTT library that nobody gives back shows nowhere else: the watchdog has to see it. */
static void a_publisher_that_hangs_is_seen(void **state)
{
	struct world *world = *state;
	start(world);
	for (int i = 0; i < 5; i++) {
		fake_clock_advance(5 * MINUTE);
		event_publisher_wake(world->publisher);
		WAIT_FOR(event_publisher_silence_ms(world->publisher) < MINUTE);
	}
	fake_mqtt_hang(true);
	post(world, "g/1", false);
	WAIT_FOR(fake_mqtt_holds_up());
	fake_clock_advance(5 * MINUTE);
	bool seen = event_publisher_silence_ms(world->publisher) >= 5 * MINUTE;
	fake_mqtt_hang(false);
	assert_true(seen);
	WAIT_FOR(event_publisher_silence_ms(world->publisher) < MINUTE && fake_mqtt_count("g/1") == 1);
}

/* The intake holds that lock while it waits for space. */
static void a_publisher_that_waits_for_the_disk_is_no_hang(void **state)
{
	struct world *world = *state;
	start(world);
	world_fill_disk(world);
	fake_mqtt_hang(true);
	post(world, "h/1", false);
	WAIT_FOR(fake_mqtt_holds_up());
	fake_clock_advance(5 * MINUTE);
	assert_int_equal(event_publisher_silence_ms(world->publisher), 0);
	fake_mqtt_hang(false);
	world_free_disk(world);
}

enum { FLOOD = 3 * MQTT_WINDOW };

static void post_flood(struct world *world, int from, int until)
{
	char topic[32];
	for (int i = from; i < until; i++) {
		text_format(topic, sizeof(topic), "flood/%d", i);
		post(world, topic, true);
	}
}

static size_t place_of_first(const char *part)
{
	for (size_t i = 0; i < fake_mqtt_count(""); i++)
		if (strstr(fake_mqtt_published("", i).topic, part) != NULL)
			return i;
	fail_msg("nothing was published on %s", part);
	return 0;
}

/* However fast the broker is: then a window is never full. */
static void a_flood_of_posts_that_are_answered_at_once_leaves_events_their_turn(void **state)
{
	struct world *world = *state;
	start(world);
	fake_mqtt_hang(true);
	post_flood(world, 0, 1);
	WAIT_FOR(fake_mqtt_holds_up());
	post_flood(world, 1, FLOOD);
	world_command(world, 1, "job");
	fake_mqtt_hang(false);
	WAIT_FOR(fake_mqtt_count("flood/") == FLOOD && fake_mqtt_count("/status") > 0);
	assert_in_range(place_of_first("/status"), 1, MQTT_WINDOW);
}

/* As many as a fleet has devices, each taking the place that the one before has left: commands are still answered. */
static void a_flood_of_posts_leaves_room_for_events(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	start(world);
	post_flood(world, 0, FLOOD);
	WAIT_FOR(fake_mqtt_count("flood/") > 0);
	world_command(world, 1, "job");
	for (size_t i = 0; fake_mqtt_count("/status") == 0; i++) {
		WAIT_FOR(fake_mqtt_count("flood/") > i || fake_mqtt_count("/status") > 0);
		if (i == FLOOD / 2)
			fail_msg("no status among %zu posts", i);
		if (fake_mqtt_count("flood/") > i)
			fake_mqtt_ack(fake_mqtt_published("flood/", i).tag);
	}
	fake_mqtt_acknowledges(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_post_without_puback_goes_out_again_on_a_new_handle),
		WORLD_TEST(their_order_stays),
		WORLD_TEST(what_a_broken_handle_did_not_take_waits_for_the_next),
		WORLD_TEST(a_late_puback_of_an_old_handle_settles_nothing_of_the_new),
		WORLD_TEST(a_refused_post_is_not_sent_again),
		WORLD_TEST(a_post_with_which_every_connection_dies_is_given_up),
		WORLD_TEST(a_publisher_that_hangs_is_seen),
		WORLD_TEST(a_publisher_that_waits_for_the_disk_is_no_hang),
		WORLD_TEST(a_flood_of_posts_that_are_answered_at_once_leaves_events_their_turn),
		WORLD_TEST(a_flood_of_posts_leaves_room_for_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
