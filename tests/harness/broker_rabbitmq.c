/* broker_rabbitmq - RabbitMQ with config/rabbitmq.conf: one server for the program, a virtual host for each broker.
 *
 * Every virtual host has a port of its own (mqtt_port_to_vhost_mapping), and with it sessions and retained messages.
 * The server finds the name server of Erlang (epmd) on a private port, started and ended here, so that it meets no
 * other RabbitMQ of the machine and leaves nothing running. */
// SPDX-License-Identifier: Apache-2.0
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "bridge/base/buffer.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/broker_inside.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/ports.h"

enum { HOSTS = 12, TEXT_MAX = 64 * 1024, LINE_SIZE = 400, VARIABLES = 12, START_MS = 2 * STEP_MS };

static struct house {
	char folder[BROKER_FOLDER_SIZE], config[BROKER_PATH_SIZE];
	int ports[HOSTS];
	int next; /* the first virtual host that is unused */
	int epmd_port, dist_port;
	struct process *epmd, *server;
} house;

static void write_file(const char *name, const char *text)
{
	char path[BROKER_PATH_SIZE];
	assert_true(text_format(path, sizeof(path), "%s/%s", house.folder, name));
	file_write(path, text);
}

static void write_definitions(void)
{
	struct buffer text;
	buffer_init(&text, TEXT_MAX);
	buffer_append_text(&text,
			   "{\"users\":[{\"name\":\"guest\",\"password\":\"guest\",\"tags\":\"\"}],\"vhosts\":[");
	for (int i = 0; i < HOSTS; i++)
		buffer_append_format(&text, "%s{\"name\":\"test-%d\"}", i > 0 ? "," : "", i);
	buffer_append_text(&text, "],\"permissions\":[");
	for (int i = 0; i < HOSTS; i++)
		buffer_append_format(&text,
				     "%s{\"user\":\"guest\",\"vhost\":\"test-%d\",\"configure\":\".*\","
				     "\"write\":\".*\",\"read\":\".*\"}",
				     i > 0 ? "," : "", i);
	buffer_append_text(&text, "],\"global_parameters\":[{\"name\":\"mqtt_port_to_vhost_mapping\",\"value\":{");
	for (int i = 0; i < HOSTS; i++)
		buffer_append_format(&text, "%s\"%d\":\"test-%d\"", i > 0 ? "," : "", house.ports[i], i);
	buffer_append_text(&text, "}}]}\n");
	write_file("definitions.json", buffer_text(&text));
	buffer_clear(&text);
}

static void write_config(void)
{
	struct buffer listeners;
	buffer_init(&listeners, TEXT_MAX);
	for (int i = 0; i < HOSTS; i++)
		buffer_append_format(&listeners, "mqtt.listeners.tcp.%d = 127.0.0.1:%d\n", i + 1, house.ports[i]);
	buffer_append_format(&listeners,
			     "load_definitions = %s/definitions.json\n"
			     "log.console = true\nlog.file = false\n",
			     house.folder);
	const struct broker_change changes[] = {{"mqtt.listeners.tcp.1 = 127.0.0.1:1883\n", buffer_text(&listeners)},
						{NULL, NULL}};
	char *text = broker_shipped("rabbitmq.conf", changes);
	write_file("rabbitmq.conf", text);
	write_file("enabled_plugins", "[rabbitmq_mqtt].\n");
	write_file("env.conf", "");
	free(text);
	buffer_clear(&listeners);
}

static void start_epmd(void)
{
	char port[16];
	text_format(port, sizeof(port), "%d", house.epmd_port);
	const char *argv[] = {"epmd", "-port", port, "-address", "127.0.0.1", NULL};
	struct process_options options = {.name = "epmd", .folder = house.folder, .argv = argv};
	house.epmd = process_start(&options);
	if (!broker_comes_up(house.epmd, house.epmd_port))
		fail_msg("epmd did not come up on port %d", house.epmd_port);
}

static void build_house(void)
{
	const char *parent = getenv("TMPDIR");
	text_format(house.folder, sizeof(house.folder), "%s/mqtt-sms-bridge-test-rabbitmq-XXXXXX",
		    parent != NULL && *parent != '\0' ? parent : "/tmp");
	assert_non_null(mkdtemp(house.folder));
	for (int i = 0; i < HOSTS; i++)
		house.ports[i] = port_free();
	house.epmd_port = port_free();
	house.dist_port = port_free();
	house.next = 0;
	write_definitions();
	write_config();
	start_epmd();
}

static void finish(void)
{
	process_destroy(house.server);
	process_destroy(house.epmd);
	if (*house.folder != '\0')
		files_remove(house.folder);
	house = (struct house){.next = 0};
}

static void prepare(struct broker *broker, const char *lines)
{
	assert_string_equal(lines, "");
	bool fit = house.server != NULL && process_is_running(house.server) && house.next < HOSTS;
	if (!fit) {
		finish();
		build_house();
	}
	broker->port = house.ports[house.next++];
	broker->process = house.server;
	broker->shared = &house.server;
}

/* The program behind Debian's wrapper, which insists on a user and on folders of its own. */
static void find_home(char *ret, size_t size)
{
	glob_t found;
	int failed = glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*", 0, NULL, &found);
	if (failed != 0)
		fail_msg("RabbitMQ is not in /usr/lib/rabbitmq/lib: scripts/install-deps brokers");
	text_copy(ret, size, found.gl_pathv[0]);
	globfree(&found);
}

static struct process *start_server(const char *home)
{
	static const struct {
		const char *name, *place; /* in the house's folder */
	} places[] = {
		{"HOME", ""},
		{"RABBITMQ_BASE", ""},
		{"RABBITMQ_LOG_BASE", ""},
		{"RABBITMQ_MNESIA_BASE", "/data"},
		{"RABBITMQ_CONFIG_FILE", "/rabbitmq.conf"},
		{"RABBITMQ_CONF_ENV_FILE", "/env.conf"},
		{"RABBITMQ_ENABLED_PLUGINS_FILE", "/enabled_plugins"},
	};
	char lines[VARIABLES][LINE_SIZE], program[BROKER_PATH_SIZE];
	const char *env[VARIABLES + 1] = {NULL};
	size_t count = 0;
	for (; count < sizeof(places) / sizeof(places[0]); count++)
		text_format(lines[count], LINE_SIZE, "%s=%s%s", places[count].name, house.folder, places[count].place);
	text_format(lines[count++], LINE_SIZE, "RABBITMQ_NODENAME=bridge-test-%d@localhost", house.dist_port);
	text_format(lines[count++], LINE_SIZE, "RABBITMQ_DIST_PORT=%d", house.dist_port);
	text_format(lines[count++], LINE_SIZE, "ERL_EPMD_PORT=%d", house.epmd_port);
	text_format(lines[count++], LINE_SIZE,
		    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} "
		    "-setcookie bridge-test-%d",
		    house.dist_port);
	/* The shell becomes the server instead of watching it: one process, one id. */
	text_format(lines[count++], LINE_SIZE, "detached=yes");
	for (size_t i = 0; i < count; i++)
		env[i] = lines[i];
	text_format(program, sizeof(program), "%s/sbin/rabbitmq-server", home);
	const char *argv[] = {program, NULL};
	struct process_options options = {.name = "rabbitmq", .folder = house.folder, .argv = argv, .env = env};
	return process_start(&options);
}

/* The ports answer before the virtual hosts are there. */
static struct process *launch(struct broker *broker)
{
	char home[BROKER_PATH_SIZE];
	(void)broker;
	find_home(home, sizeof(home));
	struct process *process = start_server(home);
	if (!process_wait_line(process, "Server startup complete", START_MS, NULL, 0)) {
		files_print_logs(house.folder);
		fail_msg("RabbitMQ did not come up; its files are in %s", house.folder);
	}
	return process;
}

const struct broker_kind broker_rabbitmq = {
	.name = "rabbitmq",
	.gifts = {[BROKER_ORDERS] = true, [BROKER_KEEPS] = true},
	.prepare = prepare,
	.launch = launch,
	.finish = finish,
};
