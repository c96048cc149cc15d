/* Killed right before a commit nothing has happened; killed right behind it everything has. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/edge/store_world.h"

#ifdef BRIDGE_TEST_HOOKS
enum { CRASH_POINTS = 1 };
#else
enum { CRASH_POINTS = 0 };
#endif

/* Each step does one thing; what it did is seen by `happened`. */
struct step {
	const char *point;
	void (*act)(struct world *world);
	bool (*happened)(struct world *world);
};

static bool is_in_state(struct world *world, const char *id, enum command_state state)
{
	struct store_record record;
	return store_find_id(world->store, "", id, &record) && record.state == state;
}

static void accept_a(struct world *world)
{
	ASK(world, .id = "a");
}

static bool a_is_accepted(struct world *world)
{
	return is_in_state(world, "a", STATE_ACCEPTED) && strstr(world_told(world), "meter-1 a accepted") != NULL;
}

static void reject_b(struct world *world)
{
	const struct store_rejection rejection = {
		.device = "m", .id = "b", .payload = "", .code = "x", .message = "y", .reply_topic = ""};
	store_reject(world->store, &rejection, NOW);
}

static bool b_is_rejected(struct world *world)
{
	return strstr(world_told(world), "m b rejected:x") != NULL;
}

static void take_a(struct world *world)
{
	world_take(world, NOW, 1);
}

static bool a_was_taken(struct world *world)
{
	return is_in_state(world, "a", STATE_UNKNOWN);
}

static void settle_a(struct world *world)
{
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
}

static bool a_is_queued(struct world *world)
{
	return is_in_state(world, "a", STATE_QUEUED) && store_owns_sid(world->store, SID_A);
}

static void report_a(struct world *world)
{
	const struct store_report report = {
		.seq = 1, .sid = SID_A, .sim_sid = "", .status = API_SENT, .error_code = "", .error_message = ""};
	store_report(world->store, &report, NOW);
}

static bool a_is_sent(struct world *world)
{
	return is_in_state(world, "a", STATE_SENT) && strstr(world_told(world), "meter-1 a sent") != NULL;
}

static void take_in_mo(struct world *world)
{
	const struct store_mo mo = {
		.sid = SID_B, .topic = "up", .payload = "{}", .payload_len = 2, .sim_sid = "", .unique_name = ""};
	store_mo(world->store, &mo, NOW);
}

static bool mo_is_known(struct world *world)
{
	return store_knows_mo(world->store, SID_B);
}

static void finish_first_event(struct world *world)
{
	int64_t first = 1;
	store_events_done(world->store, &first, 1);
	store_close(world->store);
	world->store = NULL;
}

static bool first_event_is_gone(struct world *world)
{
	struct store_event event;
	assert_int_equal(store_events(world->store, 0, &event, 1), 1);
	bool gone = event.seq > 1;
	store_event_clear(&event);
	return gone;
}

static const struct step steps[] = {
	{"accept", accept_a, a_is_accepted},
	{"reject", reject_b, b_is_rejected},
	{"take", take_a, a_was_taken},
	{"settle", settle_a, a_is_queued},
	{"report", report_a, a_is_sent},
	{"mo", take_in_mo, mo_is_known},
	{"events-done", finish_first_event, first_event_is_gone},
};

/* Does step `last` in a child that dies in it, after the steps before it; the parent has them done. */
static void die_in(struct world *world, size_t last, const char *where)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char point[64];
		text_format(point, sizeof(point), "%s-%s-commit", steps[last].point, where);
		for (size_t i = 0; i <= last; i++) {
			if (i == last)
				setenv("BRIDGE_CRASH_AT", point, 1);
			if (world->store == NULL)
				world->store = store_open(&world->options, NOW, world->why, sizeof(world->why));
			if (world->store == NULL)
				_exit(1);
			steps[i].act(world);
		}
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		fail_msg("it did not die %s the commit of %s", where, steps[last].point);
}

static void a_commit_is_the_moment_at_which_it_has_happened(void **state)
{
	(void)state;
	if (!CRASH_POINTS)
		skip();
	for (size_t i = 0; i < ROWS(steps); i++) {
		for (int after = 0; after <= 1; after++) {
			void *fresh;
			world_setup_closed(&fresh);
			struct world *world = fresh;
			die_in(world, i, after ? "after" : "before");
			world_open(world);
			want_bool(steps[i].point, after ? "killed after: happened" : "killed before: happened",
				  steps[i].happened(world), after);
			world_teardown(&fresh);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_commit_is_the_moment_at_which_it_has_happened)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
