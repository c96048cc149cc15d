// bridge - writes the daemon's files and runs it.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/bridge.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/bridge_config.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/http.h"
#include "tests/harness/ports.h"

enum { FOLDER_SIZE = 256, PATH_SIZE = 300, VALUE_SIZE = 400, ARGS_MAX = 16 };

struct bridge {
	char folder[FOLDER_SIZE], config_path[PATH_SIZE];
	int port, admin_port;
	struct bridge_config config;
	struct process *process;
};

static const char default_devices[] = "devices:\n"
				      "  meter-001: " METER_1_SIM "\n"
				      "  meter-002: " METER_2_SIM "\n"
				      "  meter-003: " METER_3_SIM "\n"
				      "  front-gate: {sim: " FRONT_GATE ", name: Front gate, cmd: text, up: text}\n"
				      "  strict: {sim: " STRICT_SIM ", cmd: envelope}\n"
				      "unlisted: reject\n";

static void set_port(struct bridge *bridge, const char *key, const char *before, int port, const char *after)
{
	char value[VALUE_SIZE];
	text_format(value, sizeof(value), "%s%d%s", before, port, after);
	bridge_config_set(&bridge->config, key, value);
}

static void set_file(struct bridge *bridge, const char *key, const char *name)
{
	char value[VALUE_SIZE];
	text_format(value, sizeof(value), "%s/%s", bridge->folder, name);
	bridge_config_set(&bridge->config, key, value);
}

static void set_defaults(struct bridge *bridge, const struct bridge_options *options)
{
	static const char *const lines[] = {
		"api.auth: bearer",	     ("api.token: " BEARER_TOKEN), "api.rate: 0",
		"api.timeout: 5s",	     "reconcile.interval: 1s",	   "reconcile.settle: 200ms",
		"reconcile.poll_after: 30s", "log.level: debug",
	};
	set_port(bridge, "mqtt.url", "mqtt://127.0.0.1:", options->broker_port, "");
	set_port(bridge, "api.url", "http://127.0.0.1:", options->api_port, "/v1");
	set_port(bridge, "api.token_url", "http://127.0.0.1:", options->api_port, "/api-services/v1/auth/token");
	set_port(bridge, "webhook.listen", "127.0.0.1:", bridge->port, "");
	set_port(bridge, "webhook.public_url", "http://127.0.0.1:", bridge->port, "");
	set_port(bridge, "admin.listen", "127.0.0.1:", bridge->admin_port, "");
	set_file(bridge, "webhook.secret_file", "webhook.secret");
	set_file(bridge, "spool.path", "spool.db");
	set_file(bridge, "mappings", "devices.yaml");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		bridge_config_line(&bridge->config, lines[i]);
}

static void write_file(const struct bridge *bridge, const char *name, const char *text)
{
	char path[PATH_SIZE];
	text_format(path, sizeof(path), "%s/%s", bridge->folder, name);
	file_write(path, text);
}

struct bridge *bridge_create(const struct bridge_options *options)
{
	struct bridge *bridge = memory_zeroed(1, sizeof(*bridge));
	text_copy(bridge->folder, sizeof(bridge->folder), options->folder);
	text_format(bridge->config_path, sizeof(bridge->config_path), "%s/bridge.yaml", options->folder);
	bridge->port = port_free();
	bridge->admin_port = port_free();
	set_defaults(bridge, options);
	for (const char *const *line = options->lines; line != NULL && *line != NULL; line++)
		bridge_config_line(&bridge->config, *line);
	write_file(bridge, "webhook.secret", "a-webhook-secret-that-is-only-for-tests-0123456789\n");
	write_file(bridge, "devices.yaml", options->devices != NULL ? options->devices : default_devices);
	bridge_config_write(&bridge->config, bridge->config_path);
	return bridge;
}

void bridge_destroy(struct bridge *bridge)
{
	if (bridge == NULL)
		return;
	process_destroy(bridge->process);
	free(bridge);
}

void bridge_set(struct bridge *bridge, const char *line)
{
	bridge_config_line(&bridge->config, line);
	bridge_config_write(&bridge->config, bridge->config_path);
}

void bridge_launch(struct bridge *bridge, const char *const *env)
{
	const char *argv[] = {BRIDGE_BINARY, "-c", bridge->config_path, NULL};
	struct process_options options = {
		.name = "bridge", .folder = bridge->folder, .argv = argv, .env = env, .wrapped = true};
	process_destroy(bridge->process);
	bridge->process = process_start(&options);
}

static bool is_ready_or_gone(void *ctx)
{
	struct bridge *bridge = ctx;
	return !process_is_running(bridge->process) || http_status(bridge->admin_port, "GET", "/readyz", "") == 200;
}

void bridge_await_ready(struct bridge *bridge)
{
	if (!await(is_ready_or_gone, bridge, STEP_MS))
		fail_msg("the bridge is not ready: /readyz does not say 200");
	if (!process_is_running(bridge->process))
		fail_msg("the bridge ended with %d while it started", process_wait(bridge->process, 0));
}

bool bridge_is_running(struct bridge *bridge)
{
	return bridge->process != NULL && process_is_running(bridge->process);
}

struct process *bridge_process(struct bridge *bridge)
{
	return bridge->process;
}

void bridge_stop(struct bridge *bridge)
{
	process_signal(bridge->process, SIGTERM);
	int code = process_wait(bridge->process, STEP_MS);
	if (code != 0)
		fail_msg("after SIGTERM the bridge ended with %d (minus: a signal, %d: not at all)", code,
			 PROCESS_STILL_RUNNING);
}

struct reload {
	struct bridge *bridge;
	int64_t before, refused;
};

static bool is_reloaded(void *ctx)
{
	struct reload *reload = ctx;
	return bridge_metric(reload->bridge, "mqtt_sms_bridge_reloads_total") > reload->before ||
	       bridge_metric(reload->bridge, "mqtt_sms_bridge_reload_failures_total") > reload->refused;
}

static bool tells_its_metrics(void *bridge)
{
	return bridge_metric(bridge, "mqtt_sms_bridge_reloads_total") >= 0;
}

void bridge_reload(struct bridge *bridge)
{
	if (!await(tells_its_metrics, bridge, STEP_MS))
		fail_msg("the bridge does not tell its metrics");
	struct reload reload = {bridge, bridge_metric(bridge, "mqtt_sms_bridge_reloads_total"),
				bridge_metric(bridge, "mqtt_sms_bridge_reload_failures_total")};
	process_signal(bridge->process, SIGHUP);
	if (!await(is_reloaded, &reload, STEP_MS))
		fail_msg("SIGHUP did not make the bridge reload");
	assert_int_equal(bridge_metric(bridge, "mqtt_sms_bridge_reload_failures_total"), reload.refused);
}

void bridge_kill(struct bridge *bridge)
{
	process_kill(bridge->process);
}

int bridge_run(const char *folder, const char *config, const char *const *args, struct process_output *ret)
{
	const char *argv[ARGS_MAX + 1] = {BRIDGE_BINARY};
	size_t count = 1;
	if (config != NULL) {
		argv[count++] = "-c";
		argv[count++] = config;
	}
	for (; args != NULL && *args != NULL && count < ARGS_MAX; args++)
		argv[count++] = *args;
	struct process_options options = {.name = "bridge-run", .folder = folder, .argv = argv};
	return process_run(&options, ret);
}

const char *bridge_program(void)
{
	return BRIDGE_BINARY;
}

int bridge_port(const struct bridge *bridge)
{
	return bridge->port;
}

int bridge_admin_port(const struct bridge *bridge)
{
	return bridge->admin_port;
}

const char *bridge_config_path(const struct bridge *bridge)
{
	return bridge->config_path;
}

void bridge_fleet_url(struct bridge *bridge, char *ret, size_t size)
{
	static const char *const args[] = {"--print-urls", NULL};
	struct process_output output;
	int code = bridge_run(bridge->folder, bridge->config_path, args, &output);
	const char *url = strstr(output.out, "http");
	text_copy_bytes(ret, size, url != NULL ? url : "", url != NULL ? strcspn(url, " \r\n") : 0);
	process_output_clear(&output);
	if (code != 0 || *ret == '\0')
		fail_msg("--print-urls ended with %d and no URL", code);
}

int64_t bridge_metric(struct bridge *bridge, const char *name)
{
	struct http_answer answer;
	http_request(bridge->admin_port, "GET", "/metrics", "", "", &answer);
	int64_t value = -1;
	size_t len = strlen(name);
	for (const char *line = answer.body; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n' ? 1 : 0;
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			value = (int64_t)strtod(line + len, NULL);
		if (*line == '\0')
			break;
	}
	http_answer_clear(&answer);
	return value;
}
