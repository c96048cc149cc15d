/* mqtt after its stop: alone in its program, since a message that is withheld holds the library's one thread for good.
 */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/mqtt.h"

#include "tests/harness/await.h"
#include "tests/unit/edge/mqtt_stage.h"

/* No PUBACK comes for "offline", so that the connection stays to the end of the process for the will's sake (3.1.1). */
static void what_comes_after_the_stop_is_not_acknowledged(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules hold = {.hold_pubacks = true};
	const struct scripted_message late = {.topic = "devices/a/cmd", .payload = "reboot", .qos = 1, .id = 78};
	user_start_up(stage->user);
	struct scripted_message first = late;
	first.id = 77;
	scripted_broker_publish(stage->broker, intake_connection(stage), &first);
	assert_int_equal(scripted_broker_expect(stage->broker, "bridge", PACKET_PUBACK, 1).id, 77);
	scripted_broker_rules(stage->broker, &hold);
	user_stop_within(stage->user, 1000);
	scripted_broker_publish(stage->broker, intake_connection(stage), &late);
	pause_ms(1000); /* the absence of a packet is the subject */
	assert_int_equal(scripted_broker_count(stage->broker, "bridge", PACKET_PUBACK), 1);
	assert_int_equal(user_count(stage->user, USER_MESSAGE), 1);
}

/* Who clears up behind mqtt must know that somebody is still at it. */
static void a_handler_that_has_not_returned_is_told_of(void **state)
{
	struct stage *stage = *state;
	user_start_up(stage->user);
	user_hold_messages(stage->user);
	const struct scripted_message message = {.topic = "devices/a/cmd", .payload = "reboot", .qos = 1, .id = 79};
	scripted_broker_publish(stage->broker, intake_connection(stage), &message);
	user_expect(stage->user, USER_MESSAGE, 1);
	assert_false(user_try_stop(stage->user, 500));
	assert_int_equal(scripted_broker_count(stage->broker, "bridge", PACKET_PUBACK), 0);
	user_let_go(stage->user);
}

/* Its handler may just be on its way out: the user stays. */
static int leave_the_user(void **state)
{
	struct stage *stage = *state;
	scripted_broker_destroy(stage->broker);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_handler_that_has_not_returned_is_told_of, set_up, leave_the_user),
		STAGE_TEST(what_comes_after_the_stop_is_not_acknowledged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
