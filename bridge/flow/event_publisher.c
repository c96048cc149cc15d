/* event_publisher - a window of publishes over the outbox. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/event_publisher.h"

#include <pthread.h>
#include <stdlib.h>

#include "bridge/base/clock.h"
#include "bridge/base/crash.h"
#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/flow/post_queue.h"
#include "bridge/flow/publish_window.h"
#include "bridge/flow/thread.h"
#include "bridge/rule/suspect.h"

enum {
	ACKED_MAX = 4 * MQTT_WINDOW,
	POISON_TRIES = 20,	     /* of a post */
	POSTS_MAX = MQTT_WINDOW / 2, /* in flight; the other half is for events, however many posts wait */
};

struct event_publisher {
	struct store *store;
	struct mqtt *mqtt;
	struct counters *counters;
	struct thread thread;
	struct post_queue posts;

	/* Under thread.lock. */
	struct publish_window window;
	int64_t acked[ACKED_MAX]; /* those that the store has no room to note just now */
	size_t acked_count;
	bool reset, ready; /* ready: the handle took the last publish */
	bool answered;	   /* the broker has acknowledged something, */
	bool acquitted;	   /* and the suspect among it */
	bool watchful;	   /* the thread wants to know of every PUBACK; else only */
	size_t wake_below; /* when fewer places than this are taken */
	int64_t watched;   /* the suspect, 0: none */

	/* The thread's own. */
	int64_t cursor;
	struct suspect suspect;
	int64_t drain_until_ms; /* monotonic, while stopping */
};

struct event_publisher *event_publisher_create(struct store *store, struct counters *counters)
{
	struct event_publisher *publisher = memory_zeroed(1, sizeof(*publisher));
	publisher->store = store;
	publisher->counters = counters;
	thread_init(&publisher->thread);
	post_queue_init(&publisher->posts);
	return publisher;
}

void event_publisher_destroy(struct event_publisher *publisher)
{
	if (publisher == NULL)
		return;
	post_queue_clear(&publisher->posts);
	publish_window_clear(&publisher->window);
	thread_clear(&publisher->thread);
	free(publisher);
}

void event_publisher_wake(void *ctx)
{
	struct event_publisher *publisher = ctx;
	thread_wake(&publisher->thread);
}

void event_publisher_post(struct event_publisher *publisher, const struct event_post *post)
{
	post_queue_push(&publisher->posts, post);
	thread_wake(&publisher->thread);
}

size_t event_publisher_backlog(struct event_publisher *publisher)
{
	/* Under the lock a post is in the one or in the other. */
	pthread_mutex_lock(&publisher->thread.lock);
	size_t backlog = publish_window_posts(&publisher->window) + post_queue_count(&publisher->posts);
	pthread_mutex_unlock(&publisher->thread.lock);
	return backlog;
}

/* An event's PUBACK goes to the store at once, before its place is free: who starts over does not read it again. */
static void note_event(struct event_publisher *publisher, int64_t tag)
{
	publisher->acquitted = publisher->acquitted || tag == publisher->watched;
	crash_point("publisher-before-done");
	if (!store_event_done(publisher->store, tag) && publisher->acked_count < ACKED_MAX)
		publisher->acked[publisher->acked_count++] = tag;
}

/* Takes `tag` out of the window. The thread is woken where it has something to do: a wake for each would cost more than
 * all the rest. */
static bool settle(struct event_publisher *publisher, int64_t tag)
{
	pthread_mutex_lock(&publisher->thread.lock);
	bool ours = publish_window_holds(&publisher->window, tag);
	if (ours && tag > 0)
		note_event(publisher, tag);
	publish_window_settle(&publisher->window, tag);
	publisher->answered = publisher->answered || ours;
	bool wake = tag < 0 || publisher->watchful || publisher->acked_count > 0 ||
		    publisher->window.taken < publisher->wake_below;
	pthread_mutex_unlock(&publisher->thread.lock);
	if (wake)
		thread_wake(&publisher->thread);
	return ours;
}

void event_publisher_on_published(void *ctx, int64_t tag)
{
	struct event_publisher *publisher = ctx;
	if (settle(publisher, tag) && tag > 0)
		counters_add(publisher->counters, COUNT_EVENT_PUBLISHED);
}

void event_publisher_on_refused(void *ctx, int64_t tag, const char *why)
{
	struct event_publisher *publisher = ctx;
	if (!settle(publisher, tag))
		return;
	counters_add(publisher->counters, COUNT_EVENT_REFUSED_BY_BROKER);
	if (tag > 0)
		log_error("", "event refused by the broker: dropped", LOG_NUMBER("event", tag), LOG_TEXT("why", why));
	else
		log_error("", "message refused by the broker: dropped", LOG_TEXT("why", why));
}

void event_publisher_on_reset(void *ctx)
{
	struct event_publisher *publisher = ctx;
	pthread_mutex_lock(&publisher->thread.lock);
	publisher->reset = true;
	pthread_mutex_unlock(&publisher->thread.lock);
	thread_wake(&publisher->thread);
}

static void drop(struct event_publisher *publisher, int64_t event, int tries)
{
	log_error("", "event dropped: the connection dies with it each time, and only with it",
		  LOG_NUMBER("event", event), LOG_NUMBER("tries", tries));
	store_events_done(publisher->store, &event, 1);
}

/* The connection died; `oldest` was the oldest event that it had, 0: none. */
static void judge_death(struct event_publisher *publisher, int64_t oldest)
{
	int tries = publisher->suspect.tries + 1;
	if (suspect_died(&publisher->suspect, oldest))
		drop(publisher, oldest, tries);
	publisher->cursor = publisher->suspect.aside; /* the others go without it */
	pthread_mutex_lock(&publisher->thread.lock);
	publisher->watched = publisher->suspect.event;
	pthread_mutex_unlock(&publisher->thread.lock);
}

/* Posts that a lost handle had: in front of the others again, in their order. Under the lock. */
static void put_back(struct event_publisher *publisher, struct post *posts, size_t count)
{
	for (size_t i = count; i > 0; i--) {
		struct post *post = &posts[i - 1];
		if (post->tries < POISON_TRIES) {
			post_queue_return(&publisher->posts, post);
			continue;
		}
		log_error("", "message dropped: the connection dies with it each time", LOG_TEXT("topic", post->topic));
		post_clear(post);
	}
}

/* A new handle: what the old one had without PUBACK goes out again. Its events are still in the store. */
static void start_over(struct event_publisher *publisher)
{
	struct post posts[MQTT_WINDOW];
	size_t events = 0;
	pthread_mutex_lock(&publisher->thread.lock);
	int64_t oldest = publish_window_oldest(&publisher->window);
	size_t count = publish_window_reset(&publisher->window, posts, &events);
	put_back(publisher, posts, count);
	publisher->reset = false;
	publisher->ready = true;
	pthread_mutex_unlock(&publisher->thread.lock);
	judge_death(publisher, oldest);
	for (size_t i = 0; i < events; i++)
		counters_add(publisher->counters, COUNT_EVENT_REPUBLISHED);
}

/* Takes over what the handlers noted: acknowledged events are forgotten, a new handle starts over. */
static void take_notes(struct event_publisher *publisher)
{
	int64_t acked[ACKED_MAX];
	pthread_mutex_lock(&publisher->thread.lock);
	publish_window_sweep(&publisher->window);
	size_t count = publisher->acked_count;
	for (size_t i = 0; i < count; i++)
		acked[i] = publisher->acked[i];
	publisher->acked_count = 0;
	bool reset = publisher->reset, answered = publisher->answered, acquitted = publisher->acquitted;
	publisher->answered = publisher->acquitted = false;
	pthread_mutex_unlock(&publisher->thread.lock);
	if (count > 0)
		store_events_done(publisher->store, acked, count);
	if (answered && suspect_answered(&publisher->suspect, acquitted))
		publisher->cursor = 0;
	if (reset)
		start_over(publisher);
}

/* What a PUBACK has to wake the thread for from here on: `limit` places, of which `free_places` are free. */
static void set_wake(struct event_publisher *publisher, size_t limit, size_t free_places)
{
	publisher->watchful = suspect_waits(&publisher->suspect) || publisher->thread.stopping;
	publisher->wake_below = free_places == 0 ? limit / 2 + 1 : 0;
}

/* How many more may be in flight now. */
static size_t room(struct event_publisher *publisher)
{
	size_t limit = suspect_goes_alone(&publisher->suspect) ? 1 : MQTT_WINDOW;
	pthread_mutex_lock(&publisher->thread.lock);
	size_t taken = publisher->window.taken + publisher->acked_count;
	size_t free_places = publisher->ready && !publisher->reset && taken < limit ? limit - taken : 0;
	set_wake(publisher, limit, free_places);
	pthread_mutex_unlock(&publisher->thread.lock);
	return free_places;
}

static bool is_ready(struct event_publisher *publisher)
{
	pthread_mutex_lock(&publisher->thread.lock);
	bool ready = publisher->ready && !publisher->reset;
	pthread_mutex_unlock(&publisher->thread.lock);
	return ready;
}

static void enter_window(struct event_publisher *publisher, int64_t seq)
{
	pthread_mutex_lock(&publisher->thread.lock);
	publish_window_enter(&publisher->window, seq);
	pthread_mutex_unlock(&publisher->thread.lock);
}

/* Hands it over; it is in the window already. */
static bool hand_over(struct event_publisher *publisher, const struct mqtt_publish *publish)
{
	bool sent = mqtt_publish(publisher->mqtt, publish);
	thread_alive(&publisher->thread); /* each may wait for a commit of the intake's: all of a batch may take long */
	pthread_mutex_lock(&publisher->thread.lock);
	if (sent)
		publish_window_sent(&publisher->window, publish->tag);
	pthread_mutex_unlock(&publisher->thread.lock);
	return sent;
}

/* The handle failed: nothing more until a new one says so by on_reset. */
static void not_ready(struct event_publisher *publisher)
{
	pthread_mutex_lock(&publisher->thread.lock);
	publisher->ready = false;
	pthread_mutex_unlock(&publisher->thread.lock);
}

/* Before the bytes leave the event is in the window: its PUBACK may be faster than we are. */
static bool publish_event(struct event_publisher *publisher, const struct store_event *event)
{
	const struct mqtt_publish publish = {
		.topic = event->topic,
		.payload = event->payload,
		.len = event->payload_len,
		.retain = event->retain,
		.correlation = event->correlation,
		.correlation_len = event->correlation_len,
		.content_type = event->payload_len > 0 && event->payload[0] == '{' ? "application/json" : "",
		.tag = event->seq,
	};
	enter_window(publisher, event->seq);
	publisher->cursor = event->seq;
	crash_point("publisher-before-publish");
	return hand_over(publisher, &publish);
}

/* What a look at the outbox or at the posts found. */
enum look { LOOK_MORE, LOOK_NO_ROOM, LOOK_DONE };

/* Publishes a batch of events. DONE: there are no more, or no handle that takes them. */
static enum look publish_events(struct event_publisher *publisher)
{
	size_t places = room(publisher);
	if (places == 0)
		return is_ready(publisher) ? LOOK_NO_ROOM : LOOK_DONE;
	struct store_event events[MQTT_WINDOW];
	size_t count = store_events(publisher->store, publisher->cursor, events, places);
	bool sent = true;
	for (size_t i = 0; i < count; i++) {
		sent = sent && publish_event(publisher, &events[i]);
		store_event_clear(&events[i]);
	}
	if (!sent)
		not_ready(publisher);
	return sent && count == places ? LOOK_MORE : LOOK_DONE;
}

/* The next post goes into the window; its tag, 0: none may. */
static int64_t take_post(struct event_publisher *publisher, const struct post **ret)
{
	struct post post;
	pthread_mutex_lock(&publisher->thread.lock);
	bool any = publish_window_posts(&publisher->window) < POSTS_MAX && post_queue_pop(&publisher->posts, &post);
	int64_t tag = any ? publish_window_enter_post(&publisher->window, &post, ret) : 0;
	pthread_mutex_unlock(&publisher->thread.lock);
	return tag;
}

static bool publish_post(struct event_publisher *publisher, const struct post *post, int64_t tag)
{
	const struct mqtt_publish publish = {
		.topic = post->topic,
		.payload = post->payload,
		.len = post->len,
		.retain = post->retain,
		.correlation = post->correlation,
		.correlation_len = post->correlation_len,
		.content_type = "application/json",
		.tag = tag,
	};
	return hand_over(publisher, &publish);
}

/* Publishes a batch of posts: however fast their PUBACKs make room for more, events have their turn between two.
 * One that the handle did not take stays in the window until the new handle hands it back. */
static enum look publish_posts(struct event_publisher *publisher)
{
	const struct post *post;
	int64_t tag;
	for (int i = 0; i < POSTS_MAX; i++) {
		if (room(publisher) == 0 || (tag = take_post(publisher, &post)) == 0)
			return LOOK_DONE;
		if (!publish_post(publisher, post, tag))
			not_ready(publisher);
	}
	return LOOK_MORE;
}

static bool idle(struct event_publisher *publisher)
{
	pthread_mutex_lock(&publisher->thread.lock);
	bool nothing = publisher->window.taken == 0 && publisher->acked_count == 0;
	pthread_mutex_unlock(&publisher->thread.lock);
	return nothing && post_queue_count(&publisher->posts) == 0;
}

static void run(void *ctx)
{
	struct event_publisher *publisher = ctx;
	for (;;) {
		bool stopping = thread_is_stopping(&publisher->thread); /* what is there by then is still published */
		thread_alive(&publisher->thread);
		take_notes(publisher);
		enum look posts = publish_posts(publisher);
		enum look look = publish_events(publisher);
		int64_t wait_ms = 1000;
		if (stopping) {
			wait_ms = publisher->drain_until_ms - clock_mono_ms();
			if (wait_ms <= 0 || (look == LOOK_DONE && idle(publisher)))
				break;
		}
		if (posts != LOOK_MORE && look != LOOK_MORE)
			thread_wait(&publisher->thread, wait_ms);
	}
	take_notes(publisher);
}

void event_publisher_start(struct event_publisher *publisher, struct mqtt *mqtt)
{
	publisher->mqtt = mqtt;
	thread_start(&publisher->thread, "publisher", run, publisher);
}

void event_publisher_stop(struct event_publisher *publisher, int64_t timeout_ms)
{
	publisher->drain_until_ms = clock_mono_ms() + timeout_ms;
	thread_stop(&publisher->thread);
}

int64_t event_publisher_silence_ms(void *ctx)
{
	struct event_publisher *publisher = ctx;
	return store_has_room(publisher->store) ? thread_silence_ms(&publisher->thread) : 0;
}
