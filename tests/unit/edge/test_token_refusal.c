/* token: what happens when the API refuses it. */
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/edge/token_scene.h"

/* The second token is there, for the first was refused. */
static void begin_renewed(struct scene *scene)
{
	begin(scene, 3600);
	wait_generation(scene->token, 1);
	assert_true(token_refused(scene->token, 1));
	wait_generation(scene->token, 2);
}

static void a_refused_token_is_not_given_out_again(void **state)
{
	struct scene scene;
	char header[AUTHORIZATION_SIZE];

	(void)state;
	begin(&scene, 3600);
	wait_generation(scene.token, 1);
	scene.server->choice = HOLD;
	assert_true(token_refused(scene.token, 1));
	assert_int_equal(token_authorization(scene.token, header), 0);
	assert_string_equal(header, "");
	assert_int_equal(token_lifetime_s(scene.token), -2);
	end(&scene); /* and stopping does not wait for the answer */
}

/* What is refused may be one command. So the token is kept: whoever is paused can try with it. */
static void a_fresh_token_refused_too_means_pause_until_one_is_good(void **state)
{
	struct scene scene;
	char header[AUTHORIZATION_SIZE];

	(void)state;
	begin_renewed(&scene);
	int64_t refused_ms = clock_mono_ms();

	assert_false(token_refused(scene.token, 2));
	assert_false(token_refused(scene.token, 2)); /* the same to everybody */
	assert_int_equal(token_authorization(scene.token, header), 2);
	/* A probe, later and without anybody's doing; and again. */
	wait_generation(scene.token, 3);
	assert_true(clock_mono_ms() - refused_ms >= PROBE_MS);
	assert_false(token_refused(scene.token, 3));
	wait_generation(scene.token, 4);
	assert_int_equal(scene.server->requests, 4);
	assert_in_range(token_lifetime_s(scene.token), 3500, 3600);
	end(&scene);
}

/* Whoever asks for a new one by a reload may not get it. Until it is there, there is no reason to go on at once. */
static void a_reload_makes_no_hope_of_a_doubted_token(void **state)
{
	struct scene scene;

	(void)state;
	begin_renewed(&scene);
	assert_false(token_refused(scene.token, 2));
	scene.server->choice = HOLD;
	token_set_secret(scene.token, "s3cret&+");
	assert_false(token_refused(scene.token, 2));
	end(&scene);
}

/* The one that was refused was not the token's fault: the next refusal is news of the token again. */
static void a_doubted_token_that_does_for_others_is_as_good_as_any(void **state)
{
	struct scene scene;
	char header[AUTHORIZATION_SIZE];

	(void)state;
	begin_renewed(&scene);
	assert_false(token_refused(scene.token, 2));
	token_accepted(scene.token, 2);
	assert_int_equal(token_authorization(scene.token, header), 2);
	assert_true(token_refused(scene.token, 2));
	wait_generation(scene.token, 3);
	end(&scene);
}

/* It was good: so it was revoked, and a new one will do. */
static void a_token_that_worked_is_renewed_without_a_pause(void **state)
{
	struct scene scene;

	(void)state;
	begin_renewed(&scene);
	token_accepted(scene.token, 1); /* somebody is late: that says nothing of this one */
	token_accepted(scene.token, 2);
	assert_true(token_refused(scene.token, 2));
	assert_int_equal(wait_generation(scene.token, 3), 3);
	/* Of this one nobody knows: the credentials may be what is refused. */
	assert_false(token_refused(scene.token, 3));
	end(&scene);
}

/* One command may be refused for ever while others are taken. */
static void tokens_are_not_renewed_one_upon_the_other(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 3600);
	wait_generation(scene.token, 1);
	int64_t began_ms = clock_mono_ms();

	for (uint64_t generation = 1; generation <= 3; generation++) {
		token_accepted(scene.token, generation);
		assert_true(token_refused(scene.token, generation));
		wait_generation(scene.token, generation + 1);
	}
	assert_true(clock_mono_ms() - began_ms >= (int64_t)2 * (PROBE_MS / 6));
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_token_is_not_given_out_again),
		cmocka_unit_test(a_fresh_token_refused_too_means_pause_until_one_is_good),
		cmocka_unit_test(a_reload_makes_no_hope_of_a_doubted_token),
		cmocka_unit_test(a_doubted_token_that_does_for_others_is_as_good_as_any),
		cmocka_unit_test(a_token_that_worked_is_renewed_without_a_pause),
		cmocka_unit_test(tokens_are_not_renewed_one_upon_the_other),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
