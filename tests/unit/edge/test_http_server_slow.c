/* http_server: slow clients, many clients, and the end. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>

#include <cmocka.h>

#include "bridge/base/memory.h"
#include "tests/unit/edge/http_raw.h"

/* SHORT_MS: who is to be cut is cut soon; LONG_MS: nobody is by accident, however slow the machine. */
enum { SLOW_CLIENTS = 16, QUICK_REQUESTS = 50, SHORT_MS = 400, HELD_MS = 4000, LONG_MS = 60000 };

/* Handlers wait here when a test wants them to. */
struct hall {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int inside;
	bool closed;
};

static struct hall hall = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void hall_close(bool closed)
{
	pthread_mutex_lock(&hall.lock);
	hall.closed = closed;
	pthread_cond_broadcast(&hall.changed);
	pthread_mutex_unlock(&hall.lock);
}

static void wait_inside(int count)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += RAW_PATIENCE_MS / 1000;
	pthread_mutex_lock(&hall.lock);
	while (hall.inside < count)
		if (pthread_cond_timedwait(&hall.changed, &hall.lock, &until))
			break;
	bool there = hall.inside >= count;
	pthread_mutex_unlock(&hall.lock);
	assert_true(there);
}

static void handler(void *ctx, const struct http_request_in *request, struct http_reply *reply)
{
	(void)ctx;
	reply->status = 204;
	if (strcmp(request->path, "/hall"))
		return;
	pthread_mutex_lock(&hall.lock);
	hall.inside++;
	pthread_cond_broadcast(&hall.changed);
	while (hall.closed)
		pthread_cond_wait(&hall.changed, &hall.lock);
	hall.inside--;
	pthread_mutex_unlock(&hall.lock);
}

static const char GET[] = "GET /quick HTTP/1.1\r\nHost: h\r\n\r\n";
static const char GET_HALL[] = "GET /hall HTTP/1.1\r\nHost: h\r\n\r\n";

static void a_slow_client_is_cut_wherever_it_hangs(void **state)
{
	static const struct {
		const char *name, *begin, *drip;
	} ROWS[] = {
		{"says nothing", "", ""},
		{"drips the request line", "G", "E"},
		{"drips headers", "GET /quick HTTP/1.1\r\nHost: h\r\nX: ", "x"},
		{"drips a body", "POST /quick HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n", "x"},
	};
	struct http_server_options options = raw_options();

	(void)state;
	options.request_deadline_ms = SHORT_MS;
	struct http_server *server = raw_start(&options, NULL, handler, NULL);
	struct http_server_stats stats;

	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		int64_t began = clock_mono_ms();
		int fd = tcp_connect(http_server_port(server));
		struct pollfd closed = {.fd = fd, .events = POLLIN};

		print_message("  %s\n", ROWS[i].name);
		tcp_send(fd, ROWS[i].begin);
		while (clock_mono_ms() - began < RAW_PATIENCE_MS && poll(&closed, 1, 50) == 0)
			tcp_send(fd, ROWS[i].drip); /* never inactive for long */
		assert_true(raw_is_closed(fd));
		assert_true(clock_mono_ms() - began >= SHORT_MS);
		close(fd);
	}
	http_server_stats(server, &stats);
	assert_int_equal(stats.cut, 4);
	http_server_stop(server);
}

static void quick_clients_are_served_while_slow_ones_hang(void **state)
{
	struct http_server_options options = raw_options();
	int slow[SLOW_CLIENTS];
	char answer[RAW_ANSWER];

	(void)state;
	options.request_deadline_ms = LONG_MS;
	struct http_server *server = raw_start(&options, NULL, handler, NULL);

	for (int i = 0; i < SLOW_CLIENTS; i++) {
		slow[i] = tcp_connect(http_server_port(server));
		tcp_send(slow[i], "POST /quick HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nx");
	}
	int64_t began = clock_mono_ms();

	for (int i = 0; i < QUICK_REQUESTS; i++)
		assert_int_equal(raw_ask(http_server_port(server), GET, answer), 204);
	assert_true(clock_mono_ms() - began < options.request_deadline_ms);
	for (int i = 0; i < SLOW_CLIENTS; i++) {
		tcp_send(slow[i], "123456789");
		raw_read(slow[i], answer, RAW_ANSWER);
		assert_true(text_starts_with(answer, "HTTP/1.1 204 "));
		close(slow[i]);
	}
	http_server_stop(server);
}

/* All of them wait for one commit: none may stand in the way of another. */
static void handlers_that_wait_do_so_side_by_side(void **state)
{
	struct http_server_options options = raw_options();

	(void)state;
	options.request_deadline_ms = HELD_MS;
	struct http_server *server = raw_start(&options, NULL, handler, NULL);
	int fds[SLOW_CLIENTS];
	char answer[RAW_ANSWER];

	hall_close(true);
	for (int i = 0; i < SLOW_CLIENTS; i++) {
		fds[i] = tcp_connect(http_server_port(server));
		tcp_send(fds[i], GET_HALL);
	}
	wait_inside(SLOW_CLIENTS);
	assert_int_equal(raw_ask(http_server_port(server), GET, answer), 204);
	struct pollfd nothing = {.fd = fds[0], .events = POLLIN};

	/* Longer than the deadline, which is the client's and not the handler's. */
	assert_int_equal(poll(&nothing, 1, HELD_MS + 1000), 0);
	hall_close(false);
	for (int i = 0; i < SLOW_CLIENTS; i++) {
		raw_read(fds[i], answer, RAW_ANSWER);
		assert_true(text_starts_with(answer, "HTTP/1.1 204 "));
		close(fds[i]);
	}
	http_server_stop(server);
}

static void one_address_gets_no_more_than_its_share(void **state)
{
	struct http_server_options options = raw_options();

	(void)state;
	options.max_connections_per_address = 2;
	struct http_server *server = raw_start(&options, NULL, handler, NULL);
	char answer[RAW_ANSWER];
	int first = tcp_connect(http_server_port(server)), second = tcp_connect(http_server_port(server));
	int third = tcp_connect(http_server_port(server));

	assert_true(raw_is_closed(third));
	tcp_send(first, GET);
	raw_read(first, answer, RAW_ANSWER);
	assert_true(text_starts_with(answer, "HTTP/1.1 204 "));
	close(first);
	close(second);
	close(third);
	int64_t until = clock_mono_ms() + RAW_PATIENCE_MS;

	while (raw_ask(http_server_port(server), GET, answer) != 204)
		assert_true(clock_mono_ms() < until);
	http_server_stop(server);
}

static void keep_alive_serves_many_on_one_connection(void **state)
{
	struct http_server_options options = raw_options();

	(void)state;
	options.keep_alive = true;
	options.request_deadline_ms = HELD_MS;
	struct http_server *server = raw_start(&options, NULL, handler, NULL);
	char answer[RAW_ANSWER];
	int fd = tcp_connect(http_server_port(server));
	int64_t began = clock_mono_ms();

	/* For longer than the deadline: it is one of requests, not of connections. */
	while (clock_mono_ms() - began < HELD_MS + 1000) {
		tcp_send(fd, GET);
		raw_read(fd, answer, 20);
		assert_true(text_starts_with(answer, "HTTP/1.1 204 "));
		while (!strstr(answer, "\r\n\r\n"))
			raw_read(fd, answer, 1);
		assert_null(strstr(answer, "Connection: close"));
	}
	assert_true(raw_is_closed(fd)); /* and idle ones are cut */
	close(fd);
	http_server_stop(server);
}

static void *stop(void *server)
{
	http_server_stop(server);
	return NULL;
}

static void stopping_lets_handlers_finish_and_refuses_others(void **state)
{
	struct http_server_options options = raw_options();
	struct http_server *server = raw_start(&options, NULL, handler, NULL);
	int port = http_server_port(server), fd = tcp_connect(port);
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char answer[RAW_ANSWER];
	pthread_t thread;

	(void)state;
	hall_close(true);
	tcp_send(fd, GET_HALL);
	wait_inside(1);
	assert_int_equal(pthread_create(&thread, NULL, stop, server), 0);
	int64_t until = clock_mono_ms() + RAW_PATIENCE_MS;
	bool refused = false;

	while (!refused && clock_mono_ms() < until) {
		int other = socket(AF_INET, SOCK_STREAM, 0);

		refused = connect(other, (struct sockaddr *)&address, sizeof(address)) != 0;
		close(other);
	}
	assert_true(refused);
	hall_close(false);
	raw_read(fd, answer, RAW_ANSWER);
	assert_true(text_starts_with(answer, "HTTP/1.1 204 "));
	close(fd);
	pthread_join(thread, NULL);
	http_server_stop(NULL);
}

static void stopping_does_not_wait_for_half_a_request(void **state)
{
	struct http_server_options options = raw_options();

	(void)state;
	options.request_deadline_ms = 60000;
	struct http_server *server = raw_start(&options, NULL, handler, NULL);
	int fd = tcp_connect(http_server_port(server));
	int64_t began = clock_mono_ms();

	tcp_send(fd, "GET /quick HTTP/1.1\r\n");
	http_server_stop(server);
	assert_true(clock_mono_ms() - began < 30000);
	assert_true(raw_is_closed(fd));
	close(fd);
}

static size_t count_down(void *ctx, char *to, size_t size)
{
	atomic_int *left = ctx;
	int number = atomic_fetch_sub(left, 1);

	return number > 0 ? (size_t)snprintf(to, size, "data: %d\n\n", number) : 0;
}

static void mark_ended(void *ctx)
{
	atomic_int *left = ctx;

	atomic_store(left, -100);
}

static void stream_handler(void *ctx, const struct http_request_in *request, struct http_reply *reply)
{
	(void)request;
	reply->status = 200;
	reply->content_type = "text/event-stream";
	reply->stream = count_down;
	reply->stream_end = mark_ended;
	reply->stream_ctx = ctx;
}

static void a_stream_comes_in_parts_until_its_end(void **state)
{
	struct http_server_options options = raw_options();
	atomic_int left = 3;
	struct http_server *server = raw_start(&options, NULL, stream_handler, &left);
	char answer[RAW_ANSWER];

	(void)state;
	assert_int_equal(raw_ask(http_server_port(server), GET, answer), 200);
	assert_non_null(strstr(answer, "\r\nContent-Type: text/event-stream\r\n"));
	const char *third = strstr(answer, "data: 3"), *first = strstr(answer, "data: 1");

	assert_true(third != NULL && first != NULL && third < first);
	http_server_stop(server);
	assert_int_equal(left, -100);
}

static void a_server_that_cannot_start_says_why(void **state)
{
	struct http_server_options options = raw_options();
	struct http_server *server = raw_start(&options, NULL, handler, NULL);
	char taken[32], why[256];
	const struct {
		const char *listen, *cert_file, *key_file, *want;
	} ROWS[] = {
		{taken, "", "", "Address already in use: stop what has it"},
		{"nonsense", "", "", "host:port"},
		{"::1:80", "", "", "[IPv6 address]:port"},
		{"127.0.0.1:99999", "", "", "host:port"},
		{"127.0.0.1:", "", "", "host:port"},
		{"192.0.2.1:0", "", "", "Cannot assign requested address"}, /* TEST-NET-1, nobody's */
		{"127.0.0.1:0", "/nonexistent/cert.pem", "/nonexistent/key.pem", "/nonexistent/cert.pem"},
		{"127.0.0.1:0", "cert.pem", "", "key"},
		{"127.0.0.1:0", "/dev/null", "/dev/null", "cannot be used"},
	};

	(void)state;
	text_format(taken, sizeof(taken), "127.0.0.1:%d", http_server_port(server));
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		options.listen = ROWS[i].listen;
		options.cert_file = ROWS[i].cert_file;
		options.key_file = ROWS[i].key_file;
		why[0] = '\0';
		assert_null(raw_try(&options, NULL, handler, NULL, why, sizeof(why)));
		print_message("  %s\n", why);
		assert_non_null(strstr(why, ROWS[i].want));
	}
	http_server_stop(server);
}

static void it_listens_on_ipv6_and_ipv4(void **state)
{
	struct http_server_options options = raw_options();
	char answer[RAW_ANSWER];
	static const char *const WHERE[] = {":0", "0.0.0.0:0", "[::]:0"};
	int v6 = socket(AF_INET6, SOCK_STREAM, 0); /* a kernel may have none */
	size_t count = v6 < 0 ? 2 : 3;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		options.listen = WHERE[i];
		struct http_server *server = raw_start(&options, NULL, handler, NULL);

		print_message("  %s\n", WHERE[i]);
		assert_int_equal(raw_ask(http_server_port(server), GET, answer), 204);
		http_server_stop(server);
	}
	if (v6 >= 0)
		close(v6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_client_is_cut_wherever_it_hangs),
		cmocka_unit_test(quick_clients_are_served_while_slow_ones_hang),
		cmocka_unit_test(one_address_gets_no_more_than_its_share),
		cmocka_unit_test(keep_alive_serves_many_on_one_connection),
		cmocka_unit_test(stopping_lets_handlers_finish_and_refuses_others),
		cmocka_unit_test(stopping_does_not_wait_for_half_a_request),
		cmocka_unit_test(a_server_that_cannot_start_says_why),
		cmocka_unit_test(it_listens_on_ipv6_and_ipv4),
	};
	const struct CMUnitTest with_threads[] = {
		cmocka_unit_test(handlers_that_wait_do_so_side_by_side),
		cmocka_unit_test(a_stream_comes_in_parts_until_its_end),
	};

	signal(SIGPIPE, SIG_IGN);
	int failed = cmocka_run_group_tests_name("a thread for each connection", tests, NULL, NULL) +
		     cmocka_run_group_tests_name("what only threads can", with_threads, NULL, NULL);

	raw_batched = true;
	return failed + cmocka_run_group_tests_name("one thread for all", tests, NULL, NULL);
}
