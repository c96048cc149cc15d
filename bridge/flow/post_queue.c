/* post_queue - a ring of pointers. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/post_queue.h"

#include <stdlib.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/flow/event_publisher.h"

void post_clear(struct post *post)
{
	free(post->topic);
	free(post->payload);
	free(post->correlation);
	*post = (struct post){0};
}

void post_queue_init(struct post_queue *queue)
{
	*queue = (struct post_queue){0};
	pthread_mutex_init(&queue->lock, NULL);
}

static void free_post(struct post *post)
{
	post_clear(post);
	free(post);
}

static struct post **place_of(struct post_queue *queue, size_t index)
{
	return &queue->posts[(queue->first + index) % POST_QUEUE_MAX];
}

void post_queue_clear(struct post_queue *queue)
{
	for (size_t i = 0; i < queue->count; i++)
		free_post(*place_of(queue, i));
	pthread_mutex_destroy(&queue->lock);
	queue->count = 0;
}

static struct post *copied(const struct event_post *from)
{
	struct post *post = memory_zeroed(1, sizeof(*post));
	post->topic = memory_copied_text(from->topic);
	post->payload = memory_copied(from->payload, from->len);
	post->len = from->len;
	post->retain = from->retain;
	if (from->correlation != NULL) {
		post->correlation = memory_copied(from->correlation, from->correlation_len);
		post->correlation_len = from->correlation_len;
	}
	return post;
}

static void append(struct post_queue *queue, struct post *post)
{
	*place_of(queue, queue->count++) = post;
	queue->bytes += post->len;
}

/* The oldest, no longer in the queue; yours to free. The queue is not empty. */
static struct post *take_first(struct post_queue *queue)
{
	struct post *post = *place_of(queue, 0);
	queue->first = (queue->first + 1) % POST_QUEUE_MAX;
	queue->count--;
	queue->bytes -= post->len;
	return post;
}

static bool has_room(const struct post_queue *queue, size_t len)
{
	return queue->count == 0 || (queue->count < POST_QUEUE_MAX && queue->bytes + len <= POST_QUEUE_BYTES_MAX);
}

/* What a retained post replaces goes, the others close up. */
static void remove_waiting_on(struct post_queue *queue, const char *topic)
{
	size_t kept = 0, count = queue->count;
	for (size_t i = 0; i < count; i++) {
		struct post *post = *place_of(queue, i);
		if (!post->retain || !text_equal(post->topic, topic)) {
			*place_of(queue, kept++) = post;
			continue;
		}
		queue->bytes -= post->len;
		free_post(post);
	}
	queue->count = kept;
}

void post_queue_push(struct post_queue *queue, const struct event_post *from)
{
	struct post *post = copied(from);
	pthread_mutex_lock(&queue->lock);
	if (post->retain)
		remove_waiting_on(queue, post->topic);
	while (!has_room(queue, post->len))
		free_post(take_first(queue));
	append(queue, post);
	pthread_mutex_unlock(&queue->lock);
}

bool post_queue_pop(struct post_queue *queue, struct post *ret)
{
	pthread_mutex_lock(&queue->lock);
	struct post *post = queue->count > 0 ? take_first(queue) : NULL;
	pthread_mutex_unlock(&queue->lock);
	if (post == NULL)
		return false;
	*ret = *post;
	free(post);
	return true;
}

void post_queue_return(struct post_queue *queue, struct post *post)
{
	struct post *back = memory_zeroed(1, sizeof(*back));
	*back = *post;
	*post = (struct post){0};
	pthread_mutex_lock(&queue->lock);
	bool fits = has_room(queue, back->len);
	if (fits) {
		queue->first = (queue->first + POST_QUEUE_MAX - 1) % POST_QUEUE_MAX;
		queue->posts[queue->first] = back;
		queue->count++;
		queue->bytes += back->len;
	}
	pthread_mutex_unlock(&queue->lock);
	if (!fits)
		free_post(back);
}

size_t post_queue_count(struct post_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	size_t count = queue->count;
	pthread_mutex_unlock(&queue->lock);
	return count;
}
