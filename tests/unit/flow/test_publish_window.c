// publish_window: what is on its way to the broker, and what comes back when it did not arrive.
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/publish_window.h"

#include <stdlib.h>

#include "bridge/base/memory.h"
#include "tests/harness/cmocka.h"

static struct post post_on(const char *topic)
{
	return (struct post){.topic = memory_copied_text(topic)};
}

static int64_t enter(struct publish_window *window, const char *topic)
{
	const struct post *kept;
	struct post post = post_on(topic);
	int64_t tag = publish_window_enter_post(window, &post, &kept);
	assert_null(post.topic); /* taken over */
	assert_string_equal(kept->topic, topic);
	return tag;
}

static void posts_have_tags_below_zero_that_are_never_used_again(void **state)
{
	(void)state;
	struct publish_window window = {0};
	int64_t first = enter(&window, "a"), second = enter(&window, "b");
	assert_true(first < 0 && second < 0 && first != second);
	assert_true(publish_window_settle(&window, first));
	publish_window_sweep(&window);
	int64_t third = enter(&window, "c");
	assert_true(third != first && third != second);
	publish_window_clear(&window);
}

static void a_settled_post_lies_still_until_its_owner_sweeps(void **state)
{
	(void)state;
	struct publish_window window = {0};
	const struct post *kept;
	struct post post = post_on("a");
	int64_t tag = publish_window_enter_post(&window, &post, &kept);
	assert_true(publish_window_settle(&window, tag));
	assert_string_equal(kept->topic, "a");
	assert_int_equal(window.taken, 1);
	assert_int_equal(publish_window_posts(&window), 0);
	publish_window_sweep(&window);
	assert_int_equal(window.taken, 0);
}

static void a_stranger_settles_nothing(void **state)
{
	(void)state;
	struct publish_window window = {0};
	publish_window_enter(&window, 7);
	assert_false(publish_window_settle(&window, 8));
	assert_false(publish_window_settle(&window, -1));
	assert_false(publish_window_settle(&window, 0));
	assert_true(publish_window_settle(&window, 7));
	assert_false(publish_window_settle(&window, 7));
	assert_int_equal(window.taken, 0);
}

static void a_reset_hands_posts_back_in_their_order(void **state)
{
	(void)state;
	struct publish_window window = {0};
	struct post back[MQTT_WINDOW];
	size_t events = 0;
	publish_window_enter(&window, 12);
	publish_window_sent(&window, enter(&window, "a"));
	int64_t settled = enter(&window, "b");
	publish_window_enter(&window, 11);
	enter(&window, "c");
	assert_true(publish_window_settle(&window, settled));
	enter(&window, "d");
	assert_int_equal(publish_window_reset(&window, back, &events), 3);
	assert_int_equal(events, 2);
	assert_string_equal(back[0].topic, "a");
	assert_string_equal(back[1].topic, "c");
	assert_string_equal(back[2].topic, "d");
	assert_int_equal(back[0].tries, 1); /* the one that a handle had taken */
	assert_int_equal(back[1].tries, 0);
	assert_int_equal(window.taken, 0);
	assert_int_equal(publish_window_oldest(&window), 0);
	for (size_t i = 0; i < 3; i++)
		post_clear(&back[i]);
	publish_window_clear(&window);
}

static void the_oldest_is_looked_for_among_what_a_handle_took(void **state)
{
	(void)state;
	struct publish_window window = {0};
	publish_window_enter(&window, 11);
	publish_window_enter(&window, 12);
	publish_window_enter(&window, 13);
	assert_int_equal(publish_window_oldest(&window), 0);
	publish_window_sent(&window, 13);
	publish_window_sent(&window, 12);
	assert_int_equal(publish_window_oldest(&window), 12);
	assert_true(publish_window_settle(&window, 12));
	publish_window_enter(&window, 14); /* takes the place of 12, which had been sent */
	assert_int_equal(publish_window_oldest(&window), 13);
	assert_true(publish_window_settle(&window, 13));
	assert_int_equal(publish_window_oldest(&window), 0);
}

static void it_can_be_full_and_empty_again(void **state)
{
	(void)state;
	struct publish_window window = {0};
	for (int64_t tag = 1; tag <= MQTT_WINDOW; tag++)
		publish_window_enter(&window, tag);
	assert_int_equal(window.taken, MQTT_WINDOW);
	for (int64_t tag = 1; tag <= MQTT_WINDOW; tag++)
		assert_true(publish_window_settle(&window, tag));
	assert_int_equal(window.taken, 0);
	enter(&window, "a");
	publish_window_clear(&window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posts_have_tags_below_zero_that_are_never_used_again),
		cmocka_unit_test(a_settled_post_lies_still_until_its_owner_sweeps),
		cmocka_unit_test(a_stranger_settles_nothing),
		cmocka_unit_test(a_reset_hands_posts_back_in_their_order),
		cmocka_unit_test(the_oldest_is_looked_for_among_what_a_handle_took),
		cmocka_unit_test(it_can_be_full_and_empty_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
