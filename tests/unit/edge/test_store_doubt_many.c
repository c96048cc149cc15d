/* Where very many wait in a spool that is in doubt: are all of them moved, in parts, also when that is interrupted? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bridge/edge/sqlite.h"
#include "tests/unit/edge/store_world.h"

#ifdef BRIDGE_TEST_HOOKS
enum { CRASH_POINTS = 1 };
#else
enum { CRASH_POINTS = 0 };
#endif

enum { MANY = 50000, MANY_SIMS = 7 }; /* more than two transactions hold */

/* Straight into the file: each SIM's first is ready. */
static void let_many_wait(struct world *world)
{
	char text[1024];
	struct sql *sql = world_open_file(world);
	text_format(
		text, sizeof(text),
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		" INSERT INTO commands (seq, state, live, ready, priority, created_ms, updated_ms, expires_ms, due_ms,"
		" device, sim, client_id, payload, reply_topic)"
		" SELECT i, 1, 1, i <= %d, 1, %lld, %lld, %lld, %lld, 'm' || i %% %d, 'm' || i %% %d, 'c' || i, 'x', ''"
		" FROM n",
		MANY, MANY_SIMS, (long long)NOW, (long long)NOW, (long long)(NOW + DAY), (long long)NOW, MANY_SIMS,
		MANY_SIMS);
	sql_exec(sql, text);
	assert_int_equal(sql_error(sql), SQL_FINE);
	sql_close(sql);
}

static void want_all_doubted(struct world *world)
{
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(stats.unknown, MANY);
	assert_int_equal(store_doubted(world->store), MANY);
	assert_int_equal(world_take(world, NOW + HOUR, 8).count, 0);
	want_state(world, "c1", STATE_UNKNOWN);
	want_state(world, "c50000", STATE_UNKNOWN);
	assert_string_equal(world_find(world, "c50000").error_code, STORE_RESTORED);
	assert_int_equal(world_find(world, "c50000").attempted_ms, NOW);
	ASK(world, .device = "other", .id = "new");
	assert_string_equal(world_take(world, NOW + HOUR, 8).ids, "new");
}

static int64_t size_of(const struct world *world, const char *suffix)
{
	char path[128];
	struct stat st;
	text_format(path, sizeof(path), "%s%s", world->path, suffix);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* In one transaction the log would grow larger than the spool. */
static void very_many_are_moved_a_part_at_a_time(void **state)
{
	struct world *world = *state;
	let_many_wait(world);
	world->options.recover = true;
	world_open(world);
	world->options.recover = false;
	assert_in_range(size_of(world, "-wal"), 1, 2 * size_of(world, "") / 3);
	want_all_doubted(world);
}

static void say_that_the_end_is_gone(struct world *world)
{
	char text[64], path[128];
	text_format(text, sizeof(text), "%s %019d\n", store_epoch(world->store), 1000);
	text_format(path, sizeof(path), "%s.mark", world->path);
	let_many_wait(world);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void start_and_be_killed_at(struct world *world, const char *point)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		setenv("BRIDGE_CRASH_AT", point, 1);
		world_open(world);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status))
		fail_msg("the start did not pass %s", point);
}

/* The next start goes on where it was, and still knows why. */
static void a_start_that_is_killed_is_gone_on_with(void **state)
{
	struct world *world = *state;
	if (!CRASH_POINTS)
		skip();
	say_that_the_end_is_gone(world);
	start_and_be_killed_at(world, "recover-before-commit");
	start_and_be_killed_at(world, "recover-after-commit");
	start_and_be_killed_at(world, "recover-after-commit:2");
	start_and_be_killed_at(world, "recover-before-commit:2");
	world_open(world);
	assert_true(store_was_cut(world->store));
	want_all_doubted(world);
	store_close(world->store);
	world_open(world);
	assert_false(store_was_cut(world->store));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(very_many_are_moved_a_part_at_a_time),
		WORLD_TEST(a_start_that_is_killed_is_gone_on_with),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
