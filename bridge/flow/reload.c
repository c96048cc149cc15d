/* reload - load everything aside, then swap. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reload.h"

#include <stdatomic.h>
#include <string.h>

#include "bridge/base/log.h"
#include "bridge/base/text.h"
#include "bridge/flow/polling.h"

/* The secret that the API's kind of authentication uses. */
static const char *api_secret(const struct settings *settings)
{
	switch (settings->api_auth) {
	case AUTH_OAUTH2:
		return settings->api_client_secret;
	case AUTH_BEARER:
		return settings->api_token;
	case AUTH_BASIC:
		break;
	}
	return settings->api_password;
}

static void swap(struct reload *reload, const struct settings *fresh, struct devices *devices)
{
	mapping_replace(reload->mapping, devices);
	/* A file without a webhook has no keys for the one in use, which only a restart ends. */
	if (!polling_only(fresh))
		webhook_keys_replace(reload->keys, fresh);
	if (fresh->api_auth == reload->settings->api_auth)
		token_set_secret(reload->token, api_secret(fresh));
	account_changed(reload->account);
	mqtt_set_password(reload->mqtt, fresh->mqtt_password);
	discovery_again(reload->discovery);
	atomic_store(reload->greet, true);
	atomic_store(&reload->certificate_due, true);
}

static void without_last_line_end(char *text)
{
	size_t len = strlen(text);
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
}

void reload_tell_notes(const struct settings_faults *faults)
{
	char notes[WHY_SIZE];
	if (faults->notes.len == 0)
		return;
	text_copy(notes, sizeof(notes), buffer_text(&faults->notes));
	without_last_line_end(notes);
	log_warn("", "the configuration is not safe", LOG_TEXT("why", notes));
}

bool reload_run(struct reload *reload, char *why, size_t why_size)
{
	struct settings_faults faults;
	settings_faults_init(&faults);
	pthread_mutex_lock(&reload->lock);
	struct settings *fresh = settings_load(reload->config_path, &faults);
	struct devices *devices =
		fresh != NULL ? devices_load(fresh->mappings, reload->config_path, fresh->mappings_line, &faults)
			      : NULL;
	bool ok = devices != NULL;
	if (ok) {
		text_format(why, why_size, "%zu devices", devices_count(devices));
		swap(reload, fresh, devices);
		reload_tell_notes(&faults);
		log_info("", "reloaded mappings and secrets", LOG_TEXT("now", why));
	} else {
		text_copy(why, why_size, buffer_text(&faults.text));
		without_last_line_end(why);
		log_error("", "reload refused, nothing changed", LOG_TEXT("why", why));
	}
	counters_add(reload->counters, ok ? COUNT_RELOADS : COUNT_RELOAD_FAILURES);
	settings_free(fresh);
	pthread_mutex_unlock(&reload->lock);
	settings_faults_clear(&faults);
	return ok;
}
