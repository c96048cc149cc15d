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

void post_queue_clear(struct post_queue *queue)
{
	for (size_t i = 0; i < queue->count; i++)
		free_post(queue->posts[(queue->first + i) % POST_QUEUE_MAX]);
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

/* The place of a waiting retained post on this topic, or NULL. */
static struct post **waiting_on(struct post_queue *queue, const char *topic)
{
	for (size_t i = 0; i < queue->count; i++) {
		struct post **place = &queue->posts[(queue->first + i) % POST_QUEUE_MAX];
		if ((*place)->retain && text_equal((*place)->topic, topic))
			return place;
	}
	return NULL;
}

void post_queue_push(struct post_queue *queue, const struct event_post *from)
{
	struct post *post = copied(from);
	struct post *displaced = NULL;
	pthread_mutex_lock(&queue->lock);
	struct post **place = from->retain ? waiting_on(queue, from->topic) : NULL;
	if (place != NULL) {
		displaced = *place;
		*place = post;
	} else {
		if (queue->count == POST_QUEUE_MAX) {
			displaced = queue->posts[queue->first];
			queue->first = (queue->first + 1) % POST_QUEUE_MAX;
			queue->count--;
		}
		queue->posts[(queue->first + queue->count++) % POST_QUEUE_MAX] = post;
	}
	pthread_mutex_unlock(&queue->lock);
	if (displaced != NULL)
		free_post(displaced);
}

bool post_queue_pop(struct post_queue *queue, struct post *ret)
{
	pthread_mutex_lock(&queue->lock);
	struct post *post = NULL;
	if (queue->count > 0) {
		post = queue->posts[queue->first];
		queue->first = (queue->first + 1) % POST_QUEUE_MAX;
		queue->count--;
	}
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
	bool fits = queue->count < POST_QUEUE_MAX;
	if (fits) {
		queue->first = (queue->first + POST_QUEUE_MAX - 1) % POST_QUEUE_MAX;
		queue->posts[queue->first] = back;
		queue->count++;
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
