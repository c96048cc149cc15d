/* When is the file, or its folder, refused: loudly, and without a change to it? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bridge/edge/sqlite.h"
#include "tests/unit/edge/store_world.h"

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
