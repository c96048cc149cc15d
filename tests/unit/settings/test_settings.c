/* What does a configuration mean to the daemon? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/settings.h"

#include "bridge/base/log.h"
#include "tests/unit/settings/workplace.h"

#define BEARER "api: {auth: bearer, token: t0p}\n"

static char config_path[WORKPLACE_PATH_SIZE];

/* Loads what must be free of faults. */
static struct settings *load(const char *text)
{
	struct settings_faults faults;

	settings_faults_init(&faults);
	workplace_write("bridge.yaml", text);
	struct settings *settings = settings_load(workplace_path(config_path, "bridge.yaml"), &faults);

	if (settings == NULL)
		fail_msg("%s", buffer_text(&faults.text));
	assert_int_equal(faults.count, 0);
	settings_faults_clear(&faults);
	return settings;
}

static void texts_default_to_what_the_documentation_says(void **state)
{
	(void)state;
	char path[WORKPLACE_PATH_SIZE];
	struct settings *s = load(BEARER);

	assert_int_equal(s->mqtt_url.count, 1);
	assert_string_equal(s->mqtt_url.items[0], "mqtt://localhost:1883");
	assert_string_equal(s->mqtt_client_id, "mqtt-sms-bridge");
	assert_string_equal(s->mqtt_share_group, "");
	assert_string_equal(s->mqtt_username, "");
	assert_string_equal(s->mqtt_password, "");
	assert_string_equal(s->topics_command, "devices/+/cmd");
	assert_string_equal(s->topics_status, "devices/+/status");
	assert_string_equal(s->topics_up, "devices/+/up");
	assert_string_equal(s->topics_bridge, "mqtt-sms-bridge");
	assert_string_equal(s->api_url, "https://supersim.api.korewireless.com/v1");
	assert_string_equal(s->api_token_url, "https://api.korewireless.com/api-services/v1/auth/token");
	assert_string_equal(s->webhook_listen, "0.0.0.0:8080");
	assert_string_equal(s->webhook_public_url, "");
	assert_string_equal(s->webhook_method, "POST");
	assert_int_equal(s->webhook_secret.count, 0);
	assert_string_equal(s->admin_listen, "127.0.0.1:9464");
	assert_string_equal(s->spool_path, "/var/lib/mqtt-sms-bridge/spool.db");
	assert_string_equal(s->mappings, workplace_path(path, "../mappings/devices.yaml"));
	assert_string_equal(s->homeassistant_prefix, "homeassistant");
	settings_free(s);
}

static void numbers_default_to_what_the_documentation_says(void **state)
{
	(void)state;
	struct settings *s = load(BEARER);

	assert_int_equal(s->mqtt_version, MQTT_3_1_1);
	assert_int_equal(s->mqtt_keepalive_ms, 60000);
	assert_int_equal(s->mqtt_session_expiry_ms, INT64_C(2592000000));
	assert_false(s->topics_retain_status);
	assert_int_equal(s->api_rate, 10);
	assert_int_equal(s->api_concurrency, 8);
	assert_int_equal(s->api_timeout_ms, 30000);
	assert_false(s->api_dry_run);
	assert_false(s->admin_send);
	assert_int_equal(s->spool_durability, DURABILITY_POWER);
	assert_int_equal(s->spool_max_commands, 1000000);
	assert_int_equal(s->spool_retention_ms, INT64_C(2592000000));
	assert_int_equal(s->spool_min_free_bytes, 67108864);
	assert_int_equal(s->spool_min_free_bytes, SPOOL_MIN_FREE_DEFAULT);
	assert_int_equal(s->spool_ballast_bytes, 16777216);
	assert_int_equal(s->spool_ballast_bytes, SPOOL_BALLAST_DEFAULT);
	assert_int_equal(s->limits_max_age_ms, 86400000);
	assert_int_equal(s->limits_per_device_per_day, 0);
	assert_int_equal(s->limits_per_day, 0);
	assert_false(s->limits_strict_septets);
	assert_int_equal(s->reconcile_interval_ms, 300000);
	assert_int_equal(s->reconcile_settle_ms, 30000);
	assert_int_equal(s->reconcile_poll_after_ms, 600000);
	assert_int_equal(s->reconcile_since_ms, -1);
	assert_false(s->homeassistant_discovery);
	assert_int_equal(s->log_level, LOG_INFO);
	assert_int_equal(s->log_format, LOG_AS_TEXT);
	assert_false(s->log_bodies);
	settings_free(s);
}

static void values_of_the_file_win(void **state)
{
	(void)state;
	char path[WORKPLACE_PATH_SIZE];
	struct settings *s =
		load("\xEF\xBB\xBF"
		     "mqtt:\r\n  url: [mqtts://a, 'wss://b/mqtt']\r\n  version: \"5\"\r\n"
		     "  share_group: sms\r\n"
		     "api: {auth: basic, username: ACx, password: pw, url: 'http://127.0.0.1:1/v1/', rate: 0}\r\n"
		     "webhook: {listen: '0.0.0.0:8080', public_url: https://b.example.com/, method: GET, "
		     "secret: \"new\\nold\"}\r\n"
		     "spool: {path: spool.db, durability: process}\r\n"
		     "reconcile: {since: 2026-11-22T10:00:00Z}\r\n"
		     "admin:\r\nlog: {level: error, format: json}\r\n");

	assert_int_equal(s->mqtt_url.count, 2);
	assert_string_equal(s->mqtt_url.items[0], "mqtts://a:8883");
	assert_string_equal(s->mqtt_url.items[1], "wss://b:443/mqtt");
	assert_int_equal(s->mqtt_version, MQTT_5);
	assert_string_equal(s->mqtt_share_group, "sms");
	assert_int_equal(s->api_auth, AUTH_BASIC);
	assert_string_equal(s->api_password, "pw");
	assert_string_equal(s->api_url, "http://127.0.0.1:1/v1");
	assert_int_equal(s->api_rate, 0);
	assert_string_equal(s->webhook_public_url, "https://b.example.com");
	assert_string_equal(s->webhook_method, "GET");
	assert_int_equal(s->webhook_secret.count, 2);
	assert_string_equal(s->webhook_secret.keys[1], "old");
	assert_string_equal(s->spool_path, workplace_path(path, "spool.db"));
	assert_int_equal(s->spool_durability, DURABILITY_PROCESS);
	assert_int_equal(s->reconcile_since_ms, INT64_C(1795341600000));
	assert_string_equal(s->admin_listen, "127.0.0.1:9464");
	assert_int_equal(s->log_level, LOG_ERROR);
	assert_int_equal(s->log_format, LOG_AS_JSON);
	settings_free(s);
}

static void a_version_is_a_word_quoted_or_not(void **state)
{
	(void)state;
	const char *const versions[] = {"3.1.1", "\"3.1.1\"", "'3.1.1'", "5"};

	for (size_t i = 0; i < 4; i++) {
		char text[200];

		text_format(text, sizeof(text), BEARER "mqtt: {version: %s}\n", versions[i]);
		struct settings *s = load(text);

		assert_int_equal(s->mqtt_version, i == 3 ? MQTT_5 : MQTT_3_1_1);
		settings_free(s);
	}
}

static void a_variable_is_a_value_and_never_structure(void **state)
{
	(void)state;
	setenv("BRIDGE_T_USER", "u: {x: [1]} # \"", 1);
	setenv("BRIDGE_T_RATE", "25", 1);
	setenv("BRIDGE_T_EMPTY", "", 1);
	struct settings *s =
		load("mqtt: {username: \"${BRIDGE_T_USER}\", client_id: 'a$$b', password: \"${BRIDGE_T_EMPTY}\"}\n"
		     "api: {auth: bearer, token: \"${BRIDGE_T_NONE:-t0p}\", rate: \"${BRIDGE_T_RATE}\"}\n");

	assert_string_equal(s->mqtt_username, "u: {x: [1]} # \"");
	assert_string_equal(s->mqtt_client_id, "a$b");
	assert_string_equal(s->mqtt_password, "");
	assert_string_equal(s->api_token, "t0p");
	assert_int_equal(s->api_rate, 25);
	settings_free(s);
}

static void an_empty_listener_is_polling_on_purpose(void **state)
{
	(void)state;
	settings_free(load(BEARER "webhook: {listen: \"\", public_url: https://b.example.com}\n"));
	settings_free(load(BEARER "webhook: {listen: '0.0.0.0:8080'}\n"));
	settings_free(load(BEARER "webhook: {listen: '127.0.0.1:0', secret: k, public_url: 'http://localhost:80'}\n"));
	settings_free(load(BEARER
			   "webhook: {listen: '0.0.0.0:1', secret: k, public_url: 'http://b', insecure_http: true}\n"));
	settings_free(load("api: {auth: bearer, token: t, url: 'http://api:80', insecure_http: true}\n"));
}

static void a_secret_comes_from_its_file(void **state)
{
	(void)state;
	workplace_write("token", "from-file\n");
	workplace_write("keys", "new\nold\n");
	struct settings *s =
		load("api: {auth: bearer, token: \"\", token_file: token}\nwebhook: {kore_secret_file: keys}\n");

	assert_string_equal(s->api_token, "from-file");
	assert_int_equal(s->webhook_kore_secret.count, 2);
	assert_string_equal(s->webhook_kore_secret.keys[0], "new");
	settings_free(s);
}

/* What settings_print() writes for the file; yours to free. */
static char *printed(void)
{
	struct settings_faults faults;
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	settings_faults_init(&faults);
	assert_true(settings_print(config_path, to, &faults));
	fclose(to);
	settings_faults_clear(&faults);
	return text;
}

static void what_is_printed_names_its_source_and_hides_secrets(void **state)
{
	(void)state;
	char line[2 * WORKPLACE_PATH_SIZE];

	setenv("BRIDGE_T_USER", "ann", 1);
	settings_free(load("api:\n  auth: bearer\n  token: t0p\n  timeout: 90s\nmqtt:\n  username: ${BRIDGE_T_USER}\n"
			   "  url: [mqtt://a, mqtt://b]\nwebhook: {kore_secret: t0p}\n"
			   "log:\n  level: ${BRIDGE_T_NONE:-warn}\n"));
	char *text = printed();

	assert_null(strstr(text, "t0p"));
	text_format(line, sizeof(line), "\napi.token = ********   # file %s:3\n", config_path);
	assert_non_null(strstr(text, line));
	text_format(line, sizeof(line), "\napi.timeout = 90s   # file %s:4\n", config_path);
	assert_non_null(strstr(text, line));
	text_format(line, sizeof(line), "mqtt.url = [mqtt://a:1883, mqtt://b:1883]   # file %s:7\n", config_path);
	assert_true(text_starts_with(text, line));
	assert_non_null(strstr(text, "\nmqtt.username = ann   # environment\n"));
	text_format(line, sizeof(line), "\nlog.level = warn   # file %s:10\n", config_path);
	assert_non_null(strstr(text, line));
	assert_non_null(strstr(text, "\nmqtt.password = \"\"   # default\n"));
	assert_non_null(strstr(text, "\nspool.retention = 30d   # default\n"));
	assert_non_null(strstr(text, "\nspool.min_free = 64MiB   # default\n"));
	assert_non_null(strstr(text, "\nlimits.max_age = 24h   # default\n"));
	assert_non_null(strstr(text, "\nmqtt.version = 3.1.1   # default\n"));
	assert_non_null(strstr(text, "\nreconcile.since = \"\"   # default\n"));
	assert_non_null(strstr(text, "\nlog.bodies = false   # default\n"));
	assert_non_null(strstr(text, "\nwebhook.kore_secret = ********   # "));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_default_to_what_the_documentation_says),
		cmocka_unit_test(numbers_default_to_what_the_documentation_says),
		cmocka_unit_test(values_of_the_file_win),
		cmocka_unit_test(a_version_is_a_word_quoted_or_not),
		cmocka_unit_test(a_variable_is_a_value_and_never_structure),
		cmocka_unit_test(an_empty_listener_is_polling_on_purpose),
		cmocka_unit_test(a_secret_comes_from_its_file),
		cmocka_unit_test(what_is_printed_names_its_source_and_hides_secrets),
	};

	return cmocka_run_group_tests(tests, workplace_open, workplace_close);
}
