/* bench-paho-floor - the least that a program on Paho's MQTTAsync can do for a command: PORT [--store FILE].
 *
 * One handle takes the commands at QoS 1, another one publishes two events for each. It asks no API and knows no rules.
 * Nothing is stored, or with --store the command alone: appended to the file and on the disk before the handler
 * returns, for then Paho sends the PUBACK.
 *
 * Threads: all of it runs in Paho's receive thread, which is one for both handles, so no lock of ours is needed. It
 * must not wait there for a PUBACK, which would come in the same thread: what the window has no place for is kept, and
 * leaves when one has come. Failures: whatever fails ends the program with a line on stderr. */
// SPDX-License-Identifier: Apache-2.0
#include <MQTTAsync.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WINDOW = 100, /* messages without their PUBACK, as in the bridge */
	BUFFERED_MAX = 1000,
	WAITING_MAX = 4096, /* events; the load program has 500 commands under way */
	NAME_SIZE = 64,
	EVENT_SIZE = 512,
	RECORD_SIZE = 300,	  /* of a stored command */
	FILE_SIZE = 16 * 1048576, /* written from the start again when it is full */
	BLOCK_SIZE = 1048576
};

struct event {
	const char *status;
	char device[NAME_SIZE], payload[NAME_SIZE];
};

static MQTTAsync publisher;
static sem_t done; /* a step of the start */
static struct event waiting[WAITING_MAX];
static uint64_t first, end; /* of what waits; places modulo WAITING_MAX */
static int in_flight;
static int file = -1;
static off_t file_at;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "bench-paho-floor: %s\n", what);
	_exit(1);
}

static void on_failure(void *ctx, MQTTAsync_failureData *data)
{
	(void)ctx;
	fail(data != NULL && data->message != NULL ? data->message : "the broker refused something");
}

static void on_lost(void *ctx, char *cause)
{
	(void)ctx;
	(void)cause;
	fail("the broker closed the connection");
}

static void on_step(void *ctx, MQTTAsync_successData *data)
{
	(void)ctx;
	(void)data;
	sem_post(&done);
}

static void on_puback(void *ctx, MQTTAsync_successData *data);

/* As long and as rich as the bridge's. */
static void publish(const struct event *event)
{
	char topic[NAME_SIZE + 32], text[EVENT_SIZE];
	MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
	response.onSuccess = on_puback;
	response.onFailure = on_failure;
	snprintf(topic, sizeof(topic), "devices/%s/status", event->device);
	int len = snprintf(text, sizeof(text),
			   "{\"event_type\":\"%s\",\"status\":\"%s\",\"device\":\"%s\",\"id\":\"%s\",\"sid\":\"%s\","
			   "\"sim_sid\":\"%s\",\"payload\":\"%s\",\"time\":\"%s\"}",
			   event->status, event->status, event->device, "0b1c9c1e-5f1a-4c39-9d3e-1f8f5c9d2a7b",
			   "HC0123456789abcdef0123456789abcdef", "HS0123456789abcdef0123456789abcdef", event->payload,
			   "2026-01-01T00:00:00.000Z");
	if (MQTTAsync_send(publisher, topic, len, text, 1, 0, &response) != MQTTASYNC_SUCCESS)
		fail("cannot publish");
	in_flight++;
}

static void publish_waiting(void)
{
	while (in_flight < WINDOW && first < end)
		publish(&waiting[first++ % WAITING_MAX]);
}

static void on_puback(void *ctx, MQTTAsync_successData *data)
{
	(void)ctx;
	(void)data;
	in_flight--;
	publish_waiting();
}

static void add(const char *status, const char *device, int device_len, const MQTTAsync_message *message)
{
	if (end - first == WAITING_MAX)
		fail("too many events wait");
	struct event *event = &waiting[end++ % WAITING_MAX];
	event->status = status;
	snprintf(event->device, sizeof(event->device), "%.*s", device_len, device);
	snprintf(event->payload, sizeof(event->payload), "%.*s", message->payloadlen, (const char *)message->payload);
}

static void store(const char *topic, const MQTTAsync_message *message)
{
	char record[RECORD_SIZE] = "";
	snprintf(record, sizeof(record), "%s %.*s", topic, message->payloadlen, (const char *)message->payload);
	if (file_at + RECORD_SIZE > FILE_SIZE)
		file_at = 0;
	if (pwrite(file, record, sizeof(record), file_at) != RECORD_SIZE || fdatasync(file) != 0)
		fail("cannot store");
	file_at += RECORD_SIZE;
}

static int on_message(void *ctx, char *topic, int topic_len, MQTTAsync_message *message)
{
	static const char start[] = "devices/";
	(void)ctx;
	(void)topic_len;
	if (file >= 0)
		store(topic, message);
	const char *device = topic + sizeof(start) - 1;
	int device_len = (int)strcspn(device, "/");
	add("accepted", device, device_len, message);
	add("queued", device, device_len, message);
	publish_waiting();
	MQTTAsync_freeMessage(&message);
	MQTTAsync_free(topic);
	return 1;
}

/* Full of zeros, so that what is stored later changes nothing but the data. */
static void open_file(const char *path)
{
	static const char zeros[BLOCK_SIZE];
	file = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (file < 0)
		fail("cannot create the file");
	for (off_t at = 0; at < FILE_SIZE; at += BLOCK_SIZE)
		if (pwrite(file, zeros, sizeof(zeros), at) != BLOCK_SIZE)
			fail("cannot fill the file");
	if (fsync(file) != 0)
		fail("cannot store the file");
}

static void wait_for_step(void)
{
	while (sem_wait(&done) != 0)
		continue;
}

/* Differs from the bridge's handles in the session alone: nothing of it is left at the broker afterwards. */
static MQTTAsync handle_of(const char *url, const char *client_id)
{
	MQTTAsync handle;
	MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
	MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer;
	create.MQTTVersion = connect.MQTTVersion = MQTTVERSION_3_1_1;
	create.maxBufferedMessages = BUFFERED_MAX;
	connect.cleansession = 1;
	connect.onSuccess = on_step;
	connect.onFailure = on_failure;
	if (MQTTAsync_createWithOptions(&handle, url, client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &create) !=
		    MQTTASYNC_SUCCESS ||
	    MQTTAsync_setCallbacks(handle, NULL, on_lost, on_message, NULL) != MQTTASYNC_SUCCESS ||
	    MQTTAsync_connect(handle, &connect) != MQTTASYNC_SUCCESS)
		fail("cannot connect");
	wait_for_step();
	return handle;
}

int main(int argc, char **argv)
{
	char url[64];
	MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
	if (argc != 2 && !(argc == 4 && strcmp(argv[2], "--store") == 0))
		fail("usage: bench-paho-floor PORT [--store FILE]");
	if (argc == 4)
		open_file(argv[3]);
	sem_init(&done, 0, 0);
	snprintf(url, sizeof(url), "mqtt://127.0.0.1:%s", argv[1]);
	publisher = handle_of(url, "paho-floor-pub");
	MQTTAsync intake = handle_of(url, "paho-floor");
	response.onSuccess = on_step;
	response.onFailure = on_failure;
	if (MQTTAsync_subscribe(intake, "devices/+/cmd", 1, &response) != MQTTASYNC_SUCCESS)
		fail("cannot subscribe");
	wait_for_step();
	for (;;)
		pause();
}
