// status - statuses are found by their JSON, in the order of their arrival.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/status.h"

#include <string.h>

#include "bridge/base/buffer.h"
#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/json_view.h"

enum { MEMBER_SIZE = 512, WORDS_MAX = 4096 };

struct wanted {
	struct client *client;
	char topic[TOPIC_SIZE];
	const char *key, *value; /* which command: by id or by payload */
	const char *status;
	const struct client_message *found;
	size_t next;
};

void command_send(struct client *client, const char *device, const char *payload)
{
	char topic[TOPIC_SIZE];
	text_format(topic, sizeof(topic), "devices/%s/cmd", device);
	client_publish(client, topic, payload);
}

static void status_topic(char topic[TOPIC_SIZE], const char *device)
{
	text_format(topic, TOPIC_SIZE, "devices/%s/status", device);
}

static bool has_member(const struct client_message *message, const char *path, const char *value)
{
	char member[MEMBER_SIZE];
	json_pick(message->payload, path, member, sizeof(member));
	return text_equal(member, value);
}

static bool is_here(void *ctx)
{
	struct wanted *wanted = ctx;
	const struct client_message *message = client_message_at(wanted->client, wanted->next);
	for (; message != NULL && wanted->found == NULL; message = client_message_at(wanted->client, wanted->next)) {
		wanted->next++;
		if (text_equal(message->topic, wanted->topic) && has_member(message, wanted->key, wanted->value) &&
		    has_member(message, "status", wanted->status))
			wanted->found = message;
	}
	return wanted->found != NULL;
}

static const struct client_message *expect(struct wanted *wanted, const char *device)
{
	status_topic(wanted->topic, device);
	if (!await(is_here, wanted, STEP_MS))
		fail_msg("the status %s of %s %s of device %s did not come", wanted->status, wanted->key, wanted->value,
			 device);
	return wanted->found;
}

const struct client_message *status_expect(struct client *client, const char *device, const char *id,
					   const char *status)
{
	struct wanted wanted = {.client = client, .key = "id", .value = id, .status = status};
	return expect(&wanted, device);
}

const struct client_message *status_expect_payload(struct client *client, const char *device, const char *payload,
						   const char *status)
{
	struct wanted wanted = {.client = client, .key = "payload", .value = payload, .status = status};
	return expect(&wanted, device);
}

bool status_is(struct client *client, const char *device, const char *id, const char *status)
{
	struct wanted wanted = {.client = client, .key = "id", .value = id, .status = status};
	status_topic(wanted.topic, device);
	return is_here(&wanted);
}

/* The statuses of `id` so far, in order, each with a blank behind it. */
static void read_statuses(struct client *client, const char *device, const char *id, struct buffer *ret)
{
	char topic[TOPIC_SIZE], status[MEMBER_SIZE];
	status_topic(topic, device);
	buffer_init(ret, WORDS_MAX);
	const struct client_message *message = client_message_at(client, 0);
	for (size_t i = 1; message != NULL; message = client_message_at(client, i++)) {
		if (!text_equal(message->topic, topic) || !has_member(message, "id", id))
			continue;
		json_pick(message->payload, "status", status, sizeof(status));
		buffer_append_format(ret, "%s ", status);
	}
}

void status_expect_sequence(struct client *client, const char *device, const char *id, const char *words)
{
	struct buffer seen, wanted;
	read_statuses(client, device, id, &seen);
	buffer_init(&wanted, WORDS_MAX);
	buffer_append_format(&wanted, "%s ", words);
	assert_string_equal(buffer_text(&seen), buffer_text(&wanted));
	buffer_clear(&seen);
	buffer_clear(&wanted);
}

static void expect_rising(struct client *client, const char *device, const char *id, const char *final, bool killed)
{
	/* What may follow each other; the final one is the caller's. */
	static const char *const ranks[] = {"accepted ", "queued ", "sent "};
	struct buffer seen;
	char last[MEMBER_SIZE];
	read_statuses(client, device, id, &seen);
	const char *at = buffer_text(&seen);
	bool starts = text_starts_with(at, ranks[0]);
	text_format(last, sizeof(last), "%s ", final);
	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
		at += text_starts_with(at, ranks[i]) ? strlen(ranks[i]) : 0;
		at += killed && text_starts_with(at, ranks[i]) ? strlen(ranks[i]) : 0;
	}
	if (killed && text_starts_with(at, last) && at[strlen(last)] != '\0')
		at += strlen(last);
	if (!starts || !text_equal(at, last))
		fail_msg("the statuses of %s do not rise to %s: %s", id, final, buffer_text(&seen));
	buffer_clear(&seen);
}

void status_expect_rising(struct client *client, const char *device, const char *id, const char *final)
{
	expect_rising(client, device, id, final, false);
}

void status_expect_rising_over_kill(struct client *client, const char *device, const char *id, const char *final)
{
	expect_rising(client, device, id, final, true);
}

void status_expect_field(const struct client_message *message, const char *path, const char *wanted)
{
	char member[MEMBER_SIZE];
	json_pick(message->payload, path, member, sizeof(member));
	if (!text_equal(member, wanted))
		fail_msg("%s is \"%s\" and not \"%s\" in %s", path, member, wanted, message->payload);
}

void status_settle(struct client *client, const char *device)
{
	static int settled;
	char payload[MEMBER_SIZE], id[COMMAND_ID_SIZE];
	text_format(id, sizeof(id), "settle-%d", ++settled);
	text_format(payload, sizeof(payload), "{\"payload\":\"settle %d\",\"id\":\"%s\"}", settled, id);
	command_send(client, device, payload);
	status_expect(client, device, id, "delivered");
}
