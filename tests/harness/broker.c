// broker - mosquitto as config/mosquitto.conf advises it: every change is saved.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/broker.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/ports.h"
#include "tests/harness/process.h"

enum { FOLDER_SIZE = 256, PATH_SIZE = 300, TEXT_SIZE = 2048 };

struct broker {
	int port;
	char folder[FOLDER_SIZE], file[PATH_SIZE];
	struct process *process;
};

/* Debian keeps mosquitto outside an ordinary user's PATH. */
static const char *program(void)
{
	const char *const places[] = {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return "mosquitto";
}

static void write_config(const struct broker *broker, const char *lines)
{
	char text[TEXT_SIZE];
	bool whole = text_format(text, sizeof(text),
				 "listener %d 127.0.0.1\n"
				 "allow_anonymous true\n"
				 "set_tcp_nodelay true\n"
				 "persistence true\n"
				 "persistence_location %s/\n"
				 "autosave_interval 1\n"
				 "autosave_on_changes true\n"
				 "max_queued_messages 100000\n"
				 "log_dest stderr\n"
				 "log_type all\n"
				 "%s%s\n",
				 broker->port, broker->folder, geteuid() == 0 ? "user root\n" : "", lines);
	assert_true(whole);
	file_write(broker->file, text);
}

static bool is_up(void *ctx)
{
	struct broker *broker = ctx;
	return port_answers(broker->port) || !process_is_running(broker->process);
}

void broker_restart(struct broker *broker)
{
	process_destroy(broker->process);
	const char *argv[] = {program(), "-c", broker->file, NULL};
	struct process_options options = {.name = "mosquitto", .folder = broker->folder, .argv = argv};
	broker->process = process_start(&options);
	if (!await(is_up, broker, STEP_MS) || !process_is_running(broker->process))
		fail_msg("mosquitto did not come up on port %d", broker->port);
}

struct broker *broker_start(const char *folder, const char *lines)
{
	struct broker *broker = memory_zeroed(1, sizeof(*broker));
	broker->port = port_free();
	text_copy(broker->folder, sizeof(broker->folder), folder);
	text_format(broker->file, sizeof(broker->file), "%s/mosquitto.conf", folder);
	write_config(broker, lines);
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
	process_destroy(broker->process);
	free(broker);
}
