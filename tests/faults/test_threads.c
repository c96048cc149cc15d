/* Does a thread that cannot be started end the process with a line, and nothing worse? */
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pthread.h>

#include "bridge/edge/http_server.h"
#include "bridge/edge/token.h"
#include "tests/faults/life.h"

static bool out_of_threads;

/* The linker sends our objects' pthread_create() here (--wrap). */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *arg), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *arg), void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *arg), void *arg)
{
	return out_of_threads ? EAGAIN : __real_pthread_create(thread, attributes, run, arg);
}

static void start_store(void)
{
	char why[WHY_SIZE], folder[] = "/tmp/threads-XXXXXX", path[64];
	text_format(path, sizeof(path), "%s/spool.db", mkdtemp(folder));
	const struct store_options options = {.path = path, .max_commands = 1, .topic_status = "a/+"};
	store_open(&options, NOW, why, sizeof(why));
}

static int gate(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	(void)method;
	(void)path;
	return 404;
}

static void start_server(void)
{
	char why[WHY_SIZE];
	const struct http_server_options options = {.listen = "127.0.0.1:0",
						    .cert_file = "",
						    .key_file = "",
						    .max_connections = 1,
						    .request_deadline_ms = 1};
	http_server_start(&options, gate, NULL, NULL, why, sizeof(why));
}

static void start_token(void)
{
	token_start(&(struct token_options){.kind = TOKEN_OAUTH2,
					    .url = "http://127.0.0.1:1/",
					    .client_id = "a",
					    .client_secret = "b",
					    .bearer = "",
					    .username = "",
					    .password = "",
					    .ca_file = ""});
}

static void start(struct life *life, const void *arg)
{
	void (*const *what)(void) = arg;
	(void)life;
	out_of_threads = true;
	(*what)();
}

static void without_a_thread_it_ends_with_one_line(void **state)
{
	static const struct {
		const char *name;
		void (*start)(void);
	} rows[] = {{"the spool's writer", start_store}, {"the HTTP server", start_server}, {"the token", start_token}};
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct life life;
		life_begin(&life);
		int status = life_in_child(&life, start, &rows[i].start);
		if (status != 1 || strstr(life.said, "fatal") == NULL || strstr(life.said, "thread") == NULL)
			fail_msg("%s: ended with %d and said `%s`", rows[i].name, status, life.said);
		life_end(&life);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(without_a_thread_it_ends_with_one_line)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
