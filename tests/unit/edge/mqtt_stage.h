/* mqtt_stage - a user of mqtt and the scripted broker that it is connected to. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_EDGE_MQTT_STAGE_H
#define TESTS_UNIT_EDGE_MQTT_STAGE_H

#include "tests/harness/cmocka.h"
#include "tests/harness/scripted_broker.h"
#include "tests/unit/edge/mqtt_user.h"

struct stage {
	struct scripted_broker *broker;
	struct user *user;
};

static inline int set_up(void **state)
{
	static struct stage stage;
	stage.broker = scripted_broker_start();
	stage.user = user_create(scripted_broker_port(stage.broker));
	*state = &stage;
	return 0;
}

static inline int tear_down(void **state)
{
	struct stage *stage = *state;
	if (user_mqtt(stage->user) != NULL)
		user_stop(stage->user);
	user_destroy(stage->user);
	scripted_broker_destroy(stage->broker);
	return 0;
}

/* The last that the intake made. */
static inline int intake_connection(struct stage *stage)
{
	size_t connects = scripted_broker_count(stage->broker, "bridge", PACKET_CONNECT);
	return scripted_broker_expect(stage->broker, "bridge", PACKET_CONNECT, connects).connection;
}

/* Without the retained "online", whose PUBLISH and PUBACK come at a moment of their own. */
static inline void start_up_in_silence(struct stage *stage)
{
	user_options(stage->user)->will_topic = "";
	user_start_up(stage->user);
}

#define STAGE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
