/* main - what is started, in order; a wait for signals; what is stopped, in reverse.
 * Exit status: 0 clean stop, 1 the machine failed us, 2 usage, configuration or mapping. */
// SPDX-License-Identifier: Apache-2.0
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridge/base/clock.h"
#include "bridge/base/log.h"
#include "bridge/edge/process.h"
#include "bridge/edge/supervisor.h"
#include "bridge/flow/admin.h"
#include "bridge/flow/admin_http.h"
#include "bridge/flow/callback_intake.h"
#include "bridge/flow/callback_url.h"
#include "bridge/flow/command_sender.h"
#include "bridge/flow/heartbeat.h"
#include "bridge/flow/mqtt_router.h"
#include "bridge/flow/polling.h"
#include "bridge/flow/reconciler.h"
#include "bridge/flow/spool.h"
#include "bridge/flow/version.h"
#include "bridge/flow/watch.h"
#include "bridge/settings/options.h"

enum { EXIT_MACHINE = 1, EXIT_CONFIGURATION = 2 };
enum {
	TICK_MS = 1000,
	GRACE_MS = 5000,	    /* for answers under way, and again for events */
	LOOKUP_MS = 300000,	    /* mqtt's own thread waits for names that are looked up */
	WEBHOOK_DEADLINE_MS = 10000 /* to come whole, and again for the answer: providers wait for 15 s */
};

/* Everything that runs. */
struct bridge {
	struct settings *settings;
	const char *config_path;
	struct counters counters;
	struct store *store;
	struct timekeeper *time;
	struct mapping *mapping;
	struct webhook_keys *keys;
	struct token *token;
	_Atomic(struct account *) account; /* the token's keeper asks for it before it is there */
	struct event_publisher *publisher;
	struct command_intake intake;
	struct mo_intake mo;
	struct callback_intake callbacks;
	struct command_sender *sender;
	struct reconciler *reconciler;
	struct mqtt_router router;
	struct mqtt *mqtt;
	struct health health;
	struct reload reload;
	struct admin *admin;
	struct discovery *discovery;
	struct page *page;
	struct admin_http admin_http;
	struct http_server *webhook_server, *admin_server;
	struct heartbeat heartbeat;
	struct watch watch;
};

static _Noreturn void give_up(int status, const char *what, const char *why)
{
	log_error("", what, LOG_TEXT("why", why));
	process_end(status);
}

static void open_spool(struct bridge *bridge)
{
	char why[WHY_SIZE];
	bridge->store = spool_open(bridge->settings, false, why, sizeof(why));
	if (bridge->store == NULL)
		give_up(EXIT_MACHINE, "cannot open the spool", why);
	bridge->time = timekeeper_create(heartbeat_last_clock_ms(bridge->store));
}

/* Runs on the token's own thread, from the first moment on: what is not there yet will look by itself. */
static void on_token(void *ctx, bool usable, const char *why)
{
	struct bridge *bridge = ctx;
	struct account *account = atomic_load(&bridge->account);
	if (usable)
		log_info("", "access token fetched", LOG_TEXT("api", bridge->settings->api_url));
	else
		log_warn("", "no new access token", LOG_TEXT("why", why));
	if (account != NULL)
		account_renewed(account);
}

static void open_account(struct bridge *bridge)
{
	static const enum token_kind kinds[] = {
		[AUTH_OAUTH2] = TOKEN_OAUTH2, [AUTH_BEARER] = TOKEN_BEARER, [AUTH_BASIC] = TOKEN_BASIC};
	const struct settings *settings = bridge->settings;
	bridge->token = token_start(&(struct token_options){
		.kind = kinds[settings->api_auth],
		.url = settings->api_token_url,
		.client_id = settings->api_client_id,
		.client_secret = settings->api_client_secret,
		.bearer = settings->api_token,
		.username = settings->api_username,
		.password = settings->api_password,
		.ca_file = settings->api_ca_file,
		.on_change = on_token,
		.ctx = bridge,
	});
	atomic_store(&bridge->account, account_create(bridge->token, settings->api_rate));
}

static void start_stages(struct bridge *bridge)
{
	struct settings *settings = bridge->settings;
	bridge->publisher = event_publisher_create(bridge->store, &bridge->counters);
	bridge->page = page_create(&(struct page_parts){settings, bridge->store, bridge->mapping, &bridge->counters,
							&bridge->intake, &bridge->health});
	bridge->mo = (struct mo_intake){settings, bridge->store, bridge->mapping, page_recent(bridge->page)};
	bridge->intake = (struct command_intake){.settings = settings,
						 .store = bridge->store,
						 .mapping = bridge->mapping,
						 .time = bridge->time,
						 .counters = &bridge->counters,
						 .recent = page_recent(bridge->page)};
	bridge->callbacks = (struct callback_intake){settings,	   bridge->store,     &bridge->mo,
						     bridge->time, &bridge->counters, bridge->keys};
	bridge->admin = admin_create(&(struct admin_parts){settings, bridge->store, bridge->account, bridge->mapping,
							   bridge->time, &bridge->counters, bridge->publisher});
	bridge->discovery =
		discovery_start(&(struct discovery_parts){settings, bridge->store, bridge->mapping, bridge->publisher});
	bridge->sender = command_sender_start(&(struct command_sender_parts){
		settings, bridge->store, bridge->account, bridge->time, &bridge->counters, bridge->keys});
	bridge->reconciler = reconciler_start(&(struct reconciler_parts){settings, bridge->store, bridge->account,
									 &bridge->mo, bridge->time, &bridge->counters});
	store_on_work(bridge->store, STORE_WORK_COMMANDS, command_sender_wake, bridge->sender);
	store_on_work(bridge->store, STORE_WORK_TAKEN, command_sender_wake_for_taken, bridge->sender);
	store_on_work(bridge->store, STORE_WORK_EVENTS, event_publisher_wake, bridge->publisher);
	store_on_work(bridge->store, STORE_WORK_UNKNOWN, reconciler_wake, bridge->reconciler);
	account_on_change(bridge->account, command_sender_wake, bridge->sender);
	account_on_change(bridge->account, reconciler_wake, bridge->reconciler);
}

/* Started before the broker is: early callbacks find us ready. */
static void start_webhook(struct bridge *bridge)
{
	const struct settings *settings = bridge->settings;
	char why[WHY_SIZE];
	if (polling_only(settings))
		return;
	const struct http_server_options options = {
		.listen = settings->webhook_listen,
		.cert_file = settings->webhook_cert_file,
		.key_file = settings->webhook_key_file,
		.allow = callback_intake_methods(settings),
		.max_body = FORM_BODY_MAX,
		.request_deadline_ms = WEBHOOK_DEADLINE_MS,
		.answer_deadline_ms = WEBHOOK_DEADLINE_MS,
		.max_connections = 512,
		.max_connections_per_address = 256,
	};
	bridge->webhook_server = http_server_start_batched(&options, callback_intake_gate, callback_intake_sift,
							   callback_intake_store, &bridge->callbacks, why, sizeof(why));
	if (bridge->webhook_server == NULL)
		give_up(EXIT_MACHINE, "cannot start the webhook listener", why);
}

static void start_watch(struct bridge *bridge)
{
	const struct watched threads[] = {
		{"sender", command_sender_silence_ms, bridge->sender, WATCH_LIMIT_MS},
		{"reconciler", reconciler_silence_ms, bridge->reconciler, WATCH_LIMIT_MS},
		{"publisher", event_publisher_silence_ms, bridge->publisher, WATCH_LIMIT_MS},
		{"intake", mqtt_router_silence_ms, &bridge->router, WATCH_LIMIT_MS},
		{"broker's connections", mqtt_router_connector_silence_ms, &bridge->router, LOOKUP_MS},
		{"token", token_silence_ms, bridge->token, WATCH_LIMIT_MS},
		{"admin", admin_silence_ms, bridge->admin, WATCH_LIMIT_MS},
		{"discovery", discovery_silence_ms, bridge->discovery, WATCH_LIMIT_MS},
	};
	watch_start(&bridge->watch, threads, sizeof(threads) / sizeof(threads[0]), bridge->store);
}

static void start_admin_listener(struct bridge *bridge)
{
	char why[WHY_SIZE];
	bridge->admin_http = (struct admin_http){&bridge->health, bridge->page, watch_is_well, &bridge->watch};
	if (bridge->settings->admin_listen[0] == '\0')
		return;
	bridge->admin_server = admin_http_start(&bridge->admin_http, bridge->settings->admin_listen, why, sizeof(why));
	if (bridge->admin_server == NULL)
		give_up(EXIT_MACHINE, "cannot start the admin listener", why);
}

static void start_mqtt(struct bridge *bridge)
{
	char why[WHY_SIZE];
	bridge->router = (struct mqtt_router){
		bridge->settings,  &bridge->intake,	     bridge->admin, bridge->publisher, bridge->store,
		bridge->discovery, &bridge->heartbeat.greet, NULL};
	bridge->mqtt = mqtt_router_start(&bridge->router, why, sizeof(why));
	if (bridge->mqtt == NULL)
		give_up(EXIT_CONFIGURATION, "cannot use the broker's settings", why);
}

/* mqtt's handlers may run as soon as it starts; what they need exists by then, and the admin thread waits. */
static void connect_stages(struct bridge *bridge)
{
	start_mqtt(bridge);
	bridge->health = (struct health){bridge->settings, bridge->store, bridge->mqtt,	     bridge->account,
					 bridge->mapping,  bridge->time,  &bridge->counters, clock_wall_ms()};
	bridge->reload = (struct reload){.config_path = bridge->config_path,
					 .settings = bridge->settings,
					 .mapping = bridge->mapping,
					 .keys = bridge->keys,
					 .token = bridge->token,
					 .account = bridge->account,
					 .mqtt = bridge->mqtt,
					 .counters = &bridge->counters,
					 .discovery = bridge->discovery,
					 .greet = &bridge->heartbeat.greet,
					 .lock = PTHREAD_MUTEX_INITIALIZER};
	bridge->heartbeat.health = &bridge->health;
	bridge->heartbeat.publisher = bridge->publisher;
	event_publisher_start(bridge->publisher, bridge->mqtt);
	admin_start(bridge->admin, &bridge->health, &bridge->reload);
}

static void start(struct bridge *bridge)
{
	open_spool(bridge);
	bridge->keys = webhook_keys_create(bridge->settings);
	open_account(bridge);
	start_stages(bridge);
	start_webhook(bridge);
	connect_stages(bridge);
	start_watch(bridge);
	start_admin_listener(bridge);
	log_info("", "started", LOG_TEXT("version", BRIDGE_VERSION),
		 LOG_NUMBER("devices", (int64_t)mapping_count(bridge->mapping)),
		 LOG_TEXT("mode", polling_only(bridge->settings) ? "polling" : "callbacks"),
		 LOG_TEXT("api", bridge->settings->api_url));
}

/* In reverse: no new commands, answers under way, callbacks, events, the broker, the disk. */
static void stop(struct bridge *bridge)
{
	process_stop_at_once_on_signal(PROCESS_STOP_MAX_S);
	supervisor_stopping();
	log_info("", "stopping", LOG_NUMBER("grace_ms", GRACE_MS));
	atomic_store(&bridge->intake.stopping, true);
	store_stop_waiting(bridge->store);
	mqtt_pause(bridge->mqtt);
	page_stop(bridge->page);
	http_server_stop(bridge->admin_server);
	command_sender_stop(bridge->sender, GRACE_MS);
	reconciler_stop(bridge->reconciler);
	http_server_stop(bridge->webhook_server);
	watch_main_alive(&bridge->watch);
	admin_stop(bridge->admin);
	discovery_stop(bridge->discovery);
	event_publisher_stop(bridge->publisher, GRACE_MS);
	bool quiet = mqtt_stop(bridge->mqtt, GRACE_MS); /* else a message still waits for the disk, without a PUBACK */
	watch_stop(&bridge->watch);
	token_stop(bridge->token);
	if (quiet) { /* broker, store and token used them until now */
		page_destroy(bridge->page);
		store_close(bridge->store);
		discovery_destroy(bridge->discovery);
		command_sender_destroy(bridge->sender);
		reconciler_destroy(bridge->reconciler);
	}
	log_info("", "stopped", LOG_TEXT("how", quiet ? "clean" : "a message waits, which has no PUBACK"));
}

/* After a reload, whoever asked for it. */
static void reload_certificate(struct bridge *bridge)
{
	char why[WHY_SIZE];
	if (!atomic_exchange(&bridge->reload.certificate_due, false) || bridge->webhook_server == NULL ||
	    bridge->settings->webhook_cert_file[0] == '\0')
		return;
	if (!http_server_reload(bridge->webhook_server, why, sizeof(why)))
		log_error("", "the webhook keeps its old certificate", LOG_TEXT("why", why));
}

static void run(struct bridge *bridge)
{
	char why[WHY_SIZE];
	supervisor_ready();
	for (;;) {
		switch (process_wait(TICK_MS)) {
		case SIGNAL_STOP:
			return;
		case SIGNAL_RELOAD:
			supervisor_reloading();
			reload_run(&bridge->reload, why, sizeof(why));
			reload_certificate(bridge);
			supervisor_ready();
			break;
		case SIGNAL_NONE:
			reload_certificate(bridge);
			break;
		}
		heartbeat_tick(&bridge->heartbeat);
		page_tick(bridge->page);
		watch_main_alive(&bridge->watch);
	}
}

/* Settings and mappings, or every fault on stderr and exit 2. */
static void load(struct bridge *bridge, const struct options *options)
{
	struct settings_faults faults;
	settings_faults_init(&faults);
	bridge->config_path = options->config;
	bridge->settings = settings_load(options->config, &faults);
	struct devices *devices = bridge->settings == NULL ? NULL
							   : devices_load(bridge->settings->mappings, options->config,
									  bridge->settings->mappings_line, &faults);
	if (devices == NULL) {
		fputs(buffer_text(&faults.text), stderr);
		process_end(EXIT_CONFIGURATION);
	}
	log_setup((enum log_level)bridge->settings->log_level, (enum log_format)bridge->settings->log_format,
		  bridge->settings->log_bodies);
	reload_tell_notes(&faults);
	settings_faults_clear(&faults);
	bridge->mapping = mapping_create(devices);
	bridge->settings->api_dry_run |= options->dry_run;
}

static int print_config(const struct options *options)
{
	struct settings_faults faults;
	settings_faults_init(&faults);
	bool ok = settings_print(options->config, stdout, &faults);
	fputs(buffer_text(&faults.text), stderr);
	settings_faults_clear(&faults);
	return ok ? EXIT_SUCCESS : EXIT_CONFIGURATION;
}

static int print_urls(struct bridge *bridge)
{
	char url[URL_SIZE];
	bridge->keys = webhook_keys_create(bridge->settings);
	callback_url_sms(url, bridge->settings, bridge->keys);
	if (url[0] == '\0') {
		fputs("webhook.listen or webhook.public_url is not set: the bridge polls, there is nothing to "
		      "configure\n",
		      stderr);
		return EXIT_SUCCESS;
	}
	printf("sms_commands_url: %s\n", url);
	return EXIT_SUCCESS;
}

static int recover(const struct bridge *bridge)
{
	char why[WHY_SIZE];
	if (spool_recover(bridge->settings, stdout, why, sizeof(why)))
		return EXIT_SUCCESS;
	give_up(EXIT_MACHINE, "cannot open the spool", why);
}

int main(int argc, char **argv)
{
	static struct bridge bridge;
	const struct options options = options_read(argc, argv);
	process_prepare();
	switch (options.task) {
	case TASK_HELP:
		options_print_help(stdout);
		process_end(EXIT_SUCCESS);
	case TASK_USAGE:
		options_print_help(stderr);
		process_end(EXIT_CONFIGURATION);
	case TASK_VERSION:
		version_print(stdout);
		process_end(EXIT_SUCCESS);
	case TASK_PRINT_CONFIG:
		process_end(print_config(&options));
	case TASK_TEST_CONFIG:
		load(&bridge, &options);
		fprintf(stderr, "%s: ok; devices: %zu\n", options.config, mapping_count(bridge.mapping));
		process_end(EXIT_SUCCESS);
	case TASK_PRINT_URLS:
		load(&bridge, &options);
		process_end(print_urls(&bridge));
	case TASK_RECOVER:
		load(&bridge, &options);
		process_end(recover(&bridge));
	case TASK_RUN:
		break;
	}
	process_block_signals(); /* one that comes while it loads is looked at when all runs */
	load(&bridge, &options);
	start(&bridge);
	run(&bridge);
	stop(&bridge);
	process_end(EXIT_SUCCESS);
}
