/* Is every mistake in a configuration named, with its line? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/settings.h"

#include "bridge/base/limits.h"
#include "tests/unit/settings/workplace.h"

/* What makes the rest complete: three lines before the row's own text. */
#define CREDENTIALS "# head\napi: {auth: bearer, token: t0p}\nmappings: devices.yaml\n"

struct row {
	const char *name;
	const char *text; /* from line 4 */
	size_t want_line;
	const char *want;
};

static const struct row ROWS[] = {
	{"unknown section", "mqqt: {url: mqtt://a}\n", 4, "did you mean mqtt?"},
	{"unknown key", "mqtt:\n  clientid: x\n", 5, "mqtt.clientid is not a setting; did you mean mqtt.client_id?"},
	{"key of another section", "mqtt:\n  public_url: x\n", 5, "did you mean webhook.public_url?"},
	{"twin of no secret", "mqtt: {username_file: x}\n", 4, "not a setting"},
	{"unknown beyond guessing", "zzzzzzzzzz: 1\n", 4, "remove the line"},
	{"section as a value", "spool: 5\n", 4, "spool is a section"},
	{"mapping for a value", "log: {level: {a: b}}\n", 4, "one value"},
	{"list for a value", "log: {level: [info]}\n", 4, "one value"},
	{"word", "log:\n  level: warning\n", 5, "log.level: `warning` is not one of: debug info warn error"},
	{"version", "mqtt: {version: 3}\n", 4, "3.1.1 5"},
	{"number", "spool: {max_commands: many}\n", 4, "a whole number"},
	{"number without digits", "spool: {max_commands: }\n", 4, "a whole number"},
	{"null", "spool: {max_commands: null}\n", 4, "no value"},
	{"too small", "spool: {max_commands: 0}\n", 4, "use 1 to 100000000"},
	{"too large", "limits: {per_day: 99999999999}\n", 4, "out of range"},
	{"negative", "limits: {per_day: -1}\n", 4, "out of range"},
	{"time without unit", "reconcile: {interval: 300}\n", 4, "`300` is not a time with its unit"},
	{"negative time", "reconcile: {interval: -5m}\n", 4, "a time with its unit"},
	{"zero time", "reconcile: {interval: 0}\n", 4, "use 100ms to 1d"},
	{"size", "spool: {ballast: 16MB}\n", 4, "a size with its unit"},
	{"flag", "admin: {send: yes}\n", 4, "`yes` is neither true nor false"},
	{"date", "reconcile: {since: yesterday}\n", 4, "2026-11-22T10:00:00Z"},
	{"broker address", "mqtt:\n  url:\n    - mqtt://a\n    - tcp://b\n", 7, "use mqtt, mqtts, ws or wss"},
	{"no broker at all", "mqtt: {url: []}\n", 4, "empty list"},
	{"listen", "admin: {listen: 9464}\n", 4, "no port"},
	{"client id", "mqtt: {client_id: \"\"}\n", 4, "empty"},
	{"control character", "mqtt: {username: \"a\\x1Bb\"}\n", 4, "control character"},
	{"unset variable", "mqtt:\n  username: ${BRIDGE_T_NONE}\n", 5, "BRIDGE_T_NONE is not set"},
	{"secret twice", "mqtt:\n  username: u\n  password: a\n  password_file: b\n", 7, "both given"},
	{"secret file missing", "mqtt:\n  username: u\n  password_file: none\n", 6, "mqtt.password_file: "},
	{"secret of two lines", "mqtt: {username: u, password: \"a\\nb\"}\n", 4, "more than one line"},
	{"password without user", "mqtt: {password: a}\n", 4, "mqtt.username"},
	{"template without +", "topics: {command: devices/cmd}\n", 4, "topics.command: "},
	{"template with #", "topics: {up: devices/+/#}\n", 4, "topics.up: "},
	{"base with +", "topics: {bridge: a/+}\n", 4, "topics.bridge: "},
	{"base of the broker", "topics: {bridge: $SYS}\n", 4, "topics.bridge: "},
	{"status is a command", "topics:\n  status: devices/+/cmd\n", 5, "topics.status: topics.command matches it"},
	{"up is a command", "topics:\n  up: devices/x/+\n", 5, "topics.up: topics.command matches it"},
	{"state is a command", "topics:\n  command: mqtt-sms-bridge/+\n", 5, "the bridge's own topics"},
	{"status is a request", "topics:\n  status: mqtt-sms-bridge/request/+\n", 5, "topics.bridge"},
	{"discovery is a command", "topics: {command: homeassistant/+/config}\nhomeassistant: {discovery: true}\n", 5,
	 "homeassistant.prefix: topics.command matches"},
	{"share group", "mqtt: {share_group: a/b}\n", 4, "mqtt.share_group: "},
	{"certificate without key", "mqtt:\n  cert_file: bridge.yaml\n", 5, "mqtt.cert_file: given without"},
	{"key without certificate", "webhook:\n  key_file: bridge.yaml\n", 5, "webhook.key_file: given without"},
	{"unreadable certificates", "mqtt:\n  ca_file: none.pem\n", 5, "none.pem cannot be read"},
	{"public address and nothing else", "webhook:\n  public_url: https://b\n", 4,
	 "webhook.secret (or its _file) is missing"},
	{"public address, no secret", "webhook:\n  listen: 0.0.0.0:1\n  public_url: https://b\n", 4,
	 "webhook.secret (or its _file) is missing"},
	{"public address in clear", "webhook:\n  listen: 0.0.0.0:1\n  secret: k\n  public_url: http://b.example.com\n",
	 7, "insecure_http"},
	{"callback method", "webhook: {method: PUT}\n", 4, "POST GET"},
};

static const char *faults_of(const char *text, struct settings_faults *faults)
{
	char path[WORKPLACE_PATH_SIZE];

	workplace_write("bridge.yaml", text);
	if (access(workplace_path(path, "devices.yaml"), F_OK) != 0)
		workplace_write("devices.yaml", "devices: {}\n");
	settings_faults_init(faults);
	struct settings *settings = settings_load(workplace_path(path, "bridge.yaml"), faults);

	assert_int_equal(settings == NULL, faults->count > 0);
	settings_free(settings);
	return buffer_text(&faults->text);
}

static void each_mistake_is_one_fault_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct settings_faults faults;
		char text[WHY_SIZE], place[WORKPLACE_PATH_SIZE + 32];

		text_format(text, sizeof(text), CREDENTIALS "%s", ROWS[i].text);
		text_format(place, sizeof(place), "%s/bridge.yaml:%zu: ", workplace, ROWS[i].want_line);
		const char *said = faults_of(text, &faults);

		if (faults.count != 1 || !text_starts_with(said, place) || !strstr(said, ROWS[i].want))
			fail_msg("%s: %zu faults: %s", ROWS[i].name, faults.count, said);
		settings_faults_clear(&faults);
	}
}

static const struct row AUTH[] = {
	{"nothing at all", "", 1, "api.client_id is missing"},
	{"oauth2 without its secret", "api:\n  client_id: a\n", 1, "api.client_secret (or its _file) is missing"},
	{"bearer", "api:\n  auth: bearer\n", 1, "api.token (or its _file) is missing"},
	{"basic without user", "api:\n  auth: basic\n  password: p\n", 1, "api.username is missing"},
	{"basic without password", "api:\n  auth: basic\n  username: u\n", 1, "api.password (or its _file) is missing"},
	{"wrong auth", "api:\n  auth: digest\n", 2, "oauth2 bearer basic"},
	{"no token address", "api:\n  client_id: a\n  client_secret: b\n  token_url: \"\"\n", 4,
	 "api.token_url is missing"},
	{"api in clear", "api:\n  auth: bearer\n  token: t\n  url: http://api.example.com\n", 4, "insecure_http"},
	{"tokens in clear", "api:\n  auth: bearer\n  token: t\n  token_url: http://api.example.com\n", 4,
	 "insecure_http"},
};

static void each_way_to_log_in_needs_its_credentials(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(AUTH) / sizeof(AUTH[0]); i++) {
		struct settings_faults faults;
		char place[WORKPLACE_PATH_SIZE + 32];

		text_format(place, sizeof(place), "%s/bridge.yaml:%zu: ", workplace, AUTH[i].want_line);
		const char *said = faults_of(AUTH[i].text, &faults);

		if (faults.count == 0 || !text_starts_with(said, place) || !strstr(said, AUTH[i].want))
			fail_msg("%s: %zu faults: %s", AUTH[i].name, faults.count, said);
		settings_faults_clear(&faults);
	}
}

static void all_mistakes_are_named_at_once(void **state)
{
	(void)state;
	struct settings_faults faults;
	const char *said = faults_of(CREDENTIALS "log: {level: x, format: y}\nadmin: {send: z}\nnew: 1\n", &faults);

	assert_int_equal(faults.count, 4);
	assert_non_null(strstr(said, "log.level"));
	assert_non_null(strstr(said, "log.format"));
	assert_non_null(strstr(said, "admin.send"));
	assert_non_null(strstr(said, "new is not a setting"));
	settings_faults_clear(&faults);
}

static void the_mappings_mistakes_are_named_with_the_settings(void **state)
{
	(void)state;
	struct settings_faults faults;

	workplace_write("devices.yaml", "devices:\n  a+b: x\n  c: HS12\n");
	const char *said = faults_of(CREDENTIALS "new: 1\n", &faults);

	assert_int_equal(faults.count, 3);
	assert_non_null(strstr(said, "new is not a setting"));
	assert_non_null(strstr(said, "devices.yaml:2: "));
	assert_non_null(strstr(said, "devices.yaml:3: "));
	settings_faults_clear(&faults);
	workplace_write("devices.yaml", "devices: {}\n");
}

/* The one of the default place counts as much as one that is named. */
static void a_mapping_that_is_not_there_is_named_with_the_settings(void **state)
{
	(void)state;
	struct settings_faults faults;
	const char *said = faults_of("api: {auth: bearer, token: t0p}\nnew: 1\n", &faults);

	assert_int_equal(faults.count, 2);
	assert_non_null(strstr(said, "new is not a setting"));
	assert_non_null(strstr(said, "mappings: "));
	assert_non_null(strstr(said, "../mappings/devices.yaml cannot be read"));
	settings_faults_clear(&faults);
}

static void the_devices_may_live_beside_the_bridges_own_topics(void **state)
{
	(void)state;
	struct settings_faults faults;

	faults_of(CREDENTIALS "topics: {command: site/+/cmd, status: site/+/status, up: site/+/up, "
			      "bridge: site/bridge}\n",
		  &faults);
	assert_int_equal(faults.count, 0);
	settings_faults_clear(&faults);
}

static void beyond_fifty_mistakes_are_counted(void **state)
{
	(void)state;
	struct settings_faults faults;
	char text[4096] = CREDENTIALS;
	size_t len = strlen(text);

	for (int i = 0; i < 60; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "zz%02dqq: 1\n", i);
	const char *said = faults_of(text, &faults);
	size_t lines = 0;

	for (const char *at = said; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(faults.count, 60);
	assert_int_equal(lines, 51);
	assert_non_null(strstr(said, "and 10 more"));
	settings_faults_clear(&faults);
}

static void a_fault_never_shows_a_secret_or_a_control_character(void **state)
{
	(void)state;
	struct settings_faults faults;
	const char *said;

	setenv("BRIDGE_T_SECRET", "s3cret", 1);
	said = faults_of(
		"api: {auth: bearer, token: \"s3cret\\nmore\"}\nmqtt: {password: s3cret, url: 'mqtt://u:s3cret@h'}\n"
		"webhook: {secret: \"s3cret\\n\\ns3cret\"}\nspool: {max_commands: \"${BRIDGE_T_SECRET}\"}\n"
		"\"bad\\e[31m\\nkey\\u009B\": 1\n",
		&faults);
	assert_true(faults.count >= 5);
	assert_null(strstr(said, "s3cret"));
	assert_non_null(strstr(said, "`${BRIDGE_T_SECRET}` is not a whole number"));
	assert_non_null(strstr(said, "bad?[31m?key??"));
	settings_faults_clear(&faults);
	unsetenv("BRIDGE_T_SECRET");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_one_fault_with_its_line),
		cmocka_unit_test(each_way_to_log_in_needs_its_credentials),
		cmocka_unit_test(all_mistakes_are_named_at_once),
		cmocka_unit_test(the_mappings_mistakes_are_named_with_the_settings),
		cmocka_unit_test(a_mapping_that_is_not_there_is_named_with_the_settings),
		cmocka_unit_test(the_devices_may_live_beside_the_bridges_own_topics),
		cmocka_unit_test(beyond_fifty_mistakes_are_counted),
		cmocka_unit_test(a_fault_never_shows_a_secret_or_a_control_character),
	};

	return cmocka_run_group_tests(tests, workplace_open, workplace_close);
}
