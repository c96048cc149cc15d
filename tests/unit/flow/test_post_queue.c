// post_queue: what need not survive waits in a bounded place, by number and by bytes.
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/post_queue.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/flow/event_publisher.h"
#include "tests/harness/cmocka.h"

enum { NAME_SIZE = 32, ANSWER_BYTES = 2 * 1024 * 1024 };

static void push(struct post_queue *queue, size_t number, size_t len, bool retain)
{
	char topic[NAME_SIZE], *payload = memory_zeroed(1, len + 1);
	text_format(topic, sizeof(topic), "answers/%zu", number);
	struct event_post post = {.topic = topic, .payload = payload, .len = len, .retain = retain};
	post_queue_push(queue, &post);
	free(payload);
}

static void expect_next(struct post_queue *queue, const char *topic)
{
	struct post post;
	assert_true(post_queue_pop(queue, &post));
	assert_string_equal(post.topic, topic);
	post_clear(&post);
}

static void what_waits_comes_out_in_order(void **state)
{
	(void)state;
	struct post_queue queue;
	struct post none;
	post_queue_init(&queue);
	for (size_t i = 0; i < 3; i++)
		push(&queue, i, 10, false);
	expect_next(&queue, "answers/0");
	expect_next(&queue, "answers/1");
	expect_next(&queue, "answers/2");
	assert_false(post_queue_pop(&queue, &none));
	post_queue_clear(&queue);
}

static void a_retained_post_replaces_the_one_that_waits_on_its_topic(void **state)
{
	(void)state;
	struct post_queue queue;
	struct post post;
	post_queue_init(&queue);
	push(&queue, 0, 10, true);
	push(&queue, 0, 20, true);
	assert_int_equal(post_queue_count(&queue), 1);
	assert_true(post_queue_pop(&queue, &post));
	assert_int_equal(post.len, 20);
	post_clear(&post);
	post_queue_clear(&queue);
}

static void one_more_than_fits_drops_the_oldest(void **state)
{
	(void)state;
	struct post_queue queue;
	post_queue_init(&queue);
	for (size_t i = 0; i <= POST_QUEUE_MAX; i++)
		push(&queue, i, 10, false);
	assert_int_equal(post_queue_count(&queue), POST_QUEUE_MAX);
	expect_next(&queue, "answers/1");
	post_queue_clear(&queue);
}

/* Lists of the API, of up to 2 MiB each, must not fill the memory while the broker is away. */
static void large_ones_are_bounded_by_their_bytes(void **state)
{
	(void)state;
	const size_t fit = POST_QUEUE_BYTES_MAX / ANSWER_BYTES;
	struct post_queue queue;
	post_queue_init(&queue);
	for (size_t i = 0; i < fit + 5; i++)
		push(&queue, i, ANSWER_BYTES, false);
	assert_int_equal(post_queue_count(&queue), fit);
	expect_next(&queue, "answers/5");
	push(&queue, fit + 5, ANSWER_BYTES, false); /* what was taken out has made room */
	expect_next(&queue, "answers/6");
	post_queue_clear(&queue);
}

static void a_retained_one_that_grows_drops_the_oldest_too(void **state)
{
	(void)state;
	struct post_queue queue;
	post_queue_init(&queue);
	push(&queue, 0, ANSWER_BYTES, false);
	push(&queue, 1, 10, true);
	push(&queue, 1, POST_QUEUE_BYTES_MAX - ANSWER_BYTES + 1, true);
	assert_int_equal(post_queue_count(&queue), 1);
	expect_next(&queue, "answers/1");
	post_queue_clear(&queue);
}

static void one_that_alone_is_too_large_is_kept(void **state)
{
	(void)state;
	struct post_queue queue;
	post_queue_init(&queue);
	push(&queue, 0, 10, false);
	push(&queue, 1, POST_QUEUE_BYTES_MAX + 1, false);
	assert_int_equal(post_queue_count(&queue), 1);
	expect_next(&queue, "answers/1");
	post_queue_clear(&queue);
}

static void one_that_comes_back_goes_to_the_front_where_there_is_room(void **state)
{
	(void)state;
	struct post_queue queue;
	struct post post;
	post_queue_init(&queue);
	push(&queue, 0, ANSWER_BYTES, false);
	push(&queue, 1, 10, false);
	assert_true(post_queue_pop(&queue, &post));
	post_queue_return(&queue, &post);
	expect_next(&queue, "answers/0");
	push(&queue, 2, ANSWER_BYTES, false);
	expect_next(&queue, "answers/1");
	assert_true(post_queue_pop(&queue, &post));
	push(&queue, 3, POST_QUEUE_BYTES_MAX, false);
	post_queue_return(&queue, &post);
	expect_next(&queue, "answers/3");
	assert_int_equal(post_queue_count(&queue), 0);
	post_queue_clear(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_waits_comes_out_in_order),
		cmocka_unit_test(a_retained_post_replaces_the_one_that_waits_on_its_topic),
		cmocka_unit_test(one_more_than_fits_drops_the_oldest),
		cmocka_unit_test(large_ones_are_bounded_by_their_bytes),
		cmocka_unit_test(a_retained_one_that_grows_drops_the_oldest_too),
		cmocka_unit_test(one_that_alone_is_too_large_is_kept),
		cmocka_unit_test(one_that_comes_back_goes_to_the_front_where_there_is_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
