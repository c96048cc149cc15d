// Question: over TLS, is a broker trusted only under its own name, and may the bridge prove who it is?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/certificates.h"
#include "tests/harness/ports.h"
#include "tests/harness/world.h"

enum { LINES_SIZE = 4096, LINE_SIZE = 300, WHY_MS = 20000 };

enum listener { RIGHT_NAME, WRONG_NAME, STRANGER, CLIENT_CERT, WEBSOCKET, LISTENERS };

/* One broker that answers under a right and a wrong name, with a stranger's certificate, only to who has a
 * certificate, and over WebSocket; and one that is open, for the test itself. */
struct scene {
	int ports[LISTENERS];
	char lines[LINES_SIZE];
};

static void add_listener(struct scene *scene, const char *folder, enum listener listener, const char *cert,
			 const char *more)
{
	char old[LINES_SIZE];
	text_copy(old, sizeof(old), scene->lines);
	scene->ports[listener] = port_free();
	text_format(scene->lines, LINES_SIZE, "%slistener %d 127.0.0.1\ncertfile %s/%s.pem\nkeyfile %s/%s.key\n%s\n",
		    old, scene->ports[listener], folder, cert, folder, cert, more);
}

static void set_scene(struct world *world, struct scene *scene)
{
	static const char *const args[] = {"--delay-sent", "20ms", "--delay-delivered", "20ms", NULL};
	const char *folder = world->folder;
	char client[LINE_SIZE], old[LINES_SIZE];
	scene->lines[0] = '\0';
	certificates_authority(folder, "ca");
	certificates_authority(folder, "other-ca");
	certificates_sign(folder, "ca", "right", "DNS:localhost");
	certificates_sign(folder, "ca", "wrong", "DNS:elsewhere.example");
	certificates_sign(folder, "other-ca", "stranger", "DNS:localhost");
	certificates_sign(folder, "ca", "bridge", "DNS:bridge");
	text_format(client, sizeof(client), "require_certificate true\ncafile %s/ca.pem", folder);
	add_listener(scene, folder, RIGHT_NAME, "right", "");
	add_listener(scene, folder, WRONG_NAME, "wrong", "");
	add_listener(scene, folder, STRANGER, "stranger", "");
	add_listener(scene, folder, CLIENT_CERT, "right", client);
	text_copy(old, sizeof(old), scene->lines);
	scene->ports[WEBSOCKET] = port_free();
	text_format(scene->lines, LINES_SIZE, "%slistener %d 127.0.0.1\nprotocol websockets\n", old,
		    scene->ports[WEBSOCKET]);
	world->broker = broker_start(folder, scene->lines);
	world->simulator = simulator_start(folder, args);
	struct bridge_options options = {.folder = folder,
					 .broker_port = broker_port(world->broker),
					 .api_port = simulator_port(world->simulator)};
	world->bridge = bridge_create(&options);
	struct client_options client_options = {.port = broker_port(world->broker), .id = "test-client"};
	world->client = client_start(&client_options);
	client_subscribe(world->client, "devices/+/status");
}

static void aim(struct world *world, const struct scene *scene, const char *scheme, enum listener listener)
{
	char line[LINE_SIZE];
	text_format(line, sizeof(line), "mqtt.url: %s://localhost:%d", scheme, scene->ports[listener]);
	bridge_set(world->bridge, line);
}

static void expect_work(struct world *world)
{
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	status_settle(world->client, "meter-001");
	bridge_stop(world->bridge);
}

/* It says why, is not ready, and sends nothing that waits at the broker. */
static void expect_refusal(struct world *world, const char *why)
{
	char line[LINE_SIZE];
	bridge_launch(world->bridge, NULL);
	if (!process_wait_line(bridge_process(world->bridge), why, WHY_MS, line, sizeof(line)))
		fail_msg("the log does not say: %s", why);
	assert_int_equal(http_status(bridge_admin_port(world->bridge), "GET", "/readyz", ""), 503);
	assert_int_equal(bridge_metric(world->bridge, "mqtt_sms_bridge_broker_up"), 0);
	bridge_stop(world->bridge);
}

static void only_the_right_name_is_believed(struct world *world)
{
	struct scene scene;
	set_scene(world, &scene);
	bridge_set(world->bridge, "mqtt.ca_file: ca.pem");
	aim(world, &scene, "mqtts", RIGHT_NAME);
	expect_work(world);
	aim(world, &scene, "mqtts", WRONG_NAME);
	expect_refusal(world, "certificate");
	aim(world, &scene, "mqtts", STRANGER);
	expect_refusal(world, "certificate");
	aim(world, &scene, "mqtts", RIGHT_NAME);
	bridge_set(world->bridge, "mqtt.ca_file:"); /* the system's authorities have not heard of ours */
	expect_refusal(world, "certificate");
}

static void a_client_certificate_opens_the_door(struct world *world)
{
	struct scene scene;
	set_scene(world, &scene);
	bridge_set(world->bridge, "mqtt.ca_file: ca.pem");
	aim(world, &scene, "mqtts", CLIENT_CERT);
	expect_refusal(world, "no connection to the broker");
	bridge_set(world->bridge, "mqtt.cert_file: bridge.pem");
	bridge_set(world->bridge, "mqtt.key_file: bridge.key");
	expect_work(world);
}

static void websocket_works_too(struct world *world)
{
	struct scene scene;
	set_scene(world, &scene);
	aim(world, &scene, "ws", WEBSOCKET);
	expect_work(world);
	bridge_set(world->bridge, "mqtt.version: 5");
	expect_work(world);
}

static void a_list_of_brokers_skips_the_wrong_one(struct world *world)
{
	struct scene scene;
	char line[LINE_SIZE];
	set_scene(world, &scene);
	bridge_set(world->bridge, "mqtt.ca_file: ca.pem");
	text_format(line, sizeof(line), "mqtt.url: [\"mqtts://localhost:%d\", \"mqtts://localhost:%d\"]",
		    scene.ports[WRONG_NAME], scene.ports[RIGHT_NAME]);
	bridge_set(world->bridge, line);
	expect_work(world);
}

static void set_password(const struct world *world, const char *password)
{
	char file[LINE_SIZE];
	struct process_output output;
	text_format(file, sizeof(file), "%s/passwords", world->folder);
	const char *const argv[] = {"mosquitto_passwd", "-b", "-c", file, "bridge", password, NULL};
	struct process_options options = {.name = "mosquitto_passwd", .folder = world->folder, .argv = argv};
	assert_int_equal(process_run(&options, &output), 0);
	process_output_clear(&output);
}

static bool is_down(void *ctx)
{
	struct world *world = ctx;
	return bridge_metric(world->bridge, "mqtt_sms_bridge_broker_up") == 0;
}

static void a_new_password_comes_by_sighup(struct world *world)
{
	static const char *const args[] = {NULL};
	static const char *const lines[] = {"mqtt.username: bridge", "mqtt.password_file: mqtt.secret", NULL};
	char broker_lines[LINE_SIZE], why[LINE_SIZE];
	set_password(world, "the-first-password");
	world_file(world, "mqtt.secret", "not-the-password\n");
	text_format(broker_lines, sizeof(broker_lines), "allow_anonymous false\npassword_file %s/passwords\n",
		    world->folder);
	world->broker = broker_start(world->folder, broker_lines);
	world->simulator = simulator_start(world->folder, args);
	struct bridge_options options = {.folder = world->folder,
					 .broker_port = broker_port(world->broker),
					 .api_port = simulator_port(world->simulator),
					 .lines = lines};
	world->bridge = bridge_create(&options);
	bridge_launch(world->bridge, NULL);
	assert_true(process_wait_line(bridge_process(world->bridge), "no connection to the broker", WHY_MS, why,
				      sizeof(why)));
	assert_null(strstr(why, "not-the-password"));
	world_file(world, "mqtt.secret", "the-first-password\n");
	bridge_reload(world->bridge);
	bridge_await_ready(world->bridge);
	set_password(world, "the-second-password");
	broker_stop(world->broker);
	broker_restart(world->broker);
	assert_true(await(is_down, world, STEP_MS));
	world_file(world, "mqtt.secret", "the-second-password\n");
	bridge_reload(world->bridge);
	bridge_await_ready(world->bridge);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST_WITH(only_the_right_name_is_believed, BROKER_MOSQUITTO),
		WORLD_TEST_WITH(a_client_certificate_opens_the_door, BROKER_MOSQUITTO),
		WORLD_TEST_WITH(websocket_works_too, BROKER_MOSQUITTO),
		WORLD_TEST_WITH(a_list_of_brokers_skips_the_wrong_one, BROKER_MOSQUITTO),
		WORLD_TEST_WITH(a_new_password_comes_by_sighup, BROKER_MOSQUITTO),
	};
	return WORLD_RUN(tests);
}
