/* http_server: what a request looks like to a handler, and what never gets there. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bridge/base/memory.h"
#include "tests/unit/edge/http_raw.h"

struct seen {
	pthread_mutex_t lock;
	int calls, gate_calls;
	char method[32], path[512], query[512], body[20000], peer[64], once[64], twice[64];
	size_t body_len;
};

static struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void handler(void *ctx, const struct http_request_in *request, struct http_reply *reply)
{
	struct seen *to = ctx;

	pthread_mutex_lock(&to->lock);
	to->calls++;
	text_copy(to->method, sizeof(to->method), request->method);
	text_copy(to->path, sizeof(to->path), request->path);
	text_copy(to->query, sizeof(to->query), request->query);
	text_copy(to->body, sizeof(to->body), request->body);
	text_copy(to->peer, sizeof(to->peer), request->peer);
	text_copy(to->once, sizeof(to->once), http_header(request, "kore-signature"));
	text_copy(to->twice, sizeof(to->twice), http_header(request, "x-twice"));
	to->body_len = request->body_len;
	pthread_mutex_unlock(&to->lock);
	reply->status = 200;
	reply->content_type = "text/plain";
	reply->body = memory_copied_text("hello");
	reply->body_len = 5;
}

static int gate(void *ctx, const char *method, const char *path)
{
	struct seen *to = ctx;

	pthread_mutex_lock(&to->lock);
	to->gate_calls++;
	pthread_mutex_unlock(&to->lock);
	if (!text_starts_with(path, "/open"))
		return 404;
	return strcmp(method, "GET") && strcmp(method, "POST") && strcmp(method, "HEAD") ? 405 : 0;
}

static int setup(void **state)
{
	struct http_server_options options = raw_options();

	options.allow = "GET, POST";
	*state = raw_start(&options, gate, handler, &seen);
	return 0;
}

static int teardown(void **state)
{
	http_server_stop(*state);
	return 0;
}

static int calls(void)
{
	pthread_mutex_lock(&seen.lock);
	int count = seen.calls;

	pthread_mutex_unlock(&seen.lock);
	return count;
}

static void a_post_arrives_as_it_was_sent(void **state)
{
	char answer[RAW_ANSWER];
	int status = raw_ask(http_server_port(*state),
			     "POST /open/a%2Fb/%00c/../d?x=%31&y=+ HTTP/1.1\r\nHost: h\r\nKore-Signature: abc\r\n"
			     "X-Twice: 1\r\nX-Twice: 2\r\nContent-Length: 9\r\n\r\na=b&c=d+e",
			     answer);

	assert_int_equal(status, 200);
	assert_string_equal(seen.method, "POST");
	assert_string_equal(seen.path, "/open/a%2Fb/%00c/../d");
	assert_string_equal(seen.query, "x=%31&y=+");
	assert_string_equal(seen.body, "a=b&c=d+e");
	assert_int_equal(seen.body_len, 9);
	assert_string_equal(seen.peer, "127.0.0.1");
	assert_string_equal(seen.once, "abc");
	assert_string_equal(seen.twice, "");
	assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
	assert_non_null(strstr(answer, "\r\nContent-Type: text/plain\r\n"));
	assert_non_null(strstr(answer, "\r\nContent-Length: 5\r\n"));
	assert_non_null(strstr(answer, "\r\n\r\nhello"));
}

static void a_body_of_the_largest_size_arrives_whole(void **state)
{
	char request[20000], answer[RAW_ANSWER];
	int head =
		snprintf(request, sizeof(request), "POST /open HTTP/1.1\r\nHost: h\r\nContent-Length: 16384\r\n\r\n");

	memset(request + head, 'x', 16384);
	assert_int_equal(raw_exchange(http_server_port(*state), request, (size_t)head + 16384, answer), 200);
	assert_int_equal(seen.body_len, 16384);
	assert_int_equal(strspn(seen.body, "x"), 16384);
}

static void a_body_in_pieces_arrives_whole(void **state)
{
	char answer[RAW_ANSWER];
	int fd = tcp_connect(http_server_port(*state)), before = calls();

	tcp_send(fd, "POST /open HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nab");
	tcp_send(fd, "cd");
	tcp_send(fd, "ef");
	raw_read(fd, answer, RAW_ANSWER);
	close(fd);
	assert_int_equal(calls(), before + 1);
	assert_string_equal(seen.body, "abcdef");
}

/* RFC 9112, section 9.6: it has said all, and still listens. */
static void a_client_that_closes_its_side_gets_its_answer(void **state)
{
	static const char *const PATHS[] = {"/open", "/shut"};
	static const char *const WANT[] = {"HTTP/1.1 200 ", "HTTP/1.1 404 "};
	char request[128], answer[RAW_ANSWER];

	for (int i = 0; i < 100; i++) {
		int fd = tcp_connect(http_server_port(*state));

		text_format(request, sizeof(request), "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
			    PATHS[i % 2]);
		tcp_send(fd, request);
		shutdown(fd, SHUT_WR);
		raw_read(fd, answer, RAW_ANSWER);
		assert_true(text_starts_with(answer, WANT[i % 2]));
		close(fd);
	}
}

static void a_get_has_no_body_even_if_it_brings_one(void **state)
{
	char answer[RAW_ANSWER];

	assert_int_equal(raw_ask(http_server_port(*state),
				 "GET /open?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", answer),
			 200);
	assert_string_equal(seen.method, "GET");
	assert_string_equal(seen.query, "a=1");
	assert_string_equal(seen.body, "");
	assert_int_equal(seen.body_len, 0);
}

static void a_head_gets_headers_only(void **state)
{
	char answer[RAW_ANSWER];

	assert_int_equal(raw_ask(http_server_port(*state), "HEAD /open HTTP/1.1\r\nHost: h\r\n\r\n", answer), 200);
	assert_null(strstr(answer, "hello"));
}

struct refused {
	const char *name, *request;
	int want_status;
};

#define POST_OPEN "POST /open HTTP/1.1\r\nHost: h\r\n"

static const struct refused REFUSED[] = {
	{"no length", POST_OPEN "\r\n", 411},
	{"chunked", POST_OPEN "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 411},
	{"another encoding", POST_OPEN "Transfer-Encoding: gzip\r\n\r\n", 411},
	{"chunked GET", "GET /open HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
	{"length and encoding", POST_OPEN "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
	{"encoding and length", POST_OPEN "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
	{"two lengths", POST_OPEN "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
	{"the same length twice", POST_OPEN "Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc", 400},
	{"a list of lengths", POST_OPEN "Content-Length: 3, 3\r\n\r\nabc", 400},
	{"a signed length", POST_OPEN "Content-Length: +3\r\n\r\nabc", 400},
	{"a hexadecimal length", POST_OPEN "Content-Length: 0x3\r\n\r\nabc", 400},
	{"an empty length", POST_OPEN "Content-Length: \r\n\r\nabc", 400},
	{"a byte too long", POST_OPEN "Content-Length: 16385\r\n\r\n", 413},
	{"much too long", POST_OPEN "Content-Length: 9000000000\r\n\r\n", 413},
	{"a GET's body too long", "GET /open HTTP/1.1\r\nHost: h\r\nContent-Length: 16385\r\n\r\n", 413},
	{"an encoding in disguise", POST_OPEN "Transfer-Encoding\t: chunked\r\nContent-Length: 3\r\n\r\nabc", 400},
	{"a name that is no token", POST_OPEN "X(1): a\r\nContent-Length: 3\r\n\r\nabc", 400},
	{"a line that ends in the middle", POST_OPEN "X: a\rContent-Length: 9\r\nContent-Length: 3\r\n\r\nabc", 400},
	{"a control character", POST_OPEN "X: \x1b[2J\r\nContent-Length: 3\r\n\r\nabc", 400},
	{"two hosts", POST_OPEN "Host: i\r\nContent-Length: 0\r\n\r\n", 400},
	{"no host", "GET /open HTTP/1.1\r\n\r\n", 400},
	{"closed by the gate", "GET /shut HTTP/1.1\r\nHost: h\r\n\r\n", 404},
	{"closed before the body", "POST /shut HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n", 404},
	{"the wrong method", "DELETE /open HTTP/1.1\r\nHost: h\r\n\r\n", 405},
};

static void what_is_refused_never_reaches_the_handler(void **state)
{
	char answer[RAW_ANSWER];

	for (size_t i = 0; i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++) {
		int before = calls();
		int status = raw_ask(http_server_port(*state), REFUSED[i].request, answer);

		print_message("  %s: %d\n", REFUSED[i].name, status);
		assert_int_equal(status, REFUSED[i].want_status);
		assert_int_equal(calls(), before);
		assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
	}
}

static void a_405_names_what_is_allowed(void **state)
{
	char answer[RAW_ANSWER];

	raw_ask(http_server_port(*state), "PUT /open HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", answer);
	assert_non_null(strstr(answer, "\r\nAllow: GET, POST\r\n"));
}

/* What stands behind a request on the same connection is not read as another one. */
static void a_second_request_on_a_connection_is_not_served(void **state)
{
	char answer[RAW_ANSWER];
	int before = calls();

	raw_ask(http_server_port(*state),
		"POST /open HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /open/smuggled HTTP/1.1\r\nHost: "
		"h\r\n\r\n",
		answer);
	assert_int_equal(calls(), before + 1);
	assert_string_equal(seen.path, "/open");
	assert_null(strstr(answer + 9, "HTTP/1.1 "));
}

static void junk_does_not_hurt(void **state)
{
	static const char *const JUNK[] = {"\r\n\r\n",
					   "GET\r\n\r\n",
					   "\x16\x03\x01\x02\x01\x01",
					   "GET  HTTP/1.1\r\n\r\n",
					   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
					   "GET /open HTTP/9.9\r\nHost: h\r\n\r\n"};
	char many[40000] = "GET /open HTTP/1.1\r\nHost: h\r\n", answer[RAW_ANSWER];
	int port = http_server_port(*state), before = calls();

	for (size_t i = 0; i < sizeof(JUNK) / sizeof(JUNK[0]); i++) {
		int fd = tcp_connect(port);

		tcp_send(fd, JUNK[i]);
		shutdown(fd, SHUT_WR);
		assert_true(raw_is_closed(fd));
		close(fd);
	}
	for (size_t len = strlen(many); len < sizeof(many) - 20; len += 15)
		memcpy(many + len, "X-Filler: 123\r\n", 16);
	assert_int_equal(raw_ask(port, many, answer), 431);
	assert_int_equal(calls(), before);
	assert_int_equal(raw_ask(port, "GET /open HTTP/1.1\r\nHost: h\r\n\r\n", answer), 200);
}

static void requests_and_refusals_are_counted(void **state)
{
	struct http_server_stats before, after;
	char answer[RAW_ANSWER];
	int port = http_server_port(*state);

	http_server_stats(*state, &before);
	raw_ask(port, "GET /open HTTP/1.1\r\nHost: h\r\n\r\n", answer);
	raw_ask(port, "GET /open HTTP/1.1\r\nHost: h\r\n\r\n", answer);
	raw_ask(port, "GET /shut HTTP/1.1\r\nHost: h\r\n\r\n", answer);
	http_server_stats(*state, &after);
	assert_int_equal(after.requests - before.requests, 2);
	assert_int_equal(after.refused - before.refused, 1);
	assert_int_equal(after.cut - before.cut, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_post_arrives_as_it_was_sent),
		cmocka_unit_test(a_body_of_the_largest_size_arrives_whole),
		cmocka_unit_test(a_body_in_pieces_arrives_whole),
		cmocka_unit_test(a_client_that_closes_its_side_gets_its_answer),
		cmocka_unit_test(a_get_has_no_body_even_if_it_brings_one),
		cmocka_unit_test(a_head_gets_headers_only),
		cmocka_unit_test(what_is_refused_never_reaches_the_handler),
		cmocka_unit_test(a_405_names_what_is_allowed),
		cmocka_unit_test(a_second_request_on_a_connection_is_not_served),
		cmocka_unit_test(junk_does_not_hurt),
		cmocka_unit_test(requests_and_refusals_are_counted),
	};

	signal(SIGPIPE, SIG_IGN);
	int failed = cmocka_run_group_tests_name("a thread for each connection", tests, setup, teardown);

	raw_batched = true;
	return failed + cmocka_run_group_tests_name("one thread for all", tests, setup, teardown);
}
