/* Does Home Assistant get what its MQTT integration demands of a device's discovery message? */
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/base/text.h"
#include "bridge/codec/discovery.h"
#include "bridge/codec/json.h"

static const struct discovery_device pump = {
	.bridge = "mqtt-sms-bridge",
	.device = "pump.7",
	.label = "Pump 7",
	.sim = "HSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	.command_topic = "devices/pump.7/cmd",
	.status_topic = "devices/pump.7/status",
	.up_topic = "devices/pump.7/up",
};

static struct json *encoded(const struct discovery_device *device)
{
	struct buffer text;
	char why[256];
	buffer_init(&text, DISCOVERY_MAX);
	discovery_encode_device(&text, device);
	assert_false(text.overflow);
	struct json *document = json_parse(buffer_text(&text), text.len, why, sizeof(why));
	buffer_clear(&text);
	assert_non_null(document);
	return document;
}

/* home-assistant.io, MQTT, "Discovery payload": what is required at the root and in each component. */
static void a_device_has_all_that_is_required(void **state)
{
	(void)state;
	struct json *root = encoded(&pump);
	assert_string_equal(json_text(json_member(json_member(root, "o"), "name")), "mqtt-sms-bridge");
	const struct json *identity = json_member(root, "dev");
	assert_string_equal(json_text(json_member(identity, "name")), "Pump 7");
	assert_true(json_text(json_member(identity, "ids"))[0] != '\0');
	assert_string_equal(json_text(json_member(root, "avty_t")), "mqtt-sms-bridge/state");
	size_t count = 0;
	const struct json *cmps = json_member(root, "cmps");
	for (const struct json *part = json_first(cmps); part != NULL; part = json_next(part), count++) {
		const char *platform = json_text(json_member(part, "p"));
		assert_true(platform[0] != '\0');
		bool automation = text_equal(platform, "device_automation");
		assert_int_equal(json_member(part, "uniq_id") != NULL, !automation);
		if (automation) {
			assert_string_equal(json_text(json_member(part, "atype")), "trigger");
			assert_non_null(json_member(part, "type"));
			assert_non_null(json_member(part, "stype"));
			assert_non_null(json_member(part, "t"));
		}
	}
	assert_int_equal(count, 10);
	json_free(root);
}

struct row {
	const char *component, *key, *want;
};

static void the_components_use_the_devices_topics_and_the_documented_keys(void **state)
{
	static const struct row rows[] = {
		{"send", "p", "notify"},
		{"send", "cmd_t", "devices/pump.7/cmd"},
		{"send", "cmd_tpl", "{{ {'payload': value} | tojson }}"},
		{"text", "p", "text"},
		{"text", "cmd_t", "devices/pump.7/cmd"},
		{"up", "p", "event"},
		{"up", "stat_t", "devices/pump.7/up"},
		{"status", "p", "sensor"},
		{"status", "stat_t", "devices/pump.7/status"},
		{"status", "val_tpl", "{{ value_json.status }}"},
		{"status", "dev_cla", "enum"},
		{"problem", "p", "binary_sensor"},
		{"problem", "dev_cla", "problem"},
		{"failed", "p", "device_automation"},
		{"failed", "pl", "failed"},
		{"received", "t", "devices/pump.7/up"},
	};
	(void)state;
	struct json *root = encoded(&pump);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct json *part = json_member(json_member(root, "cmps"), rows[i].component);
		if (!text_equal(json_text(json_member(part, rows[i].key)), rows[i].want))
			fail_msg("%s.%s is not %s", rows[i].component, rows[i].key, rows[i].want);
	}
	int64_t max;
	assert_true(json_integer(json_member(json_member(json_member(root, "cmps"), "text"), "max"), 0, 1000, &max));
	assert_int_equal(max, 160);
	json_free(root);
}

static void a_device_of_bare_text_is_given_no_envelope_and_its_sms_an_event_type(void **state)
{
	(void)state;
	struct discovery_device gate = pump;
	gate.text_only = true;
	gate.up_text = true;
	struct json *root = encoded(&gate);
	const struct json *cmps = json_member(root, "cmps");
	assert_null(json_member(json_member(cmps, "send"), "cmd_tpl"));
	assert_non_null(strstr(json_text(json_member(json_member(cmps, "up"), "val_tpl")), "'event_type': 'received'"));
	json_free(root);
}

static void object_ids_hold_only_what_home_assistant_allows_and_lead_back(void **state)
{
	static const char *const names[] = {"pump7", "pump.7", "pump_7", "Pumpe-\xc3\xbc", "a b", "__", "_2e"};
	(void)state;
	char ids[7][DISCOVERY_ID_SIZE];
	for (size_t i = 0; i < 7; i++) {
		char device[DEVICE_SIZE];
		discovery_id(ids[i], "mqtt-sms-bridge", names[i]);
		assert_int_equal(strspn(ids[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"),
				 strlen(ids[i]));
		assert_true(discovery_device_of(ids[i], "mqtt-sms-bridge", device));
		assert_string_equal(device, names[i]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ids[i], ids[j]);
	}
}

static void another_bridges_id_is_not_ours(void **state)
{
	char device[DEVICE_SIZE], id[DISCOVERY_ID_SIZE];
	(void)state;
	discovery_id(id, "other", "pump");
	assert_false(discovery_device_of(id, "mqtt-sms-bridge", device));
	assert_false(discovery_device_of("mqtt-sms-bridge", "mqtt-sms-bridge", device));
	assert_false(discovery_device_of("mqtt-sms-bridge__a_zz", "mqtt-sms-bridge", device));
}

static void the_bridge_itself_is_a_device_with_connectivity_and_queue(void **state)
{
	struct buffer text;
	char why[256];
	(void)state;
	buffer_init(&text, DISCOVERY_MAX);
	discovery_encode_bridge(&text, "mqtt-sms-bridge", "9.9");
	struct json *root = json_parse(buffer_text(&text), text.len, why, sizeof(why));
	assert_non_null(root);
	const struct json *cmps = json_member(root, "cmps");
	const struct json *link = json_member(cmps, "connectivity");
	assert_string_equal(json_text(json_member(link, "stat_t")), "mqtt-sms-bridge/state");
	assert_string_equal(json_text(json_member(link, "pl_on")), "online");
	assert_string_equal(json_text(json_member(json_member(cmps, "queue_depth"), "stat_t")),
			    "mqtt-sms-bridge/health");
	json_free(root);
	buffer_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_has_all_that_is_required),
		cmocka_unit_test(the_components_use_the_devices_topics_and_the_documented_keys),
		cmocka_unit_test(a_device_of_bare_text_is_given_no_envelope_and_its_sms_an_event_type),
		cmocka_unit_test(object_ids_hold_only_what_home_assistant_allows_and_lead_back),
		cmocka_unit_test(another_bridges_id_is_not_ours),
		cmocka_unit_test(the_bridge_itself_is_a_device_with_connectivity_and_queue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
