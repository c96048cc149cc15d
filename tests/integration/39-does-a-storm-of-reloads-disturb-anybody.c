// Question: do secrets that change all the time under load turn nobody away, lose nothing and send nothing twice?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "bridge/base/text.h"
#include "tests/harness/load.h"
#include "tests/harness/world.h"

#define KORE	   "the-secret-that-kore-shares-with-us"
#define KORE_OTHER "the-secret-that-kore-used-before-it"
#define KEY	   "a-webhook-secret-that-comes-and-goes-1"
#define KEY_OTHER  "a-webhook-secret-that-comes-and-goes-2"

enum { DEVICES = 20, RELOADS = 40, WAVE = 10, LINES_SIZE = 128 };

static const char *const lines[] = {"api.auth: oauth2",
				    "api.token:",
				    "api.client_id: simulator",
				    "api.client_secret_file: client.secret",
				    "mqtt.username: bridge",
				    "mqtt.password_file: mqtt.secret",
				    "webhook.secret_file: keys.secret",
				    "webhook.kore_secret_file: kore.secret",
				    NULL};

static void write_pair(struct world *world, const char *name, const char *first, const char *second)
{
	char text[LINES_SIZE];
	text_format(text, sizeof(text), "%s\n%s\n", first, second);
	world_file(world, name, text);
}

/* Each time in the other order, so that new tokens are made under another key, and old ones stay good. */
static void change_secrets(struct world *world, int number)
{
	char password[LINES_SIZE];
	bool odd = number % 2 != 0;
	write_pair(world, "keys.secret", odd ? KEY_OTHER : KEY, odd ? KEY : KEY_OTHER);
	write_pair(world, "kore.secret", odd ? KORE : KORE_OTHER, odd ? KORE_OTHER : KORE);
	text_format(password, sizeof(password), "mqtt-password-%d\n", number);
	world_file(world, "mqtt.secret", password);
}

static void start(struct world *world)
{
	char *mapping = load_mapping(DEVICES);
	struct world_options options = {.lines = lines, .devices = mapping};
	world_file(world, "client.secret", "simulator\n");
	change_secrets(world, 0);
	world_prepare(world, &options);
	free(mapping);
	simulator_tell(world->simulator, "POST", "settings", "{\"kore_secret\":\"" KORE "\"}");
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
}

static void nobody_is_turned_away(struct world *world)
{
	start(world);
	struct load *load = load_create(world->client, DEVICES);
	for (int i = 1; i <= RELOADS; i++) {
		load_send(load, WAVE);
		change_secrets(world, i);
		bridge_reload(world->bridge);
	}
	if (!load_await_delivered(load, RELOADS * WAVE, 2 * STEP_MS))
		fail_msg("%zu of %d commands were delivered", load_delivered(load), RELOADS * WAVE);
	load_destroy(load);
	ledger_expect_distinct(world->simulator, RELOADS * WAVE);
	assert_int_equal(bridge_metric(world->bridge, "mqtt_sms_bridge_callbacks_total{result=\"forged\"}"), 0);
	assert_int_equal(bridge_metric(world->bridge, "mqtt_sms_bridge_reloads_total"), RELOADS);
}

int main(void)
{
	static const struct world_test tests[] = {WORLD_TEST(nobody_is_turned_away)};
	return WORLD_RUN(tests);
}
