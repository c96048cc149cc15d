/* What happens when the disk is full? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "bridge/base/clock.h"
#include "tests/unit/edge/store_world.h"

enum { WAIT_MS = 20000 };

/* ---- a disk that is full for everybody: a limit to the size of files ---------------------------------- */

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void unlimit_files(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static int teardown_unlimited(void **state)
{
	unlimit_files();
	return world_teardown(state);
}

static rlim_t size_of(const struct world *world, const char *suffix)
{
	struct stat st;
	char path[128];
	text_format(path, sizeof(path), "%s%s", world->path, suffix);
	return stat(path, &st) == 0 ? (rlim_t)st.st_size : 0;
}

/* Command 1 ("a") is being sent; then no file grows any more, and commands go in until one finds no space. */
static int64_t fill(struct world *world)
{
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	limit_files(size_of(world, "-wal") + 32 * 1024);
	int64_t accepted = 1;
	while (ASK(world, .device = "m2").result == STORE_ACCEPTED)
		assert_true(++accepted < 10000);
	return accepted;
}

static void new_work_is_refused_and_nothing_is_lost(void **state)
{
	struct world *world = *state;
	int64_t accepted = fill(world);
	assert_false(store_has_room(world->store));
	assert_int_equal(ASK(world, .device = "m2").result, STORE_FULL);
	const struct store_rejection rejection = {
		.device = "m", .id = "", .payload = "", .code = "x", .message = "y", .reply_topic = ""};
	assert_false(store_reject(world->store, &rejection, NOW));
	const struct store_mo mo = {
		.sid = SID_B, .topic = "up", .payload = "x", .payload_len = 1, .sim_sid = "", .unique_name = ""};
	assert_int_equal(store_mo(world->store, &mo, NOW), STORE_REPORT_FULL);
	assert_false(store_publish(world->store, &(struct store_message){"t", "x", 1}, 1));
	const struct store_report report = {
		.seq = 1, .sid = SID_A, .sim_sid = "", .status = API_SENT, .error_code = "", .error_message = ""};
	assert_int_equal(store_report(world->store, &report, NOW), STORE_REPORT_FULL);
	struct store_arrival arrivals[] = {{.report = &report}, {.mo = &mo}};
	store_arrivals(world->store, arrivals, 2, NOW);
	assert_int_equal(arrivals[0].result, STORE_REPORT_FULL);
	assert_int_equal(arrivals[1].result, STORE_REPORT_FULL);
	/* A result could not be stored: nothing is begun. */
	assert_int_equal(world_take(world, NOW, 8).count, 0);
	/* Questions are still answered. */
	want_state(world, "a", STATE_SENDING);
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, accepted);
	assert_int_equal(stats.events, accepted);
	unlimit_files();
	world_reopen(world);
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, accepted);
}

static void it_goes_on_by_itself_when_there_is_space_again(void **state)
{
	struct world *world = *state;
	int64_t accepted = fill(world);
	unlimit_files();
	store_upkeep(world->store, NOW);
	assert_true(store_has_room(world->store));
	assert_int_equal(ASK(world, .device = "m3", .id = "after").result, STORE_ACCEPTED);
	assert_int_equal(world_find(world, "after").seq, accepted + 1); /* what found no space used up no number */
	assert_int_equal(world_take(world, NOW, 8).count, 2);
}

static void a_redelivery_is_known_also_without_space(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "first", .device = "m9", .delivery = {1, 5, false, 77});
	fill(world);
	assert_int_equal(ASK(world, .delivery = {2, 5, true, 77}).result, STORE_REDELIVERED);
}

struct settler {
	struct world *world;
	atomic_bool returned;
};

static void *settle(void *arg)
{
	struct settler *settler = arg;
	SETTLE(settler->world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
	atomic_store(&settler->returned, true);
	return NULL;
}

/* A result is on its way to a full disk, and has found it full at least once. */
static pthread_t settle_into_fullness(struct settler *settler)
{
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, settle, settler), 0);
	/* Each upkeep sets the room again, as far as the file system tells; the next try takes it back. */
	int64_t until = clock_mono_ms() + WAIT_MS;
	store_upkeep(settler->world->store, NOW);
	while (store_has_room(settler->world->store)) {
		assert_true(clock_mono_ms() < until);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return thread;
}

static void a_result_waits_for_space_and_is_recorded(void **state)
{
	struct world *world = *state;
	fill(world);
	struct settler settler = {.world = world};
	pthread_t thread = settle_into_fullness(&settler);
	assert_false(atomic_load(&settler.returned));
	want_state(world, "a", STATE_SENDING);
	assert_int_equal(ASK(world, .device = "m2").result, STORE_FULL);
	unlimit_files();
	pthread_join(thread, NULL);
	want_state(world, "a", STATE_QUEUED);
	assert_string_equal(world_find(world, "a").sid, SID_A);
}

static void who_stops_waiting_finds_it_unknown_at_the_next_start(void **state)
{
	struct world *world = *state;
	fill(world);
	struct settler settler = {.world = world};
	pthread_t thread = settle_into_fullness(&settler);
	store_stop_waiting(world->store);
	pthread_join(thread, NULL);
	want_state(world, "a", STATE_SENDING);
	unlimit_files();
	world_reopen(world);
	want_state(world, "a", STATE_UNKNOWN);
}

/* ---- a disk that somebody else fills ------------------------------------------------------------------ */

enum { DISK_BYTES = 2 * 1024 * 1024, BALLAST_BYTES = 512 * 1024, PAGE = 4096 };

static int setup_disk(void **state)
{
	world_setup_closed(state);
	struct world *world = *state;
	char size[32];
	text_format(size, sizeof(size), "size=%d,mode=0700", DISK_BYTES);
	if (mount("tmpfs", world->folder, "tmpfs", 0, size) != 0) {
		print_message("no file system of our own here (%s): the test is left out\n", strerror(errno));
		world->options.path = NULL;
		return 0;
	}
	world->options.ballast_bytes = BALLAST_BYTES;
	return 0;
}

static int teardown_disk(void **state)
{
	struct world *world = *state;
	store_close(world->store);
	world->store = NULL;
	if (world->options.path != NULL)
		assert_int_equal(umount(world->folder), 0);
	return world_teardown(state);
}

/* Takes all free space but `leave`. */
static void fill_disk(const struct world *world, off_t leave)
{
	char path[128];
	static const char page[PAGE];
	text_format(path, sizeof(path), "%s/filler", world->folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_true(fd >= 0);
	while (write(fd, page, sizeof(page)) == (ssize_t)sizeof(page))
		;
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(ftruncate(fd, st.st_size - leave), 0);
	close(fd);
}

static void remove_filler(const struct world *world)
{
	char filler[128];
	text_format(filler, sizeof(filler), "%s/filler", world->folder);
	assert_int_equal(unlink(filler), 0);
}

static void the_ballast_makes_place_for_results(void **state)
{
	struct world *world = *state;
	char text[SID_SIZE];
	if (world->options.path == NULL)
		skip();
	world_open(world);
	for (int i = 1; i <= TAKEN_MAX; i++) {
		text_format(text, sizeof(text), "m%d", i);
		ASK(world, .device = text);
	}
	ASK(world, .device = "waits");
	assert_int_equal(world_take(world, NOW, TAKEN_MAX).count, TAKEN_MAX);
	assert_int_equal(size_of(world, ".ballast"), BALLAST_BYTES);
	fill_disk(world, 0);
	while (ASK(world, .device = "more").result == STORE_ACCEPTED)
		;
	fill_disk(world, 0);
	/* Refusing new work is no reason to give the ballast up; results are. */
	assert_int_equal(size_of(world, ".ballast"), BALLAST_BYTES);
	for (int i = 1; i <= TAKEN_MAX; i++) {
		text_format(text, sizeof(text), "HC%032d", i);
		SETTLE(world, EVENT_API_QUEUED, .seq = i, .sid = text);
	}
	assert_int_equal(size_of(world, ".ballast"), 0);
	assert_false(store_has_room(world->store));
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.by_status[STATE_QUEUED], TAKEN_MAX);
	/* There is still some room, but none is held back for another result: nothing more is begun. */
	assert_int_equal(world_take(world, NOW, 8).count, 0);
	/* Somebody cleans up: the ballast comes back, and with it work. */
	remove_filler(world);
	store_upkeep(world->store, NOW);
	assert_true(world_take(world, NOW, 8).count > 0);
	store_stats(world->store, &stats);
	assert_true(stats.ballast_held && stats.room);
	assert_int_equal(size_of(world, ".ballast"), BALLAST_BYTES);
	world_reopen(world);
	for (int i = 1; i <= TAKEN_MAX; i++) {
		text_format(text, sizeof(text), "HC%032d", i);
		assert_true(store_owns_sid(world->store, text));
	}
}

static void below_the_watermark_nothing_new_comes_in(void **state)
{
	struct world *world = *state;
	if (world->options.path == NULL)
		skip();
	world->options.min_free_bytes = 256 * 1024;
	world_open(world);
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	assert_true(store_has_room(world->store));
	fill_disk(world, 128 * 1024);
	store_upkeep(world->store, NOW);
	assert_false(store_has_room(world->store));
	assert_int_equal(ASK(world, .id = "b").result, STORE_FULL);
	/* What is under way goes on. */
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
	want_state(world, "a", STATE_QUEUED);
	remove_filler(world);
	store_upkeep(world->store, NOW);
	assert_int_equal(ASK(world, .id = "b").result, STORE_ACCEPTED);
}

/* The defaults are larger than this disk. */
static void on_a_small_disk_the_defaults_take_a_share(void **state)
{
	struct world *world = *state;
	if (world->options.path == NULL)
		skip();
	world->options.min_free_bytes = world->options.ballast_bytes = 16 * DISK_BYTES;
	world_open(world);
	assert_int_equal(ASK(world, .id = "literally").result, STORE_FULL);
	world->options.fit_min_free = world->options.fit_ballast = true;
	world_reopen(world);
	assert_int_equal(ASK(world, .id = "fitted").result, STORE_ACCEPTED);
	assert_int_equal(size_of(world, ".ballast"), DISK_BYTES / 16);
	fill_disk(world, DISK_BYTES / 8 - 64 * 1024);
	store_upkeep(world->store, NOW);
	assert_false(store_has_room(world->store));
	remove_filler(world);
	store_upkeep(world->store, NOW);
	assert_true(store_has_room(world->store));
}

int main(void)
{
	signal(SIGXFSZ, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(new_work_is_refused_and_nothing_is_lost, world_setup,
						teardown_unlimited),
		cmocka_unit_test_setup_teardown(it_goes_on_by_itself_when_there_is_space_again, world_setup,
						teardown_unlimited),
		cmocka_unit_test_setup_teardown(a_redelivery_is_known_also_without_space, world_setup,
						teardown_unlimited),
		cmocka_unit_test_setup_teardown(a_result_waits_for_space_and_is_recorded, world_setup,
						teardown_unlimited),
		cmocka_unit_test_setup_teardown(who_stops_waiting_finds_it_unknown_at_the_next_start, world_setup,
						teardown_unlimited),
		cmocka_unit_test_setup_teardown(the_ballast_makes_place_for_results, setup_disk, teardown_disk),
		cmocka_unit_test_setup_teardown(below_the_watermark_nothing_new_comes_in, setup_disk, teardown_disk),
		cmocka_unit_test_setup_teardown(on_a_small_disk_the_defaults_take_a_share, setup_disk, teardown_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
