/* admin - a bounded queue of requests and a table of what answers them. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/admin.h"

#include <stdlib.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/topic.h"
#include "bridge/flow/admin_actions.h"
#include "bridge/flow/admin_answer.h"
#include "bridge/flow/command_intake.h"
#include "bridge/flow/thread.h"

struct waiting {
	char action[TOPIC_SIZE];
	char *payload, *correlation;
	size_t len, correlation_len;
	char reply_topic[TOPIC_SIZE]; /* "" : none, or not safe */
};

struct admin {
	struct admin_parts parts;
	struct admin_actor actor;
	struct thread thread;
	struct waiting *queue[ADMIN_QUEUE_MAX]; /* under thread.lock */
	size_t first, count;
};

struct admin *admin_create(const struct admin_parts *parts)
{
	struct admin *admin = memory_zeroed(1, sizeof(*admin));
	admin->parts = *parts;
	thread_init(&admin->thread);
	return admin;
}

static void free_waiting(struct waiting *waiting)
{
	free(waiting->payload);
	free(waiting->correlation);
	free(waiting);
}

void admin_destroy(struct admin *admin)
{
	if (admin == NULL)
		return;
	for (size_t i = 0; i < admin->count; i++)
		free_waiting(admin->queue[(admin->first + i) % ADMIN_QUEUE_MAX]);
	thread_clear(&admin->thread);
	free(admin);
}

static void post(struct admin *admin, const char *topic, const struct waiting *waiting, const struct buffer *answer)
{
	event_publisher_post(admin->parts.publisher, &(struct event_post){
							     .topic = topic,
							     .payload = buffer_text(answer),
							     .len = answer->len,
							     .correlation = waiting->correlation,
							     .correlation_len = waiting->correlation_len,
						     });
}

static void respond(struct admin *admin, const struct waiting *waiting, const struct buffer *answer)
{
	char topic[TOPIC_SIZE], why[WHY_SIZE];
	bool fits = text_format(topic, sizeof(topic), "%s/response/%s", admin->parts.settings->topics_bridge,
				waiting->action);
	if (fits && topic_name_is_valid(topic, why, sizeof(why)))
		post(admin, topic, waiting, answer);
	if (waiting->reply_topic[0] != '\0' && !text_equal(waiting->reply_topic, topic))
		post(admin, waiting->reply_topic, waiting, answer);
}

/* Without a look at what is asked for, but with its transaction, where it has one. */
static void refuse(struct admin *admin, const struct waiting *waiting, const char *error)
{
	struct buffer answer;
	struct admin_request request = {0};
	char why[WHY_SIZE];
	if (waiting->payload != NULL)
		admin_request_read(&request, waiting->action, waiting->payload, waiting->len, why, sizeof(why));
	buffer_init(&answer, ADMIN_ANSWER_MAX);
	admin_answer_encode(&answer, "", error, request.transaction);
	respond(admin, waiting, &answer);
	buffer_clear(&answer);
}

/* Why a request is not even looked at; "": it is. */
static const char *unfit(const char *action, const struct mqtt_message *message)
{
	if (message->len > MQTT_PAYLOAD_MAX)
		return "the request is longer than 65536 bytes";
	/* It may have been obeyed before the link was lost, and would be a second SMS now. */
	if (message->dup && text_equal(action, "retry"))
		return "the broker has delivered this request again, and it may have been obeyed the first time: look "
		       "with `pending`, `get` or `list`, and ask again if not";
	return "";
}

void admin_take(struct admin *admin, const char *action, const struct mqtt_message *message)
{
	struct waiting *waiting = memory_zeroed(1, sizeof(*waiting));
	text_copy(waiting->action, sizeof(waiting->action), action);
	if (command_intake_reply_topic_is_safe(admin->parts.settings, message->reply_topic))
		text_copy(waiting->reply_topic, sizeof(waiting->reply_topic), message->reply_topic);
	if (message->correlation != NULL) {
		waiting->correlation = memory_copied(message->correlation, message->correlation_len);
		waiting->correlation_len = message->correlation_len;
	}
	if (message->len <= MQTT_PAYLOAD_MAX) {
		waiting->payload = memory_copied(message->payload, message->len);
		waiting->len = message->len;
	}
	const char *why = unfit(action, message);
	if (why[0] != '\0') {
		refuse(admin, waiting, why);
		free_waiting(waiting);
		return;
	}
	pthread_mutex_lock(&admin->thread.lock);
	bool fits = admin->count < ADMIN_QUEUE_MAX;
	if (fits)
		admin->queue[(admin->first + admin->count++) % ADMIN_QUEUE_MAX] = waiting;
	pthread_mutex_unlock(&admin->thread.lock);
	if (fits) {
		thread_wake(&admin->thread);
		return;
	}
	refuse(admin, waiting, "busy: too many requests are waiting; try again");
	free_waiting(waiting);
}

static void answer(struct admin *admin, const struct waiting *waiting)
{
	struct admin_request request;
	struct buffer data, text;
	char error[WHY_SIZE] = "";
	buffer_init(&data, ADMIN_ANSWER_MAX);
	buffer_init(&text, ADMIN_ANSWER_MAX + 2 * TRANSACTION_MAX);
	bool ok = admin_request_read(&request, waiting->action, waiting->payload, waiting->len, error, sizeof(error)) &&
		  admin_act(&admin->actor, &request, &data, error, sizeof(error));
	if (ok && data.overflow) {
		ok = false;
		text_copy(error, sizeof(error), "the answer is too long; ask with a smaller `limit`");
	}
	admin_answer_encode(&text, ok ? buffer_text(&data) : "", ok ? "" : error, request.transaction);
	respond(admin, waiting, &text);
	counters_add(admin->parts.counters, COUNT_ADMIN_REQUESTS);
	log_info("", "administration request", LOG_TEXT("action", waiting->action), LOG_TEXT("error", error));
	buffer_clear(&data);
	buffer_clear(&text);
}

static struct waiting *next(struct admin *admin)
{
	struct waiting *waiting = NULL;
	pthread_mutex_lock(&admin->thread.lock);
	if (admin->count > 0) {
		waiting = admin->queue[admin->first];
		admin->first = (admin->first + 1) % ADMIN_QUEUE_MAX;
		admin->count--;
	}
	pthread_mutex_unlock(&admin->thread.lock);
	return waiting;
}

static void run(void *ctx)
{
	struct admin *admin = ctx;
	while (!thread_is_stopping(&admin->thread)) {
		struct waiting *waiting = next(admin);
		thread_alive(&admin->thread);
		if (waiting == NULL) {
			thread_wait(&admin->thread, 1000);
			continue;
		}
		answer(admin, waiting);
		free_waiting(waiting);
	}
}

void admin_start(struct admin *admin, const struct health *health, struct reload *reload)
{
	admin->actor = (struct admin_actor){
		.parts = &admin->parts,
		.health = health,
		.reload = reload,
		.query = api_query_create(admin->parts.settings, admin->parts.account, &admin->thread),
	};
	thread_start(&admin->thread, "admin", run, admin);
}

int64_t admin_silence_ms(void *ctx)
{
	struct admin *admin = ctx;
	return store_has_room(admin->parts.store) ? thread_silence_ms(&admin->thread) : 0;
}

void admin_stop(struct admin *admin)
{
	api_query_stop(admin->actor.query);
	thread_stop(&admin->thread);
	api_query_destroy(admin->actor.query);
	admin->actor.query = NULL;
}
