/* mqtt while its broker is killed ten times under publish load: the case in which Paho uses freed memory when a failed
 * handle is used again. Run it under valgrind too (scripts/); the library is not built with a sanitizer. */
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/await.h"
#include "tests/harness/broker.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/unit/edge/mqtt_user.h"

enum { BETWEEN = 40 };

struct load {
	struct user *user;
	atomic_bool stop, no_more;
	atomic_size_t rows; /* how many tags are in use: an outbox that fills all the time */
};

/* Publishes what has no PUBACK, again after each reset; as the bridge's publisher does from its outbox. */
static void *publish_rows(void *ctx)
{
	struct load *load = ctx;
	bool sent[USER_TAGS] = {false};
	size_t resets = 0, done = 0;
	while (!atomic_load(&load->stop)) {
		if (user_count(load->user, USER_RESET) != resets) {
			resets = user_count(load->user, USER_RESET);
			memset(sent, 0, sizeof(sent));
		}
		if (!atomic_load(&load->no_more) && atomic_load(&load->rows) < USER_TAGS)
			atomic_fetch_add(&load->rows, 1);
		size_t rows = atomic_load(&load->rows);
		while (done < rows && user_published(load->user, (int64_t)done) > 0)
			done++;
		bool up = true;
		for (size_t i = done; i < rows && up; i++) {
			if (sent[i] || user_published(load->user, (int64_t)i) > 0)
				continue;
			up = user_publish(load->user, "a status of some length", (int64_t)i);
			sent[i] = up;
		}
		pause_ms(1);
	}
	return NULL;
}

struct progress {
	struct load *load;
	size_t published;
};

static bool has_moved(void *ctx)
{
	const struct progress *progress = ctx;
	return user_count(progress->load->user, USER_PUBLISHED) >= progress->published;
}

static void wait_published(struct load *load, size_t more)
{
	struct progress progress = {.load = load, .published = user_count(load->user, USER_PUBLISHED) + more};
	if (!await(has_moved, &progress, 2 * (int64_t)STEP_MS))
		fail_msg("nothing is published any more: %s", user_status(load->user).why);
}

static bool all_published(void *ctx)
{
	const struct load *load = ctx;
	for (size_t i = 0; i < atomic_load(&load->rows); i++)
		if (user_published(load->user, (int64_t)i) == 0)
			return false;
	return true;
}

static void kill_under_load(int kills, bool version_5)
{
	char folder[] = "/tmp/mqtt-sms-bridge-restart-XXXXXX";
	assert_non_null(mkdtemp(folder));
	struct broker *broker = broker_start(folder, "");
	struct load load = {.user = user_create(broker_port(broker))};
	user_options(load.user)->puback_timeout_ms = STEP_MS; /* only deaths give a handle up, no slow machine */
	user_options(load.user)->reconnect_max_ms = 500;
	user_options(load.user)->version_5 = version_5;
	user_start_up(load.user);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, publish_rows, &load), 0);
	for (int i = 0; i < kills; i++) {
		wait_published(&load, BETWEEN);
		size_t resets = user_count(load.user, USER_RESET);
		broker_kill(broker);
		broker_restart(broker);
		user_expect(load.user, USER_RESET, resets + 1);
	}
	wait_published(&load, BETWEEN);
	atomic_store(&load.no_more, true);
	bool complete = await(all_published, &load, 2 * (int64_t)STEP_MS);
	atomic_store(&load.stop, true);
	pthread_join(thread, NULL);
	struct mqtt_status status = user_status(load.user);
	printf("%zu rows, %lld handles given up\n", atomic_load(&load.rows), (long long)status.abandoned);
	assert_true(complete);
	assert_in_range(status.abandoned, kills, 3 * kills);
	user_stop(load.user);
	user_destroy(load.user);
	broker_destroy(broker);
	files_remove(folder);
}

static void ten_kills_under_load_lose_no_publish(void **state)
{
	(void)state;
	kill_under_load(10, false);
}

static void five_kills_under_load_lose_no_publish_of_mqtt_5(void **state)
{
	(void)state;
	kill_under_load(5, true);
}

static void stop_returns_although_the_broker_is_dead(void **state)
{
	(void)state;
	char folder[] = "/tmp/mqtt-sms-bridge-restart-XXXXXX";
	assert_non_null(mkdtemp(folder));
	struct broker *broker = broker_start(folder, "");
	struct user *user = user_create(broker_port(broker));
	user_start_up(user);
	broker_kill(broker);
	for (int i = 0; i < 20; i++)
		(void)user_publish(user, "into the void", 1);
	user_stop(user);
	user_destroy(user);
	broker_destroy(broker);
	files_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_kills_under_load_lose_no_publish),
		cmocka_unit_test(five_kills_under_load_lose_no_publish_of_mqtt_5),
		cmocka_unit_test(stop_returns_although_the_broker_is_dead),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
