// Question: do secrets show up anywhere: logs, messages, command line, environment, printed settings, error texts?
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/files.h"
#include "tests/harness/webhook.h"
#include "tests/harness/world.h"

enum { PATH_SIZE = 320, ENVIRON_MAX = 65536 };

#define MQTT_PASSWORD "mqtt-password-5eb63bbb"
#define CLIENT_SECRET "client-secret-01b2f5d0"
#define WEBHOOK_KEY   "webhook-key-c3e0bc0d-0123456789abcdef"
#define OLD_KEY	      "webhook-old-key-77aa-0123456789abcdef"
#define KORE_SECRET   "kore-secret-90c3f7ac"
#define TWILIO_TOKEN  "twilio-token-ab29d1ee"
#define API_PASSWORD  "api-password-f00dcafe"

static const char *const secrets[] = {MQTT_PASSWORD, CLIENT_SECRET, WEBHOOK_KEY, OLD_KEY,
				      KORE_SECRET,   TWILIO_TOKEN,  API_PASSWORD};

/* Each secret in a file of its own, as services are given them. */
static const char *const from_files[] = {"mqtt.username: somebody",
					 "mqtt.password_file: mqtt.secret",
					 "api.auth: oauth2",
					 "api.token:",
					 "api.client_id: simulator",
					 "api.client_secret_file: client.secret",
					 "webhook.secret_file: keys.secret",
					 "webhook.kore_secret_file: kore.secret",
					 "webhook.twilio_auth_token_file: twilio.secret",
					 NULL};

static void write_secrets(const struct world *world)
{
	world_file(world, "mqtt.secret", MQTT_PASSWORD "\n");
	world_file(world, "client.secret", CLIENT_SECRET "\n");
	world_file(world, "keys.secret", WEBHOOK_KEY "\n" OLD_KEY "\n");
	world_file(world, "kore.secret", KORE_SECRET "\n");
	world_file(world, "twilio.secret", TWILIO_TOKEN "\n");
}

static void expect_none(const char *text, const char *where)
{
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (strstr(text, secrets[i]) != NULL)
			fail_msg("%s shows %s", where, secrets[i]);
}

static void expect_absent(const char *text, const char *secret, const char *where)
{
	if (*secret == '\0' || strstr(text, secret) != NULL)
		fail_msg("%s shows \"%s\"", where, secret);
}

static char *log_of(const struct world *world)
{
	char path[PATH_SIZE];
	text_format(path, sizeof(path), "%s/bridge.log", world->folder);
	return file_text(path);
}

/* Pieces with NULs between them, made one text; yours to free. */
static char *proc_text(struct world *world, const char *name)
{
	char path[PATH_SIZE];
	text_format(path, sizeof(path), "/proc/%d/%s", process_id(bridge_process(world->bridge)), name);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	char *text = calloc(1, ENVIRON_MAX + 1);
	size_t len = fread(text, 1, ENVIRON_MAX, file);
	fclose(file);
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = '\n';
	return text;
}

static void expect_clean_process(struct world *world, const char *name)
{
	char *text = proc_text(world, name);
	assert_true(strlen(text) > 0);
	expect_none(text, name);
	free(text);
}

static void expect_clean_messages(struct world *world)
{
	for (size_t i = 0; i < client_count(world->client); i++)
		expect_none(client_message_at(world->client, i)->payload, client_message_at(world->client, i)->topic);
}

/* A life with everything that tempts to tell: callbacks, refusals, an expired token, a reload. */
static void live(struct world *world)
{
	char path[WEBHOOK_PATH_SIZE];
	simulator_tell(world->simulator, "POST", "settings", "{\"kore_secret\":\"" KORE_SECRET "\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"one\",\"id\":\"1\"}");
	status_expect(world->client, "meter-001", "1", "delivered");
	simulator_tell(world->simulator, "POST", "tokens", "{\"forget\":true}");
	command_send(world->client, "meter-001", "{\"payload\":\"two\",\"id\":\"2\"}");
	status_expect(world->client, "meter-001", "2", "delivered");
	webhook_path(world->simulator, "two", path);
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, "a=b"), 403);
	client_publish(world->client, "mqtt-sms-bridge/request/health", "{\"transaction\":1}");
	client_expect(world->client, "mqtt-sms-bridge/response/health", "\"ok\"");
	simulator_fault(world->simulator, "[{\"on\":\"token\",\"times\":-1,\"action\":{\"status\":401,\"body\":"
					  "\"{\\\"error\\\":\\\"wrong\\\",\\\"error_description\\\":\\\"" CLIENT_SECRET
					  " is wrong\\\"}\"}}]");
	simulator_tell(world->simulator, "POST", "tokens", "{\"forget\":true}");
	command_send(world->client, "meter-001", "{\"payload\":\"three\",\"id\":\"3\"}");
	client_expect(world->client, "mqtt-sms-bridge/health", "\"paused\"");
	simulator_heal(world->simulator);
	bridge_reload(world->bridge);
	status_expect(world->client, "meter-001", "3", "delivered");
}

/* What opens the webhook is a secret as well, though derived. */
static void expect_no_token(struct world *world, const char *log)
{
	char url[URL_SIZE], path[WEBHOOK_PATH_SIZE];
	bridge_fleet_url(world->bridge, url, sizeof(url));
	expect_absent(log, strrchr(url, '/') + 1, "the log");
	webhook_path(world->simulator, "one", path);
	expect_absent(log, strrchr(path, '-') + 1, "the log");
	expect_absent(log, "eyJhbGciOiJSUzI1NiJ9", "the log"); /* how the simulator's access tokens begin */
	expect_absent(log, "Bearer ", "the log");
}

static void live_and_look(struct world *world, const char *level)
{
	static const char *const args[] = {
		"--client-secret", CLIENT_SECRET, "--delay-sent", "20ms", "--delay-delivered", "20ms", NULL};
	struct world_options options = {.lines = from_files, .simulator_args = args};
	write_secrets(world);
	world_prepare(world, &options);
	bridge_set(world->bridge, level);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	live(world);
	expect_clean_process(world, "cmdline");
	expect_clean_process(world, "environ");
	expect_clean_messages(world);
	bridge_stop(world->bridge);
	char *log = log_of(world);
	expect_none(log, "the log");
	expect_no_token(world, log);
	free(log);
}

static void nothing_is_told_at_level_info(struct world *world)
{
	live_and_look(world, "log.level: info");
}

static void nothing_is_told_at_level_debug(struct world *world)
{
	live_and_look(world, "log.level: debug");
}

static void printed_settings_are_masked(struct world *world)
{
	static const char *const options_to_try[] = {"--print-config", "--test-config", "--print-urls"};
	struct world_options options = {.lines = from_files};
	write_secrets(world);
	world_prepare(world, &options);
	for (size_t i = 0; i < sizeof(options_to_try) / sizeof(options_to_try[0]); i++) {
		const char *const args[] = {options_to_try[i], NULL};
		struct process_output output;
		assert_int_equal(bridge_run(world->folder, bridge_config_path(world->bridge), args, &output), 0);
		expect_none(output.out, options_to_try[i]);
		expect_none(output.err, options_to_try[i]);
		process_output_clear(&output);
	}
}

/* Written into the file itself, and each wrong in some way: the error says where, not what. */
static void errors_do_not_quote_secrets(struct world *world)
{
	static const char *const wrong[][4] = {
		{"api.client_secret: \"" CLIENT_SECRET "\\n" API_PASSWORD "\"", "api.auth: oauth2", NULL},
		{"api.password: [" API_PASSWORD "]", "api.auth: basic", NULL},
		{"webhook.secret: \"" WEBHOOK_KEY "\\n" OLD_KEY "\\n" KORE_SECRET "\"", NULL},
		{"mqtt.password: " MQTT_PASSWORD, "mqtt.password_file: mqtt.secret", NULL},
		{"mqtt.url: mqtt://user:" MQTT_PASSWORD "@localhost:1883", NULL},
		{"webhook.kore_secret: ${" KORE_SECRET "", NULL},
	};
	static const char *const args[] = {"--test-config", NULL};
	world_prepare(world, NULL);
	write_secrets(world);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char folder[PATH_SIZE];
		struct process_output output;
		text_format(folder, sizeof(folder), "%s", world->folder);
		struct bridge_options options = {.folder = folder, .broker_port = 1, .api_port = 2, .lines = wrong[i]};
		struct bridge *bridge = bridge_create(&options);
		int code = bridge_run(folder, bridge_config_path(bridge), args, &output);
		if (code != 2)
			fail_msg("%s is no fault: exit %d", wrong[i][0], code);
		expect_none(output.out, wrong[i][0]);
		expect_none(output.err, wrong[i][0]);
		process_output_clear(&output);
		bridge_destroy(bridge);
	}
}

static void basic_credentials_stay_out_too(struct world *world)
{
	static const char *const lines[] = {"api.auth: basic", "api.username: AC1", "api.password_file: api.secret",
					    "log.level: debug", NULL};
	static const char *const args[] = {"--basic", "AC1:" API_PASSWORD, NULL};
	struct world_options options = {.lines = lines, .simulator_args = args};
	world_file(world, "api.secret", API_PASSWORD "\n");
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"basic\",\"id\":\"b\"}");
	status_expect(world->client, "meter-001", "b", "queued");
	expect_clean_messages(world);
	char *log = log_of(world);
	expect_none(log, "the log");
	expect_absent(log, "QUMxOm", "the log"); /* base64 of AC1: */
	free(log);
}

/* The kernel would show it to whoever may look at the process; a reload needs it again. */
static void a_secret_from_the_environment_is_not_shown_there(struct world *world)
{
	static const char *const lines[] = {"api.auth: oauth2", "api.token:", "api.client_id: simulator",
					    "api.client_secret: ${SMS_API_SECRET:-none}", NULL};
	static const char *const args[] = {
		"--client-secret", CLIENT_SECRET, "--delay-sent", "20ms", "--delay-delivered", "20ms", NULL};
	static const char *const env[] = {"SMS_API_SECRET=" CLIENT_SECRET, NULL};
	struct world_options options = {.lines = lines, .simulator_args = args, .bridge_env = env};
	world_start(world, &options);
	expect_clean_process(world, "environ");
	bridge_reload(world->bridge);
	simulator_tell(world->simulator, "POST", "tokens", "{\"forget\":true}");
	command_send(world->client, "meter-001", "{\"payload\":\"one\",\"id\":\"1\"}");
	status_expect(world->client, "meter-001", "1", "delivered");
	expect_clean_process(world, "environ");
}

static void the_process_is_closed(struct world *world)
{
	world_start(world, NULL);
	char *limits = proc_text(world, "limits");
	const char *core = strstr(limits, "Max core file size");
	assert_non_null(core);
	assert_int_equal(strncmp(core + strcspn(core, "0123456789u"), "0 ", 2), 0);
	free(limits);
	char *status = proc_text(world, "status");
	assert_non_null(strstr(status, "NoNewPrivs:\t1"));
	free(status);
}

/* They would write keys and packets to files, or send everything through somebody else's machine. */
static void variables_that_libraries_obey_are_not(struct world *world)
{
	char keys[PATH_SIZE], trace[PATH_SIZE], key_log[PATH_SIZE + 32], packets[PATH_SIZE + 32];
	text_format(keys, sizeof(keys), "%s/keys.log", world->folder);
	text_format(trace, sizeof(trace), "%s/trace.log", world->folder);
	text_format(key_log, sizeof(key_log), "SSLKEYLOGFILE=%s", keys);
	text_format(packets, sizeof(packets), "MQTT_C_CLIENT_TRACE=%s", trace);
	const char *const env[] = {key_log,
				   packets,
				   "MQTT_C_CLIENT_TRACE_LEVEL=PROTOCOL",
				   "http_proxy=http://127.0.0.1:9",
				   "HTTPS_PROXY=http://127.0.0.1:9",
				   "all_proxy=http://127.0.0.1:9",
				   NULL};
	struct world_options options = {.bridge_env = env};
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"direct\",\"id\":\"d\"}");
	status_expect(world->client, "meter-001", "d", "delivered");
	assert_int_not_equal(access(keys, F_OK), 0);
	assert_int_not_equal(access(trace, F_OK), 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(nothing_is_told_at_level_info),
		WORLD_TEST(nothing_is_told_at_level_debug),
		WORLD_TEST(printed_settings_are_masked),
		WORLD_TEST(errors_do_not_quote_secrets),
		WORLD_TEST(basic_credentials_stay_out_too),
		WORLD_TEST(the_process_is_closed),
		WORLD_TEST(a_secret_from_the_environment_is_not_shown_there),
		WORLD_TEST(variables_that_libraries_obey_are_not),
	};
	return WORLD_RUN(tests);
}
