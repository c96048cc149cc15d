/* mqtt over TLS and WebSocket to a real mosquitto: whom it trusts, and whom not. */
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/broker.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/ports.h"
#include "tests/harness/process.h"
#include "tests/unit/edge/mqtt_user.h"

enum { PATH_SIZE = 300, LINES_SIZE = 1500 };

/* One broker for all: TLS for `localhost`, TLS for `elsewhere.example`, TLS with client certificates, WebSocket. */
enum listener { RIGHT_NAME, WRONG_NAME, CLIENT_CERT, WEBSOCKET, LISTENERS };

static struct {
	char folder[PATH_SIZE];
	struct broker *broker;
	int ports[LISTENERS];
} world;

static void path_of(char path[PATH_SIZE], const char *name)
{
	text_format(path, PATH_SIZE, "%.200s/%s", world.folder, name);
}

static void openssl(const char *const *argv)
{
	struct process_options options = {.name = "openssl", .folder = world.folder, .argv = argv};
	struct process_output output;
	int code = process_run(&options, &output);
	if (code != 0)
		fail_msg("openssl %s: %s", argv[1], output.err);
	process_output_clear(&output);
}

/* A self-signed certificate `name`.pem with `name`.key. */
static void make_certificate(const char *name, const char *alternative_name)
{
	char cert[PATH_SIZE], key[PATH_SIZE], file[64];
	text_format(file, sizeof(file), "%s.pem", name);
	path_of(cert, file);
	text_format(file, sizeof(file), "%s.key", name);
	path_of(key, file);
	const char *argv[] = {"openssl", "req", "-x509", "-newkey",  "rsa:2048", "-nodes",
			      "-days",	 "2",	"-subj", "/CN=test", "-addext",	 alternative_name,
			      "-keyout", key,	"-out",	 cert,	     NULL};
	openssl(argv);
}

static void add_listener(char lines[LINES_SIZE], enum listener listener, const char *name, const char *more)
{
	char old[LINES_SIZE];
	text_copy(old, sizeof(old), lines);
	world.ports[listener] = port_free();
	if (name == NULL)
		text_format(lines, LINES_SIZE, "%slistener %d 127.0.0.1\n%s\n", old, world.ports[listener], more);
	else
		text_format(lines, LINES_SIZE, "%slistener %d 127.0.0.1\ncertfile %s/%s.pem\nkeyfile %s/%s.key\n%s\n",
			    old, world.ports[listener], world.folder, name, world.folder, name, more);
}

static int open_world(void **state)
{
	char lines[LINES_SIZE] = "", client[PATH_SIZE + 64];
	(void)state;
	text_copy(world.folder, sizeof(world.folder), "/tmp/mqtt-sms-bridge-tls-XXXXXX");
	if (mkdtemp(world.folder) == NULL)
		return -1;
	make_certificate("right", "subjectAltName=DNS:localhost");
	make_certificate("wrong", "subjectAltName=DNS:elsewhere.example");
	make_certificate("client", "subjectAltName=DNS:bridge");
	text_format(client, sizeof(client), "require_certificate true\ncafile %s/client.pem", world.folder);
	add_listener(lines, RIGHT_NAME, "right", "");
	add_listener(lines, WRONG_NAME, "wrong", "");
	add_listener(lines, CLIENT_CERT, "right", client);
	add_listener(lines, WEBSOCKET, NULL, "protocol websockets");
	world.broker = broker_start(world.folder, lines);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	broker_destroy(world.broker);
	files_remove(world.folder);
	return 0;
}

static const struct row {
	const char *name, *scheme, *host;
	enum listener listener;
	const char *ca, *cert, *key;
	const char *want_why; /* "" : it connects */
} rows[] = {
	{"private CA, right name", "mqtts", "localhost", RIGHT_NAME, "right.pem", "", "", ""},
	{"right CA, name of another host", "mqtts", "localhost", WRONG_NAME, "wrong.pem", "", "",
	 "not for this host name"},
	{"address instead of the name", "mqtts", "127.0.0.1", RIGHT_NAME, "right.pem", "", "",
	 "not for this host name"},
	{"another CA", "mqtts", "localhost", RIGHT_NAME, "wrong.pem", "", "", "certificate verify failed"},
	{"the system's CAs", "mqtts", "localhost", RIGHT_NAME, "", "", "", "certificate verify failed"},
	{"client certificate", "mqtts", "localhost", CLIENT_CERT, "right.pem", "client.pem", "client.key", ""},
	{"client certificate missing", "mqtts", "localhost", CLIENT_CERT, "right.pem", "", "", "cannot use the broker"},
	{"WebSocket", "ws", "localhost", WEBSOCKET, "", "", "", ""},
	{"TLS to a plain port", "mqtts", "localhost", WEBSOCKET, "right.pem", "", "", "cannot use the broker"},
};

static void check(const struct row *row)
{
	char url[PATH_SIZE], ca[PATH_SIZE] = "", cert[PATH_SIZE] = "", key[PATH_SIZE] = "";
	const char *const urls[] = {url};
	text_format(url, sizeof(url), "%s://%s:%d", row->scheme, row->host, world.ports[row->listener]);
	if (row->ca[0])
		path_of(ca, row->ca);
	if (row->cert[0])
		path_of(cert, row->cert);
	if (row->key[0])
		path_of(key, row->key);
	struct user *user = user_create(1);
	struct mqtt_options *options = user_options(user);
	options->urls = urls;
	options->ca_file = ca;
	options->cert_file = cert;
	options->key_file = key;
	user_start(user);
	if (row->want_why[0]) {
		user_expect_why(user, row->want_why);
		assert_int_equal(user_status(user).connects, 0);
	} else {
		user_await_up(user);
		assert_true(user_publish(user, "sealed", 1));
		user_expect(user, USER_PUBLISHED, 1);
	}
	user_stop(user);
	user_destroy(user);
}

static void only_the_right_certificate_for_the_right_name_is_trusted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("           %s\n", rows[i].name);
		check(&rows[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_right_certificate_for_the_right_name_is_trusted),
	};
	return cmocka_run_group_tests(tests, open_world, close_world);
}
