/* discovery - tables of components; the keys are Home Assistant's abbreviations. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/discovery.h"

#include <stddef.h>

#include "bridge/base/text.h"
#include "bridge/codec/json.h"

#define ENVELOPE_TEMPLATE   "{{ {'payload': value} | tojson }}"
#define TEXT_EVENT_TEMPLATE "{{ {'event_type': 'received', 'payload': value} | tojson }}"
#define PROBLEM_TEMPLATE    "{{ 'ON' if value_json.status in ['failed', 'rejected', 'expired'] else 'OFF' }}"

static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

static void append_escaped(struct buffer *to, const char *name)
{
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;
		if (is_plain(c))
			buffer_append(to, name, 1);
		else
			buffer_append_format(to, "_%02x", c);
	}
}

void discovery_id(char to[DISCOVERY_ID_SIZE], const char *bridge, const char *device)
{
	struct buffer id;
	buffer_init(&id, DISCOVERY_ID_SIZE - 1);
	append_escaped(&id, bridge);
	if (device[0] != '\0') {
		buffer_append_text(&id, "__"); /* never in an escaped name */
		append_escaped(&id, device);
	}
	text_copy(to, DISCOVERY_ID_SIZE, buffer_text(&id));
	buffer_clear(&id);
}

static void put_unique(struct buffer *to, const char *id, const char *part)
{
	char unique[DISCOVERY_ID_SIZE + 16];
	text_format(unique, sizeof(unique), "%s_%s", id, part);
	json_put_text(to, "uniq_id", unique);
}

static void put_texts(struct buffer *to, const char *key, const char *const *values, size_t count)
{
	json_open_array(to, key);
	for (size_t i = 0; i < count; i++)
		json_put_text(to, "", values[i]);
	json_close_array(to);
}

static void put_origin(struct buffer *to)
{
	json_open_object(to, "o");
	json_put_text(to, "name", "mqtt-sms-bridge");
	json_put_text(to, "sw", BRIDGE_VERSION);
	json_close_object(to);
}

static void put_identity(struct buffer *to, const char *id, const char *name, const char *model)
{
	json_open_object(to, "dev");
	json_put_text(to, "ids", id);
	json_put_text(to, "name", name);
	json_put_text(to, "mf", "KORE");
	json_put_text(to, "mdl", model);
}

static void open_component(struct buffer *to, const char *key, const char *platform, const char *name)
{
	json_open_object(to, key);
	json_put_text(to, "p", platform);
	if (name[0] != '\0')
		json_put_text(to, "name", name);
}

/* What sends: the message as an envelope, so that any text is taken as text, or bare where the mapping wants that. */
static void put_senders(struct buffer *to, const struct discovery_device *device, const char *id)
{
	static const struct {
		const char *key, *platform, *name;
	} senders[] = {{"send", "notify", "SMS"}, {"text", "text", "Send SMS"}};
	for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		open_component(to, senders[i].key, senders[i].platform, senders[i].name);
		put_unique(to, id, senders[i].key);
		json_put_text(to, "cmd_t", device->command_topic);
		if (!device->text_only)
			json_put_text(to, "cmd_tpl", ENVELOPE_TEMPLATE);
		if (text_equal(senders[i].platform, "text")) {
			json_put_integer(to, "min", 1);
			json_put_integer(to, "max", SMS_CHARACTERS);
		}
		json_close_object(to);
	}
}

static void put_receivers(struct buffer *to, const struct discovery_device *device, const char *id)
{
	static const char *const types[] = {"received"};
	static const char *const statuses[] = {"accepted",    "queued",	  "sent",    "delivered", "failed",
					       "unconfirmed", "rejected", "expired", "cancelled"};
	open_component(to, "up", "event", "SMS received");
	put_unique(to, id, "up");
	json_put_text(to, "stat_t", device->up_topic);
	if (device->up_text)
		json_put_text(to, "val_tpl", TEXT_EVENT_TEMPLATE);
	put_texts(to, "event_types", types, 1);
	json_close_object(to);

	open_component(to, "status", "sensor", "Last status");
	put_unique(to, id, "status");
	json_put_text(to, "stat_t", device->status_topic);
	json_put_text(to, "val_tpl", "{{ value_json.status }}");
	json_put_text(to, "json_attr_t", device->status_topic);
	json_put_text(to, "dev_cla", "enum");
	put_texts(to, "ops", statuses, sizeof(statuses) / sizeof(statuses[0]));
	json_close_object(to);

	open_component(to, "problem", "binary_sensor", "Problem");
	put_unique(to, id, "problem");
	json_put_text(to, "stat_t", device->status_topic);
	json_put_text(to, "val_tpl", PROBLEM_TEMPLATE);
	json_put_text(to, "dev_cla", "problem");
	json_close_object(to);
}

static void put_triggers(struct buffer *to, const struct discovery_device *device)
{
	static const char *const subtypes[] = {"delivered", "failed", "rejected", "expired"};
	for (size_t i = 0; i < sizeof(subtypes) / sizeof(subtypes[0]); i++) {
		open_component(to, subtypes[i], "device_automation", "");
		json_put_text(to, "atype", "trigger");
		json_put_text(to, "t", device->status_topic);
		json_put_text(to, "type", "sms");
		json_put_text(to, "stype", subtypes[i]);
		json_put_text(to, "val_tpl", "{{ value_json.status }}");
		json_put_text(to, "pl", subtypes[i]);
		json_close_object(to);
	}
	open_component(to, "received", "device_automation", "");
	json_put_text(to, "atype", "trigger");
	json_put_text(to, "t", device->up_topic);
	json_put_text(to, "type", "sms");
	json_put_text(to, "stype", "received");
	json_close_object(to);
}

static void put_availability(struct buffer *to, const char *bridge)
{
	char topic[TOPIC_SIZE];
	text_format(topic, sizeof(topic), "%s/state", bridge);
	json_put_text(to, "avty_t", topic);
	json_put_integer(to, "qos", 1);
}

void discovery_encode_device(struct buffer *to, const struct discovery_device *device)
{
	char id[DISCOVERY_ID_SIZE], via[DISCOVERY_ID_SIZE];
	discovery_id(id, device->bridge, device->device);
	discovery_id(via, device->bridge, "");
	json_open_object(to, "");
	put_identity(to, id, device->label[0] != '\0' ? device->label : device->device, "Super SIM");
	json_put_text(to, "sn", device->sim);
	json_put_text(to, "via_device", via);
	json_close_object(to);
	put_origin(to);
	put_availability(to, device->bridge);
	json_open_object(to, "cmps");
	put_senders(to, device, id);
	put_receivers(to, device, id);
	put_triggers(to, device);
	json_close_object(to);
	json_close_object(to);
}

/* Of the bridge: what its health topic says. */
static void put_figures(struct buffer *to, const char *id, const char *health)
{
	static const struct {
		const char *key, *name, *member;
	} figures[] = {
		{"queue_depth", "Commands waiting", "{{ value_json.queue_depth }}"},
		{"unresolved", "Commands unresolved", "{{ value_json.unresolved }}"},
	};
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		open_component(to, figures[i].key, "sensor", figures[i].name);
		put_unique(to, id, figures[i].key);
		json_put_text(to, "stat_t", health);
		json_put_text(to, "val_tpl", figures[i].member);
		json_put_text(to, "stat_cla", "measurement");
		json_put_text(to, "ent_cat", "diagnostic");
		json_close_object(to);
	}
	open_component(to, "problem", "binary_sensor", "Problem");
	put_unique(to, id, "problem");
	json_put_text(to, "stat_t", health);
	json_put_text(to, "val_tpl", "{{ 'OFF' if value_json.status == 'ok' else 'ON' }}");
	json_put_text(to, "dev_cla", "problem");
	json_put_text(to, "ent_cat", "diagnostic");
	json_close_object(to);
}

void discovery_encode_bridge(struct buffer *to, const char *bridge, const char *version)
{
	char id[DISCOVERY_ID_SIZE], state[TOPIC_SIZE], health[TOPIC_SIZE];
	discovery_id(id, bridge, "");
	text_format(state, sizeof(state), "%s/state", bridge);
	text_format(health, sizeof(health), "%s/health", bridge);
	json_open_object(to, "");
	put_identity(to, id, "SMS bridge", "mqtt-sms-bridge");
	json_put_text(to, "sw", version);
	json_close_object(to);
	put_origin(to);
	json_put_integer(to, "qos", 1);
	json_open_object(to, "cmps");
	open_component(to, "connectivity", "binary_sensor", "Connected");
	put_unique(to, id, "connectivity");
	json_put_text(to, "stat_t", state);
	json_put_text(to, "pl_on", "online");
	json_put_text(to, "pl_off", "offline");
	json_put_text(to, "dev_cla", "connectivity");
	json_put_text(to, "ent_cat", "diagnostic");
	json_close_object(to);
	put_figures(to, id, health);
	json_close_object(to);
	json_close_object(to);
}
