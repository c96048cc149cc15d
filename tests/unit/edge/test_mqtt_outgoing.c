/* mqtt's outgoing side against a broker that follows a script: what becomes of a PUBLISH without its PUBACK. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/mqtt.h"

#include <pthread.h>
#include <stdlib.h>

#include "bridge/base/clock.h"
#include "tests/harness/await.h"
#include "tests/unit/edge/mqtt_stage.h"

static void a_reset_before_the_puback_gives_the_handle_up_and_asks_for_everything_again(void **state)
{
	struct stage *stage = *state;
	start_up_in_silence(stage);
	const struct scripted_rules rules = {.reset_at_publish = 1};
	scripted_broker_rules(stage->broker, &rules);
	user_publish(stage->user, "one", 1); /* true, or false when the reset was faster than its return */
	user_expect(stage->user, USER_RESET, 2);
	assert_int_equal(user_published(stage->user, 1), 0);
	assert_int_equal(user_status(stage->user).abandoned, 1);
	user_await_up(stage->user);
	assert_true(user_publish(stage->user, "one", 1));
	user_expect(stage->user, USER_PUBLISHED, 1);
	assert_int_equal(user_published(stage->user, 1), 1);
	/* Nothing was resent by the library: "one" on each connection, DUP never set. */
	size_t count = scripted_broker_count(stage->broker, "bridge-pub", PACKET_PUBLISH);
	assert_int_equal(count, 2);
	for (size_t i = 1; i <= count; i++)
		assert_int_equal(scripted_broker_expect(stage->broker, "bridge-pub", PACKET_PUBLISH, i).flags & 8, 0);
}

static void without_puback_the_handle_is_given_up_and_a_late_puback_still_counts(void **state)
{
	struct stage *stage = *state;
	user_options(stage->user)->puback_timeout_ms = 300;
	start_up_in_silence(stage);
	const struct scripted_rules hold = {.hold_pubacks = true}, answer = {.hold_pubacks = false};
	scripted_broker_rules(stage->broker, &hold);
	assert_true(user_publish(stage->user, "slow", 5));
	struct scripted_packet first = scripted_broker_expect(stage->broker, "bridge-pub", PACKET_PUBLISH, 1);
	user_expect(stage->user, USER_RESET, 2);
	assert_int_equal(user_status(stage->user).abandoned, 1);
	scripted_broker_puback(stage->broker, first.connection, first.id); /* the old connection is still open */
	user_expect(stage->user, USER_PUBLISHED, 1);
	assert_int_equal(user_published(stage->user, 5), 1);
	scripted_broker_rules(stage->broker, &answer);
	user_await_up(stage->user);
	assert_true(user_publish(stage->user, "next", 6));
	user_expect(stage->user, USER_PUBLISHED, 2);
	assert_int_equal(user_published(stage->user, 6), 1);
}

static void pubacks_that_answer_nothing_are_ignored(void **state)
{
	struct stage *stage = *state;
	start_up_in_silence(stage);
	assert_true(user_publish(stage->user, "one", 1));
	user_expect(stage->user, USER_PUBLISHED, 1);
	struct scripted_packet last = scripted_broker_expect(stage->broker, "bridge-pub", PACKET_PUBLISH, 1);
	scripted_broker_puback(stage->broker, last.connection, last.id); /* a second time */
	scripted_broker_puback(stage->broker, last.connection, 4711);
	assert_true(user_publish(stage->user, "two", 2));
	user_expect(stage->user, USER_PUBLISHED, 2);
	assert_int_equal(user_published(stage->user, 1), 1);
	assert_int_equal(user_published(stage->user, 2), 1);
	assert_int_equal(user_status(stage->user).abandoned, 0);
}

enum { WINDOWS = 3 };

static void *publish_three_windows(void *user)
{
	for (int i = 0; i < WINDOWS * MQTT_WINDOW; i++)
		if (!user_publish(user, "x", i))
			abort();
	return NULL;
}

static void the_window_waits_for_room(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules hold = {.hold_pubacks = true}, answer = {.hold_pubacks = false};
	pthread_t thread;
	start_up_in_silence(stage);
	scripted_broker_rules(stage->broker, &hold);
	assert_int_equal(pthread_create(&thread, NULL, publish_three_windows, stage->user), 0);
	struct scripted_packet last = scripted_broker_expect(stage->broker, "bridge-pub", PACKET_PUBLISH, MQTT_WINDOW);
	pause_ms(300); /* the absence of a packet is the subject */
	assert_int_equal(scripted_broker_count(stage->broker, "bridge-pub", PACKET_PUBLISH), MQTT_WINDOW);
	scripted_broker_puback(stage->broker, last.connection, last.id);
	scripted_broker_expect(stage->broker, "bridge-pub", PACKET_PUBLISH, MQTT_WINDOW + 1);
	pause_ms(300);
	assert_int_equal(scripted_broker_count(stage->broker, "bridge-pub", PACKET_PUBLISH), MQTT_WINDOW + 1);
	scripted_broker_rules(stage->broker, &answer);
	for (size_t i = 1; i <= MQTT_WINDOW + 1; i++) {
		struct scripted_packet held = scripted_broker_expect(stage->broker, "bridge-pub", PACKET_PUBLISH, i);
		if (held.id != last.id)
			scripted_broker_puback(stage->broker, held.connection, held.id);
	}
	user_expect(stage->user, USER_PUBLISHED, WINDOWS * MQTT_WINDOW);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(user_status(stage->user).abandoned, 0);
}

static void a_quota_is_no_reason_to_drop_a_publish(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules hold = {.hold_pubacks = true}, answer = {.hold_pubacks = false};
	user_options(stage->user)->version_5 = true;
	start_up_in_silence(stage);
	scripted_broker_rules(stage->broker, &hold);
	assert_true(user_publish(stage->user, "too many", 8));
	struct scripted_packet publish = scripted_broker_expect(stage->broker, "bridge-pub", PACKET_PUBLISH, 1);
	assert_string_equal(publish.text, "too many");
	const unsigned char quota[] = {0x40, 3, (unsigned char)(publish.id >> 8), (unsigned char)publish.id, 0x97};
	scripted_broker_rules(stage->broker, &answer);
	scripted_broker_send(stage->broker, publish.connection, quota, sizeof(quota));
	user_expect(stage->user, USER_RESET, 2);
	assert_int_equal(user_count(stage->user, USER_REFUSED), 0);
	assert_int_equal(user_count(stage->user, USER_PUBLISHED), 0);
	assert_int_equal(user_status(stage->user).abandoned, 1);
}

static void without_connection_publish_says_no_and_a_reset_follows(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules mute = {.mute_connect = true}, talk = {.mute_connect = false};
	scripted_broker_rules(stage->broker, &mute);
	user_start(stage->user);
	scripted_broker_expect(stage->broker, "bridge", PACKET_CONNECT, 1);
	scripted_broker_expect(stage->broker, "bridge-pub", PACKET_CONNECT, 1);
	assert_false(user_publish(stage->user, "early", 1));
	assert_int_equal(user_count(stage->user, USER_RESET), 0);
	scripted_broker_rules(stage->broker, &talk);
	scripted_broker_reset(stage->broker, 0);
	scripted_broker_reset(stage->broker, 1);
	user_expect(stage->user, USER_RESET, 1);
	user_await_up(stage->user);
	assert_true(user_publish(stage->user, "late", 2));
}

static void stop_ends_in_time_when_the_broker_answers_nothing(void **state)
{
	struct stage *stage = *state;
	user_start_up(stage->user);
	const struct scripted_rules rules = {.hold_pubacks = true, .mute_connect = true};
	scripted_broker_rules(stage->broker, &rules);
	assert_true(user_publish(stage->user, "unanswered", 1));
	int64_t before = clock_mono_ms();
	mqtt_pause(user_mqtt(stage->user)); /* else the 3.1.1 will needs the connection to the end of the process */
	user_stop_within(stage->user, 1000);
	assert_in_range(clock_mono_ms() - before, 0, patient(4000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(a_reset_before_the_puback_gives_the_handle_up_and_asks_for_everything_again),
		STAGE_TEST(without_puback_the_handle_is_given_up_and_a_late_puback_still_counts),
		STAGE_TEST(pubacks_that_answer_nothing_are_ignored),
		STAGE_TEST(the_window_waits_for_room),
		STAGE_TEST(a_quota_is_no_reason_to_drop_a_publish),
		STAGE_TEST(without_connection_publish_says_no_and_a_reset_follows),
		STAGE_TEST(stop_ends_in_time_when_the_broker_answers_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
