// client - libmosquitto with its loop thread; waits are on a condition variable.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/client.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"

enum { KEEPALIVE_S = 30, RECONNECT_MAX_S = 1, SESSION_EXPIRY_S = 3600 };

struct client {
	struct mosquitto *mosquitto;
	bool version_5;
	pthread_mutex_t lock; /* never held while libmosquitto is called */
	pthread_cond_t changed;
	struct client_message **messages;
	size_t count, capacity;
	size_t connects, subacks, published, pubacks;
};

static void count_up(struct client *client, size_t *counter)
{
	pthread_mutex_lock(&client->lock);
	(*counter)++;
	pthread_cond_broadcast(&client->changed);
	pthread_mutex_unlock(&client->lock);
}

static void on_connect(struct mosquitto *mosquitto, void *ctx, int code)
{
	struct client *client = ctx;
	(void)mosquitto;
	if (code == 0)
		count_up(client, &client->connects);
}

static void on_subscribe(struct mosquitto *mosquitto, void *ctx, int mid, int count, const int *granted)
{
	struct client *client = ctx;
	(void)mosquitto, (void)mid, (void)count, (void)granted;
	count_up(client, &client->subacks);
}

static void on_publish(struct mosquitto *mosquitto, void *ctx, int mid)
{
	struct client *client = ctx;
	(void)mosquitto, (void)mid;
	count_up(client, &client->pubacks);
}

static char *correlation_of(const mosquitto_property *properties)
{
	void *bytes = NULL;
	uint16_t len = 0;
	if (mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &bytes, &len, false) == NULL)
		return memory_copied_text("");
	char *text = memory_copied(bytes, len);
	free(bytes);
	return text;
}

static char *content_type_of(const mosquitto_property *properties)
{
	char *text = NULL;
	if (mosquitto_property_read_string(properties, MQTT_PROP_CONTENT_TYPE, &text, false) == NULL)
		return memory_copied_text("");
	return text;
}

/* The value of the only user property, when it is called `bridge`. */
static char *bridge_of(const mosquitto_property *properties)
{
	char *name = NULL, *value = NULL;
	if (mosquitto_property_read_string_pair(properties, MQTT_PROP_USER_PROPERTY, &name, &value, false) == NULL)
		return memory_copied_text("");
	bool right = strcmp(name, "bridge") == 0;
	free(name);
	if (right)
		return value;
	free(value);
	return memory_copied_text("");
}

static void on_message(struct mosquitto *mosquitto, void *ctx, const struct mosquitto_message *in,
		       const mosquitto_property *properties)
{
	struct client *client = ctx;
	(void)mosquitto;
	struct client_message *message = memory_zeroed(1, sizeof(*message));
	message->topic = memory_copied_text(in->topic);
	message->len = (size_t)in->payloadlen;
	message->payload = memory_copied(in->payload, message->len);
	message->qos = in->qos;
	message->retain = in->retain;
	message->correlation = correlation_of(properties);
	message->content_type = content_type_of(properties);
	message->bridge = bridge_of(properties);
	pthread_mutex_lock(&client->lock);
	if (client->count == client->capacity) {
		client->capacity = client->capacity == 0 ? 64 : 2 * client->capacity;
		client->messages = memory_resized(client->messages, client->capacity * sizeof(struct client_message *));
	}
	message->index = client->count;
	client->messages[client->count++] = message;
	pthread_cond_broadcast(&client->changed);
	pthread_mutex_unlock(&client->lock);
}

/* Waits, holding the lock, until something changed or the deadline (monotonic) is over: then false. */
static bool wait_change(struct client *client, int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_mono_ms();
	if (left <= 0)
		return false;
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(left / 1000);
	until.tv_nsec += (long)(left % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&client->changed, &client->lock, &until);
	return true;
}

static bool wait_counter(struct client *client, const size_t *counter, size_t wanted, int64_t timeout_ms)
{
	int64_t deadline = clock_mono_ms() + patient(timeout_ms);
	pthread_mutex_lock(&client->lock);
	while (*counter < wanted && wait_change(client, deadline)) {
	}
	bool reached = *counter >= wanted;
	pthread_mutex_unlock(&client->lock);
	return reached;
}

static struct client *make(const struct client_options *options)
{
	static bool initialised;
	if (!initialised)
		mosquitto_lib_init();
	initialised = true;
	struct client *client = memory_zeroed(1, sizeof(*client));
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&client->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&client->lock, NULL);
	client->version_5 = options->version_5;
	client->mosquitto = mosquitto_new(options->id, false, client);
	assert_non_null(client->mosquitto);
	mosquitto_connect_callback_set(client->mosquitto, on_connect);
	mosquitto_subscribe_callback_set(client->mosquitto, on_subscribe);
	mosquitto_publish_callback_set(client->mosquitto, on_publish);
	mosquitto_message_v5_callback_set(client->mosquitto, on_message);
	mosquitto_int_option(client->mosquitto, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_reconnect_delay_set(client->mosquitto, 1, RECONNECT_MAX_S, false);
	return client;
}

struct client *client_start(const struct client_options *options)
{
	struct client *client = make(options);
	mosquitto_property *properties = NULL;
	if (options->version_5) {
		mosquitto_int_option(client->mosquitto, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
		mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, SESSION_EXPIRY_S);
	}
	if (options->will_topic != NULL && *options->will_topic != '\0')
		mosquitto_will_set(client->mosquitto, options->will_topic, 4, "gone", 1, false);
	if (options->username != NULL)
		mosquitto_username_pw_set(client->mosquitto, options->username, options->password);
	int code =
		mosquitto_connect_bind_v5(client->mosquitto, "127.0.0.1", options->port, KEEPALIVE_S, NULL, properties);
	mosquitto_property_free_all(&properties);
	assert_int_equal(code, MOSQ_ERR_SUCCESS);
	assert_int_equal(mosquitto_loop_start(client->mosquitto), MOSQ_ERR_SUCCESS);
	if (!wait_counter(client, &client->connects, 1, STEP_MS))
		fail_msg("the test's MQTT client %s got no CONNACK", options->id);
	return client;
}

void client_destroy(struct client *client)
{
	if (client == NULL)
		return;
	mosquitto_disconnect(client->mosquitto);
	mosquitto_loop_stop(client->mosquitto, false);
	mosquitto_destroy(client->mosquitto);
	for (size_t i = 0; i < client->count; i++) {
		free(client->messages[i]->topic);
		free(client->messages[i]->payload);
		free(client->messages[i]->correlation);
		free(client->messages[i]->content_type);
		free(client->messages[i]->bridge);
		free(client->messages[i]);
	}
	free(client->messages);
	pthread_cond_destroy(&client->changed);
	pthread_mutex_destroy(&client->lock);
	free(client);
}

void client_subscribe(struct client *client, const char *filter)
{
	size_t before = client->subacks;
	assert_int_equal(mosquitto_subscribe(client->mosquitto, NULL, filter, 1), MOSQ_ERR_SUCCESS);
	if (!wait_counter(client, &client->subacks, before + 1, STEP_MS))
		fail_msg("no SUBACK for %s", filter);
}

void client_send(struct client *client, const struct client_publish *publish)
{
	mosquitto_property *properties = NULL;
	if (client->version_5 && publish->response_topic != NULL)
		mosquitto_property_add_string(&properties, MQTT_PROP_RESPONSE_TOPIC, publish->response_topic);
	if (client->version_5 && publish->correlation != NULL)
		mosquitto_property_add_binary(&properties, MQTT_PROP_CORRELATION_DATA, publish->correlation,
					      (uint16_t)strlen(publish->correlation));
	if (client->version_5 && publish->expiry_s > 0)
		mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, publish->expiry_s);
	int code = mosquitto_publish_v5(client->mosquitto, NULL, publish->topic, (int)publish->len, publish->payload,
					publish->qos, publish->retain, properties);
	mosquitto_property_free_all(&properties);
	/* Without a connection a QoS 1 message is kept, although the answer sounds like a refusal. */
	if (code != MOSQ_ERR_SUCCESS && (code != MOSQ_ERR_NO_CONN || publish->qos == 0))
		fail_msg("cannot publish on %s: %s", publish->topic, mosquitto_strerror(code));
	client->published++;
}

bool client_flush(struct client *client, int64_t timeout_ms)
{
	return wait_counter(client, &client->pubacks, client->published, timeout_ms);
}

void client_publish(struct client *client, const char *topic, const char *payload)
{
	struct client_publish publish = {.topic = topic, .payload = payload, .len = strlen(payload), .qos = 1};
	client_send(client, &publish);
	if (!client_flush(client, STEP_MS))
		fail_msg("no PUBACK for a message on %s", topic);
}

static bool fits(const struct client_message *message, const struct client_match *match)
{
	if (match->topic != NULL && !text_equal(match->topic, message->topic))
		return false;
	for (size_t i = 0; i < sizeof(match->pieces) / sizeof(match->pieces[0]) && match->pieces[i] != NULL; i++)
		if (strstr(message->payload, match->pieces[i]) == NULL)
			return false;
	return true;
}

const struct client_message *client_find(struct client *client, const struct client_match *match, int64_t timeout_ms)
{
	int64_t deadline = clock_mono_ms() + patient(timeout_ms);
	const struct client_message *found = NULL;
	size_t next = match->from;
	pthread_mutex_lock(&client->lock);
	do {
		for (; next < client->count && found == NULL; next++)
			if (fits(client->messages[next], match))
				found = client->messages[next];
	} while (found == NULL && wait_change(client, deadline));
	pthread_mutex_unlock(&client->lock);
	return found;
}

const struct client_message *client_expect(struct client *client, const char *topic, const char *piece)
{
	struct client_match match = {.topic = topic, .pieces = {piece}};
	const struct client_message *message = client_find(client, &match, STEP_MS);
	if (message == NULL)
		fail_msg("nothing came on %s that contains %s", topic, piece);
	return message;
}

size_t client_matches(struct client *client, const struct client_match *match)
{
	size_t matches = 0;
	pthread_mutex_lock(&client->lock);
	for (size_t i = match->from; i < client->count; i++)
		matches += fits(client->messages[i], match) ? 1 : 0;
	pthread_mutex_unlock(&client->lock);
	return matches;
}

size_t client_count(struct client *client)
{
	struct client_match all = {.topic = NULL};
	return client_matches(client, &all);
}

const struct client_message *client_message_at(struct client *client, size_t index)
{
	pthread_mutex_lock(&client->lock);
	const struct client_message *message = index < client->count ? client->messages[index] : NULL;
	pthread_mutex_unlock(&client->lock);
	return message;
}

void client_expect_none_more(struct client *client, const struct client_match *match, size_t count, int64_t quiet_ms)
{
	int64_t deadline = clock_mono_ms() + quiet_ms;
	size_t matches = client_matches(client, match);
	while (matches <= count && clock_mono_ms() < deadline) {
		pause_ms(10);
		matches = client_matches(client, match);
	}
	if (matches > count)
		fail_msg("%zu messages on %s where %zu were right", matches,
			 match->topic != NULL ? match->topic : "any topic", count);
}
