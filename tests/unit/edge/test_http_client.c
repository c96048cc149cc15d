/* http_client: what leaves, how often, and what is known when the answer fails to come. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_client.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/unit/edge/tcp_script.h"

enum { ANSWER_MAX = 4096, SOON_MS = 2000, PATIENCE_MS = 20000 };

struct seen {
	int calls;
	struct http_result result;
	char body[ANSWER_MAX + 1], content_type[64];
};

static void remember(void *ctx, const struct http_result *result)
{
	struct seen *seen = ctx;

	seen->calls++;
	seen->result = *result;
	text_copy(seen->body, sizeof(seen->body), result->body);
	text_copy(seen->content_type, sizeof(seen->content_type), result->content_type);
	assert_int_equal(result->len, strlen(result->body));
}

static struct http_client *client_with_timeout(int64_t timeout_ms)
{
	return http_client_create(&(struct http_client_options){.ca_file = "",
								.timeout_ms = timeout_ms,
								.connect_timeout_ms = timeout_ms,
								.max_answer = ANSWER_MAX,
								.max_connections = 4});
}

static struct http_request_out post_to(int port, char url[64])
{
	text_format(url, 64, "http://127.0.0.1:%d/v1/SmsCommands?secret=query", port);
	return (struct http_request_out){.method = "POST",
					 .url = url,
					 .authorization = "Bearer t0ken",
					 .username = "",
					 .password = "",
					 .body = "Sim=a&Payload=b",
					 .body_len = 15};
}

static struct seen post(struct http_client *client, int port)
{
	char url[64];
	struct http_request_out request = post_to(port, url);
	struct seen seen = {0};

	http_client_fetch(client, &request, remember, NULL, &seen);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(http_client_busy(client), 0);
	return seen;
}

static const char CREATED[] = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

static void answer_all(struct tcp_server *server, int fd, int nth)
{
	(void)nth;
	while (tcp_read_request(server, fd))
		tcp_send(fd, CREATED);
}

static void a_request_holds_what_the_api_wants_and_no_more(void **state)
{
	struct tcp_server *server = tcp_start(answer_all);
	struct http_client *client = client_with_timeout(5000);
	struct seen seen = post(client, server->port);
	char want[256];

	(void)state;
	assert_int_equal(seen.result.status, 201);
	assert_true(seen.result.body_started);
	assert_false(seen.result.truncated);
	assert_string_equal(seen.body, "{}");
	assert_string_equal(seen.content_type, "application/json");
	assert_string_equal(seen.result.error, "");
	assert_int_equal(seen.result.retry_after_ms, -1);
	assert_true(seen.result.elapsed_us > 0);
	text_format(want, sizeof(want),
		    "POST /v1/SmsCommands?secret=query HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
		    "User-Agent: mqtt-sms-bridge/" BRIDGE_VERSION "\r\n",
		    server->port);
	assert_true(text_starts_with(server->last, want));
	assert_non_null(strstr(server->last, "\r\nAuthorization: Bearer t0ken\r\n"));
	assert_non_null(strstr(server->last, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
	assert_non_null(strstr(server->last, "\r\nContent-Length: 15\r\n"));
	assert_non_null(strstr(server->last, "\r\n\r\nSim=a&Payload=b"));
	assert_null(strstr(server->last, "Expect"));
	assert_null(strstr(server->last, "Accept-Encoding"));
	http_client_destroy(client);
	tcp_stop(server);
}

static void basic_credentials_and_get(void **state)
{
	struct tcp_server *server = tcp_start(answer_all);
	struct http_client *client = client_with_timeout(5000);
	char url[64];
	struct http_request_out request = post_to(server->port, url);
	struct seen seen = {0};

	(void)state;
	post(client, server->port);
	request.method = "GET";
	request.body = NULL;
	request.authorization = "";
	request.username = "Aladdin"; /* RFC 7617's example is "Aladdin:open sesame" */
	request.password = "open sesame";
	http_client_fetch(client, &request, remember, NULL, &seen);
	assert_int_equal(seen.result.status, 201);
	assert_true(text_starts_with(server->last, "GET /v1/SmsCommands?secret=query HTTP/1.1\r\n"));
	assert_non_null(strstr(server->last, "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
	assert_null(strstr(server->last, "Content-Type"));
	assert_null(strstr(server->last, "t0ken"));
	assert_int_equal(server->connections, 1);
	post(client, server->port);
	assert_null(strstr(server->last, "Basic"));
	http_client_destroy(client);
	tcp_stop(server);
}

/* The first request is answered, so that the second finds a connection to reuse. */
static void answer_first_then_close(struct tcp_server *server, int fd, int nth)
{
	(void)nth;
	tcp_read_request(server, fd);
	tcp_send(fd, CREATED);
	tcp_read_request(server, fd);
}

static void answer_first_then_reset(struct tcp_server *server, int fd, int nth)
{
	answer_first_then_close(server, fd, nth);
	tcp_reset(fd);
}

static void a_reused_connection_that_dies_gets_one_post_only(void **state)
{
	static tcp_play *const PLAYS[] = {answer_first_then_close, answer_first_then_reset};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tcp_server *server = tcp_start(PLAYS[i]);
		struct http_client *client = client_with_timeout(5000);

		assert_int_equal(post(client, server->port).result.status, 201);
		struct seen seen = post(client, server->port);

		assert_int_equal(seen.result.status, 0);
		assert_true(seen.result.body_started);
		assert_true(seen.result.error[0]);
		/* Another one, so that a repeated request would have been read before it. */
		assert_int_equal(post(client, server->port).result.status, 201);
		assert_int_equal(server->begun, 3);
		assert_int_equal(server->requests, 3);
		http_client_destroy(client);
		tcp_stop(server);
	}
}

static void close_unanswered(struct tcp_server *server, int fd, int nth)
{
	(void)nth;
	tcp_read_request(server, fd);
}

static void reset_unanswered(struct tcp_server *server, int fd, int nth)
{
	close_unanswered(server, fd, nth);
	tcp_reset(fd);
}

static void say_nothing(struct tcp_server *server, int fd, int nth)
{
	char byte;

	(void)nth;
	tcp_read_request(server, fd);
	(void)recv(fd, &byte, 1, 0);
}

static void send_junk(struct tcp_server *server, int fd, int nth)
{
	close_unanswered(server, fd, nth);
	tcp_send(fd, "SSH-2.0-OpenSSH_9.2\r\n");
}

static void send_only_continue(struct tcp_server *server, int fd, int nth)
{
	close_unanswered(server, fd, nth);
	tcp_send(fd, "HTTP/1.1 100 Continue\r\n\r\n");
}

/* Until the other side has enough. */
static void send_for_ever(int fd, const char *text)
{
	while (send(fd, text, strlen(text), MSG_NOSIGNAL) > 0)
		;
}

static void send_continues(struct tcp_server *server, int fd, int nth)
{
	close_unanswered(server, fd, nth);
	send_for_ever(fd, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void send_half(struct tcp_server *server, int fd, int nth)
{
	close_unanswered(server, fd, nth);
	tcp_send(fd, "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"sid\":");
}

static void drip(struct tcp_server *server, int fd, int nth)
{
	char byte;

	close_unanswered(server, fd, nth);
	tcp_send(fd, "HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n{");
	(void)recv(fd, &byte, 1, 0);
}

static void send_much(struct tcp_server *server, int fd, int nth)
{
	char text[1024];

	close_unanswered(server, fd, nth);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tcp_send(fd, "HTTP/1.1 201 Created\r\n\r\n");
	send_for_ever(fd, text);
}

static void send_many_headers(struct tcp_server *server, int fd, int nth)
{
	close_unanswered(server, fd, nth);
	tcp_send(fd, "HTTP/1.1 200 OK\r\n");
	send_for_ever(fd, "X-Filler: 0123456789\r\n");
}

/* 88 KB, and all is well behind them. */
static void send_too_many_headers(struct tcp_server *server, int fd, int nth)
{
	close_unanswered(server, fd, nth);
	tcp_send(fd, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 4000; i++)
		tcp_send(fd, "X-Filler: 0123456789\r\n");
	tcp_send(fd, "Content-Length: 2\r\n\r\n{}");
}

static void redirect(struct tcp_server *server, int fd, int nth)
{
	(void)nth;
	while (tcp_read_request(server, fd))
		tcp_send(fd, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
}

static void what_is_known_after_a_failure(void **state)
{
	static const struct {
		const char *name;
		tcp_play *play;
		int want_status;
		bool want_truncated, want_error;
		size_t want_len;
		bool ends_by_clock;
	} ROWS[] = {
		{"closed without a byte", close_unanswered, 0, false, true, 0, false},
		{"reset", reset_unanswered, 0, false, true, 0, false},
		{"silence until the deadline", say_nothing, 0, false, true, 0, true},
		{"no HTTP at all", send_junk, 0, false, true, 0, false},
		{"only a 100", send_only_continue, 100, true, true, 0, false},
		{"100 without end", send_continues, 100, true, true, 0, false},
		{"cut in the body", send_half, 201, true, true, 7, false},
		{"a body that drips", drip, 201, true, true, 1, true},
		{"more than the cap", send_much, 201, true, true, ANSWER_MAX, false},
		{"headers without end", send_many_headers, 200, true, true, 0, false},
		{"headers beyond the cap", send_too_many_headers, 200, true, true, 0, false},
		{"a redirect", redirect, 307, false, false, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct tcp_server *server = tcp_start(ROWS[i].play);
		struct http_client *client = client_with_timeout(ROWS[i].ends_by_clock ? SOON_MS : PATIENCE_MS);
		struct seen seen = post(client, server->port);

		print_message("  %s: %s\n", ROWS[i].name, seen.result.error);
		assert_int_equal(seen.result.status, ROWS[i].want_status);
		assert_true(seen.result.body_started);
		assert_int_equal(seen.result.truncated, ROWS[i].want_truncated);
		assert_int_equal(seen.result.error[0] != '\0', ROWS[i].want_error);
		assert_int_equal(seen.result.len, ROWS[i].want_len);
		/* The library counts in milliseconds, and may be one too early. */
		assert_int_equal(seen.result.elapsed_us >=
					 (int64_t)(ROWS[i].ends_by_clock ? SOON_MS : PATIENCE_MS) * 990,
				 ROWS[i].ends_by_clock);
		assert_int_equal(server->begun, 1);
		assert_int_equal(server->requests, 1);
		assert_null(strstr(seen.result.error, "secret"));
		assert_null(strstr(seen.result.error, "t0ken"));
		http_client_destroy(client);
		tcp_stop(server);
	}
}

/* As some gateways do. */
static void refuse_and_quote(struct tcp_server *server, int fd, int nth)
{
	static const char SAID[] = "'t0ken' not a valid key=value pair in Authorization header: 'Bearer t0ken'.";
	char text[256];

	(void)nth;
	text_format(text, sizeof(text), "HTTP/1.1 403 Forbidden\r\nContent-Length: %zu\r\n\r\n%s", sizeof(SAID) - 1,
		    SAID);
	while (tcp_read_request(server, fd))
		tcp_send(fd, text);
}

static void a_refusal_does_not_quote_our_credentials(void **state)
{
	struct tcp_server *server = tcp_start(refuse_and_quote);
	struct http_client *client = client_with_timeout(5000);
	struct seen seen = post(client, server->port);

	(void)state;
	assert_int_equal(seen.result.status, 403);
	assert_string_equal(seen.body, "'t0ken' not a valid key=value pair in Authorization header: '************'.");
	http_client_destroy(client);
	tcp_stop(server);
}

struct stopper {
	struct http_client *client;
	struct tcp_server *server;
	_Atomic bool abort;
};

static void *stop_once_it_waits(void *arg)
{
	struct stopper *stopper = arg;

	while (atomic_load(&stopper->server->requests) == 0)
		usleep(1000);
	atomic_store(&stopper->abort, true);
	http_client_wake(stopper->client);
	return NULL;
}

static void a_wait_for_an_answer_ends_when_it_is_aborted(void **state)
{
	struct stopper stopper = {.server = tcp_start(say_nothing)};
	pthread_t thread;

	(void)state;
	stopper.client = http_client_create(&(struct http_client_options){.ca_file = "",
									  .timeout_ms = 60000,
									  .connect_timeout_ms = 60000,
									  .max_answer = ANSWER_MAX,
									  .max_connections = 1,
									  .abort = &stopper.abort});
	assert_int_equal(pthread_create(&thread, NULL, stop_once_it_waits, &stopper), 0);
	struct seen seen = post(stopper.client, stopper.server->port);

	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(seen.result.status, 0);
	assert_true(seen.result.body_started);
	assert_true(seen.result.elapsed_us < 10 * 1000 * 1000);
	http_client_destroy(stopper.client);
	tcp_stop(stopper.server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_holds_what_the_api_wants_and_no_more),
		cmocka_unit_test(basic_credentials_and_get),
		cmocka_unit_test(a_reused_connection_that_dies_gets_one_post_only),
		cmocka_unit_test(what_is_known_after_a_failure),
		cmocka_unit_test(a_refusal_does_not_quote_our_credentials),
		cmocka_unit_test(a_wait_for_an_answer_ends_when_it_is_aborted),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
