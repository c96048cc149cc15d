/* Do events leave in order, are they kept until their PUBACK, and does one bad message not stop the rest? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/event_publisher.h"

#include "tests/flow/flow_world.h"

static void add_event(struct world *world, const char *topic, const char *payload)
{
	assert_true(store_publish(world->store, &(struct store_message){topic, payload, strlen(payload)}, 1));
}

static void add_events(struct world *world, int first, int count)
{
	char payload[16];
	for (int i = first; i < first + count; i++) {
		text_format(payload, sizeof(payload), "%d", i);
		add_event(world, "events", payload);
	}
}

static int64_t waiting_events(struct world *world)
{
	struct store_stats stats;
	store_stats(world->store, &stats);
	return stats.events;
}

static void want_payload(size_t index, int want)
{
	char text[16];
	text_format(text, sizeof(text), "%d", want);
	assert_string_equal(fake_mqtt_published("events", index).payload, text);
}

static void nothing_leaves_before_the_handle_is_up(void **state)
{
	struct world *world = *state;
	add_events(world, 1, 3);
	world_start_publisher(world);
	event_publisher_post(world->publisher, &(struct event_post){.topic = "posts", .payload = "x", .len = 1});
	nap();
	assert_int_equal(fake_mqtt_count(""), 0);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("events") == 3);
	WAIT_FOR(fake_mqtt_count("posts") == 1);
}

static void events_leave_in_order_and_are_forgotten_after_the_puback(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	add_events(world, 1, 5);
	WAIT_FOR(fake_mqtt_count("events") == 5);
	for (size_t i = 0; i < 5; i++)
		want_payload(i, (int)i + 1);
	assert_int_equal(waiting_events(world), 5);
	fake_mqtt_ack(fake_mqtt_published("events", 2).tag);
	WAIT_FOR(waiting_events(world) == 4);
	/* Twice, or of nothing that was sent: no harm. */
	fake_mqtt_ack(fake_mqtt_published("events", 2).tag);
	fake_mqtt_ack(4711);
	for (size_t i = 0; i < 5; i++)
		fake_mqtt_ack(fake_mqtt_published("events", i).tag);
	WAIT_FOR(waiting_events(world) == 0);
	WAIT_FOR(counters_get(&world->counters, COUNT_EVENT_PUBLISHED) == 5);
}

static void at_most_a_window_has_no_puback(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	add_events(world, 1, MQTT_WINDOW + 50);
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("events") == MQTT_WINDOW);
	fake_mqtt_ack(fake_mqtt_published("events", 0).tag);
	WAIT_FOR(fake_mqtt_count("events") == MQTT_WINDOW + 1);
	fake_mqtt_acknowledges(true);
	for (size_t i = 1; i <= MQTT_WINDOW; i++)
		fake_mqtt_ack(fake_mqtt_published("events", i).tag);
	WAIT_FOR(waiting_events(world) == 0);
	assert_int_equal(fake_mqtt_most_in_flight(), MQTT_WINDOW);
	for (size_t i = 0; i < MQTT_WINDOW + 50; i++)
		want_payload(i, (int)i + 1);
}

static void after_a_lost_connection_what_has_no_puback_goes_again_in_order(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	add_events(world, 1, 4);
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("events") == 4);
	fake_mqtt_ack(fake_mqtt_published("events", 1).tag);
	WAIT_FOR(waiting_events(world) == 3);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("events") == 7);
	want_payload(4, 1);
	want_payload(5, 3);
	want_payload(6, 4);
	assert_int_equal(counters_get(&world->counters, COUNT_EVENT_REPUBLISHED), 3);
}

static void a_handle_that_fails_is_left_alone_until_there_is_a_new_one(void **state)
{
	struct world *world = *state;
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	add_events(world, 1, 1);
	WAIT_FOR(waiting_events(world) == 0);
	fake_mqtt_break();
	add_events(world, 2, 3);
	event_publisher_post(world->publisher, &(struct event_post){.topic = "posts", .payload = "x", .len = 1});
	nap();
	assert_int_equal(fake_mqtt_count(""), 1);
	fake_mqtt_reset_publishes();
	WAIT_FOR(waiting_events(world) == 0);
	WAIT_FOR(fake_mqtt_count("posts") == 1);
	for (size_t i = 0; i < 4; i++)
		want_payload(i, (int)i + 1);
}

static void a_refused_event_is_dropped_and_the_rest_goes_on(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	add_events(world, 1, 3);
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("events") == 3);
	fake_mqtt_refuse(fake_mqtt_published("events", 0).tag, "not authorized");
	fake_mqtt_ack(fake_mqtt_published("events", 1).tag);
	fake_mqtt_ack(fake_mqtt_published("events", 2).tag);
	WAIT_FOR(waiting_events(world) == 0);
	WAIT_FOR(counters_get(&world->counters, COUNT_EVENT_REFUSED_BY_BROKER) == 1);
	WAIT_FOR(counters_get(&world->counters, COUNT_EVENT_PUBLISHED) == 2);
}

/* MQTT 3.1.1 has no word for a refusal: the broker cuts the connection, each time anew. */
/* The handle may fail before it took anything, many times in a row: nothing of what waits is to blame. */
static void what_no_handle_took_is_no_suspect(void **state)
{
	struct world *world = *state;
	add_events(world, 1, 1);
	event_publisher_post(world->publisher, &(struct event_post){.topic = "posts", .payload = "1", .len = 1});
	world_start_publisher(world);
	for (size_t i = 1; i <= 50; i++) {
		size_t before = fake_mqtt_failures();
		fake_mqtt_reset_and_break();
		WAIT_FOR(fake_mqtt_failures() > before);
	}
	assert_int_equal(waiting_events(world), 1);
	fake_mqtt_reset_publishes();
	WAIT_FOR(waiting_events(world) == 0);
	WAIT_FOR(fake_mqtt_count("posts") == 1);
}

/* A post is not durable, but it is not lost with a connection either. */
static void a_post_without_puback_goes_again_too(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	event_publisher_post(world->publisher, &(struct event_post){.topic = "posts", .payload = "1", .len = 1});
	event_publisher_post(world->publisher, &(struct event_post){.topic = "posts", .payload = "2", .len = 1});
	WAIT_FOR(fake_mqtt_count("posts") == 2);
	assert_int_equal(event_publisher_backlog(world->publisher), 2);
	fake_mqtt_acknowledges(true);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("posts") == 4);
	WAIT_FOR(event_publisher_backlog(world->publisher) == 0);
	assert_string_equal(fake_mqtt_published("posts", 2).payload, "1");
	assert_string_equal(fake_mqtt_published("posts", 3).payload, "2");
}

static void an_event_that_kills_every_connection_is_given_up(void **state)
{
	struct world *world = *state;
	fake_mqtt_poison("forbidden");
	add_events(world, 1, 1);
	add_event(world, "forbidden", "x");
	add_events(world, 2, 3);
	world_start_publisher(world);
	for (size_t tries = 1; waiting_events(world) > 0; tries++) {
		assert_in_range(tries, 1, 30);
		size_t before = fake_mqtt_count("forbidden");
		/* When a new handle comes in the middle of a batch, the rest of it gets through: then this is company.
		 */
		const struct event_post post = {.topic = "health", .payload = "x", .len = 1, .retain = true};
		event_publisher_post(world->publisher, &post);
		fake_mqtt_reset_publishes();
		WAIT_FOR(waiting_events(world) == 0 || fake_mqtt_count("forbidden") > before);
	}
	for (size_t i = 0; i < 4; i++)
		want_payload(i, (int)i + 1);
	assert_in_range(fake_mqtt_count("forbidden"), 3, 8);
}

static void a_broker_that_comes_and_goes_costs_no_event(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	add_events(world, 1, 3);
	world_start_publisher(world);
	for (size_t i = 1; i <= 100; i++) {
		size_t before = fake_mqtt_count("events");
		fake_mqtt_reset_publishes();
		WAIT_FOR(fake_mqtt_count("events") > before);
	}
	assert_int_equal(waiting_events(world), 3);
	fake_mqtt_acknowledges(true);
	fake_mqtt_reset_publishes();
	WAIT_FOR(waiting_events(world) == 0);
}

/* With nothing behind it, a post (health is one) shows that the broker is well. */
static void a_poisonous_event_without_company_is_given_up_too(void **state)
{
	struct world *world = *state;
	fake_mqtt_poison("forbidden");
	add_event(world, "forbidden", "x");
	world_start_publisher(world);
	for (int tries = 1; tries <= 200 && waiting_events(world) > 0; tries++) {
		size_t before = fake_mqtt_count("forbidden");
		const struct event_post post = {.topic = "health", .payload = "x", .len = 1, .retain = true};
		fake_mqtt_reset_publishes();
		event_publisher_post(world->publisher, &post);
		/* Either it goes out once more, or it stays aside and the post tells. */
		for (int64_t until_ms = real_ms() + 100; real_ms() < until_ms; nap())
			if (fake_mqtt_count("forbidden") > before || waiting_events(world) == 0)
				break;
	}
	WAIT_FOR(waiting_events(world) == 0);
	assert_in_range(fake_mqtt_count("forbidden"), 3, 8);
}

static void an_event_keeps_its_retain_flag_and_correlation(void **state)
{
	struct world *world = *state;
	PUBLISH(world, .payload = "x", .reply_topic = "replies/me", .correlation = "c-1");
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	WAIT_FOR(waiting_events(world) == 0);
	struct fake_publish reply = fake_mqtt_published("replies/me", 0);
	assert_string_equal(reply.correlation, "c-1");
	assert_string_equal(reply.content_type, "application/json");
	assert_false(reply.retain);
	assert_int_equal(fake_mqtt_published("devices/meter-1/status", 0).correlation_len, 0);
}

static void posts_are_bounded_and_the_oldest_gives_way(void **state)
{
	struct world *world = *state;
	char payload[16];
	for (int i = 1; i <= 1030; i++) {
		text_format(payload, sizeof(payload), "%d", i);
		const struct event_post post = {.topic = "posts", .payload = payload, .len = strlen(payload)};
		event_publisher_post(world->publisher, &post);
	}
	assert_int_equal(event_publisher_backlog(world->publisher), 1024);
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("posts") == 1024);
	assert_string_equal(fake_mqtt_published("posts", 0).payload, "7");
	assert_string_equal(fake_mqtt_published("posts", 1023).payload, "1030");
}

static void of_a_retained_topic_only_the_last_word_waits(void **state)
{
	struct world *world = *state;
	static const struct event_post posts[] = {{.topic = "health", .payload = "1", .len = 1, .retain = true},
						  {.topic = "answer", .payload = "a", .len = 1},
						  {.topic = "health", .payload = "2", .len = 1, .retain = true},
						  {.topic = "answer", .payload = "b", .len = 1}};
	for (size_t i = 0; i < ROWS(posts); i++)
		event_publisher_post(world->publisher, &posts[i]);
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("") == 3);
	assert_string_equal(fake_mqtt_published("health", 0).payload, "2");
	assert_true(fake_mqtt_published("health", 0).retain);
}

static void a_stop_publishes_what_is_left(void **state)
{
	struct world *world = *state;
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	add_events(world, 1, 3 * MQTT_WINDOW);
	event_publisher_stop(world->publisher, 20 * SECOND);
	assert_int_equal(fake_mqtt_count("events"), 3 * MQTT_WINDOW);
	WAIT_FOR(waiting_events(world) == 0);
}

static void a_stop_without_pubacks_ends_in_its_time_and_keeps_the_events(void **state)
{
	struct world *world = *state;
	fake_mqtt_acknowledges(false);
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	add_events(world, 1, 3);
	int64_t began_ms = real_ms();
	event_publisher_stop(world->publisher, 200);
	assert_in_range(real_ms() - began_ms, 200, 20 * SECOND);
	assert_int_equal(waiting_events(world), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(nothing_leaves_before_the_handle_is_up),
		WORLD_TEST(events_leave_in_order_and_are_forgotten_after_the_puback),
		WORLD_TEST(at_most_a_window_has_no_puback),
		WORLD_TEST(after_a_lost_connection_what_has_no_puback_goes_again_in_order),
		WORLD_TEST(a_handle_that_fails_is_left_alone_until_there_is_a_new_one),
		WORLD_TEST(a_refused_event_is_dropped_and_the_rest_goes_on),
		WORLD_TEST(what_no_handle_took_is_no_suspect),
		WORLD_TEST(a_post_without_puback_goes_again_too),
		WORLD_TEST(an_event_that_kills_every_connection_is_given_up),
		WORLD_TEST(a_broker_that_comes_and_goes_costs_no_event),
		WORLD_TEST(a_poisonous_event_without_company_is_given_up_too),
		WORLD_TEST(an_event_keeps_its_retain_flag_and_correlation),
		WORLD_TEST(posts_are_bounded_and_the_oldest_gives_way),
		WORLD_TEST(of_a_retained_topic_only_the_last_word_waits),
		WORLD_TEST(a_stop_publishes_what_is_left),
		WORLD_TEST(a_stop_without_pubacks_ends_in_its_time_and_keeps_the_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
