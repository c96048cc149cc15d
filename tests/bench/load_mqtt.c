/* load_mqtt - one client that publishes and one that counts. */
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE /* memmem */
#include <mosquitto.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/load.h"
#include "tests/bench/meter.h"

static const struct load_options *given;
static struct mosquitto *publisher, *subscriber;
static sem_t ready;

static void on_connect(struct mosquitto *client, void *ctx, int code)
{
	(void)ctx;
	if (code != 0)
		load_fail("the broker refused the connection");
	if (client == publisher)
		sem_post(&ready);
	else if (mosquitto_subscribe(client, NULL, given->subscribe, 1) != MOSQ_ERR_SUCCESS)
		load_fail("cannot subscribe");
}

static void on_subscribe(struct mosquitto *client, void *ctx, int id, int count, const int *granted)
{
	(void)client;
	(void)ctx;
	(void)id;
	(void)count;
	(void)granted;
	sem_post(&ready);
}

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *message)
{
	(void)client;
	(void)ctx;
	size_t len = (size_t)message->payloadlen;
	size_t word_len = strlen(given->word);
	if (message->payloadlen > 0 && (word_len == 0 || memmem(message->payload, len, given->word, word_len) != NULL))
		meter_see(message->payload, len);
}

static struct mosquitto *client_of(void)
{
	struct mosquitto *client = mosquitto_new(NULL, true, NULL);
	if (client == NULL)
		load_fail("no MQTT client");
	mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, 65535);
	mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, 65535);
	mosquitto_connect_callback_set(client, on_connect);
	mosquitto_subscribe_callback_set(client, on_subscribe);
	mosquitto_message_callback_set(client, on_message);
	return client;
}

static void run(struct mosquitto *client)
{
	if (mosquitto_connect(client, "127.0.0.1", given->broker, 60) != MOSQ_ERR_SUCCESS ||
	    mosquitto_loop_start(client) != MOSQ_ERR_SUCCESS)
		load_fail("cannot connect to the broker");
	while (sem_wait(&ready) != 0)
		continue;
}

void load_mqtt_start(const struct load_options *options)
{
	given = options;
	sem_init(&ready, 0, 0);
	mosquitto_lib_init();
	publisher = client_of();
	subscriber = client_of();
	run(subscriber);
	run(publisher);
}

void load_mqtt_publish(int64_t number)
{
	char topic[128], text[32];
	const char *mark = strchr(given->publish, '%');
	long long device = (long long)(given->first + number % given->devices);
	if (mark == NULL)
		snprintf(topic, sizeof(topic), "%s", given->publish);
	else
		snprintf(topic, sizeof(topic), "%.*s%lld%s", (int)(mark - given->publish), given->publish, device,
			 mark + 1);
	int len = snprintf(text, sizeof(text), "m%lld", (long long)number);
	if (mosquitto_publish(publisher, NULL, topic, len, text, 1, false) != MOSQ_ERR_SUCCESS)
		load_fail("cannot publish");
}
