/* Does a power cut at any moment take anything that was promised? */
// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/fault_vfs.h"
#include "tests/faults/life.h"

enum { NTH_MAX = 5000 };

/* A whole life, without a fault till the lights go out. */
static void live(struct life *life, const void *arg)
{
	const struct fault_plan *plan = arg;
	fault_vfs_install(&life->promises->struck, true);
	fault_vfs_plan(plan);
	life_do_range(life, LIFE_OPEN, LIFE_STEPS);
	life_must_go_on(life);
	life_do(life, LIFE_CLOSE);
}

/* A process that was killed has left its log; the lights go out while the next one reads it. */
static void start_again(struct life *life, const void *arg)
{
	const struct fault_plan *plan = arg;
	fault_vfs_install(&life->promises->struck, true);
	fault_vfs_plan(plan);
	life_do(life, LIFE_OPEN);
	life_must_go_on(life);
	life_do(life, LIFE_CLOSE);
}

/* False: the life was over before. */
static bool survives(const struct fault_plan *plan, bool after_crash, const char *what)
{
	struct life life;
	life_begin(&life);
	if (after_crash)
		life_cut_short(&life, LIFE_SETTLE);
	int status = life_in_child(&life, after_crash ? start_again : live, plan);
	bool cut = life.promises->struck > 0;
	if (status != (cut ? FAULT_POWER_CUT_STATUS : 0))
		fail_msg("%s: ended with %d and said `%s`", what, status, life.said);
	life_judge(&life, what);
	life_end(&life);
	return cut;
}

static void survives_at_every_moment(const char *name, struct fault_plan plan, bool after_crash)
{
	char what[128];
	for (plan.nth = 1; plan.nth < NTH_MAX; plan.nth++) {
		text_format(what, sizeof(what), "%s at the %dth moment", name, (int)plan.nth);
		plan.seed = (uint64_t)plan.nth * 7919;
		if (!survives(&plan, after_crash, what))
			break;
	}
	print_message("%s: %d power cuts\n", name, (int)plan.nth - 1);
	assert_in_range(plan.nth, 20, NTH_MAX - 1);
}

static void what_was_not_synced_may_be_gone(void **state)
{
	(void)state;
	survives_at_every_moment("all lost", (struct fault_plan){FAULT_POWER_CUT, STEP_ANY, .times = 1}, false);
}

static void what_was_not_synced_may_be_there_in_part(void **state)
{
	(void)state;
	const struct fault_plan plan = {FAULT_POWER_CUT, STEP_ANY, .times = 1, .survivors = true};
	survives_at_every_moment("part lost", plan, false);
}

static void a_power_cut_after_a_crash_takes_nothing(void **state)
{
	(void)state;
	struct fault_plan plan = {FAULT_POWER_CUT, STEP_ANY, .times = 1};
	survives_at_every_moment("all lost after a crash", plan, true);
	plan.survivors = true;
	survives_at_every_moment("part lost after a crash", plan, true);
}

/* Without fsync a power cut must be able to take something: else the tests above show nothing. */
static void live_without_fsync(struct life *life, const void *arg)
{
	life->world.options.fsync = false;
	live(life, arg);
}

static void without_fsync_something_is_lost(void **state)
{
	(void)state;
	struct fault_plan plan = {FAULT_POWER_CUT, STEP_ANY, .times = 1};
	bool lost = false, cut = true;
	for (plan.nth = 1; plan.nth < NTH_MAX && cut && !lost; plan.nth++) {
		struct life life;
		char why[WHY_SIZE];
		life_begin(&life);
		life_in_child(&life, live_without_fsync, &plan);
		cut = life.promises->struck > 0;
		struct store *store = store_open(&life.world.options, NOW, why, sizeof(why));
		struct store_record record;
		lost = life.promises->accepted[1] && (store == NULL || !store_find_id(store, "", "c1", &record));
		store_close(store);
		life_end(&life);
	}
	assert_true(lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_synced_may_be_gone),
		cmocka_unit_test(what_was_not_synced_may_be_there_in_part),
		cmocka_unit_test(a_power_cut_after_a_crash_takes_nothing),
		cmocka_unit_test(without_fsync_something_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
