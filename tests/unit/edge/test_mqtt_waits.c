/* mqtt's waits between two attempts, by a clock and dice that the test has in its hand. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/mqtt.h"

#include <stdatomic.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "tests/harness/await.h"
#include "tests/unit/edge/mqtt_stage.h"

/* The names that the linker's --wrap asks for. */
int64_t __wrap_clock_mono_ms(void);
void __wrap_clock_random(void *bytes, size_t len);
int64_t __real_clock_mono_ms(void);
void __real_clock_random(void *bytes, size_t len);

/* LONG_WAIT_MS: beyond the 4 s for a broker that is away, within the 32 s for a rival. */
enum { SECOND_MS = 1000, LONG_WAIT_MS = 9000 };

static _Atomic int64_t advanced_ms;
static _Atomic uint64_t thrown;

int64_t __wrap_clock_mono_ms(void)
{
	return __real_clock_mono_ms() + atomic_load(&advanced_ms);
}

/* Of 64 bits are the waits made. */
void __wrap_clock_random(void *bytes, size_t len)
{
	uint64_t bits = atomic_load(&thrown);
	if (len == sizeof(bits))
		memcpy(bytes, &bits, len);
	else
		__real_clock_random(bytes, len);
}

static int set_up_clock(void **state)
{
	atomic_store(&advanced_ms, 0);
	atomic_store(&thrown, 0);
	return set_up(state);
}

#define WAITS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_clock, tear_down)

/* The connector looks at its clock at each wake, and this is one. */
static void pass(struct stage *stage, int64_t ms)
{
	atomic_fetch_add(&advanced_ms, ms);
	mqtt_resume(user_mqtt(stage->user));
	pause_ms(100);
}

static size_t attempts(struct stage *stage)
{
	return scripted_broker_count(stage->broker, "bridge", PACKET_CONNECT);
}

/* Thrown low, so many attempts take no time; with waits that are not drawn they would take minutes. */
static void a_low_throw_waits_for_nothing(void **state)
{
	enum { MANY = 12 };
	struct stage *stage = *state;
	const struct scripted_rules unavailable = {.connack = 3};
	scripted_broker_rules(stage->broker, &unavailable);
	user_start(stage->user);
	scripted_broker_expect(stage->broker, "bridge", PACKET_CONNECT, MANY);
}

/* Thrown high, they are as long as the ceiling, which doubles up to 4 s. */
static void a_high_throw_waits_for_as_long_as_the_ceiling(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules unavailable = {.connack = 3};
	atomic_store(&thrown, (uint64_t)1001 * 2001 * 4001 - 1); /* the highest below each of the three */
	scripted_broker_rules(stage->broker, &unavailable);
	int64_t began_ms = clock_mono_ms();
	user_start(stage->user);
	scripted_broker_expect(stage->broker, "bridge", PACKET_CONNECT, 5);
	assert_true(clock_mono_ms() - began_ms >= (1 + 2 + 4 + 4) * SECOND_MS);
}

/* Who is thrown out again and again gives way: the waits grow beyond those for a broker that is away. */
static void a_fight_over_the_client_id_is_given_up_more_and_more(void **state)
{
	enum { FIGHT = 14 };
	struct stage *stage = *state;
	const struct scripted_rules rival = {.close_at_connect = true};
	scripted_broker_rules(stage->broker, &rival);
	user_start(stage->user);
	scripted_broker_expect(stage->broker, "bridge", PACKET_CONNECT, FIGHT);
	int64_t began_ms = clock_mono_ms();
	atomic_store(&thrown, LONG_WAIT_MS);
	/* One may be on its way; the next waits for as long as was thrown. */
	scripted_broker_expect(stage->broker, "bridge", PACKET_CONNECT, attempts(stage) + 2);
	assert_true(clock_mono_ms() - began_ms >= LONG_WAIT_MS);
}

static void a_refused_subscription_is_asked_for_again_after_a_minute(void **state)
{
	struct stage *stage = *state;
	const struct scripted_rules refuse = {.suback = 0x80}, grant = {.suback = 0};
	scripted_broker_rules(stage->broker, &refuse);
	user_start(stage->user);
	user_expect_why(stage->user, "refuses the subscription");
	scripted_broker_rules(stage->broker, &grant);
	for (int second = 0; second < 50; second++)
		pass(stage, SECOND_MS);
	assert_int_equal(scripted_broker_count(stage->broker, "bridge", PACKET_SUBSCRIBE), 1);
	assert_false(user_status(stage->user).intake_up);
	pass(stage, 10 * SECOND_MS);
	scripted_broker_expect(stage->broker, "bridge", PACKET_SUBSCRIBE, 2);
	user_await_up(stage->user);
	assert_int_equal(scripted_broker_count(stage->broker, "bridge", PACKET_CONNECT), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WAITS_TEST(a_low_throw_waits_for_nothing),
		WAITS_TEST(a_high_throw_waits_for_as_long_as_the_ceiling),
		WAITS_TEST(a_fight_over_the_client_id_is_given_up_more_and_more),
		WAITS_TEST(a_refused_subscription_is_asked_for_again_after_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
