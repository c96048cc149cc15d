/* Do many callers at once share commits, and does each find its own fact on disk? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "bridge/base/clock.h"
#include "bridge/edge/store_internal.h"
#include "tests/unit/edge/store_world.h"

enum { THREADS = 8, EACH = 100, WAIT_S = 30 };

static bool await(sem_t *sem)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_S;
	while (sem_timedwait(sem, &until) != 0) {
		if (errno != EINTR)
			return false;
	}
	return true;
}

struct caller {
	struct world *world;
	int number, accepted, reported;
};

static void *ask_many(void *arg)
{
	struct caller *caller = arg;
	char device[16], id[32];
	text_format(device, sizeof(device), "m%d", caller->number);
	for (int i = 0; i < EACH; i++) {
		text_format(id, sizeof(id), "%s-%d", device, i);
		struct store_accepted accepted = ASK(caller->world, .device = device, .id = id);
		caller->accepted += accepted.result == STORE_ACCEPTED;
		struct store_record record;
		caller->reported += store_find_id(caller->world->store, device, id, &record);
	}
	return NULL;
}

static void many_callers_at_once_find_all_stored(void **state)
{
	struct world *world = *state;
	world->options.fsync = true;
	world_open(world);
	pthread_t threads[THREADS];
	struct caller callers[THREADS];
	for (int i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){.world = world, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, ask_many, &callers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(callers[i].accepted, EACH);
		assert_int_equal(callers[i].reported, EACH);
	}
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, THREADS * EACH);
	world_reopen(world);
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, THREADS * EACH);
	assert_int_equal(stats.events, THREADS * EACH);
}

/* Whoever has committed wakes who has work, and has the connection until that is done. */
struct gate {
	sem_t entered, opened;
};

static void stand_in_the_gate(void *ctx)
{
	struct gate *gate = ctx;
	sem_post(&gate->entered);
	sem_wait(&gate->opened);
	sem_post(&gate->opened);
}

static void *ask_one(void *arg)
{
	struct caller *caller = arg;
	char device[16];
	text_format(device, sizeof(device), "m%d", caller->number);
	caller->accepted = ASK(caller->world, .device = device, .id = device).result == STORE_ACCEPTED;
	return NULL;
}

static int waiting_writes(struct store *store)
{
	int count = 0;
	pthread_mutex_lock(&store->writer.lock);
	for (const struct store_job *job = store->writer.writes; job != NULL; job = job->next)
		count++;
	pthread_mutex_unlock(&store->writer.lock);
	return count;
}

static void callers_share_commits_and_all_is_stored(void **state)
{
	struct world *world = *state;
	struct gate gate;
	pthread_t threads[THREADS];
	struct caller callers[THREADS];
	struct store_stats before, after;
	sem_init(&gate.entered, 0, 0);
	sem_init(&gate.opened, 0, 0);
	store_on_work(world->store, STORE_WORK_EVENTS, stand_in_the_gate, &gate);
	for (int i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){.world = world, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, ask_one, &callers[i]), 0);
		if (i == 0)
			assert_true(await(&gate.entered));
	}
	store_stats(world->store, &before);
	for (int64_t until_ms = clock_mono_ms() + WAIT_S * 1000; waiting_writes(world->store) < THREADS - 1;) {
		assert_true(clock_mono_ms() < until_ms);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	sem_post(&gate.opened);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(callers[i].accepted);
	}
	store_stats(world->store, &after);
	assert_int_equal(before.open, 1);
	assert_int_equal(after.open, THREADS);
	assert_int_equal(after.commits, before.commits + 1);
	world_reopen(world);
	store_stats(world->store, &after);
	assert_int_equal(after.open, THREADS);
	sem_destroy(&gate.entered);
	sem_destroy(&gate.opened);
}

/* ---- all stages at once ------------------------------------------------------------------------------- */

struct stages {
	struct world *world;
	sem_t events, commands;
	atomic_int published;
	atomic_bool failed;
};

static void post(void *ctx)
{
	sem_post(ctx);
}

/* Takes, gives back as queued, and reports delivered, until all commands are through. */
static void *send_all(void *arg)
{
	struct stages *stages = arg;
	struct store *store = stages->world->store;
	int sent = 0;
	while (sent < THREADS * EACH) {
		struct store_attempt attempts[16];
		struct store_settlement settlements[16] = {0};
		int64_t next_ms;
		size_t count = store_take_due(store, NOW, attempts, 16, &next_ms);
		if (count == 0 && !await(&stages->commands))
			break;
		for (size_t i = 0; i < count; i++) {
			settlements[i] = (struct store_settlement){.seq = attempts[i].seq, .event = EVENT_API_QUEUED};
			text_format(settlements[i].sid, SID_SIZE, "HC%032lld", (long long)attempts[i].seq);
		}
		store_settle(store, settlements, count, NOW);
		for (size_t i = 0; i < count; i++) {
			const struct store_report report = {.seq = attempts[i].seq,
							    .sid = settlements[i].sid,
							    .sim_sid = "",
							    .status = API_DELIVERED,
							    .error_code = "",
							    .error_message = ""};
			if (store_report(store, &report, NOW) != STORE_NEWS)
				atomic_store(&stages->failed, true);
			sent++;
		}
	}
	if (sent < THREADS * EACH)
		atomic_store(&stages->failed, true);
	return NULL;
}

/* Each event exactly once and in order. */
static void *publish_all(void *arg)
{
	struct stages *stages = arg;
	struct store *store = stages->world->store;
	int64_t after = 0;
	while (atomic_load(&stages->published) < 3 * THREADS * EACH) {
		struct store_event events[100];
		int64_t seqs[100];
		size_t count = store_events(store, after, events, 100);
		if (count == 0 && !await(&stages->events))
			break;
		for (size_t i = 0; i < count; i++) {
			if (events[i].seq <= after)
				atomic_store(&stages->failed, true);
			seqs[i] = after = events[i].seq;
			store_event_clear(&events[i]);
		}
		store_events_done(store, seqs, count);
		atomic_fetch_add(&stages->published, (int)count);
	}
	return NULL;
}

static void *watch(void *arg)
{
	struct stages *stages = arg;
	while (atomic_load(&stages->published) < 3 * THREADS * EACH && !atomic_load(&stages->failed)) {
		struct store_stats stats;
		store_stats(stages->world->store, &stats);
		store_upkeep(stages->world->store, NOW);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return NULL;
}

static void all_stages_at_once_lose_and_repeat_nothing(void **state)
{
	struct world *world = *state;
	struct stages stages = {.world = world};
	sem_init(&stages.events, 0, 0);
	sem_init(&stages.commands, 0, 0);
	store_on_work(world->store, STORE_WORK_EVENTS, post, &stages.events);
	store_on_work(world->store, STORE_WORK_COMMANDS, post, &stages.commands);
	pthread_t threads[THREADS], others[3];
	struct caller callers[THREADS];
	assert_int_equal(pthread_create(&others[0], NULL, send_all, &stages), 0);
	assert_int_equal(pthread_create(&others[1], NULL, publish_all, &stages), 0);
	assert_int_equal(pthread_create(&others[2], NULL, watch, &stages), 0);
	for (int i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){.world = world, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, ask_many, &callers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(others[i], NULL);
	assert_false(atomic_load(&stages.failed));
	assert_int_equal(atomic_load(&stages.published), 3 * THREADS * EACH);
	world_reopen(world);
	struct store_event event;
	assert_int_equal(store_events(world->store, 0, &event, 1), 0);
	struct store_stats stats;
	store_stats(world->store, &stats);
	assert_int_equal(stats.open, 0);
	sem_destroy(&stages.events);
	sem_destroy(&stages.commands);
}

/* ---- events ------------------------------------------------------------------------------------------- */

static void done_events_are_gone_at_once_for_the_reader(void **state)
{
	struct world *world = *state;
	struct store_event events[4];
	ASK(world, .id = "a");
	ASK(world, .id = "b");
	assert_int_equal(store_events(world->store, 0, events, 4), 2);
	store_events_done(world->store, &events[0].seq, 1);
	int64_t second = events[1].seq;
	for (size_t i = 0; i < 2; i++)
		store_event_clear(&events[i]);
	assert_int_equal(store_events(world->store, 0, events, 4), 1);
	assert_int_equal(events[0].seq, second);
	store_event_clear(&events[0]);
	world_reopen(world);
	assert_int_equal(store_events(world->store, 0, events, 4), 1);
	store_event_clear(&events[0]);
}

static void numbers_of_events_are_not_used_again(void **state)
{
	struct world *world = *state;
	struct store_event event;
	ASK(world, .id = "a");
	assert_int_equal(store_events(world->store, 0, &event, 1), 1);
	int64_t first = event.seq;
	store_event_clear(&event);
	store_events_done(world->store, &first, 1);
	int64_t until = clock_mono_ms() + WAIT_S * 1000;
	struct store_stats stats;
	do {
		assert_true(clock_mono_ms() < until);
		store_upkeep(world->store, NOW);
		store_stats(world->store, &stats);
	} while (stats.events > 0);
	ASK(world, .id = "b");
	assert_int_equal(store_events(world->store, first, &event, 1), 1);
	assert_true(event.seq > first);
	store_event_clear(&event);
}

static void listeners_hear_of_their_kind_only(void **state)
{
	struct world *world = *state;
	sem_t heard[STORE_WORK_KINDS];
	for (int i = 0; i < STORE_WORK_KINDS; i++) {
		sem_init(&heard[i], 0, 0);
		store_on_work(world->store, (enum store_work)i, post, &heard[i]);
	}
	ASK(world, .device = "m1", .id = "a");
	assert_true(await(&heard[STORE_WORK_COMMANDS]));
	assert_true(await(&heard[STORE_WORK_EVENTS]));
	ASK(world, .device = "m1", .id = "behind it");
	assert_true(await(&heard[STORE_WORK_EVENTS]));
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_NO_ANSWER, .seq = 1);
	assert_true(await(&heard[STORE_WORK_UNKNOWN]));
	store_remember(world->store, "x", "so that the wake-ups are over");
	for (int i = 0; i < STORE_WORK_KINDS; i++) {
		assert_int_equal(sem_trywait(&heard[i]), -1);
		store_on_work(world->store, (enum store_work)i, NULL, NULL);
	}
	store_remember(world->store, "x", "nobody is in a listener any more");
	for (int i = 0; i < STORE_WORK_KINDS; i++)
		sem_destroy(&heard[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(callers_share_commits_and_all_is_stored),
		CLOSED_WORLD_TEST(many_callers_at_once_find_all_stored),
		WORLD_TEST(all_stages_at_once_lose_and_repeat_nothing),
		WORLD_TEST(done_events_are_gone_at_once_for_the_reader),
		WORLD_TEST(numbers_of_events_are_not_used_again),
		WORLD_TEST(listeners_hear_of_their_kind_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
