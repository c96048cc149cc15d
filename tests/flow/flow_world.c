// flow_world - opened in the order of main, closed in reverse.
// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/flow_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"

static const char config[] = "mqtt: {url: 'mqtt://broker.test', password: old, username: bridge}\n"
			     "api:\n"
			     "  url: " API_URL "\n"
			     "  auth: bearer\n"
			     "  token: old-token\n"
			     "  rate: 0\n"
			     "webhook:\n"
			     "  listen: 127.0.0.1:0\n"
			     "  public_url: " PUBLIC_URL "\n"
			     "  secret: 0123456789abcdef0123456789abcdef\n"
			     "spool: {path: spool.db, min_free: 0B, ballast: 0B}\n"
			     "mappings: devices.yaml\n";

static const char devices[] = "devices:\n"
			      "  meter-1: " SIM_1 "\n"
			      "  meter-2: " SIM_2 "\n"
			      "  meter-3: HS33333333333333333333333333333330\n"
			      "  meter-4: HS44444444444444444444444444444444\n"
			      "  meter-5: HS55555555555555555555555555555555\n"
			      "  meter-6: HS66666666666666666666666666666666\n"
			      "  meter-7: HS77777777777777777777777777777777\n"
			      "  meter-8: HS88888888888888888888888888888888\n"
			      "  gate: {sim: Gate-7, cmd: text, up: text}\n"
			      "  pump: {sim: HSabababababababababababababababab, cmd: envelope}\n";

void world_write(const struct world *world, const char *name, const char *text)
{
	char path[128];
	text_format(path, sizeof(path), "%s/%s", world->folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, S_IRUSR | S_IWUSR), 0);
}

void world_map(struct world *world, const char *text)
{
	struct settings_faults faults;
	char path[128];
	text_format(path, sizeof(path), "%s/devices.yaml", world->folder);
	world_write(world, "devices.yaml", text);
	settings_faults_init(&faults);
	struct devices *table = devices_load(path, "bridge.yaml", 1, &faults);
	assert_non_null(table);
	mapping_replace(world->mapping, table);
	settings_faults_clear(&faults);
}

static void load(struct world *world)
{
	struct settings_faults faults;
	settings_faults_init(&faults);
	text_format(world->config, sizeof(world->config), "%s/bridge.yaml", world->folder);
	text_format(world->spool, sizeof(world->spool), "%s/spool.db", world->folder);
	world->settings = settings_load(world->config, &faults);
	struct devices *table =
		world->settings != NULL ? devices_load(world->settings->mappings, "bridge.yaml", 1, &faults) : NULL;
	if (table == NULL)
		fail_msg("%s", buffer_text(&faults.text));
	world->mapping = mapping_create(table);
	settings_faults_clear(&faults);
}

static void open_store(struct world *world)
{
	char why[WHY_SIZE];
	world->store = store_open(&world->store_options, clock_wall_ms(), why, sizeof(why));
	if (world->store == NULL)
		fail_msg("the store does not open: %s", why);
	world->mo = (struct mo_intake){.settings = world->settings, .store = world->store, .mapping = world->mapping};
	world->intake = (struct command_intake){.settings = world->settings,
						.store = world->store,
						.mapping = world->mapping,
						.time = world->time,
						.counters = &world->counters};
	world->callbacks = (struct callback_intake){.settings = world->settings,
						    .store = world->store,
						    .mo = &world->mo,
						    .time = world->time,
						    .counters = &world->counters,
						    .keys = world->keys};
	world->reconcile.parts = (struct reconciler_parts){.settings = world->settings,
							   .store = world->store,
							   .account = world->account,
							   .mo = &world->mo,
							   .time = world->time,
							   .counters = &world->counters};
}

void world_reopen(struct world *world)
{
	store_close(world->store);
	open_store(world);
}

static void on_token(void *ctx, bool usable, const char *why)
{
	(void)usable;
	(void)why;
	account_renewed(ctx);
}

static void open_account(struct world *world)
{
	fake_token_reset();
	world->token = token_start(&(struct token_options){0});
	world->account = account_create(world->token, world->settings->api_rate);
	token_start(&(struct token_options){.on_change = on_token, .ctx = world->account});
}

static void open_publisher(struct world *world)
{
	world->publisher = event_publisher_create(world->store, &world->counters);
	world->mqtt = fake_mqtt_use(&(struct mqtt_handlers){
		.ctx = world->publisher,
		.on_published = event_publisher_on_published,
		.on_publish_refused = event_publisher_on_refused,
		.on_publish_reset = event_publisher_on_reset,
	});
}

static void open_all(struct world *world)
{
	world->store_options = (struct store_options){
		.path = world->spool,
		.max_commands = world->settings->spool_max_commands,
		.retention_ms = world->settings->spool_retention_ms,
		.settle_ms = world->settings->reconcile_settle_ms,
		.watch_ms = world->settings->reconcile_poll_after_ms,
		.topic_status = world->settings->topics_status,
	};
	world->time = timekeeper_create(0);
	world->keys = webhook_keys_create(world->settings);
	open_account(world);
	open_store(world);
	open_publisher(world);
	thread_init(&world->reconcile_thread);
	world->reconcile.query = api_query_create(world->settings, world->account, &world->reconcile_thread);
	world->reconcile.thread = &world->reconcile_thread;
	world->health = (struct health){.settings = world->settings,
					.store = world->store,
					.mqtt = world->mqtt,
					.account = world->account,
					.mapping = world->mapping,
					.time = world->time,
					.counters = &world->counters,
					.started_ms = clock_wall_ms()};
	world->reload = (struct reload){.config_path = world->config,
					.settings = world->settings,
					.mapping = world->mapping,
					.keys = world->keys,
					.token = world->token,
					.account = world->account,
					.mqtt = world->mqtt,
					.counters = &world->counters,
					.greet = &world->greet,
					.lock = PTHREAD_MUTEX_INITIALIZER};
}

int world_setup(void **state)
{
	struct world *world = memory_zeroed(1, sizeof(*world));
	log_setup(LOG_ERROR, LOG_AS_TEXT, false);
	signal(SIGXFSZ, SIG_IGN); /* the disk that world_fill_disk() makes full says so by an error instead */
	fake_clock_reset(RANDOM_BITS);
	fake_http_reset();
	fake_mqtt_reset();
	text_copy(world->folder, sizeof(world->folder), "/tmp/flow-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	world_write(world, "bridge.yaml", config);
	world_write(world, "devices.yaml", devices);
	load(world);
	open_all(world);
	*state = world;
	return 0;
}

int world_setup_frozen(void **state)
{
	int failed = world_setup(state);
	fake_clock_freeze();
	return failed;
}

void world_polling_only(struct world *world)
{
	world->settings->webhook_public_url[0] = '\0';
}

static void set_file_limit(rlim_t bytes)
{
	struct rlimit limit;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* Commands of a device of its own go in until one finds no space. */
void world_fill_disk(struct world *world)
{
	struct stat st;
	char log[128];
	struct command command = {.payload = "filling"};
	const struct store_new_command in = {
		.device = "filler", .sim = "filler", .command = &command, .reply_topic = "", .max_wait_ms = DAY};
	struct store_accepted accepted = {0};
	text_format(log, sizeof(log), "%s-wal", world->spool);
	set_file_limit((rlim_t)(stat(log, &st) == 0 ? st.st_size : 0) + 32 * 1024);
	for (int i = 0; accepted.result == STORE_ACCEPTED; i++) {
		assert_true(i < 10000);
		store_accept(world->store, &in, timekeeper_now(world->time), &accepted);
	}
	assert_false(store_has_room(world->store));
}

void world_free_disk(struct world *world)
{
	set_file_limit(RLIM_INFINITY);
	store_upkeep(world->store, timekeeper_now(world->time));
}

/* ---- stages ---------------------------------------------------------------------------------------- */

void world_start_sender(struct world *world)
{
	world->sender = command_sender_start(&(struct command_sender_parts){.settings = world->settings,
									    .store = world->store,
									    .account = world->account,
									    .time = world->time,
									    .counters = &world->counters,
									    .keys = world->keys});
	store_on_work(world->store, STORE_WORK_COMMANDS, command_sender_wake, world->sender);
	store_on_work(world->store, STORE_WORK_TAKEN, command_sender_wake_for_taken, world->sender);
	account_on_change(world->account, command_sender_wake, world->sender);
}

/* As in main: store and account still wake it. */
void world_stop_sender(struct world *world, int64_t grace_ms)
{
	command_sender_stop(world->sender, grace_ms);
	world->stopped[world->stopped_count++ % STOPPED_MAX] = world->sender;
	world->sender = NULL;
}

void world_start_reconciler(struct world *world)
{
	world->reconciler = reconciler_start(&world->reconcile.parts);
	store_on_work(world->store, STORE_WORK_UNKNOWN, reconciler_wake, world->reconciler);
}

void world_start_publisher(struct world *world)
{
	event_publisher_start(world->publisher, world->mqtt);
	store_on_work(world->store, STORE_WORK_EVENTS, event_publisher_wake, world->publisher);
	world->publishes = true;
}

void world_start_admin(struct world *world)
{
	world->admin = admin_create(&(struct admin_parts){.settings = world->settings,
							  .store = world->store,
							  .account = world->account,
							  .mapping = world->mapping,
							  .time = world->time,
							  .counters = &world->counters,
							  .publisher = world->publisher});
	admin_start(world->admin, &world->health, &world->reload);
	world->administers = true;
}

static void remove_folder(const struct world *world)
{
	DIR *folder = opendir(world->folder);
	assert_non_null(folder);
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		if (entry->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
	closedir(folder);
	assert_int_equal(rmdir(world->folder), 0);
}

static void close_all(struct world *world)
{
	api_query_destroy(world->reconcile.query);
	thread_clear(&world->reconcile_thread);
	admin_destroy(world->admin);
	token_stop(world->token);
	store_close(world->store);
	for (size_t i = 0; i < world->stopped_count; i++)
		command_sender_destroy(world->stopped[i]);
	reconciler_destroy(world->reconciler);
	event_publisher_destroy(world->publisher);
	account_destroy(world->account);
	webhook_keys_destroy(world->keys);
	timekeeper_destroy(world->time);
	mapping_destroy(world->mapping);
	settings_free(world->settings);
}

int world_teardown(void **state)
{
	struct world *world = *state;
	set_file_limit(RLIM_INFINITY);
	if (world->sender != NULL)
		world_stop_sender(world, 0);
	reconciler_stop(world->reconciler);
	if (world->administers)
		admin_stop(world->admin);
	if (world->publishes)
		event_publisher_stop(world->publisher, 0);
	close_all(world);
	fake_http_reset();
	fake_mqtt_reset();
	remove_folder(world);
	free(world);
	return 0;
}

int world_leave(void **state)
{
	set_file_limit(RLIM_INFINITY);
	remove_folder(*state);
	return 0;
}
