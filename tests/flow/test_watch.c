/* Is a thread that makes no progress seen in time, and none that does? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/watch.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/flow/api_pages.h"

enum { LOOK_MS = 1000, LIMIT_MS = 40 * SECOND };

static int64_t silence_of(void *of)
{
	const int64_t *since_ms = of;
	return clock_mono_ms() - *since_ms;
}

/* The disk: since when it has been at work, and its slow turns of before. */
static int64_t disk_since_ms, disk_slow_ms;

static int64_t disk_busy(const void *of)
{
	(void)of;
	return disk_since_ms > 0 ? clock_mono_ms() - disk_since_ms : 0;
}

static int64_t disk_slow(const void *of)
{
	return disk_slow_ms + disk_busy(of);
}

static void end_turn_of_disk(void)
{
	disk_slow_ms += disk_busy(NULL);
	disk_since_ms = 0;
}

/* Two threads; when each was alive last. */
static struct watch watch;
static int64_t alive_ms[2];

static void begin(void)
{
	const struct watched threads[] = {{"one", silence_of, &alive_ms[0], LIMIT_MS},
					  {"patient", silence_of, &alive_ms[1], 5 * LIMIT_MS}};
	alive_ms[0] = alive_ms[1] = clock_mono_ms();
	disk_since_ms = disk_slow_ms = 0;
	fake_clock_freeze(); /* seconds are those that pass here, on a slow machine too */
	watch_prepare(&watch, threads, 2, &(struct watch_disk){disk_busy, disk_slow, NULL});
}

/* A second later; whose end it is. */
static const char *look(bool one_lives, bool patient_lives, bool main_lives)
{
	int64_t silence_ms;
	fake_clock_advance(LOOK_MS);
	if (one_lives)
		alive_ms[0] = clock_mono_ms();
	if (patient_lives)
		alive_ms[1] = clock_mono_ms();
	if (main_lives)
		watch_main_alive(&watch);
	const char *stuck = watch_look(&watch, clock_mono_ms(), &silence_ms);
	return stuck != NULL ? stuck : "";
}

/* Seconds until somebody is given up. */
static int seconds_until(const char *whom, bool one_lives, bool patient_lives, bool main_lives)
{
	for (int second = 1; second <= 600; second++) {
		const char *stuck = look(one_lives, patient_lives, main_lives);
		if (stuck[0] != '\0') {
			assert_string_equal(stuck, whom);
			return second;
		}
	}
	fail_msg("%s is never given up", whom);
	return 0;
}

/* A minute from the last sign of life to the next process: 40 s here, and for the watch itself, should it hang, what
 * the unit file gives it. */
static void whoever_hangs_is_given_up_in_time(void **state)
{
	(void)state;
	begin();
	assert_in_range(seconds_until("one", false, true, true), 40, 41);
	begin();
	assert_in_range(seconds_until("main", true, true, false), 40, 41);
	begin();
	assert_in_range(seconds_until("patient", true, false, true), 200, 201);
}

static void who_moves_now_and_then_is_not_given_up(void **state)
{
	(void)state;
	begin();
	for (int second = 1; second <= 600; second++)
		assert_string_equal(look(second % 39 == 0, second % 199 == 0, second % 39 == 20), "");
}

/* SIGSTOP, a suspended machine, a processor that is shared with many: nobody can have moved. */
static void a_process_that_stood_still_has_its_time_anew(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 10; i++) {
		fake_clock_advance(10 * MINUTE);
		assert_string_equal(look(false, false, false), "");
	}
	assert_in_range(seconds_until("one", false, true, true), 39, 41);
}

/* A card that is worn out, a snapshot: turn after turn takes long, and who waits may have to let others go first. */
static void who_waits_for_a_slow_disk_is_not_given_up(void **state)
{
	(void)state;
	begin();
	for (int turn = 1; turn <= 20; turn++) {
		disk_since_ms = clock_mono_ms();
		for (int second = 1; second <= 30; second++)
			assert_string_equal(look(false, false, false), "");
		end_turn_of_disk();
		assert_true(watch_is_well(&watch));
	}
	assert_in_range(seconds_until("one", false, true, true), 38, 41);
}

static void a_disk_that_hangs_is_given_up_in_time(void **state)
{
	(void)state;
	begin();
	disk_since_ms = clock_mono_ms();
	assert_in_range(seconds_until("the spool's disk", false, false, false), 40, 41);
	assert_false(watch_is_well(&watch));
}

static atomic_bool hurries;

static void *let_time_fly(void *ctx)
{
	while (atomic_load(&hurries))
		fake_clock_advance(STORE_SLOW_MS);
	return ctx;
}

/* However busy the machine is, one day the clock moves during a commit. */
static bool a_commit_took_long(struct world *world)
{
	store_remember(world->store, "key", "a");
	store_remember(world->store, "key", "b");
	return store_slow_ms(world->store) >= STORE_SLOW_MS;
}

/* Hours for each commit; between them the disk rests. */
static void the_store_tells_how_long_the_disk_takes(void **state)
{
	struct world *world = *state;
	pthread_t hurry;
	atomic_store(&hurries, true);
	assert_int_equal(pthread_create(&hurry, NULL, let_time_fly, NULL), 0);
	WAIT_FOR(a_commit_took_long(world));
	atomic_store(&hurries, false);
	pthread_join(hurry, NULL);
	WAIT_FOR(store_busy_ms(world->store) == 0);
}

/* Whoever probes from outside may act before we do. */
static void half_the_time_is_a_warning(void **state)
{
	(void)state;
	begin();
	for (int second = 1; second <= 18; second++)
		look(false, true, true);
	assert_true(watch_is_well(&watch));
	for (int second = 1; second <= 3; second++)
		look(false, true, true);
	assert_false(watch_is_well(&watch));
	look(true, true, true);
	assert_true(watch_is_well(&watch));
}

/* The intake keeps a message that there is no room for; ending would not make room. */
static void what_comes_in_while_the_disk_is_full_is_no_hang(void **state)
{
	struct world *world = *state;
	struct mqtt_router router = {.store = world->store, .mqtt = world->mqtt};
	fake_mqtt_silence(10 * MINUTE);
	assert_int_equal(mqtt_router_silence_ms(&router), 10 * MINUTE);
	assert_int_equal(mqtt_router_connector_silence_ms(&router), 10 * MINUTE);
	world_fill_disk(world);
	assert_int_equal(mqtt_router_silence_ms(&router), 0);
	assert_int_equal(mqtt_router_connector_silence_ms(&router), 0);
	world_free_disk(world);
	fake_mqtt_silence(0);
}

/* One question may take a minute, and its answer be refused for a new token's sake: that is two. */
static void a_question_that_waits_for_its_answer_is_no_hang(void **state)
{
	struct world *world = *state;
	world->settings->api_timeout_ms = MINUTE;
	fake_http_always("GET", (struct fake_answer){.held = true});
	world_start_reconciler(world);
	WAIT_FOR(fake_http_count("GET") == 1);
	for (int i = 0; i < 5; i++) {
		fake_clock_advance(10 * SECOND);
		WAIT_FOR(reconciler_silence_ms(world->reconciler) < 5 * SECOND);
	}
}

/* The library promises an answer by then: where none comes, it is the library that hangs. */
static void a_question_without_an_end_is_a_hang(void **state)
{
	struct world *world = *state;
	world->settings->api_timeout_ms = 30 * SECOND;
	fake_http_always("GET", (struct fake_answer){.held = true});
	world_start_reconciler(world);
	WAIT_FOR(fake_http_count("GET") == 1);
	fake_clock_advance(60 * SECOND);
	size_t polls = fake_http_polls();
	WAIT_FOR(fake_http_polls() >= polls + 2);
	assert_true(reconciler_silence_ms(world->reconciler) >= 40 * SECOND);
}

/* ---- much work, of which each piece takes long ----------------------------------------------------------- */

enum { PIECES = 60, PIECE_MS = 1000 };

static _Atomic int64_t longest_ms;

/* A piece took a second. */
static void note(int64_t silence_ms)
{
	if (silence_ms > atomic_load(&longest_ms))
		atomic_store(&longest_ms, silence_ms);
}

static void on_commit(void *ctx)
{
	struct world *world = ctx;
	fake_clock_advance(PIECE_MS);
	note(clock_mono_ms() - atomic_load(&world->reconcile_thread.alive_ms));
}

/* Each SMS is a commit of its own. */
static void storing_a_long_list_is_no_hang(void **state)
{
	struct world *world = *state;
	static char sids[PIECES][SID_SIZE];
	struct listed list[PIECES];
	world->settings->reconcile_since_ms = clock_wall_ms() - DAY;
	for (int i = 0; i < PIECES; i++) {
		text_format(sids[i], SID_SIZE, "HC%032d", i);
		list[i] = (struct listed){.sid = sids[i], .status = "received", .direction = "from_sim"};
	}
	answer_list(list, PIECES);
	atomic_store(&longest_ms, 0);
	store_on_work(world->store, STORE_WORK_EVENTS, on_commit, world);
	assert_true(reconcile_mo(&world->reconcile));
	assert_int_equal(counters_get(&world->counters, COUNT_MO_LISTED), PIECES);
	assert_in_range(longest_ms, PIECE_MS, 10 * SECOND);
}

static void on_published(void *ctx, int64_t tag)
{
	fake_clock_advance(PIECE_MS);
	note(event_publisher_silence_ms(ctx));
	event_publisher_on_published(ctx, tag);
}

/* Each publish waits for the library's lock while the intake commits. */
static void publishing_much_on_a_slow_disk_is_no_hang(void **state)
{
	struct world *world = *state;
	fake_mqtt_use(&(struct mqtt_handlers){
		.ctx = world->publisher, .on_published = on_published, .on_publish_reset = event_publisher_on_reset});
	atomic_store(&longest_ms, 0);
	for (int i = 0; i < PIECES; i++)
		event_publisher_post(world->publisher, &(struct event_post){.topic = "a/b", .payload = "{}", .len = 2});
	world_start_publisher(world);
	fake_mqtt_reset_publishes();
	WAIT_FOR(fake_mqtt_count("a/b") == PIECES);
	WAIT_FOR(event_publisher_backlog(world->publisher) == 0);
	assert_in_range(longest_ms, PIECE_MS, 10 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(whoever_hangs_is_given_up_in_time),
		WORLD_TEST(who_moves_now_and_then_is_not_given_up),
		WORLD_TEST(a_process_that_stood_still_has_its_time_anew),
		WORLD_TEST(who_waits_for_a_slow_disk_is_not_given_up),
		WORLD_TEST(a_disk_that_hangs_is_given_up_in_time),
		WORLD_TEST(the_store_tells_how_long_the_disk_takes),
		WORLD_TEST(half_the_time_is_a_warning),
		WORLD_TEST(what_comes_in_while_the_disk_is_full_is_no_hang),
		WORLD_TEST(a_question_that_waits_for_its_answer_is_no_hang),
		WORLD_TEST(a_question_without_an_end_is_a_hang),
		WORLD_TEST(storing_a_long_list_is_no_hang),
		WORLD_TEST(publishing_much_on_a_slow_disk_is_no_hang),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
