/* A spool of somebody else's is not ours to use. Only root can give files away: for others the test is left out. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include "tests/unit/edge/store_world.h"

enum { NOBODY = 65534 };

static void want_refusal(struct world *world, const char *part)
{
	struct store *store = store_open(&world->options, NOW, world->why, sizeof(world->why));
	bool refused = store == NULL;
	store_close(store);
	assert_true(refused);
	want_part("refusal", "why", world->why, part);
}

static void give_to(const char *path, uid_t owner)
{
	assert_int_equal(chown(path, owner, (gid_t)-1), 0);
}

static void a_file_of_another_user_is_refused_and_kept(void **state)
{
	struct world *world = *state;
	if (geteuid() != 0)
		skip();
	ASK(world, .id = "a");
	store_close(world->store);
	world->store = NULL;
	give_to(world->path, NOBODY);
	want_refusal(world, "belongs to another user: chown it");
	give_to(world->path, 0);
	world_open(world);
	want_state(world, "a", STATE_ACCEPTED);
}

static void a_folder_of_another_user_is_refused(void **state)
{
	struct world *world = *state;
	if (geteuid() != 0)
		skip();
	give_to(world->folder, NOBODY);
	want_refusal(world, "belongs to another user: chown it");
	give_to(world->folder, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_file_of_another_user_is_refused_and_kept),
		CLOSED_WORLD_TEST(a_folder_of_another_user_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
