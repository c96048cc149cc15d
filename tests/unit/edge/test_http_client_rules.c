/* http_client: what never leaves, whom it obeys, and many requests at once. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_client.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/unit/edge/tcp_script.h"

enum { PARALLEL = 8, REQUESTS = 200 };

static void remember(void *ctx, const struct http_result *result)
{
	struct http_result *seen = ctx;

	*seen = *result;
	seen->body = seen->content_type = NULL; /* borrowed only until now */
}

static struct http_client *new_client(void)
{
	return http_client_create(&(struct http_client_options){.ca_file = "",
								.timeout_ms = 5000,
								.connect_timeout_ms = 5000,
								.max_answer = 65536,
								.max_connections = PARALLEL});
}

static struct http_request_out post_of(const char *url)
{
	return (struct http_request_out){.method = "POST",
					 .url = url,
					 .authorization = "",
					 .username = "",
					 .password = "",
					 .body = "Sim=a&Payload=b",
					 .body_len = 15};
}

static struct http_result post(struct http_client *client, const char *url)
{
	struct http_request_out request = post_of(url);
	struct http_result seen = {.status = -1};

	http_client_fetch(client, &request, remember, NULL, &seen);
	return seen;
}

static void answer_all(struct tcp_server *server, int fd, int nth)
{
	(void)nth;
	while (tcp_read_request(server, fd))
		tcp_send(fd, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
}

/* Silent for so long that a transfer is often called stuck. */
static void think_long(struct tcp_server *server, int fd, int nth)
{
	struct pollfd gone = {.fd = fd, .events = POLLIN};

	(void)nth;
	tcp_read_request(server, fd);
	if (poll(&gone, 1, 32000) == 0)
		tcp_send(fd, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
}

static void an_answer_has_the_whole_timeout(void **state)
{
	struct tcp_server *server = tcp_start(think_long);
	struct http_client *client = http_client_create(&(struct http_client_options){.ca_file = "",
										      .timeout_ms = 60000,
										      .connect_timeout_ms = 5000,
										      .max_answer = 65536,
										      .max_connections = 1});
	char url[64];

	(void)state;
	text_format(url, sizeof(url), "http://127.0.0.1:%d/", server->port);
	assert_int_equal(post(client, url).status, 201);
	http_client_destroy(client);
	tcp_stop(server);
}

static void refuse_at_length(struct tcp_server *server, int fd, int nth)
{
	char text[17000];

	(void)nth;
	tcp_read_request(server, fd);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tcp_send(fd, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 16999\r\n\r\n");
	tcp_send(fd, text);
}

static void of_a_refusal_16_kib_are_enough(void **state)
{
	struct tcp_server *server = tcp_start(refuse_at_length);
	struct http_client *client = new_client();
	char url[64];

	(void)state;
	text_format(url, sizeof(url), "http://127.0.0.1:%d/", server->port);
	struct http_result seen = post(client, url);

	assert_int_equal(seen.status, 500);
	assert_int_equal(seen.len, 16384);
	http_client_destroy(client);
	tcp_stop(server);
}

static void a_refused_connection_sends_no_body(void **state)
{
	struct http_client *client = new_client();
	char url[64];
	int port, fd = tcp_refuse(&port);

	(void)state;
	text_format(url, sizeof(url), "http://127.0.0.1:%d/", port);
	struct http_result seen = post(client, url);

	assert_int_equal(seen.status, 0);
	assert_false(seen.body_started);
	assert_true(seen.error[0]);
	http_client_destroy(client);
	close(fd);
}

static void what_is_no_http_is_never_asked(void **state)
{
	static const char *const URLS[] = {"file:///etc/passwd",
					   "ftp://127.0.0.1/",
					   "gopher://127.0.0.1/",
					   "http://",
					   "http://127.0.0.1:99999/?secret=1",
					   ""};
	struct http_client *client = new_client();

	(void)state;
	for (size_t i = 0; i < sizeof(URLS) / sizeof(URLS[0]); i++) {
		struct http_result seen = post(client, URLS[i]);

		print_message("  %s: %s\n", URLS[i], seen.error);
		assert_int_equal(seen.status, 0);
		assert_false(seen.body_started);
		assert_true(seen.error[0]);
		assert_null(strstr(seen.error, "secret"));
	}
	http_client_destroy(client);
}

/* TLS towards a server that speaks none: the handshake fails and the body stays here. */
static void a_failed_handshake_sends_no_body(void **state)
{
	struct tcp_server *server = tcp_start(answer_all);
	struct http_client *client = new_client();
	char url[64];

	(void)state;
	text_format(url, sizeof(url), "https://127.0.0.1:%d/", server->port);
	struct http_request_out request = post_of(url);
	struct http_result seen = {.status = -1};

	http_client_start(client, &request, remember, &seen);
	while (!server->begun)
		http_client_poll(client, 10);
	tcp_stop(server); /* cuts the connection */
	while (http_client_busy(client))
		http_client_poll(client, 100);
	assert_int_equal(seen.status, 0);
	assert_false(seen.body_started);
	http_client_destroy(client);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
	static const char *const NAMES[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
	struct tcp_server *server = tcp_start(answer_all), *proxy = tcp_start(answer_all);
	char url[64], proxy_url[64];

	(void)state;
	text_format(url, sizeof(url), "http://127.0.0.1:%d/", server->port);
	text_format(proxy_url, sizeof(proxy_url), "http://127.0.0.1:%d", proxy->port);
	for (size_t i = 0; i < 4; i++)
		setenv(NAMES[i], proxy_url, 1);
	struct http_client *client = new_client();

	assert_int_equal(post(client, url).status, 201);
	assert_int_equal(server->requests, 1);
	assert_int_equal(proxy->connections, 0);
	for (size_t i = 0; i < 4; i++)
		unsetenv(NAMES[i]);
	http_client_destroy(client);
	tcp_stop(server);
	tcp_stop(proxy);
}

static const struct {
	const char *name, *header;
	int64_t want_low, want_high;
} WAITS[] = {
	{"none", "", -1, -1},
	{"seconds", "Retry-After: 30\r\n", 30000, 30000},
	{"an hour", "Retry-After: 3600\r\n", 3600000, 3600000},
	{"23 years", "Retry-After: 729221592\r\n", 3600000, 3600000},
	{"a date far away", "Retry-After: Fri, 31 Dec 2049 23:59:59 GMT\r\n", 3600000, 3600000},
	{"a date that is past", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", -1, -1},
	{"negative", "Retry-After: -5\r\n", -1, -1},
	{"garbage", "Retry-After: soon\r\n", -1, -1},
	{"beyond 64 bits", "Retry-After: 99999999999999999999999\r\n", -1, 3600000},
};

static void answer_429(struct tcp_server *server, int fd, int nth)
{
	char answer[256];

	(void)nth;
	while (tcp_read_request(server, fd)) {
		text_format(answer, sizeof(answer), "HTTP/1.1 429 Too Many Requests\r\n%sContent-Length: 0\r\n\r\n",
			    WAITS[server->choice].header);
		tcp_send(fd, answer);
	}
}

static void retry_after_is_read_in_every_form(void **state)
{
	struct tcp_server *server = tcp_start(answer_429);
	struct http_client *client = new_client();
	char url[64];

	(void)state;
	text_format(url, sizeof(url), "http://127.0.0.1:%d/", server->port);
	for (size_t i = 0; i < sizeof(WAITS) / sizeof(WAITS[0]); i++) {
		server->choice = (int)i;
		struct http_result seen = post(client, url);

		print_message("  %s: %lld\n", WAITS[i].name, (long long)seen.retry_after_ms);
		assert_int_equal(seen.status, 429);
		assert_true(seen.retry_after_ms >= WAITS[i].want_low && seen.retry_after_ms <= WAITS[i].want_high);
	}
	http_client_destroy(client);
	tcp_stop(server);
}

struct crowd {
	struct http_client *client;
	struct http_request_out request;
	int started, created;
};

/* Each answer starts the next request, as a sender does. */
static void start_next(void *ctx, const struct http_result *result)
{
	struct crowd *crowd = ctx;

	crowd->created += result->status == 201;
	if (crowd->started++ < REQUESTS)
		http_client_start(crowd->client, &crowd->request, start_next, crowd);
}

static void many_at_once_share_few_connections(void **state)
{
	struct tcp_server *server = tcp_start(answer_all);
	char url[64];
	struct crowd crowd = {.client = new_client()};

	(void)state;
	text_format(url, sizeof(url), "http://127.0.0.1:%d/", server->port);
	crowd.request = post_of(url);
	for (; crowd.started < PARALLEL; crowd.started++)
		http_client_start(crowd.client, &crowd.request, start_next, &crowd);
	assert_int_equal(http_client_busy(crowd.client), PARALLEL);
	while (http_client_busy(crowd.client))
		http_client_poll(crowd.client, 1000);
	assert_int_equal(crowd.created, REQUESTS);
	assert_int_equal(server->requests, REQUESTS);
	assert_true(server->connections <= PARALLEL);
	http_client_destroy(crowd.client);
	tcp_stop(server);
}

static void *wake_soon(void *client)
{
	http_client_wake(client);
	return NULL;
}

static void a_wake_ends_the_wait(void **state)
{
	struct http_client *client = new_client();
	int64_t began = clock_mono_ms();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, wake_soon, client), 0);
	http_client_poll(client, 60000);
	assert_true(clock_mono_ms() - began < 30000);
	pthread_join(thread, NULL);
	http_client_destroy(client);
}

static void hang(struct tcp_server *server, int fd, int nth)
{
	char byte;

	(void)nth;
	tcp_read_request(server, fd);
	(void)recv(fd, &byte, 1, 0);
}

static void count_call(void *ctx, const struct http_result *result)
{
	int *calls = ctx;

	(void)result;
	++*calls;
}

static void destroying_ends_what_is_under_way_without_a_word(void **state)
{
	struct tcp_server *server = tcp_start(hang);
	struct http_client *client = new_client();
	char url[64];
	int calls = 0;

	(void)state;
	text_format(url, sizeof(url), "http://127.0.0.1:%d/", server->port);
	struct http_request_out request = post_of(url);

	http_client_start(client, &request, count_call, &calls);
	while (!server->requests)
		http_client_poll(client, 10);
	http_client_destroy(client);
	http_client_destroy(NULL);
	assert_int_equal(calls, 0);
	tcp_stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_connection_sends_no_body),
		cmocka_unit_test(an_answer_has_the_whole_timeout),
		cmocka_unit_test(of_a_refusal_16_kib_are_enough),
		cmocka_unit_test(what_is_no_http_is_never_asked),
		cmocka_unit_test(a_failed_handshake_sends_no_body),
		cmocka_unit_test(proxies_of_the_environment_are_ignored),
		cmocka_unit_test(retry_after_is_read_in_every_form),
		cmocka_unit_test(many_at_once_share_few_connections),
		cmocka_unit_test(a_wake_ends_the_wait),
		cmocka_unit_test(destroying_ends_what_is_under_way_without_a_word),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
