// broker_nats - nats-server with config/nats.conf on free ports.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "bridge/base/text.h"
#include "tests/harness/broker_inside.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/ports.h"

enum { ADDRESS_SIZE = 32 };

static void prepare(struct broker *broker, const char *lines)
{
	char own[ADDRESS_SIZE], mqtt[ADDRESS_SIZE];
	assert_string_equal(lines, "");
	broker->port = port_free();
	text_format(own, sizeof(own), "127.0.0.1:%d", port_free());
	text_format(mqtt, sizeof(mqtt), "127.0.0.1:%d", broker->port);
	const struct broker_change changes[] = {
		{"127.0.0.1:4222", own}, {"127.0.0.1:1883", mqtt}, {"/var/lib/nats", broker->folder}, {NULL, NULL}};
	char *text = broker_shipped("nats.conf", changes);
	text_format(broker->file, sizeof(broker->file), "%s/nats.conf", broker->folder);
	file_write(broker->file, text);
	free(text);
}

static struct process *launch(struct broker *broker)
{
	const char *argv[] = {"nats-server", "-c", broker->file, NULL};
	struct process_options options = {.name = "nats", .folder = broker->folder, .argv = argv};
	struct process *process = process_start(&options);
	if (!broker_comes_up(process, broker->port))
		fail_msg("nats-server did not come up on port %d", broker->port);
	return process;
}

const struct broker_kind broker_nats = {
	.name = "nats",
	.gifts = {[BROKER_QUICK_START] = true, [BROKER_RETAINED] = true},
	.prepare = prepare,
	.launch = launch,
};
