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

/* home-assistant.io, the page of each platform, and core's abbreviations.py: what it demands, what it takes besides.
 * Home Assistant refuses the whole message of an entity for one key that it does not know. */
struct platform {
	const char *name;
	const char *must[6], *may[12];
};

static const struct platform platforms[] = {
	{"notify", {"p", "uniq_id", "cmd_t"}, {"name", "cmd_tpl"}},
	{"text", {"p", "uniq_id", "cmd_t"}, {"name", "cmd_tpl", "min", "max"}},
	{"event", {"p", "uniq_id", "stat_t", "event_types"}, {"name", "val_tpl"}},
	{"sensor",
	 {"p", "uniq_id", "stat_t"},
	 {"name", "val_tpl", "json_attr_t", "dev_cla", "ops", "stat_cla", "ent_cat"}},
	{"binary_sensor", {"p", "uniq_id", "stat_t"}, {"name", "val_tpl", "pl_on", "pl_off", "dev_cla", "ent_cat"}},
	{"device_automation", {"p", "atype", "t", "type", "stype"}, {"pl", "val_tpl"}},
};

static bool is_among(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count && names[i] != NULL; i++)
		if (text_equal(names[i], name))
			return true;
	return false;
}

#define AMONG(names, name) is_among((names), sizeof(names) / sizeof((names)[0]), (name))

static const struct platform *platform_of(const struct json *part)
{
	const char *name = json_text(json_member(part, "p"));
	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++)
		if (text_equal(platforms[i].name, name))
			return &platforms[i];
	fail_msg("no such platform: %s", name);
	return NULL;
}

static void check_component(const struct json *part)
{
	const struct platform *platform = platform_of(part);
	for (size_t i = 0; i < 6 && platform->must[i] != NULL; i++)
		if (json_member(part, platform->must[i]) == NULL)
			fail_msg("%s has no %s", json_name(part), platform->must[i]);
	for (const struct json *member = json_first(part); member != NULL; member = json_next(member))
		if (!AMONG(platform->must, json_name(member)) && !AMONG(platform->may, json_name(member)))
			fail_msg("%s has %s", json_name(part), json_name(member));
	/* An enum has options and is no measurement. */
	bool is_enum = text_equal(json_text(json_member(part, "dev_cla")), "enum");
	assert_int_equal(is_enum, json_member(part, "ops") != NULL);
	assert_true(!is_enum || json_member(part, "stat_cla") == NULL);
}

static void check_root(const struct json *root)
{
	static const char *const keys[] = {"dev", "o", "cmps", "avty_t", "qos"};
	static const char *const identity[] = {"ids", "name", "mf", "mdl", "sn", "sw", "via_device"};
	for (const struct json *member = json_first(root); member != NULL; member = json_next(member))
		if (!AMONG(keys, json_name(member)))
			fail_msg("the root has %s", json_name(member));
	for (const struct json *member = json_first(json_member(root, "dev")); member != NULL;
	     member = json_next(member))
		if (!AMONG(identity, json_name(member)))
			fail_msg("the device has %s", json_name(member));
	assert_string_not_equal(json_text(json_member(json_member(root, "dev"), "ids")), "");
	assert_string_not_equal(json_text(json_member(json_member(root, "o"), "name")), "");
}

/* No two entities of a message share an id, and none has one of another device. */
static void check_unique(const struct json *cmps, const char *id)
{
	for (const struct json *part = json_first(cmps); part != NULL; part = json_next(part)) {
		const char *mine = json_text(json_member(part, "uniq_id"));
		assert_true(mine[0] == '\0' || (text_starts_with(mine, id) && mine[strlen(id)] == '_'));
		for (const struct json *other = json_next(part); other != NULL; other = json_next(other))
			if (mine[0] != '\0' && text_equal(mine, json_text(json_member(other, "uniq_id"))))
				fail_msg("%s twice", mine);
	}
}

static void check_message(struct json *root)
{
	check_root(root);
	const struct json *cmps = json_member(root, "cmps");
	check_unique(cmps, json_text(json_member(json_member(root, "dev"), "ids")));
	for (const struct json *part = json_first(cmps); part != NULL; part = json_next(part))
		check_component(part);
	json_free(root);
}

static struct json *encoded_bridge(void)
{
	struct buffer text;
	char why[256];
	buffer_init(&text, DISCOVERY_MAX);
	discovery_encode_bridge(&text, "mqtt-sms-bridge", "9.9");
	struct json *root = json_parse(buffer_text(&text), text.len, why, sizeof(why));
	buffer_clear(&text);
	assert_non_null(root);
	return root;
}

static void every_component_keeps_the_rules_of_its_platform(void **state)
{
	(void)state;
	struct discovery_device gate = pump, umlaut = pump;
	gate.text_only = gate.up_text = true;
	umlaut.device = "Pumpe-\xc3\xbc";
	umlaut.label = "";
	check_message(encoded(&pump));
	check_message(encoded(&gate));
	check_message(encoded(&umlaut));
	check_message(encoded_bridge());
}

/* Home Assistant keeps what belongs to a unique id for years: these must never change. */
static void unique_ids_are_stable(void **state)
{
	(void)state;
	struct discovery_device umlaut = pump;
	umlaut.device = "Pumpe-\xc3\xbc";
	struct json *root = encoded(&umlaut);
	assert_string_equal(json_text(json_member(json_member(root, "dev"), "ids")), "mqtt-sms-bridge__Pumpe-_c3_bc");
	assert_string_equal(json_text(json_member(json_member(root, "dev"), "name")), "Pump 7");
	const struct json *part = json_member(json_member(root, "cmps"), "send");
	assert_string_equal(json_text(json_member(part, "uniq_id")), "mqtt-sms-bridge__Pumpe-_c3_bc_send");
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

static void object_ids_hold_only_what_home_assistant_allows_and_differ(void **state)
{
	static const char *const names[] = {"pump7", "pump.7", "pump_7", "Pumpe-\xc3\xbc", "a b", "__", "_2e"};
	(void)state;
	char ids[7][DISCOVERY_ID_SIZE];
	for (size_t i = 0; i < 7; i++) {
		discovery_id(ids[i], "mqtt-sms-bridge", names[i]);
		assert_int_equal(strspn(ids[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"),
				 strlen(ids[i]));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ids[i], ids[j]);
	}
}

static void the_bridge_itself_is_a_device_with_connectivity_and_queue(void **state)
{
	(void)state;
	struct json *root = encoded_bridge();
	const struct json *cmps = json_member(root, "cmps");
	const struct json *link = json_member(cmps, "connectivity");
	assert_string_equal(json_text(json_member(link, "stat_t")), "mqtt-sms-bridge/state");
	assert_string_equal(json_text(json_member(link, "pl_on")), "online");
	assert_string_equal(json_text(json_member(json_member(cmps, "queue_depth"), "stat_t")),
			    "mqtt-sms-bridge/health");
	assert_string_equal(json_text(json_member(json_member(cmps, "unresolved"), "stat_t")),
			    "mqtt-sms-bridge/health");
	json_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_has_all_that_is_required),
		cmocka_unit_test(every_component_keeps_the_rules_of_its_platform),
		cmocka_unit_test(unique_ids_are_stable),
		cmocka_unit_test(the_components_use_the_devices_topics_and_the_documented_keys),
		cmocka_unit_test(a_device_of_bare_text_is_given_no_envelope_and_its_sms_an_event_type),
		cmocka_unit_test(object_ids_hold_only_what_home_assistant_allows_and_differ),
		cmocka_unit_test(the_bridge_itself_is_a_device_with_connectivity_and_queue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
