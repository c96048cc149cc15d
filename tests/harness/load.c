// load - statuses are read once each, in the order of their arrival.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/load.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/buffer.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/json_view.h"

enum { MAPPING_MAX = 4 * 1024 * 1024, LINE_SIZE = 128, COMMANDS_MAX = 100000 };

struct load {
	struct client *client;
	size_t devices, sent;
	size_t next; /* message of the client to look at */
	size_t accepted, delivered, wanted;
	bool is_accepted[COMMANDS_MAX], is_delivered[COMMANDS_MAX];
};

char *load_mapping(size_t devices)
{
	struct buffer text;
	buffer_init(&text, MAPPING_MAX);
	buffer_append_text(&text, "devices:\n");
	for (size_t i = 0; i < devices; i++)
		buffer_append_format(&text, "  load-%zu: HS%032zx\n", i, i + 0x1000);
	return buffer_take(&text);
}

struct load *load_create(struct client *client, size_t devices)
{
	struct load *load = memory_zeroed(1, sizeof(*load));
	load->client = client;
	load->devices = devices;
	return load;
}

void load_destroy(struct load *load)
{
	free(load);
}

static void send_one(struct load *load, size_t number)
{
	char topic[LINE_SIZE], command[LINE_SIZE];
	text_format(topic, sizeof(topic), "devices/load-%zu/cmd", number % load->devices);
	text_format(command, sizeof(command), "{\"payload\":\"load %zu\",\"id\":\"load-%zu\"}", number, number);
	struct client_publish publish = {.topic = topic, .payload = command, .len = strlen(command), .qos = 1};
	client_send(load->client, &publish);
}

void load_send(struct load *load, size_t count)
{
	for (size_t end = load->sent + count; load->sent < end && load->sent < COMMANDS_MAX; load->sent++)
		send_one(load, load->sent);
}

static void note(struct load *load, const struct client_message *message)
{
	char id[LINE_SIZE], status[LINE_SIZE];
	int64_t number = -1;
	json_pick(message->payload, "id", id, sizeof(id));
	if (!text_starts_with(id, "load-") || !text_to_int(id + 5, 0, COMMANDS_MAX - 1, &number))
		return;
	json_pick(message->payload, "status", status, sizeof(status));
	load->accepted += load->is_accepted[number] ? 0 : 1;
	load->is_accepted[number] = true;
	if (!text_equal(status, "delivered"))
		return;
	load->delivered += load->is_delivered[number] ? 0 : 1;
	load->is_delivered[number] = true;
}

static void look(struct load *load)
{
	const struct client_message *message = client_message_at(load->client, load->next);
	for (; message != NULL; message = client_message_at(load->client, load->next)) {
		note(load, message);
		load->next++;
	}
}

void load_send_missing(struct load *load)
{
	look(load);
	for (size_t i = 0; i < load->sent; i++)
		if (!load->is_accepted[i])
			send_one(load, i);
}

size_t load_accepted(struct load *load)
{
	look(load);
	return load->accepted;
}

size_t load_delivered(struct load *load)
{
	look(load);
	return load->delivered;
}

static bool are_delivered(void *ctx)
{
	struct load *load = ctx;
	return load_delivered(load) >= load->wanted;
}

bool load_await_delivered(struct load *load, size_t count, int64_t timeout_ms)
{
	load->wanted = count;
	return await(are_delivered, load, timeout_ms);
}
