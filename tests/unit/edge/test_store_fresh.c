/* Events that the publisher is given from memory are the same as those in the file. */
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/edge/store_world.h"

enum { MANY = 600 }; /* more than are kept in memory */

static void publish(struct world *world, int number)
{
	char payload[16];
	text_format(payload, sizeof(payload), "%d", number);
	assert_true(store_publish(world->store, &(struct store_message){"topic", payload, strlen(payload)}, 1));
}

/* Reads `count` events after `after`; they must be numbered from `first` on. Returns the last one's seq. */
static int64_t want_events(struct world *world, int64_t after, int first, int count)
{
	struct store_event event;
	char want[16];
	for (int i = 0; i < count; i++) {
		assert_int_equal(store_events(world->store, after, &event, 1), 1);
		text_format(want, sizeof(want), "%d", first + i);
		assert_int_equal(event.payload_len, strlen(want));
		assert_memory_equal(event.payload, want, strlen(want));
		assert_true(event.seq > after);
		after = event.seq;
		store_event_clear(&event);
	}
	return after;
}

static void what_does_not_fit_in_memory_is_read_from_the_file(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < MANY; i++)
		publish(world, i);
	want_events(world, 0, 0, MANY);
}

static void a_reader_that_keeps_up_misses_nothing(void **state)
{
	struct world *world = *state;
	int64_t after = 0;
	for (int i = 0; i < MANY; i += 2) {
		publish(world, i);
		publish(world, i + 1);
		after = want_events(world, after, i, 2);
	}
	struct store_event event;
	assert_int_equal(store_events(world->store, after, &event, 1), 0);
}

static void a_reader_that_starts_over_is_given_all_that_is_not_done(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 5; i++)
		publish(world, i);
	int64_t third = want_events(world, 0, 0, 3);
	want_events(world, 0, 0, 5);
	want_events(world, third, 3, 2);
	publish(world, 5);
	want_events(world, 0, 0, 6);
}

static void what_is_done_before_it_was_read_is_not_told(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 3; i++)
		publish(world, i);
	int64_t first = 1, second = 2; /* of a new spool */
	store_events_done(world->store, &second, 1);
	want_events(world, 0, 0, 1);
	want_events(world, first, 2, 1);
}

static void what_a_former_process_left_is_told_before_the_new(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 3; i++)
		publish(world, i);
	world_reopen(world);
	publish(world, 3);
	want_events(world, 0, 0, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(what_does_not_fit_in_memory_is_read_from_the_file),
		WORLD_TEST(a_reader_that_keeps_up_misses_nothing),
		WORLD_TEST(a_reader_that_starts_over_is_given_all_that_is_not_done),
		WORLD_TEST(what_is_done_before_it_was_read_is_not_told),
		WORLD_TEST(what_a_former_process_left_is_told_before_the_new),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
