// Question: does the webhook serve TLS itself, and change its certificate without a restart?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/certificates.h"
#include "tests/harness/files.h"
#include "tests/harness/world.h"

enum { PATH_SIZE = 320, LINE_SIZE = 400 };

/* certificate.pem and certificate.key are what the bridge reads; they are overwritten by one of ours. */
static void install(const struct world *world, const char *name)
{
	static const char *const kinds[] = {"pem", "key"};
	for (size_t i = 0; i < 2; i++) {
		char from[PATH_SIZE], to[64];
		text_format(from, sizeof(from), "%s/%s.%s", world->folder, name, kinds[i]);
		text_format(to, sizeof(to), "certificate.%s", kinds[i]);
		char *text = file_text(from);
		world_file(world, to, text);
		free(text);
	}
}

static void start(struct world *world)
{
	char ca[PATH_SIZE], line[LINE_SIZE];
	text_format(ca, sizeof(ca), "%s/ca.pem", world->folder);
	const char *const args[] = {"--delay-sent", "20ms", "--delay-delivered", "20ms", "--ca-file", ca, NULL};
	static const char *const lines[] = {"webhook.cert_file: certificate.pem", "webhook.key_file: certificate.key",
					    NULL};
	struct world_options options = {.lines = lines, .simulator_args = args};
	certificates_authority(world->folder, "ca");
	certificates_sign(world->folder, "ca", "first", "DNS:localhost");
	certificates_sign(world->folder, "ca", "second", "DNS:localhost");
	install(world, "first");
	world_prepare(world, &options);
	text_format(line, sizeof(line), "webhook.public_url: https://localhost:%d", bridge_port(world->bridge));
	bridge_set(world->bridge, line);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
}

/* Does the listener show the certificate of this name? Asked by a handshake. */
static bool shows(struct world *world, const char *name)
{
	char where[64], subject[64];
	struct process_output output;
	text_format(where, sizeof(where), "localhost:%d", bridge_port(world->bridge));
	text_format(subject, sizeof(subject), "subject=CN = %s\n", name);
	const char *const argv[] = {"openssl", "s_client", "-connect", where, "-4", NULL};
	struct process_options options = {.name = "s_client", .folder = world->folder, .argv = argv};
	process_run(&options, &output);
	bool found = strstr(output.out, subject) != NULL;
	process_output_clear(&output);
	return found;
}

struct question {
	struct world *world;
	const char *name;
};

static bool shows_now(void *ctx)
{
	const struct question *question = ctx;
	return shows(question->world, question->name);
}

static void expect_delivered(struct world *world, const char *id)
{
	char command[128];
	text_format(command, sizeof(command), "{\"payload\":\"%s\",\"id\":\"%s\"}", id, id);
	command_send(world->client, "meter-001", command);
	status_expect(world->client, "meter-001", id, "delivered"); /* its callback came over TLS: polling is later */
}

static void callbacks_come_over_tls_alone(struct world *world)
{
	struct http_answer answer;
	start(world);
	expect_delivered(world, "secure");
	assert_true(shows(world, "first"));
	http_request(bridge_port(world->bridge), "POST", "/callback/sms/x", "", "a=b", &answer);
	assert_int_equal(answer.status, 0); /* no HTTP without TLS */
	http_answer_clear(&answer);
}

static void a_new_certificate_comes_by_sighup(struct world *world)
{
	start(world);
	expect_delivered(world, "before");
	install(world, "second");
	assert_true(shows(world, "first"));
	bridge_reload(world->bridge);
	struct question question = {world, "second"};
	assert_true(await(shows_now, &question, STEP_MS));
	expect_delivered(world, "after");
	install(world, "first");
	client_publish(world->client, "mqtt-sms-bridge/request/reload", "{}"); /* or by an administrator */
	client_expect(world->client, "mqtt-sms-bridge/response/reload", "\"ok\"");
	question.name = "first";
	assert_true(await(shows_now, &question, STEP_MS));
	expect_delivered(world, "again");
}

static void a_broken_certificate_changes_nothing(struct world *world)
{
	char line[LINE_SIZE];
	start(world);
	world_file(world, "certificate.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
	bridge_reload(world->bridge);
	assert_true(process_wait_line(bridge_process(world->bridge), "keeps its old certificate", STEP_MS, line,
				      sizeof(line)));
	assert_true(shows(world, "first"));
	expect_delivered(world, "still");
}

/* A start is no reload: without a certificate that works there is no listener, and no silent fall back to HTTP. */
static void a_broken_certificate_is_no_start(struct world *world)
{
	char line[LINE_SIZE];
	start(world);
	bridge_stop(world->bridge);
	install(world, "second");
	world_file(world, "certificate.key", "not a key\n");
	bridge_launch(world->bridge, NULL);
	int code = process_wait(bridge_process(world->bridge), STEP_MS);
	assert_true(code == 1 || code == 2);
	assert_true(process_wait_line(bridge_process(world->bridge), "certificate", STEP_MS, line, sizeof(line)));
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(callbacks_come_over_tls_alone),
		WORLD_TEST(a_new_certificate_comes_by_sighup),
		WORLD_TEST(a_broken_certificate_changes_nothing),
		WORLD_TEST(a_broken_certificate_is_no_start),
	};
	return WORLD_RUN(tests);
}
