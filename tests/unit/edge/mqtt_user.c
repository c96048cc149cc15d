/* mqtt_user - handlers that note, under one lock, and waits that poll. */
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/edge/mqtt_user.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"

struct user {
	struct mqtt *mqtt;
	struct mqtt_options options;
	char url[64];
	const char *urls[1];
	struct mqtt_subscription subscriptions[1];
	pthread_mutex_t lock;
	pthread_cond_t let_go;
	bool hold;
	size_t counts[USER_COUNTS];
	size_t published[USER_TAGS];
	struct user_message messages[USER_MESSAGES];
	bool session_present;
	char last_why[WHY_SIZE];
};

static void note(struct user *user, enum user_count what)
{
	pthread_mutex_lock(&user->lock);
	user->counts[what]++;
	pthread_mutex_unlock(&user->lock);
}

static void on_message(void *ctx, const struct mqtt_message *from)
{
	struct user *user = ctx;
	pthread_mutex_lock(&user->lock);
	size_t index = user->counts[USER_MESSAGE]++;
	if (index < USER_MESSAGES) {
		struct user_message *to = &user->messages[index];
		*to = (struct user_message){.len = from->len,
					    .qos = from->qos,
					    .packet_id = from->packet_id,
					    .retained = from->retained,
					    .dup = from->dup,
					    .connection = from->connection,
					    .expiry_s = from->expiry_s};
		text_copy(to->topic, sizeof(to->topic), from->topic);
		text_copy(to->reply_topic, sizeof(to->reply_topic), from->reply_topic);
		text_copy_bytes(to->payload, sizeof(to->payload), from->payload, from->len);
		text_copy_bytes(to->correlation, sizeof(to->correlation), from->correlation, from->correlation_len);
	}
	while (user->hold)
		pthread_cond_wait(&user->let_go, &user->lock);
	pthread_mutex_unlock(&user->lock);
}

static void on_new_session(void *ctx)
{
	note(ctx, USER_NEW_SESSION);
}

static void on_connected(void *ctx, bool session_present)
{
	struct user *user = ctx;
	pthread_mutex_lock(&user->lock);
	user->session_present = session_present;
	pthread_mutex_unlock(&user->lock);
	note(user, USER_CONNECTED);
}

static void on_disconnected(void *ctx, const char *why)
{
	struct user *user = ctx;
	assert_true(why[0] != '\0');
	pthread_mutex_lock(&user->lock);
	text_copy(user->last_why, sizeof(user->last_why), why);
	pthread_mutex_unlock(&user->lock);
	note(user, USER_DISCONNECTED);
}

static void on_published(void *ctx, int64_t tag)
{
	struct user *user = ctx;
	assert_in_range(tag, 0, USER_TAGS - 1);
	pthread_mutex_lock(&user->lock);
	user->published[tag]++;
	pthread_mutex_unlock(&user->lock);
	note(user, USER_PUBLISHED);
}

static void on_refused(void *ctx, int64_t tag, const char *why)
{
	(void)tag;
	assert_true(why[0] != '\0');
	note(ctx, USER_REFUSED);
}

static void on_reset(void *ctx)
{
	note(ctx, USER_RESET);
}

struct user *user_create(int port)
{
	struct user *user = memory_zeroed(1, sizeof(*user));
	text_format(user->url, sizeof(user->url), "mqtt://127.0.0.1:%d", port);
	user->urls[0] = user->url;
	user->subscriptions[0].filter = "devices/+/cmd";
	user->options = (struct mqtt_options){.urls = user->urls,
					      .url_count = 1,
					      .client_id = "bridge",
					      .username = "",
					      .password = "",
					      .ca_file = "",
					      .cert_file = "",
					      .key_file = "",
					      .keepalive_s = 30,
					      .session_expiry_s = 3600,
					      .subscriptions = user->subscriptions,
					      .subscription_count = 1,
					      .will_topic = "bridge/state"};
	pthread_mutex_init(&user->lock, NULL);
	pthread_cond_init(&user->let_go, NULL);
	return user;
}

void user_destroy(struct user *user)
{
	pthread_cond_destroy(&user->let_go);
	pthread_mutex_destroy(&user->lock);
	free(user);
}

struct mqtt_options *user_options(struct user *user)
{
	return &user->options;
}

void user_start(struct user *user)
{
	const struct mqtt_handlers handlers = {.ctx = user,
					       .on_message = on_message,
					       .on_new_session = on_new_session,
					       .on_connected = on_connected,
					       .on_disconnected = on_disconnected,
					       .on_published = on_published,
					       .on_publish_refused = on_refused,
					       .on_publish_reset = on_reset};
	char why[WHY_SIZE] = "";
	user->mqtt = mqtt_start(&user->options, &handlers, why, sizeof(why));
	if (user->mqtt == NULL)
		fail_msg("mqtt_start: %s", why);
}

bool user_try_stop(struct user *user, int64_t timeout_ms)
{
	bool quiet = mqtt_stop(user->mqtt, timeout_ms);
	user->mqtt = NULL;
	return quiet;
}

void user_stop_within(struct user *user, int64_t timeout_ms)
{
	user_let_go(user);
	assert_true(user_try_stop(user, timeout_ms));
}

void user_stop(struct user *user)
{
	user_stop_within(user, patient(STOP_MS));
}

struct mqtt *user_mqtt(struct user *user)
{
	return user->mqtt;
}

struct mqtt_status user_status(struct user *user)
{
	struct mqtt_status status;
	mqtt_status(user->mqtt, &status);
	return status;
}

static bool is_up(void *ctx)
{
	struct mqtt_status status = user_status(ctx);
	return status.intake_up && status.publish_up;
}

void user_await_up(struct user *user)
{
	if (!await(is_up, user, STEP_MS))
		fail_msg("not up: %s", user_status(user).why);
}

void user_start_up(struct user *user)
{
	user_start(user);
	user_await_up(user);
	user_expect(user, USER_CONNECTED, 1);
	user_expect(user, USER_RESET, 1);
}

bool user_publish(struct user *user, const char *payload, int64_t tag)
{
	const struct mqtt_publish publish = {.topic = "devices/a/status",
					     .payload = payload,
					     .len = strlen(payload),
					     .content_type = "",
					     .tag = tag};
	return mqtt_publish(user->mqtt, &publish);
}

void user_hold_messages(struct user *user)
{
	pthread_mutex_lock(&user->lock);
	user->hold = true;
	pthread_mutex_unlock(&user->lock);
}

void user_let_go(struct user *user)
{
	pthread_mutex_lock(&user->lock);
	user->hold = false;
	pthread_cond_broadcast(&user->let_go);
	pthread_mutex_unlock(&user->lock);
}

size_t user_count(struct user *user, enum user_count what)
{
	pthread_mutex_lock(&user->lock);
	size_t count = user->counts[what];
	pthread_mutex_unlock(&user->lock);
	return count;
}

void user_last_why(struct user *user, char why[WHY_SIZE])
{
	pthread_mutex_lock(&user->lock);
	text_copy(why, WHY_SIZE, user->last_why);
	pthread_mutex_unlock(&user->lock);
}

struct wanted {
	struct user *user;
	enum user_count what;
	size_t at_least;
	const char *why;
};

static bool has_count(void *ctx)
{
	const struct wanted *wanted = ctx;
	return user_count(wanted->user, wanted->what) >= wanted->at_least;
}

void user_expect(struct user *user, enum user_count what, size_t at_least)
{
	struct wanted wanted = {.user = user, .what = what, .at_least = at_least};
	if (!await(has_count, &wanted, STEP_MS))
		fail_msg("handler %d was called %zu times, want %zu; why: %s", (int)what, user_count(user, what),
			 at_least, user_status(user).why);
}

struct user_message user_message(struct user *user, size_t index)
{
	user_expect(user, USER_MESSAGE, index + 1);
	pthread_mutex_lock(&user->lock);
	struct user_message message = user->messages[index];
	pthread_mutex_unlock(&user->lock);
	return message;
}

size_t user_published(struct user *user, int64_t tag)
{
	pthread_mutex_lock(&user->lock);
	size_t count = user->published[tag];
	pthread_mutex_unlock(&user->lock);
	return count;
}

bool user_session_present(struct user *user)
{
	pthread_mutex_lock(&user->lock);
	bool present = user->session_present;
	pthread_mutex_unlock(&user->lock);
	return present;
}

static bool has_why(void *ctx)
{
	const struct wanted *wanted = ctx;
	struct mqtt_status status = user_status(wanted->user);
	return strstr(status.why, wanted->why) != NULL;
}

void user_expect_why(struct user *user, const char *part)
{
	struct wanted wanted = {.user = user, .why = part};
	if (!await(has_why, &wanted, 2 * STEP_MS))
		fail_msg("why is `%s`, want `%s` in it", user_status(user).why, part);
}
