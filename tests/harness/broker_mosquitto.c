// broker_mosquitto - as config/mosquitto.conf advises it: every change is saved.
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "bridge/base/text.h"
#include "tests/harness/broker_inside.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/ports.h"

enum { TEXT_SIZE = 2048 };

/* Debian keeps mosquitto outside an ordinary user's PATH. */
static const char *program(void)
{
	const char *const places[] = {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return "mosquitto";
}

static void prepare(struct broker *broker, const char *lines)
{
	char text[TEXT_SIZE];
	broker->port = port_free();
	text_format(broker->file, sizeof(broker->file), "%s/mosquitto.conf", broker->folder);
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

static struct process *launch(struct broker *broker)
{
	const char *argv[] = {program(), "-c", broker->file, NULL};
	struct process_options options = {.name = "mosquitto", .folder = broker->folder, .argv = argv};
	struct process *process = process_start(&options);
	if (!broker_comes_up(process, broker->port))
		fail_msg("mosquitto did not come up on port %d", broker->port);
	return process;
}

const struct broker_kind broker_mosquitto = {
	.name = "mosquitto",
	.gifts = {[BROKER_MOSQUITTO] = true,
		  [BROKER_MQTT_5] = true,
		  [BROKER_SHARES] = true,
		  [BROKER_QUICK_START] = true,
		  [BROKER_ORDERS] = true,
		  [BROKER_RETAINED] = true,
		  [BROKER_KEEPS] = true},
	.prepare = prepare,
	.launch = launch,
};
