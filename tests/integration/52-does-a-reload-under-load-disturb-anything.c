// Question: is a large mapping exchanged while commands flow, again and again, without one lost, doubled or misled?
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "bridge/base/buffer.h"
#include "bridge/base/text.h"
#include "tests/harness/files.h"
#include "tests/harness/load.h"
#include "tests/harness/world.h"

enum { DEVICES = 20, OTHERS = 100000, RELOADS = 6, WAVE = 40, MAPPING_MAX = 8 << 20, DEADLINE_MS = 90000 };

/* The devices of the load, many that are silent, and one whose SIM differs from generation to generation. */
static char *mapping(int generation)
{
	struct buffer text;
	char *devices = load_mapping(DEVICES);
	buffer_init(&text, MAPPING_MAX);
	buffer_append_text(&text, devices);
	for (int i = 0; i < OTHERS; i++)
		buffer_append_format(&text, "  silent-%d: HS%032x\n", i, 0x100000 + i);
	buffer_append_format(&text, "  changed-%d: HS%032x\n", generation, 0x10 + generation);
	assert_false(text.overflow);
	free(devices);
	return buffer_take(&text);
}

static void start(struct world *world)
{
	static const char *const lines[] = {"api.rate: 0", NULL};
	char *text = mapping(0);
	struct world_options options = {.lines = lines, .devices = text};
	world_start(world, &options);
	free(text);
}

static void exchange(struct world *world, int generation)
{
	char path[WORLD_FOLDER_SIZE + 32], fresh[WORLD_FOLDER_SIZE + 32];
	char *text = mapping(generation);
	text_format(path, sizeof(path), "%s/devices.yaml", world->folder);
	text_format(fresh, sizeof(fresh), "%s.new", path);
	file_write(fresh, text);
	assert_int_equal(rename(fresh, path), 0);
	free(text);
	bridge_reload(world->bridge);
}

static void many_devices_are_exchanged_while_commands_flow(struct world *world)
{
	char device[32];
	start(world);
	struct load *load = load_create(world->client, DEVICES);
	for (int generation = 1; generation <= RELOADS; generation++) {
		load_send(load, WAVE);
		exchange(world, generation);
	}
	assert_true(client_flush(world->client, STEP_MS));
	if (!load_await_delivered(load, RELOADS * WAVE, DEADLINE_MS))
		fail_msg("%zu of %d commands were delivered", load_delivered(load), RELOADS * WAVE);
	ledger_expect_distinct(world->simulator, RELOADS * WAVE);
	load_destroy(load);
	/* The last one counts, and nothing is left of those before. */
	text_format(device, sizeof(device), "changed-%d", RELOADS);
	command_send(world->client, device, "{\"payload\":\"new\",\"id\":\"new\"}");
	status_expect(world->client, device, "new", "delivered");
	command_send(world->client, "changed-1", "{\"payload\":\"old\",\"id\":\"old\"}");
	status_expect(world->client, "changed-1", "old", "rejected");
	assert_int_equal(bridge_metric(world->bridge, "mqtt_sms_bridge_devices"), DEVICES + OTHERS + 1);
	assert_int_equal(bridge_metric(world->bridge, "mqtt_sms_bridge_reloads_total"), RELOADS);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(many_devices_are_exchanged_while_commands_flow),
	};
	return WORLD_RUN(tests);
}
