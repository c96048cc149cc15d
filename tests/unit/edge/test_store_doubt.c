/* Is it noticed that a piece of the spool is gone, and is nothing of it then simply sent? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/edge/store_world.h"

/* ---- what happens to files -------------------------------------------------------------------------- */

static void copy(const struct world *world, const char *from_suffix, const char *to_suffix)
{
	static char bytes[4 * 1024 * 1024];
	char from[128], to[128];
	text_format(from, sizeof(from), "%s%s", world->path, from_suffix);
	text_format(to, sizeof(to), "%s%s", world->path, to_suffix);
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(in >= 0 && out >= 0);
	ssize_t len = read(in, bytes, sizeof(bytes));
	assert_true(len > 0 && len < (ssize_t)sizeof(bytes));
	assert_int_equal(write(out, bytes, (size_t)len), len);
	close(in);
	close(out);
}

static void back_up(struct world *world)
{
	store_close(world->store);
	copy(world, "", ".new");
	world_open(world);
}

static void restore(struct world *world)
{
	store_close(world->store);
	copy(world, ".new", "");
	world_remove(world, "-wal");
	world_open(world);
}

/* A life that ends without a farewell. */
static void live_and_die(struct world *world, void (*live)(struct world *world))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		world_open(world);
		live(world);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void send_a(struct world *world)
{
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
}

static void send_the_rest(struct world *world)
{
	world_take(world, NOW, 8);
	ASK(world, .device = "m9", .id = "later");
}

/* ---- is it noticed? ----------------------------------------------------------------------------------- */

static void a_log_that_was_deleted_is_noticed(void **state)
{
	struct world *world = *state;
	live_and_die(world, send_a);
	world_remove(world, "-wal");
	world_open(world);
	assert_true(store_was_cut(world->store));
}

static void a_log_that_is_there_is_no_reason_for_doubt(void **state)
{
	struct world *world = *state;
	live_and_die(world, send_a);
	world_open(world);
	assert_false(store_was_cut(world->store));
	assert_int_equal(store_doubted(world->store), 0);
	want_state(world, "a", STATE_QUEUED);
}

static void what_was_noticed_once_is_not_noticed_again(void **state)
{
	struct world *world = *state;
	live_and_die(world, send_a);
	world_remove(world, "-wal");
	world_open(world);
	ASK(world, .id = "b");
	world_reopen(world);
	assert_false(store_was_cut(world->store));
	want_state(world, "b", STATE_ACCEPTED);
}

static void an_older_copy_in_its_place_is_noticed(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	back_up(world);
	send_the_rest(world);
	restore(world);
	assert_true(store_was_cut(world->store));
	want_state(world, "a", STATE_UNKNOWN);
}

/* Copied with its log from under the running bridge, and put back after a clean stop that came soon. */
static void an_older_copy_of_the_same_hour_is_noticed(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	copy(world, "", ".new");
	copy(world, "-wal", ".link");
	send_the_rest(world);
	store_close(world->store);
	copy(world, ".new", "");
	copy(world, ".link", "-wal");
	world_open(world);
	assert_true(store_was_cut(world->store));
	want_state(world, "a", STATE_UNKNOWN);
}

static const struct {
	const char *name, *text;
} marks[] = {
	{"none", NULL},
	{"empty", ""},
	{"half", "feed"},
	{"no number", "00000000 x\n"},
	{"of another spool", "00000000 0000000000000000099\n"},
	{"noise", "\xff\xfe\x80 99999999999999999999999999999999999999999999999999999999999999999999999999"},
};

static void a_mark_that_says_nothing_is_no_reason_for_doubt(void **state)
{
	struct world *world = *state;
	char path[128];
	text_format(path, sizeof(path), "%s.mark", world->path);
	for (size_t i = 0; i < ROWS(marks); i++) {
		store_close(world->store);
		unlink(path);
		int fd = marks[i].text == NULL ? -1 : open(path, O_WRONLY | O_CREAT, 0600);
		if (fd >= 0) {
			assert_int_equal(write(fd, marks[i].text, strlen(marks[i].text)), strlen(marks[i].text));
			close(fd);
		}
		world_open(world);
		want_bool(marks[i].name, "cut", store_was_cut(world->store), false);
	}
}

static int mark_error(struct world *world)
{
	struct store_stats stats;
	store_upkeep(world->store, NOW);
	store_stats(world->store, &stats);
	return stats.mark_error;
}

/* Silence would be found out when it is too late. */
static void a_mark_that_cannot_be_written_is_told_until_it_can(void **state)
{
	struct world *world = *state;
	char path[128];
	text_format(path, sizeof(path), "%s.mark", world->path);
	assert_int_equal(mark_error(world), 0);
	store_close(world->store);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	world_open(world);
	assert_int_equal(mark_error(world), EISDIR);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mark_error(world), 0);
	ASK(world, .id = "a");
	back_up(world);
	send_the_rest(world);
	restore(world);
	assert_true(store_was_cut(world->store));
}

/* ---- what becomes of it ------------------------------------------------------------------------------- */

/* `a` waits, `b` is being sent, `c` has no answer, `d` is at the API, `e` has ended. */
static void one_of_each(struct world *world)
{
	static const char *const ids[] = {"b", "c", "d", "e"};
	for (size_t i = 0; i < ROWS(ids); i++)
		ASK(world, .device = ids[i], .id = ids[i]);
	world_take(world, NOW, 4);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 2, .due_ms = NOW + 30 * SECOND);
	SETTLE(world, EVENT_API_QUEUED, .seq = 3, .sid = SID_A);
	SETTLE(world, EVENT_API_FAILED, .seq = 4, .sid = SID_B);
	ASK(world, .device = "a", .id = "a");
	world_told(world);
}

static void recover(struct world *world)
{
	world->options.recover = true;
	world_reopen(world);
	world->options.recover = false;
}

static void what_waits_in_an_older_copy_is_in_doubt(void **state)
{
	struct world *world = *state;
	one_of_each(world);
	recover(world);
	assert_false(store_was_cut(world->store));
	assert_int_equal(store_doubted(world->store), 3);
	want_state(world, "a", STATE_UNKNOWN);
	want_state(world, "b", STATE_UNKNOWN);
	want_state(world, "c", STATE_UNKNOWN);
	want_state(world, "d", STATE_QUEUED);
	want_state(world, "e", STATE_FAILED);
	assert_int_equal(world_take(world, NOW + HOUR, 8).count, 0);
	struct store_record record = world_find(world, "a");
	assert_string_equal(record.error_code, STORE_RESTORED);
	assert_int_equal(record.attempted_ms, NOW); /* it may have been sent since it was accepted */
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(stats.unknown, 3);
}

static void the_doubt_outlives_the_process(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	recover(world);
	world_reopen(world);
	want_state(world, "a", STATE_UNKNOWN);
	assert_string_equal(world_find(world, "a").error_code, STORE_RESTORED);
	ASK(world, .device = "m2", .id = "b");
	assert_string_equal(world_take(world, NOW, 8).ids, "b");
}

/* Else a callback of a command that was lost with the rest would settle a new one, which then is never sent. */
static void numbers_that_may_have_been_given_are_not_given_again(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	recover(world);
	world_reopen(world);
	ASK(world, .device = "m2", .id = "b");
	assert_true(world_find(world, "b").seq > 1000000);
	const struct store_report report = {
		.seq = 2, .sid = SID_A, .sim_sid = "", .status = API_SENT, .error_code = "", .error_message = ""};
	assert_int_equal(store_report(world->store, &report, NOW), STORE_STRANGER);
	want_state(world, "b", STATE_ACCEPTED);
	int64_t seq = world_find(world, "b").seq;
	recover(world);
	ASK(world, .device = "m3", .id = "c");
	assert_true(world_find(world, "c").seq > seq + 1000000);
}

static void a_packet_id_of_then_says_nothing(void **state)
{
	struct world *world = *state;
	ASK(world, .delivery = {1, 5, false, 77});
	recover(world);
	assert_int_equal(ASK(world, .delivery = {2, 5, true, 77}).result, STORE_ACCEPTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLOSED_WORLD_TEST(a_log_that_was_deleted_is_noticed),
		CLOSED_WORLD_TEST(a_log_that_is_there_is_no_reason_for_doubt),
		CLOSED_WORLD_TEST(what_was_noticed_once_is_not_noticed_again),
		WORLD_TEST(an_older_copy_in_its_place_is_noticed),
		WORLD_TEST(an_older_copy_of_the_same_hour_is_noticed),
		WORLD_TEST(a_mark_that_says_nothing_is_no_reason_for_doubt),
		WORLD_TEST(a_mark_that_cannot_be_written_is_told_until_it_can),
		WORLD_TEST(what_waits_in_an_older_copy_is_in_doubt),
		WORLD_TEST(the_doubt_outlives_the_process),
		WORLD_TEST(numbers_that_may_have_been_given_are_not_given_again),
		WORLD_TEST(a_packet_id_of_then_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
