/* mqtt looks up its broker's name anew for each connection: addresses change. */
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE /* RTLD_NEXT */
#include "bridge/edge/mqtt.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/unit/edge/mqtt_stage.h"

#define NAME "broker.test"

typedef int lookup(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret);

/* Where the name leads now; "" : nowhere. */
static _Atomic(const char *) address;
static atomic_int asked;

/* The library's question for a name comes here. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	union {
		void *symbol;
		lookup *function;
	} real = {.symbol = dlsym(RTLD_NEXT, "getaddrinfo")};
	if (name == NULL || strcmp(name, NAME) != 0)
		return real.function(name, service, hints, ret);
	const char *now = atomic_load(&address);
	atomic_fetch_add(&asked, 1);
	return now[0] == '\0' ? EAI_NONAME : real.function(now, service, hints, ret);
}

struct wanted {
	int questions;
};

static bool is_asked(void *ctx)
{
	const struct wanted *wanted = ctx;
	return atomic_load(&asked) >= wanted->questions;
}

static void a_broker_that_moves_is_found(void **state)
{
	struct stage *stage = *state;
	char url[64];
	const char *const urls[] = {url};
	text_format(url, sizeof(url), "mqtt://" NAME ":%d", scripted_broker_port(stage->broker));
	user_options(stage->user)->urls = urls;
	atomic_store(&address, "");
	user_start(stage->user);
	user_expect_why(stage->user, "unknown host name");
	atomic_store(&address, "127.0.0.9"); /* nobody is there */
	struct wanted wanted = {.questions = atomic_load(&asked) + 4};
	assert_true(await(is_asked, &wanted, STEP_MS));
	assert_false(user_status(stage->user).intake_up);
	atomic_store(&address, "127.0.0.1");
	user_await_up(stage->user);
	/* And for a connection that was lost. */
	int before = atomic_load(&asked);
	scripted_broker_reset(stage->broker, intake_connection(stage));
	user_expect(stage->user, USER_CONNECTED, 2);
	assert_true(atomic_load(&asked) > before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {STAGE_TEST(a_broker_that_moves_is_found)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
