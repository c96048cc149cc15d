/* What does the next process find? And when does it refuse? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bridge/edge/sqlite.h"
#include "tests/unit/edge/store_world.h"

static void what_was_accepted_and_announced_is_still_there(void **state)
{
	struct world *world = *state;
	struct store_accepted accepted = ASK(world, .device = "m1", .payload = "on");
	ASK(world, .device = "m1", .id = "b", .urgency = 1);
	char epoch[16];
	text_copy(epoch, sizeof(epoch), store_epoch(world->store));
	world_reopen(world);
	assert_string_equal(store_epoch(world->store), epoch);
	char want[256];
	text_format(want, sizeof(want), "m1 %s accepted, m1 b accepted", accepted.id);
	assert_string_equal(world_told(world), want);
	assert_string_equal(world_take(world, NOW, 8).ids, "b");
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, 2);
	assert_int_equal(stats.waiting, 1);
	assert_int_equal(stats.events, 2);
	assert_int_equal(stats.oldest_ms, NOW);
}

static void sequence_numbers_go_on(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	ASK(world, .id = "b");
	world_reopen(world);
	ASK(world, .id = "c");
	assert_int_equal(world_find(world, "c").seq, 3);
}

static void two_spools_have_different_epochs(void **state)
{
	struct world *world = *state;
	char epoch[16];
	text_copy(epoch, sizeof(epoch), store_epoch(world->store));
	store_close(world->store);
	world_remove(world, "");
	world_open(world);
	assert_string_not_equal(store_epoch(world->store), epoch);
}

static void what_was_being_sent_is_unknown_and_due_at_once(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	ASK(world, .id = "b");
	world_take(world, NOW - MINUTE, 1);
	world_take(world, NOW, 1);
	world_reopen(world);
	struct store_record record;
	int64_t next_ms;
	assert_int_equal(store_unknown(world->store, NOW, &record, 1, &next_ms), 1);
	assert_string_equal(record.id, "a");
	assert_int_equal(record.attempted_ms, NOW);
	assert_int_equal(world_take(world, NOW + DAY - 1, 8).count, 0);
	assert_string_equal(world_told(world), "meter-1 a accepted, meter-1 b accepted");
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW);
	assert_string_equal(world_take(world, NOW, 8).ids, "a");
}

/* It was put off by what the configuration said when it was sent. */
static void a_shorter_silence_counts_for_what_the_api_has_already(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "soon");
	ASK(world, .device = "m2", .id = "late");
	world_take(world, NOW, 2);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A, .due_ms = NOW + SECOND);
	SETTLE(world, EVENT_API_QUEUED, .seq = 2, .sid = SID_B, .due_ms = NOW + 10 * MINUTE);
	ASK(world, .device = "m3", .id = "old");
	world_take(world, NOW - 10 * HOUR, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = 3, .sid = "HCcccccccccccccccccccccccccccccccc",
	       .due_ms = NOW + 30 * MINUTE);
	world->options.watch_ms = MINUTE;
	world_reopen(world);
	assert_int_equal(world_find(world, "soon").due_ms, NOW + SECOND);
	assert_int_equal(world_find(world, "late").due_ms, NOW + MINUTE);
	/* Asked for once an hour, as is fit for its age. */
	assert_int_equal(world_find(world, "old").due_ms, NOW + 30 * MINUTE);
}

static void what_was_being_sent_is_not_looked_for_before_the_api_can_list_it(void **state)
{
	struct world *world = *state;
	struct store_record record;
	int64_t next_ms;
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	world->options.settle_ms = 30 * SECOND;
	world_reopen(world);
	assert_int_equal(store_unknown(world->store, NOW + 30 * SECOND - 1, &record, 1, &next_ms), 0);
	assert_int_equal(next_ms, NOW + 30 * SECOND);
	assert_int_equal(store_unknown(world->store, NOW + 30 * SECOND, &record, 1, &next_ms), 1);
}

/* Nor does a restart bring all retries forward at once. */
static void what_was_put_back_is_due_at_its_time_in_the_next_process_too(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "b");
	world_take(world, NOW, 2);
	SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW + 2 * MINUTE);
	SETTLE(world, EVENT_NOT_SENT, .seq = 2, .due_ms = NOW + MINUTE);
	world_reopen(world);
	struct taken taken = world_take(world, NOW + MINUTE - 1, 8);
	assert_string_equal(taken.ids, "");
	assert_int_equal(taken.next_ms, NOW + MINUTE);
	taken = world_take(world, NOW + MINUTE, 8);
	assert_string_equal(taken.ids, "b");
	assert_int_equal(taken.attempts[0].attempts, 2);
	assert_int_equal(taken.next_ms, NOW + 2 * MINUTE);
}

/* A machine without a battery comes up with an old time, which would be long ago for the stages. */
static void a_clock_that_starts_anew_shortens_no_wait_for_the_list(void **state)
{
	struct world *world = *state;
	struct store_record record;
	int64_t next_ms;
	ASK(world, .id = "a");
	world_take(world, NOW + HOUR, 1);
	world->options.settle_ms = 30 * SECOND;
	world_reopen(world);
	assert_int_equal(store_unknown(world->store, NOW + HOUR + 30 * SECOND - 1, &record, 1, &next_ms), 0);
	assert_int_equal(store_unknown(world->store, NOW + HOUR + 30 * SECOND, &record, 1, &next_ms), 1);
}

static void three_deaths_over_one_command_hold_it(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "poison");
	ASK(world, .id = "b");
	for (int death = 1; death <= 3; death++) {
		assert_string_equal(world_take(world, NOW, 1).ids, "poison");
		world_reopen(world);
		want_state(world, "poison", death < 3 ? STATE_UNKNOWN : STATE_HELD);
		if (death < 3)
			SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW);
	}
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.held, 1);
	assert_string_equal(world_take(world, NOW, 8).ids, "b");
	assert_string_equal(world_find(world, "poison").error_code, "daemon_died");
}

/* Restarts of the machine are no reason to suspect a command that was tried well in between. */
static void deaths_that_are_not_in_a_row_hold_nothing(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	for (int death = 1; death <= 4; death++) {
		assert_string_equal(world_take(world, NOW, 1).ids, "a");
		world_reopen(world);
		want_state(world, "a", STATE_UNKNOWN);
		SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW);
		assert_string_equal(world_take(world, NOW, 1).ids, "a");
		SETTLE(world, EVENT_NOT_SENT, .seq = 1, .due_ms = NOW, .code = "api_429");
	}
}

/* ---- refusals ------------------------------------------------------------------------------------------- */

static void want_refusal(struct world *world, const char *part)
{
	struct store *store = store_open(&world->options, NOW, world->why, sizeof(world->why));
	if (store != NULL) {
		store_close(store);
		fail_msg("it opens; want: %s", part);
	}
	want_part("refusal", "why", world->why, part);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* Waits until it may, and then asks as a shell or a backup program does, which knows nothing of us. */
static _Noreturn void be_a_shell(const struct world *world, const int ends[2])
{
	char byte;
	sqlite3 *db;
	close(ends[1]); /* a parent that fails is an end, too */
	if (read(ends[0], &byte, 1) != 1 || sqlite3_open_v2(world->path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		_exit(1);
	int reads = sqlite3_exec(db, "SELECT count(*) FROM commands", NULL, NULL, NULL);
	int writes = sqlite3_exec(db, "DELETE FROM commands", NULL, NULL, NULL);
	_exit(reads == SQLITE_BUSY && writes == SQLITE_BUSY ? 0 : 2);
}

static void a_shell_is_kept_out_of_the_live_file(void **state)
{
	struct world *world = *state;
	int ends[2], status;
	assert_int_equal(pipe(ends), 0);
	pid_t shell = fork();
	assert_true(shell >= 0);
	if (shell == 0)
		be_a_shell(world, ends);
	world_open(world);
	ASK(world, .id = "a");
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(waitpid(shell, &status, 0), shell);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	ASK(world, .id = "b");
	want_state(world, "a", STATE_ACCEPTED);
	want_state(world, "b", STATE_ACCEPTED);
	close(ends[0]);
	close(ends[1]);
}

/* As on a file system that cannot lock or map what the log needs: memory stands for it. */
static void without_a_write_ahead_log_nothing_is_begun(void **state)
{
	struct sql *sql = sql_open(":memory:", true);
	(void)state;
	assert_int_equal(sql_error(sql), SQL_FINE);
	sql_setup(sql, true);
	assert_int_equal(sql_error(sql), SQL_BROKEN);
	assert_string_equal(sql_why(sql), "this file system takes no write-ahead log");
	sql_close(sql);
}

static void a_second_daemon_is_told_so(void **state)
{
	struct world *world = *state;
	want_refusal(world, "another process has it open");
	ASK(world, .id = "a");
}

static void a_file_that_is_no_database_is_refused_and_kept(void **state)
{
	struct world *world = *state;
	char text[4096];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_file(world->path, text, 0600);
	want_refusal(world, "damaged, or no spool");
	struct stat st;
	assert_int_equal(stat(world->path, &st), 0);
	assert_int_equal(st.st_size, (off_t)strlen(text));
}

static void a_damaged_page_is_refused_and_kept(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 200; i++)
		ASK(world, .payload = "some text to fill pages with, so that there is something to damage");
	store_close(world->store);
	world->store = NULL;
	struct stat st;
	assert_int_equal(stat(world->path, &st), 0);
	int fd = open(world->path, O_WRONLY);
	char noise[4096];
	memset(noise, 0xa5, sizeof(noise));
	for (off_t at = 4096; at < st.st_size; at += 8192)
		assert_int_equal(pwrite(fd, noise, sizeof(noise), at), (ssize_t)sizeof(noise));
	close(fd);
	want_refusal(world, "damaged");
}

static void an_empty_file_is_refused(void **state)
{
	struct world *world = *state;
	write_file(world->path, "", 0600);
	want_refusal(world, "is empty");
}

static void set_pragma(const struct world *world, const char *pragma)
{
	struct sql *sql = sql_open(world->path, true);
	sql_exec(sql, pragma);
	assert_string_equal(sql_why(sql), "");
	sql_close(sql);
}

static void a_newer_schema_is_refused(void **state)
{
	struct world *world = *state;
	store_close(world->store);
	world->store = NULL;
	set_pragma(world, "PRAGMA user_version=99");
	want_refusal(world, "newer version (schema 99");
}

static void another_programs_database_is_refused(void **state)
{
	struct world *world = *state;
	set_pragma(world, "CREATE TABLE birds (name TEXT)");
	assert_int_equal(chmod(world->path, 0600), 0);
	want_refusal(world, "another program's database");
}

static void a_file_that_others_can_write_is_refused(void **state)
{
	struct world *world = *state;
	store_close(world->store);
	world->store = NULL;
	static const mode_t modes[] = {0666, 0620, 0602};
	for (size_t i = 0; i < ROWS(modes); i++) {
		assert_int_equal(chmod(world->path, modes[i]), 0);
		want_refusal(world, "chmod 0600");
	}
}

static void a_file_that_others_can_read_is_closed_to_them(void **state)
{
	struct world *world = *state;
	store_close(world->store);
	assert_int_equal(chmod(world->path, 0644), 0);
	world_open(world);
	struct stat st;
	assert_int_equal(stat(world->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_new_file_is_for_its_owner_alone(void **state)
{
	struct world *world = *state;
	struct stat st;
	char log[128];
	text_format(log, sizeof(log), "%s-wal", world->path);
	ASK(world, .id = "a");
	assert_int_equal(stat(world->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_link_in_place_of_the_file_is_refused(void **state)
{
	struct world *world = *state;
	char target[128];
	store_close(world->store);
	world->store = NULL;
	text_format(target, sizeof(target), "%s.link", world->path);
	assert_int_equal(rename(world->path, target), 0);
	assert_int_equal(symlink(target, world->path), 0);
	want_refusal(world, "not a plain file");
}

static void a_folder_that_is_not_there_or_open_to_all_is_refused(void **state)
{
	struct world *world = *state;
	assert_int_equal(chmod(world->folder, 0777), 0);
	want_refusal(world, "anybody can write");
	assert_int_equal(chmod(world->folder, 0700), 0);
	char path[128];
	text_format(path, sizeof(path), "%s/none/spool.db", world->folder);
	world->options.path = path;
	want_refusal(world, "make it, owned by the daemon's user");
	/* A link to itself. */
	char loop[128];
	text_format(loop, sizeof(loop), "%s.link", world->path);
	assert_int_equal(symlink(loop, loop), 0);
	text_format(path, sizeof(path), "%s/spool.db", loop);
	want_refusal(world, "cannot be reached");
}

static void an_unfinished_new_file_is_no_obstacle(void **state)
{
	struct world *world = *state;
	char unfinished[128];
	text_format(unfinished, sizeof(unfinished), "%s.new", world->path);
	write_file(unfinished, "half", 0600);
	world_open(world);
	assert_int_equal(ASK(world, .id = "a").result, STORE_ACCEPTED);
	assert_int_equal(access(unfinished, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(what_was_accepted_and_announced_is_still_there),
		WORLD_TEST(sequence_numbers_go_on),
		WORLD_TEST(two_spools_have_different_epochs),
		WORLD_TEST(what_was_being_sent_is_unknown_and_due_at_once),
		WORLD_TEST(a_shorter_silence_counts_for_what_the_api_has_already),
		WORLD_TEST(what_was_being_sent_is_not_looked_for_before_the_api_can_list_it),
		WORLD_TEST(what_was_put_back_is_due_at_its_time_in_the_next_process_too),
		WORLD_TEST(a_clock_that_starts_anew_shortens_no_wait_for_the_list),
		WORLD_TEST(three_deaths_over_one_command_hold_it),
		WORLD_TEST(deaths_that_are_not_in_a_row_hold_nothing),
		WORLD_TEST(a_second_daemon_is_told_so),
		CLOSED_WORLD_TEST(a_shell_is_kept_out_of_the_live_file),
		cmocka_unit_test(without_a_write_ahead_log_nothing_is_begun),
		CLOSED_WORLD_TEST(a_file_that_is_no_database_is_refused_and_kept),
		WORLD_TEST(a_damaged_page_is_refused_and_kept),
		CLOSED_WORLD_TEST(an_empty_file_is_refused),
		WORLD_TEST(a_newer_schema_is_refused),
		CLOSED_WORLD_TEST(another_programs_database_is_refused),
		WORLD_TEST(a_file_that_others_can_write_is_refused),
		WORLD_TEST(a_file_that_others_can_read_is_closed_to_them),
		WORLD_TEST(a_new_file_is_for_its_owner_alone),
		WORLD_TEST(a_link_in_place_of_the_file_is_refused),
		CLOSED_WORLD_TEST(a_folder_that_is_not_there_or_open_to_all_is_refused),
		CLOSED_WORLD_TEST(an_unfinished_new_file_is_no_obstacle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
