/* account with a real token: what do creates cost that are refused, while questions are answered? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/account.h"

#include "tests/unit/edge/token_scene.h"

enum { WANTED = 8, TOKENS = 4 };

static const struct outcome answered = {.kind = OUTCOME_DONE, .code = "api_200"};
static const struct outcome refused = {.kind = OUTCOME_RETRY, .account = ACCOUNT_UNAUTHORIZED, .code = "api_403"};

/* An API with one client that asks all the time, and whose creates are all refused. */
struct bench {
	struct scene scene;
	struct account *_Atomic account; /* the token's keeper asks for it before it is there */
	int64_t creates, news;
};

static void on_renewal(void *ctx, bool usable, const char *why)
{
	struct bench *bench = ctx;
	struct account *account = atomic_load(&bench->account);

	(void)usable;
	(void)why;
	if (account != NULL)
		account_renewed(account);
}

static void begin_bench(struct bench *bench)
{
	*bench = (struct bench){0};
	begin_with(&bench->scene, 3600, on_renewal, bench);
	wait_generation(bench->scene.token, 1);
	atomic_store(&bench->account, account_create(bench->scene.token, 0));
}

static void end_bench(struct bench *bench)
{
	end(&bench->scene);
	account_destroy(bench->account);
}

static bool is_paused(struct bench *bench)
{
	struct account_state is;

	account_state(bench->account, &is);
	return is.paused;
}

static void ask(struct bench *bench)
{
	char header[AUTHORIZATION_SIZE];
	uint64_t generation = account_may_ask(bench->account) ? account_authorize(bench->account, header) : 0;

	if (generation)
		account_note(bench->account, ASKED_BY_QUESTION, &answered, generation);
}

/* As the sender does it. Returns how many creates were allowed. */
static int64_t create(struct bench *bench)
{
	char header[AUTHORIZATION_SIZE];
	int64_t wait_ms, allowed = account_allow(bench->account, WANTED, &wait_ms);
	uint64_t generation = allowed ? account_authorize(bench->account, header) : 0;
	enum account_asker asker = account_is_probing(bench->account) ? ASKED_BY_PROBE : ASKED_BY_CREATE;

	if (allowed && !generation)
		account_give_back(bench->account, allowed, true);
	for (int64_t i = 0; generation && i < allowed; i++, bench->creates++)
		bench->news += account_note(bench->account, asker, &refused, generation);
	return allowed;
}

static void a_token_that_may_read_and_not_send_is_renewed_once_and_then_only_probed_with(void **state)
{
	struct bench bench;
	char header[AUTHORIZATION_SIZE];
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	(void)state;
	begin_bench(&bench);
	for (; !bench.news; usleep(1000)) {
		assert_true(clock_mono_ms() < until);
		ask(&bench);
		create(&bench);
	}
	assert_int_equal(bench.creates, 2 * WANTED); /* with the first token, and with the next */
	/* From now on new tokens are fetched now and then, and each finds one probe. */
	while (token_authorization(bench.scene.token, header) < TOKENS) {
		assert_true(clock_mono_ms() < until);
		ask(&bench);
		assert_true(is_paused(&bench));
		assert_in_range(create(&bench), 0, 1);
		assert_true(is_paused(&bench));
		usleep(1000);
	}
	assert_int_equal(bench.news, 1);
	end_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_that_may_read_and_not_send_is_renewed_once_and_then_only_probed_with),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
