/* token: fetched once for all, renewed in time, and what happens when the endpoint refuses. */
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/edge/token_scene.h"

enum { ASKERS = 8 };

/* RFC 6749, section 4.4.2, with the credentials in the form as the provider documents it. */
static void a_token_is_fetched_as_documented(void **state)
{
	struct scene scene;
	char header[AUTHORIZATION_SIZE];

	(void)state;
	begin(&scene, 3600);
	assert_int_equal(wait_generation(scene.token, 1), 1);
	assert_int_equal(token_authorization(scene.token, header), 1);
	assert_string_equal(header, "Bearer token-1");
	assert_in_range(token_lifetime_s(scene.token), 3590, 3600);
	assert_in_range(token_age_s(scene.token), 0, 10);
	assert_true(text_starts_with(scene.server->last, "POST /auth/token HTTP/1.1\r\n"));
	assert_non_null(strstr(scene.server->last,
			       "\r\n\r\ngrant_type=client_credentials&client_id=my%26id&client_secret=s3cret%26%2B"));
	assert_null(strstr(scene.server->last, "Authorization"));
	end(&scene);
}

static void *ask_often(void *ctx)
{
	struct token *token = ctx;
	char header[AUTHORIZATION_SIZE];

	for (int i = 0; i < 1000; i++) {
		uint64_t generation = token_authorization(token, header);

		if (!generation != !header[0])
			abort();
		(void)token_lifetime_s(token);
		(void)token_refused(token, 1);
	}
	return NULL;
}

static void many_askers_and_refusals_cost_one_fetch(void **state)
{
	struct scene scene;
	pthread_t threads[ASKERS];

	(void)state;
	begin(&scene, 3600);
	wait_generation(scene.token, 1);
	for (int i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, scene.token), 0);
	for (int i = 0; i < ASKERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(wait_generation(scene.token, 2), 2);
	assert_int_equal(scene.server->requests, 2);
	assert_true(token_refused(scene.token, 1)); /* somebody is late: there is a newer one */
	assert_int_equal(token_authorization(scene.token, (char[AUTHORIZATION_SIZE]){0}), 2);
	end(&scene);
}

static void a_token_is_renewed_before_it_ends(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 16); /* renewed after 8 s */
	wait_generation(scene.token, 1);
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	/* At no time is there none. */
	while (token_authorization(scene.token, (char[AUTHORIZATION_SIZE]){0}) == 1) {
		assert_true(clock_mono_ms() < until);
		assert_int_not_equal(token_lifetime_s(scene.token), -2);
		usleep(1000);
	}
	assert_int_equal(token_authorization(scene.token, (char[AUTHORIZATION_SIZE]){0}), 2);
	pthread_mutex_lock(&scene.news.lock);
	assert_int_equal(scene.news.usable, 1); /* a renewal is no news */
	assert_int_equal(scene.news.failed, 0);
	pthread_mutex_unlock(&scene.news.lock);
	end(&scene);
}

static void a_failed_fetch_says_why_and_heals(void **state)
{
	static const struct {
		const char *name;
		int choice;
		const char *want_why;
	} ROWS[] = {
		{"wrong credentials", REFUSE,
		 "401 unauthorized_client: Invalid client or Invalid client credentials; check api.client_id"},
		{"server error", FAIL, "500"},
		{"captive portal", NONSENSE, "of no use"},
		{"it repeats the secret", ECHO_SECRET, "400"},
		{"a token that would start another header", INJECT, "header"},
	};
	char why[WHY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct scene scene;

		begin(&scene, ROWS[i].choice);
		wait_failures(&scene.news, 1, why);
		print_message("  %s: %s\n", ROWS[i].name, why);
		assert_non_null(strstr(why, ROWS[i].want_why));
		assert_null(strstr(why, "s3cret"));
		assert_int_equal(token_lifetime_s(scene.token), -2);
		scene.server->choice = 3600;
		assert_int_equal(wait_generation(scene.token, 1), 1);
		end(&scene);
	}
}

static void an_endpoint_that_is_away_is_tried_again(void **state)
{
	int port, fd = tcp_refuse(&port);
	struct news news = {.lock = PTHREAD_MUTEX_INITIALIZER};
	char url[64], why[WHY_SIZE];

	(void)state;
	text_format(url, sizeof(url), "http://127.0.0.1:%d/", port);
	struct token *token = token_start(&(struct token_options){.kind = TOKEN_OAUTH2,
								  .url = url,
								  .client_id = "id",
								  .client_secret = "s3cret",
								  .ca_file = "",
								  .on_change = on_change,
								  .ctx = &news});

	wait_failures(&news, 2, why);
	assert_non_null(strstr(why, "no answer"));
	assert_int_equal(token_lifetime_s(token), -2);
	assert_false(token_refused(token, 0));
	token_stop(token);
	close(fd);
}

static void a_new_secret_is_used_at_once(void **state)
{
	struct scene scene;
	char why[WHY_SIZE];

	(void)state;
	begin(&scene, REFUSE);
	wait_failures(&scene.news, 1, why);
	scene.server->choice = 3600;
	token_set_secret(scene.token, "n3w");
	wait_generation(scene.token, 1);
	assert_non_null(strstr(scene.server->last, "&client_secret=n3w"));
	token_set_secret(scene.token, "n3w"); /* the same again changes nothing */
	assert_int_equal(token_authorization(scene.token, (char[AUTHORIZATION_SIZE]){0}), 1);
	token_set_secret(scene.token, "n3wer");
	wait_generation(scene.token, 2);
	assert_non_null(strstr(scene.server->last, "&client_secret=n3wer"));
	end(&scene);
}

/* RFC 7617, section 2: "Aladdin" and "open sesame"; padding as in RFC 4648, section 10. */
static void static_credentials_need_no_fetch(void **state)
{
	static const struct {
		enum token_kind kind;
		const char *username, *secret, *want;
	} ROWS[] = {
		{TOKEN_BASIC, "Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{TOKEN_BASIC, "f", "o", "Basic Zjpv"},
		{TOKEN_BASIC, "f", "oob", "Basic Zjpvb2I="},
		{TOKEN_BASIC, "", "", "Basic Og=="},
		{TOKEN_BEARER, "", "mF_9.B5f-4.1JqM", "Bearer mF_9.B5f-4.1JqM"}, /* RFC 6750, section 2.1 */
		{TOKEN_BEARER, "", "a\r\nX-Evil: 1", ""},
		{TOKEN_BEARER, "", "", ""},
	};
	char header[AUTHORIZATION_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct token *token = token_start(&(struct token_options){.kind = ROWS[i].kind,
									  .username = ROWS[i].username,
									  .password = ROWS[i].secret,
									  .bearer = ROWS[i].secret});
		bool usable = ROWS[i].want[0];

		assert_int_equal(token_authorization(token, header), usable ? 1 : 0);
		assert_string_equal(header, ROWS[i].want);
		assert_true(token_lifetime_s(token) == (usable ? -1 : -2) && (token_age_s(token) >= 0) == usable);
		assert_false(token_refused(token, 1));
		token_set_secret(token, "other");
		assert_true(token_authorization(token, header) > 0);
		assert_string_not_equal(header, ROWS[i].want);
		token_stop(token);
	}
	token_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_fetched_as_documented),
		cmocka_unit_test(many_askers_and_refusals_cost_one_fetch),
		cmocka_unit_test(a_token_is_renewed_before_it_ends),
		cmocka_unit_test(a_failed_fetch_says_why_and_heals),
		cmocka_unit_test(an_endpoint_that_is_away_is_tried_again),
		cmocka_unit_test(a_new_secret_is_used_at_once),
		cmocka_unit_test(static_credentials_need_no_fetch),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
