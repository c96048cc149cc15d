/* Is what was acknowledged still there when the process is killed at any moment? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/edge/store_world.h"

enum { ROUNDS = 15, CALLERS = 3 };

/* One line on the pipe for each fact, written after the store's function returned. */
struct witness {
	struct world *world;
	int pipe, round, number;
};

static void tell_parent(const struct witness *witness, char what, int64_t seq_or_number)
{
	char line[64];
	text_format(line, sizeof(line), "%c %d-%d-%lld\n", what, witness->round, witness->number,
		    (long long)seq_or_number);
	if (write(witness->pipe, line, strlen(line)) != (ssize_t)strlen(line))
		_exit(1);
}

static void tell_taken(const struct witness *witness, const char *id)
{
	char line[128];
	text_format(line, sizeof(line), "t %s\n", id);
	if (write(witness->pipe, line, strlen(line)) != (ssize_t)strlen(line))
		_exit(1);
}

static void *accept_for_ever(void *arg)
{
	const struct witness *witness = arg;
	char id[64], device[16];
	text_format(device, sizeof(device), "m%d", witness->number);
	for (int i = 0;; i++) {
		text_format(id, sizeof(id), "%d-%d-%d", witness->round, witness->number, i);
		if (ASK(witness->world, .device = device, .id = id).result != STORE_ACCEPTED)
			_exit(2);
		tell_parent(witness, 'a', i);
	}
	return NULL;
}

static void send_for_ever(struct witness *witness)
{
	struct store_attempt attempts[8];
	int64_t next_ms;
	for (;;) {
		size_t count = store_take_due(witness->world->store, NOW, attempts, 8, &next_ms);
		for (size_t i = 0; i < count; i++)
			tell_taken(witness, attempts[i].id);
		for (size_t i = 0; i < count; i++) {
			char sid[SID_SIZE];
			text_format(sid, sizeof(sid), "HC%032lld", (long long)attempts[i].seq);
			SETTLE(witness->world, EVENT_API_QUEUED, .seq = attempts[i].seq, .sid = sid);
			tell_parent(witness, 's', attempts[i].seq);
		}
	}
}

static void live(struct world *world, int pipe, int round)
{
	static struct witness witnesses[CALLERS + 1];
	world->store = store_open(&world->options, NOW, world->why, sizeof(world->why));
	if (world->store == NULL)
		_exit(3);
	for (int i = 0; i <= CALLERS; i++) {
		pthread_t thread;
		witnesses[i] = (struct witness){world, pipe, round, i};
		if (i < CALLERS && pthread_create(&thread, NULL, accept_for_ever, &witnesses[i]) != 0)
			_exit(4);
	}
	send_for_ever(&witnesses[CALLERS]);
}

/* What the child said before it died, checked against what is on disk. */
static int check(struct world *world, FILE *said)
{
	char what, id[64];
	int facts = 0;
	char line[128];
	while (fgets(line, sizeof(line), said) != NULL && strchr(line, '\n') != NULL) {
		struct store_record record;
		what = line[0];
		text_copy_bytes(id, sizeof(id), line + 2, strlen(line) - 3);
		facts++;
		if (what == 'a' || what == 't') {
			assert_true(store_find_id(world->store, "", id, &record));
			/* Nor may what was handed out wait as if it had never been: it would be sent twice. */
			assert_true(what == 'a' || record.state == STATE_UNKNOWN || record.state == STATE_QUEUED ||
				    record.state == STATE_HELD);
			continue;
		}
		char sid[SID_SIZE];
		text_format(sid, sizeof(sid), "HC%032lld", strtoll(strrchr(id, '-') + 1, NULL, 10));
		if (what == 's') {
			assert_true(store_find_sid(world->store, sid, &record));
			assert_int_equal(record.state, STATE_QUEUED);
		}
	}
	return facts;
}

/* Nothing may be accepted any more that was handed out: it is unknown or settled, never sent twice. */
static void check_unknown(struct world *world)
{
	struct store_stats stats;
	struct store_record records[64];
	int64_t next_ms;
	store_stats(world->store, &stats);
	size_t count = store_unknown(world->store, NOW, records, 64, &next_ms);
	assert_int_equal(count, stats.unknown);
	for (size_t i = 0; i < count; i++)
		SETTLE(world, EVENT_NOT_SENT, .seq = records[i].seq, .due_ms = NOW);
}

static void one_round(struct world *world, int round)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		live(world, ends[1], round);
		_exit(9);
	}
	close(ends[1]);
	FILE *said = fdopen(ends[0], "r");
	assert_non_null(said);
	/* It lives; then it has a moment that differs each time. */
	int first = fgetc(said);
	assert_true(first != EOF);
	ungetc(first, said);
	nanosleep(&(struct timespec){.tv_nsec = (round * 7 % 31) * 1000000L + round * 1713L}, NULL);
	assert_int_equal(kill(child, SIGKILL), 0);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	world_open(world);
	assert_true(check(world, said) > 0);
	check_unknown(world);
	store_close(world->store);
	world->store = NULL;
	fclose(said);
}

static void acknowledged_facts_survive_kill_at_any_moment(void **state)
{
	struct world *world = *state;
	for (int round = 0; round < ROUNDS; round++)
		one_round(world, round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {CLOSED_WORLD_TEST(acknowledged_facts_survive_kill_at_any_moment)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
