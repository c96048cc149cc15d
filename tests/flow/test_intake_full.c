/* Does a full disk hold a command back at the broker, and let it in when there is room again? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/command_intake.h"

#include <pthread.h>
#include <stdatomic.h>

#include "bridge/flow/heartbeat.h"
#include "tests/flow/flow_world.h"

enum { WHILE_MS = 600 }; /* longer than two of the intake's looks */

struct sender {
	struct world *world;
	const char *device;
	atomic_bool returned;
};

static void *publish(void *arg)
{
	struct sender *sender = arg;
	PUBLISH(sender->world, .device = sender->device, .payload = "{\"payload\": \"x\", \"id\": \"late\"}");
	atomic_store(&sender->returned, true);
	return NULL;
}

/* Not returned, that is not acknowledged, for as long as a few looks take. */
static void stays_out(struct sender *sender)
{
	for (int64_t until_ms = real_ms() + WHILE_MS; real_ms() < until_ms; nap())
		assert_false(atomic_load(&sender->returned));
}

static void waits_and_goes_on(struct world *world, const char *device, const char *want_told_then)
{
	pthread_t thread;
	struct sender sender = {.world = world, .device = device};
	world_fill_disk(world);
	world_told(world);
	assert_int_equal(pthread_create(&thread, NULL, publish, &sender), 0);
	stays_out(&sender);
	want_told(world, "");
	world_free_disk(world);
	WAIT_FOR(atomic_load(&sender.returned));
	pthread_join(thread, NULL);
	want_told(world, want_told_then);
}

static void a_command_waits_for_room_and_goes_on(void **state)
{
	waits_and_goes_on(*state, "meter-1", "meter-1 late accepted");
}

static void a_refusal_waits_for_room_too(void **state)
{
	waits_and_goes_on(*state, "nobody", "nobody late rejected:unknown_device");
}

/* It would take the rest of the stop with it, the answers under way among it. */
static void a_message_that_waits_does_not_end_the_process(void **state)
{
	struct world *world = *state;
	pthread_t thread;
	static struct sender sender;
	sender.world = world;
	sender.device = "meter-1";
	world_fill_disk(world);
	world_told(world);
	assert_int_equal(pthread_create(&thread, NULL, publish, &sender), 0);
	pthread_detach(thread);
	stays_out(&sender);
	atomic_store(&world->intake.stopping, true);
	stays_out(&sender);
	world_free_disk(world);
	stays_out(&sender);
	want_told(world, "");
}

/* What is at the broker stays there: no message is taken while there is no room for it. */
static void the_heartbeat_pauses_the_intake_and_resumes_it(void **state)
{
	struct world *world = *state;
	struct heartbeat heartbeat = {.health = &world->health, .publisher = world->publisher};
	heartbeat_tick(&heartbeat);
	assert_false(fake_mqtt_is_paused());
	/* As much free space as no disk has. */
	world->store_options.min_free_bytes = INT64_MAX;
	world_reopen(world);
	world->health.store = world->store;
	heartbeat_tick(&heartbeat);
	assert_true(fake_mqtt_is_paused());
	world->store_options.min_free_bytes = 0;
	world_reopen(world);
	world->health.store = world->store;
	heartbeat_tick(&heartbeat);
	assert_false(fake_mqtt_is_paused());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_command_waits_for_room_and_goes_on),
		WORLD_TEST(a_refusal_waits_for_room_too),
		cmocka_unit_test_setup_teardown(a_message_that_waits_does_not_end_the_process, world_setup,
						world_leave),
		WORLD_TEST(the_heartbeat_pauses_the_intake_and_resumes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
