/* Does a shorter silence in the configuration count for what the API has already, without a rush and in parts? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/edge/store_world.h"

enum { MANY = 5000, PARTS = 10, STEPS_MAX = 100 }; /* more than one step moves */

/* Sent an hour ago, and to be asked for in twenty. */
static void let_many_be_silent(struct world *world)
{
	char text[1024];
	world->options.watch_ms = DAY;
	world_reopen(world);
	assert_false(store_upkeep(world->store, NOW));
	struct sql *sql = world_open_file(world);
	text_format(
		text, sizeof(text),
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		" INSERT INTO commands (seq, state, live, ready, priority, created_ms, updated_ms, expires_ms,"
		" due_ms, attempted_ms, device, sim, client_id, payload, reply_topic)"
		" SELECT i, 4 + i %% 2, 1, 0, 1, %lld, %lld, %lld, %lld, %lld, 'm' || i, 'm' || i, 'c' || i, 'x', ''"
		" FROM n",
		MANY, (long long)NOW, (long long)NOW, (long long)(NOW + DAY), (long long)(NOW + 20 * HOUR),
		(long long)(NOW - HOUR));
	sql_exec(sql, text);
	assert_int_equal(sql_error(sql), SQL_FINE);
	sql_close(sql);
}

static void shorten_to(struct world *world, int64_t watch_ms)
{
	world->options.watch_ms = watch_ms;
	world_open(world);
}

static int upkeep_to_the_end(struct world *world)
{
	int steps = 1;
	while (store_upkeep(world->store, NOW))
		assert_true(++steps < STEPS_MAX);
	return steps;
}

/* How many are due after `from_ms`, up to `to_ms`; the store is closed for it. */
static int64_t due_between(struct world *world, int64_t from_ms, int64_t to_ms)
{
	char text[128];
	struct sql *sql = world_open_file(world);
	text_format(text, sizeof(text), "SELECT count(*) FROM commands WHERE due_ms > %lld AND due_ms <= %lld",
		    (long long)from_ms, (long long)to_ms);
	int64_t count = sql_number(sql, text, -1);
	sql_close(sql);
	return count;
}

/* The API would have to answer for all of them in one second. */
static void those_whose_time_has_passed_are_spread_over_the_new_one(void **state)
{
	struct world *world = *state;
	let_many_be_silent(world);
	shorten_to(world, PARTS * MINUTE);
	upkeep_to_the_end(world);
	for (int part = 0; part < PARTS; part++)
		assert_in_range(due_between(world, NOW + part * MINUTE, NOW + (part + 1) * MINUTE),
				MANY / PARTS - MANY / 100, MANY / PARTS + MANY / 100);
}

static void the_start_waits_for_none_of_them_and_a_step_has_an_end(void **state)
{
	struct world *world = *state;
	let_many_be_silent(world);
	shorten_to(world, PARTS * MINUTE);
	assert_int_equal(due_between(world, NOW + 20 * HOUR - 1, NOW + 20 * HOUR), MANY);
	world_open(world);
	assert_true(store_upkeep(world->store, NOW));
	assert_in_range(due_between(world, NOW - 1, NOW + PARTS * MINUTE), 1, MANY / 2);
}

static void one_step_and_a_kill(struct world *world)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		world_open(world);
		bool more = store_upkeep(world->store, NOW);
		_exit(more ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Also where the next start knows of no other change. */
static void a_walk_that_is_killed_is_gone_through_by_the_next_start(void **state)
{
	struct world *world = *state;
	let_many_be_silent(world);
	world->options.watch_ms = PARTS * MINUTE;
	one_step_and_a_kill(world);
	one_step_and_a_kill(world);
	world_open(world);
	assert_true(upkeep_to_the_end(world) > 1);
	assert_int_equal(due_between(world, NOW - 1, NOW + PARTS * MINUTE), MANY);
}

static void a_start_with_the_same_silence_moves_nothing(void **state)
{
	struct world *world = *state;
	let_many_be_silent(world);
	shorten_to(world, PARTS * MINUTE);
	upkeep_to_the_end(world);
	store_postpone(world->store, 1, NOW + HOUR);
	world_reopen(world);
	assert_int_equal(upkeep_to_the_end(world), 1);
	assert_int_equal(world_find(world, "c1").due_ms, NOW + HOUR);
}

/* What was sent meanwhile was put off by the longer one. */
static void a_longer_silence_is_remembered_for_the_next_shorter_one(void **state)
{
	struct world *world = *state;
	let_many_be_silent(world);
	shorten_to(world, PARTS * MINUTE);
	upkeep_to_the_end(world);
	store_close(world->store);
	shorten_to(world, 2 * HOUR);
	assert_int_equal(upkeep_to_the_end(world), 1);
	store_postpone(world->store, 1, NOW + 2 * HOUR);
	store_close(world->store);
	shorten_to(world, 90 * MINUTE);
	upkeep_to_the_end(world);
	/* Sent an hour ago, so half an hour is left of it: or later, by its part of the spread. */
	assert_in_range(world_find(world, "c1").due_ms, NOW + 30 * MINUTE, NOW + 90 * MINUTE);
}

static void set_limit(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* No file grows while the first steps are tried. */
static void a_step_that_finds_no_space_is_made_later(void **state)
{
	struct world *world = *state;
	let_many_be_silent(world);
	shorten_to(world, PARTS * MINUTE);
	set_limit(1024);
	assert_false(store_upkeep(world->store, NOW));
	assert_false(store_upkeep(world->store, NOW));
	set_limit(RLIM_INFINITY);
	upkeep_to_the_end(world);
	assert_int_equal(due_between(world, NOW - 1, NOW + PARTS * MINUTE), MANY);
}

int main(void)
{
	signal(SIGXFSZ, SIG_IGN);
	const struct CMUnitTest tests[] = {
		WORLD_TEST(those_whose_time_has_passed_are_spread_over_the_new_one),
		WORLD_TEST(the_start_waits_for_none_of_them_and_a_step_has_an_end),
		WORLD_TEST(a_walk_that_is_killed_is_gone_through_by_the_next_start),
		WORLD_TEST(a_start_with_the_same_silence_moves_nothing),
		WORLD_TEST(a_longer_silence_is_remembered_for_the_next_shorter_one),
		WORLD_TEST(a_step_that_finds_no_space_is_made_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
