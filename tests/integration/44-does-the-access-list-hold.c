// Question: does mosquitto load config/mosquitto.acl, does it hold, and does the bridge do its job under it?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/buffer.h"
#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/files.h"
#include "tests/harness/world.h"

enum { PATH_SIZE = 320, LINES_SIZE = 1024, ACL_MAX = 65536, MARK_SIZE = 96 };

#define BRIDGE	    "mqtt-sms-bridge"
#define APPLICATION "application"
#define DASHBOARD   "dashboard"
#define OPERATOR    "operator"
#define OBSERVER    "observer" /* added by the test: sees and may everything */
#define PASSWORD    "password-of-the-tests"

static void add_user(const struct world *world, const char *file, const char *user)
{
	struct process_output output;
	const char *const argv[] = {"mosquitto_passwd", "-b", file, user, PASSWORD, NULL};
	struct process_options options = {.name = "mosquitto_passwd", .folder = world->folder, .argv = argv};
	int code = process_run(&options, &output);
	if (code != 0)
		fail_msg("mosquitto_passwd ended with %d: %s", code, output.err);
	process_output_clear(&output);
}

/* The broker with the access list as it is in config/, and one user more. */
static void start_broker(struct world *world)
{
	static const char *const users[] = {BRIDGE, APPLICATION, DASHBOARD, OPERATOR, OBSERVER};
	char passwords[PATH_SIZE], lines[LINES_SIZE];
	struct buffer acl;
	char *shipped = file_text(SOURCE_DIR "/config/mosquitto.acl");
	assert_true(strlen(shipped) > 0);
	buffer_init(&acl, ACL_MAX);
	buffer_append_format(&acl, "%s\nuser " OBSERVER "\ntopic readwrite #\n", shipped);
	free(shipped);
	world_file(world, "acl", buffer_text(&acl));
	buffer_clear(&acl);
	world_file(world, "passwords", "");
	text_format(passwords, sizeof(passwords), "%s/passwords", world->folder);
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		add_user(world, passwords, users[i]);
	text_format(lines, sizeof(lines), "allow_anonymous false\npassword_file %s\nacl_file %s/acl\n", passwords,
		    world->folder);
	world->broker = broker_start(world->folder, lines);
}

static struct client *client_of(struct world *world, const char *user)
{
	struct client_options options = {
		.port = broker_port(world->broker), .id = user, .username = user, .password = PASSWORD};
	return client_start(&options);
}

static void start(struct world *world)
{
	static const char *const lines[] = {"mqtt.username: " BRIDGE, "mqtt.password: " PASSWORD, "mqtt.version: 5",
					    NULL};
	static const char *const args[] = {"--delay-sent", "20ms", "--delay-delivered", "20ms", NULL};
	char url[URL_SIZE];
	start_broker(world);
	world->simulator = simulator_start(world->folder, args);
	struct bridge_options options = {.folder = world->folder,
					 .broker_port = broker_port(world->broker),
					 .api_port = simulator_port(world->simulator),
					 .lines = lines};
	world->bridge = bridge_create(&options);
	bridge_fleet_url(world->bridge, url, sizeof(url));
	simulator_set_fleet(world->simulator, url);
	world->client = client_of(world, APPLICATION);
	client_subscribe(world->client, "#");
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
}

static void expect_nothing_denied_to_the_bridge(struct world *world)
{
	char path[PATH_SIZE];
	text_format(path, sizeof(path), "%s/mosquitto.log", world->folder);
	char *log = file_text(path);
	bool denied = strstr(log, "Denied PUBLISH from " BRIDGE) != NULL;
	free(log);
	if (denied)
		fail_msg("the access list denies the bridge something that it publishes");
}

static void the_bridge_does_its_job_under_it(struct world *world)
{
	char sid[64];
	start(world);
	struct client *operator= client_of(world, OPERATOR), *dashboard = client_of(world, DASHBOARD);
	client_subscribe(operator, "mqtt-sms-bridge/#");
	client_subscribe(dashboard, "#");
	client_expect(world->client, "mqtt-sms-bridge/state", "online");
	command_send(world->client, "meter-001", "{\"payload\":\"hello\",\"id\":\"h\"}");
	status_expect(world->client, "meter-001", "h", "delivered");
	simulator_mo(world->simulator, METER_1_SIM, "T=21.5", sid, sizeof(sid));
	client_expect(world->client, "devices/meter-001/up", "T=21.5");
	client_expect(dashboard, "devices/meter-001/up", "T=21.5");
	client_expect(dashboard, "mqtt-sms-bridge/health", "{");
	simulator_mo(world->simulator, "Nobodys-Sim", "lost?", sid, sizeof(sid));
	client_expect(operator, "mqtt-sms-bridge/unmapped", "lost?");
	client_publish(operator, "mqtt-sms-bridge/request/health", "{\"transaction\":5}");
	client_expect(operator, "mqtt-sms-bridge/response/health", "\"transaction\":5");
	bridge_stop(world->bridge);
	client_expect(world->client, "mqtt-sms-bridge/state", "offline");
	expect_nothing_denied_to_the_bridge(world);
	client_destroy(operator);
	client_destroy(dashboard);
}

static void an_answer_goes_to_who_may_read_it(struct world *world)
{
	char port[16];
	struct process_output output;
	start(world);
	text_format(port, sizeof(port), "%d", broker_port(world->broker));
	const char *const argv[] = {"mosquitto_rr",
				    "-V",
				    "5",
				    "-h",
				    "127.0.0.1",
				    "-p",
				    port,
				    "-u",
				    OPERATOR,
				    "-P",
				    PASSWORD,
				    "-t",
				    "mqtt-sms-bridge/request/pending",
				    "-e",
				    "answers/operator/me",
				    "-m",
				    "{}",
				    "-W",
				    "20",
				    NULL};
	struct process_options options = {.name = "mosquitto_rr", .folder = world->folder, .argv = argv};
	int code = process_run(&options, &output);
	if (code != 0 || strstr(output.out, "\"status\":\"ok\"") == NULL)
		fail_msg("mosquitto_rr ended with %d: %s%s", code, output.out, output.err);
	process_output_clear(&output);
	struct client_match answers = {.topic = "answers/operator/me"};
	assert_int_equal(client_matches(world->client, &answers), 0); /* the application had asked for everything */
}

static const struct {
	const char *user, *topic;
	bool write, read;
} rights[] = {
	{APPLICATION, "devices/meter-001/cmd", true, false},
	{APPLICATION, "devices/meter-001/status", false, true},
	{APPLICATION, "devices/meter-001/up", false, true},
	{APPLICATION, "mqtt-sms-bridge/request/cancel", false, false},
	{APPLICATION, "mqtt-sms-bridge/response/get", false, false},
	{APPLICATION, "mqtt-sms-bridge/health", false, false},
	{APPLICATION, "mqtt-sms-bridge/state", false, true},
	{DASHBOARD, "devices/meter-001/cmd", false, false},
	{DASHBOARD, "devices/meter-001/status", false, true},
	{DASHBOARD, "mqtt-sms-bridge/request/health", false, false},
	{DASHBOARD, "mqtt-sms-bridge/response/list", false, false},
	{DASHBOARD, "mqtt-sms-bridge/health", false, true},
	{OPERATOR, "mqtt-sms-bridge/request/retry", true, true},
	{OPERATOR, "mqtt-sms-bridge/response/list", false, true},
	{OPERATOR, "devices/meter-001/cmd", false, false},
	{OPERATOR, "devices/meter-001/status", false, false},
	{BRIDGE, "devices/meter-001/cmd", false, true},
	{BRIDGE, "devices/meter-001/status", true, false},
	{BRIDGE, "devices/meter-001/up", true, false},
	{BRIDGE, "mqtt-sms-bridge/request/get", false, true},
	{BRIDGE, "mqtt-sms-bridge/response/get", true, false},
	{BRIDGE, "mqtt-sms-bridge/state", true, false},
};

/* Does a message that `from` publishes reach `to`, who has subscribed to everything? A second one, which `to` may read
 * on `end`, says that the first has had its time. */
static bool reaches(struct world *world, struct client *from, struct client *to, const char *topic, const char *end)
{
	static int number;
	char mark[MARK_SIZE], over[MARK_SIZE];
	text_format(mark, sizeof(mark), "mark %d.", ++number);
	text_format(over, sizeof(over), "over %d.", number);
	client_publish(from, topic, mark);
	client_publish(world->client, end, over);
	client_expect(to, end, over);
	struct client_match match = {.topic = topic, .pieces = {mark}};
	return client_matches(to, &match) > 0;
}

static const char *readable(const char *user)
{
	size_t i = 0;
	while (!text_equal(rights[i].user, user) || !rights[i].read)
		i++;
	return rights[i].topic;
}

static void each_user_may_what_it_needs_and_no_more(struct world *world)
{
	start_broker(world);
	world->client = client_of(world, OBSERVER);
	client_subscribe(world->client, "#");
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		const char *user = rights[i].user, *topic = rights[i].topic;
		struct client *client = client_of(world, user);
		client_subscribe(client, "#");
		if (reaches(world, client, world->client, topic, "end") != rights[i].write)
			fail_msg("%s %s write %s", user, rights[i].write ? "may not" : "may", topic);
		if (reaches(world, world->client, client, topic, readable(user)) != rights[i].read)
			fail_msg("%s %s read %s", user, rights[i].read ? "may not" : "may", topic);
		client_destroy(client);
	}
}

/* mosquitto_pub says in its exit status whether it was let in, or what was refused (MQTT 5). */
static int publish_as(struct world *world, const char *user, const char *password, const char *topic)
{
	char port[16];
	struct process_output output;
	text_format(port, sizeof(port), "%d", broker_port(world->broker));
	const char *const argv[] = {"mosquitto_pub",
				    "-V",
				    "5",
				    "-h",
				    "127.0.0.1",
				    "-p",
				    port,
				    "-q",
				    "1",
				    "-t",
				    topic,
				    "-m",
				    "forged",
				    *user != '\0' ? "-u" : NULL,
				    user,
				    "-P",
				    password,
				    NULL};
	struct process_options options = {.name = "mosquitto_pub", .folder = world->folder, .argv = argv};
	int code = process_run(&options, &output);
	bool refused = strstr(output.err, "Not authorized") != NULL || strstr(output.err, "not authorised") != NULL;
	process_output_clear(&output);
	return refused ? 1 : code;
}

static void who_is_not_known_gets_nowhere(struct world *world)
{
	start_broker(world);
	world->client = client_of(world, OBSERVER);
	client_subscribe(world->client, "#");
	assert_int_not_equal(publish_as(world, "", "", "devices/meter-001/cmd"), 0);
	assert_int_not_equal(publish_as(world, APPLICATION, "wrong", "devices/meter-001/cmd"), 0);
	assert_int_not_equal(publish_as(world, "stranger", PASSWORD, "devices/meter-001/cmd"), 0);
	assert_int_not_equal(publish_as(world, DASHBOARD, PASSWORD, "devices/meter-001/status"), 0);
	assert_int_equal(publish_as(world, BRIDGE, PASSWORD, "devices/meter-001/status"), 0);
	struct client_match forged = {.pieces = {"forged"}};
	client_expect(world->client, "devices/meter-001/status", "forged");
	assert_int_equal(client_matches(world->client, &forged), 1);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST_WITH(the_bridge_does_its_job_under_it, BROKER_MOSQUITTO),
		WORLD_TEST_WITH(an_answer_goes_to_who_may_read_it, BROKER_MOSQUITTO),
		WORLD_TEST_WITH(each_user_may_what_it_needs_and_no_more, BROKER_MOSQUITTO),
		WORLD_TEST_WITH(who_is_not_known_gets_nowhere, BROKER_MOSQUITTO),
	};
	return WORLD_RUN(tests);
}
