/* Does a disk that fails at any moment take anything that was promised, or give anything twice? */
// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/fault_vfs.h"
#include "tests/faults/life.h"

enum { NTH_MAX = 5000, FOR_EVER = 1 << 30, UNTIL_SPACE_RETURNS = 3 };

struct trouble {
	enum life_step step;
	struct fault_plan plan;
	bool after_crash;
};

static void live(struct life *life, const void *arg)
{
	const struct trouble *trouble = arg;
	fault_vfs_install(&life->promises->struck, false);
	life_do_range(life, LIFE_OPEN, trouble->step);
	fault_vfs_plan(&trouble->plan);
	life_do(life, trouble->step);
	fault_vfs_plan(NULL);
	life_must_go_on(life);
	life_do(life, LIFE_CLOSE);
}

/* The process before this one was killed: the log is full of news, a command was being sent. */
static void live_again(struct life *life, const void *arg)
{
	const struct trouble *trouble = arg;
	fault_vfs_install(&life->promises->struck, false);
	fault_vfs_plan(&trouble->plan);
	life_do(life, LIFE_OPEN);
	fault_vfs_plan(NULL);
	life_must_go_on(life);
	life_do(life, LIFE_CLOSE);
}

static size_t lines_of(const char *text)
{
	size_t lines = 0;
	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

/* It ended by itself: well, or with one line and status 1; never by a signal. A full disk never ends it. */
static void want_decent_end(const struct life *life, const struct trouble *trouble, int status, const char *what)
{
	bool may_die = trouble->plan.kind == FAULT_ERROR || trouble->plan.step != STEP_WRITE;
	if (status == 0 && (life->promises->struck > 0 || life->said[0] == '\0'))
		return;
	if (status != 1 || !may_die)
		fail_msg("%s: ended with %d and said `%s`", what, status, life->said);
	if (lines_of(life->said) != 1 || strstr(life->said, "fatal") == NULL)
		fail_msg("%s: did not say one fatal line but `%s`", what, life->said);
}

/* False: the step is done before so many. */
static bool survives(const struct trouble *trouble, const char *what)
{
	struct life life;
	life_begin(&life);
	if (trouble->after_crash)
		life_cut_short(&life, LIFE_SETTLE);
	int status = life_in_child(&life, trouble->after_crash ? live_again : live, trouble);
	bool struck = life.promises->struck > 0;
	want_decent_end(&life, trouble, status, what);
	life_judge(&life, what);
	life_end(&life);
	return struck;
}

/* Every n-th step of the disk's within one of the spool's; returns how many there are. */
static int64_t survives_all(const char *name, struct trouble trouble)
{
	char what[128];
	for (trouble.plan.nth = 1; trouble.plan.nth < NTH_MAX; trouble.plan.nth++) {
		text_format(what, sizeof(what), "%s, the %dth of `%s`%s", name, (int)trouble.plan.nth,
			    life_step_name(trouble.step), trouble.after_crash ? " after a crash" : "");
		if (!survives(&trouble, what))
			break;
	}
	assert_true(trouble.plan.nth < NTH_MAX);
	return trouble.plan.nth - 1;
}

static void survives_everywhere(const char *name, struct fault_plan plan)
{
	int64_t faults = survives_all(name, (struct trouble){LIFE_OPEN, plan, .after_crash = true});
	for (enum life_step step = LIFE_OPEN; step < LIFE_STEPS; step++)
		faults += survives_all(name, (struct trouble){step, plan, .after_crash = false});
	print_message("%s: %d faults\n", name, (int)faults);
	assert_true(faults > 0);
}

static void a_write_that_fails_once_loses_nothing(void **state)
{
	(void)state;
	survives_everywhere("EIO once", (struct fault_plan){FAULT_ERROR, STEP_WRITE, .times = 1});
}

static void writes_that_fail_from_then_on_lose_nothing(void **state)
{
	(void)state;
	survives_everywhere("EIO for ever", (struct fault_plan){FAULT_ERROR, STEP_WRITE, .times = FOR_EVER});
}

static void a_sync_that_fails_once_loses_nothing(void **state)
{
	(void)state;
	survives_everywhere("fsync once", (struct fault_plan){FAULT_ERROR, STEP_SYNC, .times = 1});
}

static void syncs_that_fail_from_then_on_lose_nothing(void **state)
{
	(void)state;
	survives_everywhere("fsync for ever", (struct fault_plan){FAULT_ERROR, STEP_SYNC, .times = FOR_EVER});
}

static void an_open_that_fails_loses_nothing(void **state)
{
	(void)state;
	survives_everywhere("open once", (struct fault_plan){FAULT_ERROR, STEP_OPEN, .times = 1});
	survives_everywhere("open for ever", (struct fault_plan){FAULT_ERROR, STEP_OPEN, .times = FOR_EVER});
}

static void a_truncation_that_fails_loses_nothing(void **state)
{
	(void)state;
	survives_everywhere("truncation", (struct fault_plan){FAULT_ERROR, STEP_TRUNCATE, .times = 1});
}

static void a_moment_without_space_loses_nothing_and_ends_nothing(void **state)
{
	(void)state;
	survives_everywhere("ENOSPC once", (struct fault_plan){FAULT_NO_SPACE, STEP_WRITE, .times = 1});
}

static void space_that_returns_after_a_while_is_used(void **state)
{
	(void)state;
	survives_everywhere("ENOSPC for a while",
			    (struct fault_plan){FAULT_NO_SPACE, STEP_WRITE, .times = UNTIL_SPACE_RETURNS});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_that_fails_once_loses_nothing),
		cmocka_unit_test(writes_that_fail_from_then_on_lose_nothing),
		cmocka_unit_test(a_sync_that_fails_once_loses_nothing),
		cmocka_unit_test(syncs_that_fail_from_then_on_lose_nothing),
		cmocka_unit_test(an_open_that_fails_loses_nothing),
		cmocka_unit_test(a_truncation_that_fails_loses_nothing),
		cmocka_unit_test(a_moment_without_space_loses_nothing_and_ends_nothing),
		cmocka_unit_test(space_that_returns_after_a_while_is_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
