/* token: fetched once for all, renewed in time, and what happens when the API refuses it. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/token.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/unit/edge/tcp_script.h"

enum { PATIENCE_MS = 20000, ASKERS = 8, PROBE_MS = 300 };

/* What the fake endpoint does: an expires_in, or one of these. */
enum { REFUSE = -1, FAIL = -2, NONSENSE = -3, HOLD = -4, ECHO_SECRET = -5, INJECT = -6 };

static void answer(int fd, const char *status, const char *body)
{
	char text[1024];

	text_format(text, sizeof text, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		    status, strlen(body), body);
	tcp_send(fd, text);
}

/* The answers are those of the provider's documentation. */
static void play(struct tcp_server *server, int fd, int nth)
{
	char body[512], byte;
	int choice;

	(void)nth;
	while (tcp_read_request(server, fd)) {
		choice = server->choice;
		switch (choice) {
		case REFUSE:
			answer(fd, "401 Unauthorized",
			       "{\"error\":\"unauthorized_client\",\"error_description\":"
			       "\"Invalid client or Invalid client credentials\"}");
			break;
		case FAIL:
			answer(fd, "500 Internal Server Error", "{\"code\":500,\"message\":\"oops\"}");
			break;
		case NONSENSE:
			answer(fd, "200 OK", "<html>Welcome to the hotel</html>");
			break;
		case HOLD:
			(void)recv(fd, &byte, 1, 0);
			break;
		case ECHO_SECRET:
			answer(fd, "400 Bad Request",
			       "{\"error\":\"bad\",\"error_description\":\"s3cret&+ is wrong\"}");
			break;
		case INJECT:
			answer(fd, "200 OK", "{\"access_token\":\"a\\r\\nX-Evil: 1\",\"expires_in\":3600}");
			break;
		default:
			text_format(body, sizeof body,
				    "{\"access_token\":\"token-%d\",\"expires_in\":%d,\"token_type\":\"Bearer\","
				    "\"scope\":\"all\"}",
				    server->requests, choice);
			answer(fd, "200 OK", body);
		}
	}
}

struct news {
	pthread_mutex_t lock;
	int usable, failed;
	char why[WHY_SIZE];
};

struct scene {
	struct tcp_server *server;
	struct token *token;
	struct news news;
};

static void on_change(void *ctx, bool usable, const char *why)
{
	struct news *news = ctx;

	pthread_mutex_lock(&news->lock);
	news->usable += usable;
	news->failed += !usable;
	text_copy(news->why, sizeof news->why, why);
	pthread_mutex_unlock(&news->lock);
}

static void begin(struct scene *scene, int choice)
{
	char url[64];

	*scene = (struct scene){.server = tcp_start(play), .news.lock = PTHREAD_MUTEX_INITIALIZER};
	scene->server->choice = choice;
	text_format(url, sizeof url, "http://127.0.0.1:%d/auth/token", scene->server->port);
	scene->token = token_start(&(struct token_options){.kind = TOKEN_OAUTH2,
							   .url = url,
							   .client_id = "my&id",
							   .client_secret = "s3cret&+",
							   .bearer = "",
							   .username = "",
							   .password = "",
							   .ca_file = "",
							   .probe_ms = PROBE_MS,
							   .on_change = on_change,
							   .ctx = &scene->news});
}

static void end(struct scene *scene)
{
	token_stop(scene->token);
	tcp_stop(scene->server);
}

/* Waits until the token's generation is at least `want`. */
static uint64_t wait_generation(struct token *token, uint64_t want)
{
	char header[AUTHORIZATION_SIZE];
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	uint64_t generation;

	while ((generation = token_authorization(token, header)) < want) {
		assert_true(clock_mono_ms() < until);
		usleep(1000);
	}
	return generation;
}

static int failures(struct news *news, char why[WHY_SIZE])
{
	pthread_mutex_lock(&news->lock);
	int count = news->failed;

	text_copy(why, WHY_SIZE, news->why);
	pthread_mutex_unlock(&news->lock);
	return count;
}

static void wait_failures(struct news *news, int want, char why[WHY_SIZE])
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (failures(news, why) < want) {
		assert_true(clock_mono_ms() < until);
		usleep(1000);
	}
}

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

static void a_fresh_token_refused_too_means_pause_until_one_is_good(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 3600);
	wait_generation(scene.token, 1);
	assert_true(token_refused(scene.token, 1));
	wait_generation(scene.token, 2);
	int64_t refused_ms = clock_mono_ms();

	assert_false(token_refused(scene.token, 2));
	assert_false(token_refused(scene.token, 2)); /* the same to everybody */
	assert_int_equal(token_lifetime_s(scene.token), -2);
	/* A probe, later and without anybody's doing; and again. */
	wait_generation(scene.token, 3);
	assert_true(clock_mono_ms() - refused_ms >= PROBE_MS);
	assert_false(token_refused(scene.token, 3));
	wait_generation(scene.token, 4);
	assert_int_equal(scene.server->requests, 4);
	assert_in_range(token_lifetime_s(scene.token), 3500, 3600);
	end(&scene);
}

static void a_token_is_renewed_before_it_ends(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 4); /* renewed after 2 s */
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
	for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
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
	int port, fd = tcp_listen(&port);
	struct news news = {.lock = PTHREAD_MUTEX_INITIALIZER};
	char url[64], why[WHY_SIZE];

	(void)state;
	close(fd);
	text_format(url, sizeof url, "http://127.0.0.1:%d/", port);
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
	for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
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
		cmocka_unit_test(a_refused_token_is_not_given_out_again),
		cmocka_unit_test(a_fresh_token_refused_too_means_pause_until_one_is_good),
		cmocka_unit_test(a_token_is_renewed_before_it_ends),
		cmocka_unit_test(a_failed_fetch_says_why_and_heals),
		cmocka_unit_test(an_endpoint_that_is_away_is_tried_again),
		cmocka_unit_test(a_new_secret_is_used_at_once),
		cmocka_unit_test(static_credentials_need_no_fetch),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
