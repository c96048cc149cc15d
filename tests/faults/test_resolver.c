/* Does a name server that hangs hold up other requests, or the end of the program? */
// SPDX-License-Identifier: Apache-2.0
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "bridge/edge/http_client.h"
#include "tests/unit/edge/tcp_script.h"
#include "tests/unit/table.h"

enum { CONNECT_MS = 12000, LONG_MS = 60000 };

/* libcurl's question for a name comes here, where it waits until the end of the test. */
static sem_t released;
static atomic_int asked, answered;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	(void)name;
	(void)service;
	(void)hints;
	(void)ret;
	atomic_fetch_add(&asked, 1);
	while (sem_wait(&released) != 0)
		;
	sem_post(&released);
	atomic_fetch_add(&answered, 1);
	return EAI_AGAIN;
}

static void answer_well(struct tcp_server *server, int fd, int nth)
{
	(void)nth;
	if (tcp_read_request(server, fd))
		tcp_send(fd, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
}

struct seen {
	bool done, body_started;
	int status;
};

static void note(void *ctx, const struct http_result *result)
{
	struct seen *seen = ctx;
	*seen = (struct seen){.done = true, .body_started = result->body_started, .status = result->status};
}

static struct http_client *start(const char *url, struct seen *seen)
{
	struct http_client *client = http_client_create(&(struct http_client_options){.ca_file = "",
										      .timeout_ms = LONG_MS,
										      .connect_timeout_ms = CONNECT_MS,
										      .max_answer = 1000,
										      .max_connections = 4});
	*seen = (struct seen){.done = false};
	http_client_start(client,
			  &(struct http_request_out){.method = "POST", .url = url, .body = "a=b", .body_len = 3}, note,
			  seen);
	for (int64_t until_ms = clock_mono_ms() + LONG_MS; atomic_load(&asked) == 0;) {
		http_client_poll(client, 10);
		assert_true(clock_mono_ms() < until_ms);
	}
	return client;
}

static void other_requests_go_on_while_a_name_is_looked_up(void **state)
{
	struct tcp_server *server = tcp_start(answer_well);
	struct seen slow, quick = {.done = false};
	char url[64];
	(void)state;
	text_format(url, sizeof(url), "http://127.0.0.1:%d/", server->port);
	struct http_client *client = start("http://a-name-that-nobody-answers.test/", &slow);
	http_client_start(client,
			  &(struct http_request_out){.method = "POST", .url = url, .body = "c=d", .body_len = 3}, note,
			  &quick);
	int64_t began_ms = clock_mono_ms();
	while (!quick.done && clock_mono_ms() - began_ms < LONG_MS)
		http_client_poll(client, 10);
	assert_int_equal(quick.status, 201);
	assert_false(slow.done);
	/* It has its time like every other connection, and its body never left. */
	while (!slow.done && clock_mono_ms() - began_ms < LONG_MS)
		http_client_poll(client, 10);
	assert_true(slow.done && slow.status == 0 && !slow.body_started);
	http_client_destroy(client);
	tcp_stop(server);
}

static void the_end_does_not_wait_for_the_name_server(void **state)
{
	struct seen seen;
	(void)state;
	struct http_client *client = start("http://another-name.test/", &seen);
	int64_t began_ms = clock_mono_ms();
	http_client_destroy(client);
	assert_true(clock_mono_ms() - began_ms < CONNECT_MS);
	assert_false(seen.done);
}

static int hang(void **state)
{
	(void)state;
	atomic_store(&asked, 0);
	atomic_store(&answered, 0);
	return sem_init(&released, 0, 0);
}

/* Who was asked in this test must not answer in the next one. */
static int release(void **state)
{
	(void)state;
	sem_post(&released);
	for (int64_t until_ms = clock_mono_ms() + LONG_MS; atomic_load(&answered) < atomic_load(&asked);) {
		if (clock_mono_ms() > until_ms)
			return -1;
		usleep(1000);
	}
	return sem_destroy(&released);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(other_requests_go_on_while_a_name_is_looked_up, hang, release),
		cmocka_unit_test_setup_teardown(the_end_does_not_wait_for_the_name_server, hang, release),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
