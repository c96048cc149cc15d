/* settings - the configuration as the daemon uses it: checked, with units, defaults filled in.
 *
 * One table (settings.def) names every setting: its YAML name, type, default with unit, smallest
 * and largest value, whether it is a secret, and its help text. The loader, --print-config, the
 * example file's test and the reference page all come from that table.
 *
 * Threads:   read-only once loaded. A reload loads anew and hands on what it takes from that.
 * Ownership: settings_free() frees and wipes.
 * Failure:   every fault of a file is collected as `file:line: what is wrong`, none is guessed away. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_SETTINGS_H
#define BRIDGE_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bridge/base/buffer.h"

enum settings_auth { AUTH_OAUTH2, AUTH_BEARER, AUTH_BASIC };
enum settings_durability { DURABILITY_POWER, DURABILITY_PROCESS };
enum settings_mqtt_version { MQTT_3_1_1, MQTT_5 };

enum { SETTINGS_LIST_MAX = 16, SETTINGS_KEYS_MAX = 2 };

/* Up to 16 texts (broker URLs). */
struct settings_list {
	char *items[SETTINGS_LIST_MAX];
	size_t count;
};

/* Up to two keys while rotating: the lines of a secret file, newest first. */
struct settings_keys {
	char *keys[SETTINGS_KEYS_MAX];
	size_t count;
};

/* Meant for disks of a usual size; what somebody wrote instead is taken at its word. */
#define SPOOL_MIN_FREE_DEFAULT (INT64_C(64) << 20)
#define SPOOL_BALLAST_DEFAULT  (INT64_C(16) << 20)

/* Field names are the YAML path joined by `_`, with a unit behind times. Texts are never NULL. */
struct settings {
	struct settings_list mqtt_url; /* mqtt://host:1883 and the like, scheme checked, port filled in */
	enum settings_mqtt_version mqtt_version;
	char *mqtt_client_id, *mqtt_username, *mqtt_password;
	char *mqtt_ca_file, *mqtt_cert_file, *mqtt_key_file;
	char *mqtt_share_group;
	int64_t mqtt_keepalive_ms;	/* 60s */
	int64_t mqtt_session_expiry_ms; /* 30d; MQTT 5 only */

	char *topics_command, *topics_status, *topics_up, *topics_bridge;
	bool topics_retain_status;

	char *api_url; /* without a trailing slash */
	enum settings_auth api_auth;
	char *api_token_url, *api_client_id, *api_client_secret;
	char *api_token;
	char *api_username, *api_password;
	char *api_ca_file;
	int64_t api_rate; /* creates a second; 0: no limit */
	int64_t api_concurrency;
	int64_t api_timeout_ms;
	bool api_dry_run;
	bool api_insecure_http; /* allow http:// to another host than this machine */

	char *webhook_listen;	  /* host:port; "" : polling only */
	char *webhook_public_url; /* without a trailing slash; "" : polling only */
	char *webhook_method;	  /* POST or GET */
	struct settings_keys webhook_secret, webhook_kore_secret, webhook_twilio_auth_token;
	char *webhook_cert_file, *webhook_key_file;
	bool webhook_insecure_http;

	char *admin_listen; /* "" : none */
	bool admin_send;

	char *spool_path;
	enum settings_durability spool_durability;
	int64_t spool_max_commands, spool_retention_ms;
	int64_t spool_min_free_bytes; /* intake stops below it */
	int64_t spool_ballast_bytes;  /* 0: none */

	int64_t limits_max_age_ms, limits_per_device_per_day, limits_per_day;
	bool limits_strict_septets;

	int64_t reconcile_interval_ms, reconcile_settle_ms, reconcile_poll_after_ms;
	int64_t reconcile_since_ms; /* -1: not set (RFC 3339 in the file) */
	bool reconcile_messages;

	char *mappings;	      /* path, resolved against the configuration's folder */
	size_t mappings_line; /* where the configuration names it */

	bool homeassistant_discovery;
	char *homeassistant_prefix;

	int log_level;	/* enum log_level */
	int log_format; /* enum log_format */
	bool log_bodies;
};

/* Faults found, one a line, and what is doubtful but stops nothing. */
struct settings_faults {
	struct buffer text;
	size_t count;
	struct buffer notes;
};
void settings_faults_init(struct settings_faults *faults);
void settings_faults_clear(struct settings_faults *faults);
void settings_fault(struct settings_faults *faults, const char *file, size_t line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void settings_note(struct settings_faults *faults, const char *file, size_t line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Loads file, environment and secrets. NULL when there was a fault; yours to free. */
struct settings *settings_load(const char *path, struct settings_faults *faults);
void settings_free(struct settings *settings);

/* --print-config: every setting with its value and source, secrets as ********. Loads by itself. */
bool settings_print(const char *path, FILE *to, struct settings_faults *faults);

/* docs/configuration.md, generated from the table. */
void settings_print_reference(FILE *to);

/* packaging/man/mqtt-sms-bridge.yaml.5, likewise. */
void settings_print_manual(FILE *to);

#endif
