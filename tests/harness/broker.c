// broker - which of them is under test, and what they have in common.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/broker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/buffer.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/broker_inside.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/ports.h"

enum { SHIPPED_MAX = 64 * 1024, START_MS = 2 * STEP_MS, FEW_RESTARTS = 2 };

static const struct broker_kind *under_test(void)
{
	static const struct broker_kind *const kinds[] = {&broker_mosquitto, &broker_nats, &broker_rabbitmq};
	const char *name = getenv("TEST_BROKER");
	if (name == NULL || *name == '\0')
		return kinds[0];
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (text_equal(kinds[i]->name, name))
			return kinds[i];
	fail_msg("TEST_BROKER=%s: mosquitto, nats or rabbitmq", name);
	return NULL;
}

const char *broker_lacks(enum broker_gift gift)
{
	static const char *const reasons[BROKER_GIFTS] = {
		[BROKER_ANY] = "",
		[BROKER_MOSQUITTO] = "the question is about mosquitto's own settings and tools",
		[BROKER_MQTT_5] = "it does not speak MQTT 5",
		[BROKER_SHARES] = "it has no shared subscriptions",
		[BROKER_QUICK_START] = "it takes too long to start again",
		[BROKER_ORDERS] = "it delivers each subscription in order, but not one with another",
		[BROKER_RETAINED] = "it has retained messages for exact topics only, not for filters with wildcards",
		[BROKER_KEEPS] = "when it is started again it may lose what waits for an absent client",
	};
	return under_test()->gifts[gift] || gift == BROKER_ANY ? "" : reasons[gift];
}

const char *broker_name(void)
{
	return under_test()->name;
}

size_t broker_restarts(size_t rounds)
{
	return under_test()->gifts[BROKER_QUICK_START] || rounds < FEW_RESTARTS ? rounds : FEW_RESTARTS;
}

struct arrival {
	struct process *process;
	int port;
};

static bool is_up_or_gone(void *ctx)
{
	struct arrival *arrival = ctx;
	return port_answers(arrival->port) || !process_is_running(arrival->process);
}

bool broker_comes_up(struct process *process, int port)
{
	struct arrival arrival = {process, port};
	return await(is_up_or_gone, &arrival, START_MS) && process_is_running(process);
}

static void replace(struct buffer *to, const char *text, const struct broker_change *change)
{
	const char *at = strstr(text, change->from);
	if (at == NULL)
		fail_msg("the shipped configuration has no \"%s\"", change->from);
	buffer_append(to, text, (size_t)(at - text));
	buffer_append_text(to, change->to);
	buffer_append_text(to, at + strlen(change->from));
	assert_false(to->overflow);
}

char *broker_shipped(const char *name, const struct broker_change *changes)
{
	char path[BROKER_PATH_SIZE];
	assert_true(text_format(path, sizeof(path), "%s/config/%s", SOURCE_DIR, name));
	char *text = file_text(path);
	for (; changes->from != NULL; changes++) {
		struct buffer changed;
		buffer_init(&changed, SHIPPED_MAX);
		replace(&changed, text, changes);
		free(text);
		text = buffer_take(&changed);
	}
	return text;
}

void broker_restart(struct broker *broker)
{
	process_destroy(broker->process);
	broker->process = NULL;
	broker->process = broker->kind->launch(broker);
	if (broker->shared != NULL)
		*broker->shared = broker->process;
}

struct broker *broker_start(const char *folder, const char *lines)
{
	struct broker *broker = memory_zeroed(1, sizeof(*broker));
	broker->kind = under_test();
	text_copy(broker->folder, sizeof(broker->folder), folder);
	broker->kind->prepare(broker, lines);
	if (broker->process == NULL)
		broker_restart(broker);
	return broker;
}

void broker_stop(struct broker *broker)
{
	process_signal(broker->process, SIGTERM);
	assert_int_not_equal(process_wait(broker->process, STEP_MS), PROCESS_STILL_RUNNING);
}

void broker_kill(struct broker *broker)
{
	process_kill(broker->process);
}

int broker_port(const struct broker *broker)
{
	return broker->port;
}

struct process *broker_process(struct broker *broker)
{
	return broker->process;
}

void broker_destroy(struct broker *broker)
{
	if (broker == NULL)
		return;
	if (broker->shared == NULL)
		process_destroy(broker->process);
	free(broker);
}

void broker_finish(void)
{
	if (under_test()->finish != NULL)
		under_test()->finish();
}
