/* settings_check - settings that contradict or need one another. */
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bridge/base/text.h"
#include "bridge/codec/topic.h"
#include "bridge/settings/settings_loading.h"
#include "bridge/settings/url.h"

static bool is_set(const char *text)
{
	return text[0] != '\0';
}

static void fault(struct settings_loading *loading, enum setting_index index, const char *why)
{
	settings_fault(loading->faults, loading->path, settings_loading_line(loading, index), "%s: %s",
		       SETTINGS[index].path, why);
}

/* A setting that holds a text. */
static const char *text_at(const struct settings_loading *loading, enum setting_index index)
{
	return *(char *const *)setting_value(&SETTINGS[index], loading->settings);
}

static bool check_template(struct settings_loading *loading, enum setting_index index)
{
	char why[WHY_SIZE];
	bool valid = topic_template_is_valid(text_at(loading, index), why, sizeof(why));

	if (!valid)
		fault(loading, index, why);
	return valid;
}

static bool check_name(struct settings_loading *loading, enum setting_index index)
{
	char why[WHY_SIZE];
	const char *name = text_at(loading, index);
	bool valid = topic_name_is_valid(name, why, sizeof(why));

	if (!valid)
		fault(loading, index, why);
	else if (name[0] == '$')
		fault(loading, index, "starts with $, which belongs to the broker; choose another name");
	return valid && name[0] != '$';
}

/* Every topic at or below `base`. */
static void below(char to[TOPIC_SIZE], const char *base)
{
	text_format(to, TOPIC_SIZE, "%s/#", base);
}

/* The bridge's own topics, not all below its base: devices may live there as well (site/+/cmd beside site/bridge). */
static bool meets_own_topics(const struct settings *settings, const char *template)
{
	static const char *const names[] = {"state", "info", "health", "unmapped", "request/+", "response/+"};
	char own[TOPIC_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		text_format(own, sizeof(own), "%s/%s", settings->topics_bridge, names[i]);
		if (topic_overlaps(template, own))
			return true;
	}
	return false;
}

/* What the bridge publishes may not come back to it: as a command (each loop would cost an SMS), or as a request. */
static void check_loops(struct settings_loading *loading)
{
	const struct settings *settings = loading->settings;
	const enum setting_index published[] = {AT_topics_status, AT_topics_up};
	char discovery[TOPIC_SIZE];

	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		if (topic_overlaps(settings->topics_command, text_at(loading, published[i])))
			fault(loading, published[i],
			      "topics.command matches it: every message would come back as a "
			      "command (a loop); change one of them");
		if (meets_own_topics(settings, text_at(loading, published[i])))
			fault(loading, published[i],
			      "can be one of the topics below topics.bridge that are for the bridge's "
			      "own messages; change one of them");
	}
	if (meets_own_topics(settings, settings->topics_command))
		fault(loading, AT_topics_command,
		      "matches the bridge's own topics (topics.bridge): they would come "
		      "back as commands (a loop); change one of them");
	below(discovery, settings->homeassistant_prefix);
	if (settings->homeassistant_discovery && topic_overlaps(settings->topics_command, discovery))
		fault(loading, AT_homeassistant_prefix,
		      "topics.command matches what is published below it (a loop); "
		      "change one of them");
}

static void check_topics(struct settings_loading *loading)
{
	bool command = check_template(loading, AT_topics_command), status = check_template(loading, AT_topics_status);
	bool up = check_template(loading, AT_topics_up), bridge = check_name(loading, AT_topics_bridge);
	bool prefix = check_name(loading, AT_homeassistant_prefix);

	if (command && status && up && bridge && prefix)
		check_loops(loading);
}

static void check_pair(struct settings_loading *loading, enum setting_index cert, enum setting_index key)
{
	if (is_set(text_at(loading, cert)) && !is_set(text_at(loading, key)))
		fault(loading, cert, "given without its key_file; give both or none");
	if (!is_set(text_at(loading, cert)) && is_set(text_at(loading, key)))
		fault(loading, key, "given without its cert_file; give both or none");
}

static void check_readable(struct settings_loading *loading, enum setting_index index)
{
	const char *path = text_at(loading, index);

	if (is_set(path) && access(path, R_OK) != 0)
		settings_fault(loading->faults, loading->path, settings_loading_line(loading, index),
			       "%s: %s cannot be read; check the path and its permissions: %s", SETTINGS[index].path,
			       path, strerror(errno));
}

static void check_files(struct settings_loading *loading)
{
	const enum setting_index files[] = {AT_mqtt_ca_file, AT_mqtt_cert_file,	   AT_mqtt_key_file,
					    AT_api_ca_file,  AT_webhook_cert_file, AT_webhook_key_file};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		check_readable(loading, files[i]);
	check_pair(loading, AT_mqtt_cert_file, AT_mqtt_key_file);
	check_pair(loading, AT_webhook_cert_file, AT_webhook_key_file);
}

static void check_mqtt(struct settings_loading *loading)
{
	const struct settings *settings = loading->settings;

	if (strpbrk(settings->mqtt_share_group, "/+#"))
		fault(loading, AT_mqtt_share_group, "holds one of / + #; a group is one plain word");
	if (settings->mqtt_version == MQTT_3_1_1 && is_set(settings->mqtt_password) && !is_set(settings->mqtt_username))
		fault(loading, AT_mqtt_password,
		      "given without mqtt.username, which MQTT 3.1.1 does not allow; "
		      "give both");
}

static void require(struct settings_loading *loading, enum setting_index index, const char *because)
{
	const char *twin = setting_is_secret(&SETTINGS[index]) ? " (or its _file)" : "";

	if (loading->origins[index].failed)
		return;
	settings_fault(loading->faults, loading->path, settings_loading_line(loading, index),
		       "%s%s is missing: %s needs it; set it", SETTINGS[index].path, twin, because);
}

static void require_text(struct settings_loading *loading, enum setting_index index, const char *because)
{
	if (!is_set(text_at(loading, index)))
		require(loading, index, because);
}

static void check_credentials(struct settings_loading *loading)
{
	switch (loading->settings->api_auth) {
	case AUTH_OAUTH2:
		require_text(loading, AT_api_client_id, "api.auth: oauth2");
		require_text(loading, AT_api_client_secret, "api.auth: oauth2");
		require_text(loading, AT_api_token_url, "api.auth: oauth2");
		break;
	case AUTH_BEARER:
		require_text(loading, AT_api_token, "api.auth: bearer");
		break;
	case AUTH_BASIC:
		require_text(loading, AT_api_username, "api.auth: basic");
		require_text(loading, AT_api_password, "api.auth: basic");
		break;
	}
}

static void check_secrets(struct settings_loading *loading)
{
	if (!loading->origins[AT_api_auth].failed)
		check_credentials(loading);
	if (is_set(loading->settings->webhook_public_url) && is_set(loading->settings->webhook_listen) &&
	    loading->settings->webhook_secret.count == 0)
		require(loading, AT_webhook_secret, "webhook.public_url");
}

static void check_exposed(struct settings_loading *loading, enum setting_index index, const char *unless)
{
	if (url_is_exposed(text_at(loading, index)))
		settings_fault(loading->faults, loading->path, settings_loading_line(loading, index),
			       "%s: plain http to another machine shows secrets to the network; use https, or set "
			       "%s: true",
			       SETTINGS[index].path, unless);
}

static void check_api(struct settings_loading *loading)
{
	require_text(loading, AT_api_url, "the bridge");
	if (!loading->settings->api_insecure_http) {
		check_exposed(loading, AT_api_url, "api.insecure_http");
		check_exposed(loading, AT_api_token_url, "api.insecure_http");
	}
}

/* Without a public address nothing is wrong: the bridge polls. So it does where `listen` is empty. */
static void check_webhook(struct settings_loading *loading)
{
	if (!loading->settings->webhook_insecure_http)
		check_exposed(loading, AT_webhook_public_url, "webhook.insecure_http");
}

void settings_check(struct settings_loading *loading)
{
	check_topics(loading);
	check_mqtt(loading);
	check_files(loading);
	check_api(loading);
	check_webhook(loading);
	check_secrets(loading);
}
