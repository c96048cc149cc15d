/* Does a reload take everything or nothing? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reload.h"

#include "bridge/flow/callback_url.h"
#include "tests/flow/webhook_caller.h"

#define NEW_SMS "/callback/sms/56fc578decfce6b48676dc8994e949b8" /* under fedcba98... alone (Python's hmac) */

static const char config[] = "mqtt: {url: 'mqtt://broker.test', password: new, username: bridge}\n"
			     "api: {url: " API_URL ", auth: bearer, token: new-token}\n"
			     "webhook:\n"
			     "  listen: 127.0.0.1:0\n"
			     "  public_url: " PUBLIC_URL "\n"
			     "  secret: fedcba9876543210fedcba9876543210\n"
			     "spool: {path: spool.db}\n"
			     "mappings: devices.yaml\n";

static bool run(struct world *world, char why[WHY_SIZE])
{
	return reload_run(&world->reload, why, WHY_SIZE);
}

static void mappings_and_secrets_are_new(void **state)
{
	struct world *world = *state;
	char why[WHY_SIZE], secret[64], password[64];
	world_write(world, "bridge.yaml", config);
	world_write(world, "devices.yaml", "devices:\n  meter-1: " SIM_2 "\n  new: " SIM_1 "\n");
	assert_true(run(world, why));
	assert_string_equal(why, "2 devices");
	PUBLISH(world, .device = "new", .payload = "{\"payload\": \"x\", \"id\": \"job\"}");
	want_told(world, "new job accepted");
	assert_string_equal(world_find(world, "job").sim, SIM_1);
	assert_int_equal(CALL(world, .path = SMS, .body = RECEIVED_B), 403);
	assert_int_equal(CALL(world, .path = NEW_SMS, .body = RECEIVED_B), 204);
	fake_token_secret(secret);
	assert_string_equal(secret, "new-token");
	fake_mqtt_password(password);
	assert_string_equal(password, "new");
	assert_true(atomic_load(&world->greet));
	assert_true(atomic_load(&world->reload.certificate_due));
	assert_int_equal(counters_get(&world->counters, COUNT_RELOADS), 1);
}

/* Where each was to go is decided when it is taken, not when it is sent. */
static void what_waits_keeps_its_sim(void **state)
{
	struct world *world = *state;
	char why[WHY_SIZE];
	world_command(world, 1, "before");
	world_write(world, "devices.yaml", "devices:\n  meter-1: " SIM_2 "\n");
	assert_true(run(world, why));
	world_command(world, 1, "after");
	assert_string_equal(world_find(world, "before").sim, SIM_1);
	assert_string_equal(world_find(world, "after").sim, SIM_2);
}

/* Nor does it need its device in the mapping any more. */
static void what_waits_goes_out_though_its_device_is_gone(void **state)
{
	struct world *world = *state;
	char why[WHY_SIZE];
	world_command(world, 1, "before");
	world_write(world, "devices.yaml", "devices:\n  meter-2: " SIM_2 "\n");
	assert_true(run(world, why));
	fake_http_always("POST", (struct fake_answer){.status = 201, .body = "{\"sid\": \"" SID_A "\"}"});
	world_start_sender(world);
	WAIT_FOR(world_is(world, "before", STATE_QUEUED));
	want_part("create", "body", fake_http_request("POST", 0).body, "Sim=" SIM_1);
	want_told(world, "meter-1 before accepted, meter-1 before queued");
}

static const struct {
	const char *name, *file, *text, *want_why;
} faults[] = {
	{"a device twice", "devices.yaml", "devices:\n  a: " SIM_1 "\n  a: " SIM_2 "\n", "devices.yaml:3"},
	{"a SIM twice", "devices.yaml", "devices:\n  a: " SIM_1 "\n  b: " SIM_1 "\n", "devices.yaml:3"},
	{"no YAML", "devices.yaml", "devices: [", "devices.yaml"},
	{"no mapping file", "bridge.yaml", "api: {url: " API_URL ", auth: bearer, token: t}\nmappings: none.yaml\n",
	 "none.yaml"},
	{"an unknown key", "bridge.yaml", "api: {url: " API_URL ", auth: bearer, token: t, colour: 1}\n",
	 "bridge.yaml:1"},
	{"no token", "bridge.yaml", "api: {url: " API_URL ", auth: bearer}\nmappings: devices.yaml\n", "api.token"},
	{"a secret file that is not there", "bridge.yaml",
	 "api: {url: " API_URL ", auth: bearer, token_file: none}\nmappings: devices.yaml\n", "none"},
	{"nothing", "bridge.yaml", "", "api"},
};

static void one_fault(size_t i)
{
	void *state = NULL;
	char why[WHY_SIZE], secret[64], password[64];
	world_setup(&state);
	struct world *world = state;
	size_t before = mapping_count(world->mapping);
	/* All is new but the one file that is broken. */
	world_write(world, "bridge.yaml", config);
	world_write(world, "devices.yaml", "devices:\n  new: " SIM_1 "\n");
	world_write(world, faults[i].file, faults[i].text);
	want_bool(faults[i].name, "reloaded", run(world, why), false);
	want_part(faults[i].name, "why", why, faults[i].want_why);
	want_number(faults[i].name, "devices", (int64_t)mapping_count(world->mapping), (int64_t)before);
	want_number(faults[i].name, "old address", CALL(world, .path = SMS, .body = RECEIVED_B), 204);
	want_number(faults[i].name, "new address", CALL(world, .path = NEW_SMS, .body = RECEIVED_B), 403);
	fake_token_secret(secret);
	want_text(faults[i].name, "token", secret, "");
	fake_mqtt_password(password);
	want_text(faults[i].name, "password", password, "");
	want_bool(faults[i].name, "greet", atomic_load(&world->greet), false);
	want_number(faults[i].name, "counted", counters_get(&world->counters, COUNT_RELOAD_FAILURES), 1);
	world_teardown(&state);
}

static void a_broken_file_changes_nothing_and_says_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(faults); i++)
		one_fault(i);
}

/* The other kind needs other settings, which only a restart takes. */
static void another_kind_of_authentication_is_not_mixed_in(void **state)
{
	struct world *world = *state;
	char why[WHY_SIZE], secret[64];
	world_write(world, "bridge.yaml",
		    "api: {url: " API_URL ", auth: basic, username: u, password: other}\nmappings: devices.yaml\n");
	assert_true(run(world, why));
	fake_token_secret(secret);
	assert_string_equal(secret, "");
}

/* Nor does a file that says nothing of the webhook end the one in use: callbacks still come to the addresses given. */
static void a_webhook_that_left_the_file_keeps_its_keys(void **state)
{
	struct world *world = *state;
	char why[WHY_SIZE];
	world_write(world, "bridge.yaml", "api: {url: " API_URL ", auth: bearer, token: t}\nmappings: devices.yaml\n");
	assert_true(run(world, why));
	assert_int_equal(CALL(world, .path = SMS, .body = RECEIVED_B), 204);
}

/* Whoever mended the credentials sees at once whether it helped. */
static void new_credentials_are_tried_at_once(void **state)
{
	struct world *world = *state;
	char why[WHY_SIZE];
	fake_clock_random(MINUTE); /* pauses of a minute, once backoff allows for that */
	fake_http_always("POST", (struct fake_answer){.status = 401});
	world_command(world, 1, "job");
	world_start_sender(world);
	for (int i = 0; i < 10; i++) {
		world_advance(world, 2 * MINUTE);
		world_pass(world);
	}
	size_t before = fake_http_count("POST");
	fake_http_always("POST", (struct fake_answer){.status = 201});
	assert_true(run(world, why));
	WAIT_FOR(fake_http_count("POST") > before);
	WAIT_FOR(world_is(world, "job", STATE_QUEUED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(mappings_and_secrets_are_new),
		WORLD_TEST(what_waits_keeps_its_sim),
		WORLD_TEST(what_waits_goes_out_though_its_device_is_gone),
		cmocka_unit_test(a_broken_file_changes_nothing_and_says_where),
		WORLD_TEST(another_kind_of_authentication_is_not_mixed_in),
		WORLD_TEST(a_webhook_that_left_the_file_keeps_its_keys),
		WORLD_TEST(new_credentials_are_tried_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
