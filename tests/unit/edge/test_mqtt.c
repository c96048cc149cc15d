/* mqtt against a real mosquitto: both versions of the protocol, states, pause, credentials, a list of brokers. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/mqtt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/broker.h"
#include "tests/harness/client.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/ports.h"
#include "tests/harness/process.h"
#include "tests/unit/edge/mqtt_user.h"

enum { PATH_SIZE = 300 };

struct stage {
	char folder[256];
	struct broker *broker;
	struct client *client;
	struct user *user;
};

static int set_up(void **state)
{
	static struct stage stage;
	stage = (struct stage){.folder = "/tmp/mqtt-sms-bridge-mqtt-XXXXXX"};
	*state = &stage;
	return mkdtemp(stage.folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	struct stage *stage = *state;
	if (stage->user != NULL && user_mqtt(stage->user) != NULL)
		user_stop(stage->user);
	if (stage->user != NULL)
		user_destroy(stage->user);
	client_destroy(stage->client);
	broker_destroy(stage->broker);
	files_remove(stage->folder);
	return 0;
}

/* A broker with these lines, a witness on everything, a user not started yet. */
static void open_stage(struct stage *stage, const char *lines, bool version_5)
{
	stage->broker = broker_start(stage->folder, lines);
	const struct client_options options = {
		.port = broker_port(stage->broker), .id = "witness", .version_5 = version_5};
	stage->client = client_start(&options);
	client_subscribe(stage->client, "#");
	stage->user = user_create(broker_port(stage->broker));
	user_options(stage->user)->version_5 = version_5;
}

static const bool versions[] = {false, true};

static void a_command_arrives_and_a_status_leaves(void **state)
{
	struct stage *stage = *state;
	open_stage(stage, "", false);
	user_start_up(stage->user);
	client_publish(stage->client, "devices/meter-001/cmd", "reboot");
	struct user_message message = user_message(stage->user, 0);
	assert_string_equal(message.topic, "devices/meter-001/cmd");
	assert_string_equal(message.payload, "reboot");
	assert_int_equal(message.qos, 1);
	assert_false(message.retained);
	assert_string_equal(message.reply_topic, "");
	assert_int_equal(message.expiry_s, -1);
	assert_true(user_publish(stage->user, "{\"status\":\"accepted\"}", 9));
	user_expect(stage->user, USER_PUBLISHED, 1);
	assert_int_equal(user_published(stage->user, 9), 1);
	assert_int_equal(client_expect(stage->client, "devices/a/status", "accepted")->qos, 1);
	assert_int_equal(user_status(stage->user).messages, 1);
}

static void mqtt_5_properties_come_in_and_go_out(void **state)
{
	struct stage *stage = *state;
	open_stage(stage, "", true);
	user_start_up(stage->user);
	const struct client_publish request = {.topic = "devices/a/cmd",
					       .payload = "ping",
					       .len = 4,
					       .qos = 1,
					       .response_topic = "replies/me",
					       .correlation = "c-17",
					       .expiry_s = 600};
	client_send(stage->client, &request);
	struct user_message message = user_message(stage->user, 0);
	assert_string_equal(message.reply_topic, "replies/me");
	assert_string_equal(message.correlation, "c-17");
	assert_in_range(message.expiry_s, 590, 600);
	const struct mqtt_publish answer = {.topic = message.reply_topic,
					    .payload = "pong",
					    .len = 4,
					    .correlation = "c-17",
					    .correlation_len = 4,
					    .content_type = "application/json",
					    .tag = 3};
	assert_true(mqtt_publish(user_mqtt(stage->user), &answer));
	assert_string_equal(client_expect(stage->client, "replies/me", "pong")->correlation, "c-17");
	user_expect(stage->user, USER_PUBLISHED, 1);
}

static void a_retained_message_is_marked(void **state)
{
	struct stage *stage = *state;
	open_stage(stage, "", false);
	const struct client_publish retained = {
		.topic = "devices/a/cmd", .payload = "old", .len = 3, .qos = 1, .retain = true};
	client_send(stage->client, &retained);
	assert_true(client_flush(stage->client, STEP_MS));
	user_start_up(stage->user);
	assert_true(user_message(stage->user, 0).retained);
}

/* `wanted` as the retained state, seen by a client that comes new. */
static void expect_retained_state(struct stage *stage, const char *id, const char *wanted)
{
	const struct client_options options = {.port = broker_port(stage->broker), .id = id};
	struct client *late = client_start(&options);
	client_subscribe(late, "bridge/state");
	const struct client_message *message = client_expect(late, "bridge/state", wanted);
	assert_true(message->retain);
	client_destroy(late);
}

static void the_state_follows_start_pause_resume_and_stop(void **state)
{
	struct stage *stage = *state;
	for (size_t i = 0; i < 2; i++) {
		open_stage(stage, "", versions[i]);
		user_start_up(stage->user);
		client_expect(stage->client, "bridge/state", "online");
		expect_retained_state(stage, "late-1", "online");
		mqtt_pause(user_mqtt(stage->user));
		client_expect(stage->client, "bridge/state", "offline");
		user_expect_why(stage->user, "paused");
		client_publish(stage->client, "devices/a/cmd", "waits at the broker");
		assert_int_equal(user_count(stage->user, USER_MESSAGE), 0);
		mqtt_resume(user_mqtt(stage->user));
		assert_string_equal(user_message(stage->user, 0).payload, "waits at the broker");
		user_await_up(stage->user);
		assert_string_equal(user_status(stage->user).why, "");
		user_stop(stage->user);
		expect_retained_state(stage, "late-2", "offline");
		const struct client_match states = {.topic = "bridge/state"};
		assert_int_equal(client_matches(stage->client, &states), 4);
		tear_down(state);
		set_up(state);
	}
}

static void the_right_password_is_taken_at_the_next_attempt(void **state)
{
	struct stage *stage = *state;
	char passwords[PATH_SIZE], lines[PATH_SIZE + 64];
	text_format(passwords, sizeof(passwords), "%s/passwords", stage->folder);
	const char *argv[] = {"mosquitto_passwd", "-b", "-c", passwords, "bridge", "right", NULL};
	const struct process_options make = {.name = "passwd", .folder = stage->folder, .argv = argv};
	struct process_output output;
	assert_int_equal(process_run(&make, &output), 0);
	process_output_clear(&output);
	text_format(lines, sizeof(lines), "password_file %s\nallow_anonymous false", passwords);
	for (size_t i = 0; i < 2; i++) {
		stage->broker = broker_start(stage->folder, lines);
		stage->user = user_create(broker_port(stage->broker));
		user_options(stage->user)->version_5 = versions[i];
		user_options(stage->user)->username = "bridge";
		user_options(stage->user)->password = "wrong";
		user_start(stage->user);
		user_expect_why(stage->user, "mqtt.password");
		assert_null(strstr(user_status(stage->user).why, "wrong "));
		mqtt_set_password(user_mqtt(stage->user), "right");
		user_await_up(stage->user);
		user_stop(stage->user);
		user_destroy(stage->user);
		stage->user = NULL;
		broker_destroy(stage->broker);
		stage->broker = NULL;
	}
}

static void a_message_the_broker_refuses_for_ever_is_told_and_the_handle_lives(void **state)
{
	struct stage *stage = *state;
	char list[PATH_SIZE], lines[PATH_SIZE + 64];
	text_format(list, sizeof(list), "%s/acl", stage->folder);
	file_write(list, "topic readwrite bridge/#\ntopic read devices/+/cmd\ntopic write devices/a/up\n");
	text_format(lines, sizeof(lines), "acl_file %s", list);
	open_stage(stage, lines, true);
	user_start_up(stage->user);
	assert_true(user_publish(stage->user, "not allowed", 4));
	user_expect(stage->user, USER_REFUSED, 1);
	assert_int_equal(user_published(stage->user, 4), 0);
	const struct mqtt_publish allowed = {
		.topic = "devices/a/up", .payload = "x", .len = 1, .content_type = "", .tag = 5};
	assert_true(mqtt_publish(user_mqtt(stage->user), &allowed));
	user_expect(stage->user, USER_PUBLISHED, 1);
	assert_int_equal(user_published(stage->user, 5), 1);
	assert_int_equal(user_status(stage->user).abandoned, 0);
}

static void the_next_broker_of_a_list_is_tried_and_both_handles_go_there(void **state)
{
	struct stage *stage = *state;
	open_stage(stage, "", false);
	char dead[64], live[64];
	text_format(dead, sizeof(dead), "mqtt://127.0.0.1:%d", port_free());
	text_format(live, sizeof(live), "mqtt://127.0.0.1:%d", broker_port(stage->broker));
	const char *const urls[] = {dead, live};
	user_options(stage->user)->urls = urls;
	user_options(stage->user)->url_count = 2;
	user_start_up(stage->user);
	assert_true(user_publish(stage->user, "over there", 1));
	client_expect(stage->client, "devices/a/status", "over there");
}

static void a_broker_that_comes_late_is_found(void **state)
{
	struct stage *stage = *state;
	open_stage(stage, "", false);
	broker_stop(stage->broker);
	user_start(stage->user);
	user_expect_why(stage->user, "connection refused");
	assert_true(user_count(stage->user, USER_DISCONNECTED) <= 1);
	broker_restart(stage->broker);
	user_await_up(stage->user);
}

static void settings_that_can_never_work_are_refused(void **state)
{
	static const struct {
		const char *name, *url, *client_id, *ca_file, *want_why;
	} rows[] = {
		{"no scheme", "localhost:1883", "b", "", "is not a broker URL"},
		{"http", "http://localhost", "b", "", "is not a broker URL"},
		{"no host", "mqtt://:1883", "b", "", "names no host"},
		{"nothing behind", "mqtts://", "b", "", "names no host"},
		{"credentials", "mqtt://user:secret@host", "b", "", "must not hold credentials"},
		{"space", "mqtt://my host", "b", "", "names no host"},
		{"no client id", "mqtt://host", "", "", "mqtt.client_id"},
		{"client id not UTF-8", "mqtt://host", "\xFF", "", "mqtt.client_id"},
		{"no CA file", "mqtts://host", "b", "/nonexistent/ca.pem", "cannot read /nonexistent/ca.pem"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct user *user = user_create(1);
		struct mqtt_options options = *user_options(user);
		options.urls = &rows[i].url;
		options.client_id = rows[i].client_id;
		options.ca_file = rows[i].ca_file;
		const struct mqtt_handlers none = {.ctx = NULL};
		char why[WHY_SIZE] = "";
		struct mqtt *mqtt = mqtt_start(&options, &none, why, sizeof(why));
		if (mqtt != NULL || strstr(why, rows[i].want_why) == NULL || strstr(why, "secret") != NULL)
			fail_msg("%s: why is `%s`", rows[i].name, why);
		user_destroy(user);
	}
}

static bool is_silent(void *ctx)
{
	return mqtt_library_silence_ms(ctx) >= 200;
}

static bool is_not_silent(void *ctx)
{
	return mqtt_library_silence_ms(ctx) == 0;
}

/* A handler, or the library, that never comes back is to be seen by who watches over the threads. */
static void a_message_that_is_held_shows_as_silence(void **state)
{
	struct stage *stage = *state;
	open_stage(stage, "", false);
	user_start_up(stage->user);
	assert_true(await(is_not_silent, user_mqtt(stage->user), STEP_MS));
	user_hold_messages(stage->user);
	client_publish(stage->client, "devices/a/cmd", "reboot");
	user_expect(stage->user, USER_MESSAGE, 1);
	assert_true(await(is_silent, user_mqtt(stage->user), STEP_MS));
	user_let_go(stage->user);
	assert_true(await(is_not_silent, user_mqtt(stage->user), STEP_MS));
}

static bool has_rested(void *ctx)
{
	return mqtt_silence_ms(ctx) >= 3000;
}

static bool has_moved(void *ctx)
{
	return mqtt_silence_ms(ctx) < 1000;
}

/* Without any event it looks up by itself. */
static void the_thread_shows_life_without_events(void **state)
{
	struct stage *stage = *state;
	open_stage(stage, "", false);
	user_start_up(stage->user);
	assert_true(await(has_rested, user_mqtt(stage->user), STEP_MS));
	assert_true(await(has_moved, user_mqtt(stage->user), STEP_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_command_arrives_and_a_status_leaves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mqtt_5_properties_come_in_and_go_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_retained_message_is_marked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_state_follows_start_pause_resume_and_stop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_right_password_is_taken_at_the_next_attempt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_message_the_broker_refuses_for_ever_is_told_and_the_handle_lives,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_next_broker_of_a_list_is_tried_and_both_handles_go_there, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_broker_that_comes_late_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_message_that_is_held_shows_as_silence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_thread_shows_life_without_events, set_up, tear_down),
		cmocka_unit_test(settings_that_can_never_work_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
