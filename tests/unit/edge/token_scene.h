/* token_scene - a token endpoint that does what a test tells it to, and a token that is fetched there.
 *
 * Threads: those of tcp_script and of the token; a scene belongs to one test. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_EDGE_TOKEN_SCENE_H
#define TESTS_UNIT_EDGE_TOKEN_SCENE_H

#include "bridge/edge/token.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/unit/edge/tcp_script.h"

enum { PATIENCE_MS = 20000, PROBE_MS = 300 };

/* What the fake endpoint does: an expires_in, or one of these. */
enum { REFUSE = -1, FAIL = -2, NONSENSE = -3, HOLD = -4, ECHO_SECRET = -5, INJECT = -6 };

static inline void answer(int fd, const char *status, const char *body)
{
	char text[1024];

	text_format(text, sizeof(text),
		    "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", status,
		    strlen(body), body);
	tcp_send(fd, text);
}

/* The answers are those of the provider's documentation. */
static inline void play(struct tcp_server *server, int fd, int nth)
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
			text_format(body, sizeof(body),
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

static inline void on_change(void *ctx, bool usable, const char *why)
{
	struct news *news = ctx;

	pthread_mutex_lock(&news->lock);
	news->usable += usable;
	news->failed += !usable;
	text_copy(news->why, sizeof(news->why), why);
	pthread_mutex_unlock(&news->lock);
}

static inline void begin_with(struct scene *scene, int choice, void (*tell)(void *ctx, bool usable, const char *why),
			      void *ctx)
{
	char url[64];

	*scene = (struct scene){.server = tcp_start(play), .news.lock = PTHREAD_MUTEX_INITIALIZER};
	scene->server->choice = choice;
	text_format(url, sizeof(url), "http://127.0.0.1:%d/auth/token", scene->server->port);
	scene->token = token_start(&(struct token_options){.kind = TOKEN_OAUTH2,
							   .url = url,
							   .client_id = "my&id",
							   .client_secret = "s3cret&+",
							   .bearer = "",
							   .username = "",
							   .password = "",
							   .ca_file = "",
							   .probe_ms = PROBE_MS,
							   .on_change = tell,
							   .ctx = ctx});
}

static inline void begin(struct scene *scene, int choice)
{
	begin_with(scene, choice, on_change, &scene->news);
}

static inline void end(struct scene *scene)
{
	token_stop(scene->token);
	tcp_stop(scene->server);
}

/* Waits until the token's generation is at least `want`. */
static inline uint64_t wait_generation(struct token *token, uint64_t want)
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

static inline int failures(struct news *news, char why[WHY_SIZE])
{
	pthread_mutex_lock(&news->lock);
	int count = news->failed;

	text_copy(why, WHY_SIZE, news->why);
	pthread_mutex_unlock(&news->lock);
	return count;
}

static inline void wait_failures(struct news *news, int want, char why[WHY_SIZE])
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (failures(news, why) < want) {
		assert_true(clock_mono_ms() < until);
		usleep(1000);
	}
}

#endif
