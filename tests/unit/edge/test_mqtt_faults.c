/* mqtt against a broker that follows a script: when exactly packets leave, and what each fault leads to. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/mqtt.h"

#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"
#include "tests/unit/edge/mqtt_stage.h"

static void send_command(struct stage *stage, int id)
{
	const struct scripted_message message = {
		.topic = "devices/a/cmd", .payload = "reboot", .qos = 1, .id = id, .dup = true};
	scripted_broker_publish(stage->broker, intake_connection(stage), &message);
}

static void connect_asks_for_the_session_and_carries_the_will(void **state)
{
	struct stage *stage = *state;
	user_start_up(stage->user);
	struct scripted_packet intake = scripted_broker_expect(stage->broker, "bridge", PACKET_CONNECT, 1);
	struct scripted_packet publish = scripted_broker_expect(stage->broker, "bridge-pub", PACKET_CONNECT, 1);
	/* Section 3.1.2.3: will retain 0x20, will QoS 1 0x08, will 0x04; clean session 0x02 not set. */
	assert_int_equal(intake.flags, 0x2C);
	assert_string_equal(intake.topic, "bridge/state");
	assert_string_equal(intake.text, "offline");
	assert_int_equal(intake.id, 30);
	assert_int_equal(publish.flags, 0);
}

static void subscribes_at_qos_1(void **state)
{
	struct stage *stage = *state;
	user_start_up(stage->user);
	struct scripted_packet subscribe = scripted_broker_expect(stage->broker, "bridge", PACKET_SUBSCRIBE, 1);
	assert_string_equal(subscribe.topic, "devices/+/cmd");
	assert_int_equal(subscribe.qos, 1);
}

static void puback_leaves_only_after_the_handler_returned(void **state)
{
	struct stage *stage = *state;
	user_start_up(stage->user);
	user_hold_messages(stage->user);
	send_command(stage, 77);
	struct user_message message = user_message(stage->user, 0);
	assert_string_equal(message.topic, "devices/a/cmd");
	assert_string_equal(message.payload, "reboot");
	assert_int_equal(message.packet_id, 77);
	assert_true(message.dup);
	assert_false(message.retained);
	pause_ms(300); /* the absence of a packet is the subject */
	assert_int_equal(scripted_broker_count(stage->broker, "bridge", PACKET_PUBACK), 0);
	user_let_go(stage->user);
	assert_int_equal(scripted_broker_expect(stage->broker, "bridge", PACKET_PUBACK, 1).id, 77);
}

static void each_connection_has_its_own_number(void **state)
{
	struct stage *stage = *state;
	user_start_up(stage->user);
	send_command(stage, 1);
	int64_t first = user_message(stage->user, 0).connection;
	scripted_broker_reset(stage->broker, intake_connection(stage));
	user_expect(stage->user, USER_CONNECTED, 2);
	send_command(stage, 1);
	assert_true(user_message(stage->user, 1).connection != first);
	assert_int_equal(user_status(stage->user).connects, 2);
}

static void a_kept_session_is_subscribed_once_in_a_process(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules kept = {.session_present = true}, lost = {.session_present = false};
	scripted_broker_rules(stage->broker, &kept);
	user_start_up(stage->user); /* of an earlier process: its filters may have been others */
	assert_int_equal(scripted_broker_count(stage->broker, "bridge", PACKET_SUBSCRIBE), 1);
	assert_true(user_session_present(stage->user));
	scripted_broker_reset(stage->broker, intake_connection(stage));
	user_expect(stage->user, USER_CONNECTED, 2);
	assert_int_equal(scripted_broker_count(stage->broker, "bridge", PACKET_SUBSCRIBE), 1);
	scripted_broker_rules(stage->broker, &lost);
	scripted_broker_reset(stage->broker, intake_connection(stage));
	user_expect(stage->user, USER_CONNECTED, 3);
	assert_int_equal(scripted_broker_count(stage->broker, "bridge", PACKET_SUBSCRIBE), 2);
	assert_false(user_session_present(stage->user));
}

/* Its session may be that of an earlier process, with other filters. */
static void each_broker_of_a_list_is_subscribed_at(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules kept = {.session_present = true};
	struct scripted_broker *second = scripted_broker_start();
	char urls[2][64];
	text_format(urls[0], sizeof(urls[0]), "mqtt://127.0.0.1:%d", scripted_broker_port(stage->broker));
	text_format(urls[1], sizeof(urls[1]), "mqtt://127.0.0.1:%d", scripted_broker_port(second));
	user_options(stage->user)->urls = (const char *const[]){urls[0], urls[1]};
	user_options(stage->user)->url_count = 2;
	scripted_broker_rules(second, &kept);
	user_start_up(stage->user);
	scripted_broker_destroy(stage->broker);
	stage->broker = second;
	user_expect(stage->user, USER_CONNECTED, 2);
	assert_int_equal(scripted_broker_count(second, "bridge", PACKET_SUBSCRIBE), 1);
}

/* What is remembered of packet ids must go before the first message of the new session can come. */
static void a_new_session_is_told_before_anything_is_subscribed(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules kept = {.session_present = true};
	user_start(stage->user);
	scripted_broker_expect(stage->broker, "bridge", PACKET_SUBSCRIBE, 1);
	assert_int_equal(user_count(stage->user, USER_NEW_SESSION), 1);
	user_await_up(stage->user);
	scripted_broker_rules(stage->broker, &kept);
	scripted_broker_reset(stage->broker, intake_connection(stage));
	user_expect(stage->user, USER_CONNECTED, 2);
	assert_int_equal(user_count(stage->user, USER_NEW_SESSION), 1);
}

static void a_topic_that_is_no_topic_is_acknowledged_dropped_and_counted(void **state)
{
	static const struct {
		const char *name, *topic;
		size_t len;
	} rows[] = {
		{"NUL inside", "devices/a\0b/cmd", 15},
		{"wildcard +", "devices/+/cmd", 13},
		{"wildcard #", "devices/#", 9},
		{"overlong UTF-8", "devices/\xC0\xAF/cmd", 14},
		{"surrogate", "devices/\xED\xA0\x80/cmd", 15},
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct stage *stage = *state;
	user_start_up(stage->user);
	for (size_t i = 0; i < ROWS; i++) {
		const struct scripted_message message = {
			.topic = rows[i].topic, .topic_len = rows[i].len, .payload = "x", .qos = 1, .id = (int)i + 1};
		scripted_broker_publish(stage->broker, intake_connection(stage), &message);
		struct scripted_packet puback = scripted_broker_expect(stage->broker, "bridge", PACKET_PUBACK, i + 1);
		if (puback.id != (int)i + 1 || user_status(stage->user).dropped != (int64_t)i + 1)
			fail_msg("%s: puback %d, dropped %d", rows[i].name, puback.id,
				 (int)user_status(stage->user).dropped);
	}
	assert_int_equal(user_count(stage->user, USER_MESSAGE), 0);
}

static void a_refused_subscription_is_a_state_with_a_reason(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules rules = {.suback = 0x80};
	scripted_broker_rules(stage->broker, &rules);
	user_start(stage->user);
	user_expect_why(stage->user, "refuses the subscription \"devices/+/cmd\"");
	user_expect(stage->user, USER_DISCONNECTED, 1);
	assert_false(user_status(stage->user).intake_up);
	assert_int_equal(user_count(stage->user, USER_CONNECTED), 0);
}

static void a_lower_qos_than_asked_for_is_told(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules rules = {.suback = 1};
	scripted_broker_rules(stage->broker, &rules);
	user_start_up(stage->user);
	user_expect_why(stage->user, "grants only QoS 0 for \"devices/+/cmd\"");
}

static void a_lasting_refusal_waits_at_least_ten_seconds(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules rules = {.connack = 4};
	scripted_broker_rules(stage->broker, &rules);
	int64_t began_ms = clock_mono_ms();
	user_start(stage->user);
	user_expect_why(stage->user, "wrong user name or password");
	assert_int_equal(user_count(stage->user, USER_DISCONNECTED), 1);
	scripted_broker_expect(stage->broker, "bridge", PACKET_CONNECT, 2);
	assert_true(clock_mono_ms() - began_ms >= 10000);
	assert_int_equal(user_count(stage->user, USER_DISCONNECTED), 1); /* the same reason is not told again */
}

static void a_broker_that_always_hangs_up_names_the_client_id(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules rules = {.close_at_connect = true};
	scripted_broker_rules(stage->broker, &rules);
	user_start(stage->user);
	user_expect_why(stage->user, "another client using the client id \"bridge\"");
	assert_true(user_status(stage->user).connects >= 3);
}

static void an_mqtt_5_disconnect_says_why_and_is_followed_by_a_new_connection(void **state)
{
	struct stage *stage = *state;
	static const unsigned char shutting_down[] = {0xE0, 1, 0x8B}; /* MQTT 5 section 3.14.2.1 */
	static const unsigned char taken_over[] = {0xE0, 1, 0x8E};
	user_options(stage->user)->version_5 = true;
	user_start_up(stage->user);
	scripted_broker_send(stage->broker, intake_connection(stage), shutting_down, sizeof(shutting_down));
	user_expect(stage->user, USER_CONNECTED, 2);
	scripted_broker_send(stage->broker, intake_connection(stage), taken_over, sizeof(taken_over));
	user_expect(stage->user, USER_DISCONNECTED, 2);
	char why[WHY_SIZE];
	user_last_why(stage->user, why);
	if (strstr(why, "another client took over our client id") == NULL)
		fail_msg("why is `%s`", why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(connect_asks_for_the_session_and_carries_the_will),
		STAGE_TEST(subscribes_at_qos_1),
		STAGE_TEST(puback_leaves_only_after_the_handler_returned),
		STAGE_TEST(each_connection_has_its_own_number),
		STAGE_TEST(a_kept_session_is_subscribed_once_in_a_process),
		STAGE_TEST(each_broker_of_a_list_is_subscribed_at),
		STAGE_TEST(a_new_session_is_told_before_anything_is_subscribed),
		STAGE_TEST(a_topic_that_is_no_topic_is_acknowledged_dropped_and_counted),
		STAGE_TEST(a_refused_subscription_is_a_state_with_a_reason),
		STAGE_TEST(a_lower_qos_than_asked_for_is_told),
		STAGE_TEST(a_lasting_refusal_waits_at_least_ten_seconds),
		STAGE_TEST(a_broker_that_always_hangs_up_names_the_client_id),
		STAGE_TEST(an_mqtt_5_disconnect_says_why_and_is_followed_by_a_new_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
