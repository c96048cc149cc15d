// Question: does an SMS from a device arrive once, however it is reported?
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"
#include "tests/harness/world.h"

enum { SID = 64 };

static struct client_match up_of(const char *device_topic, const char *piece)
{
	return (struct client_match){.topic = device_topic, .pieces = {piece}};
}

static void an_sms_is_published_with_its_fields(struct world *world)
{
	char sid[SID];
	world_start(world, NULL);
	simulator_mo(world->simulator, METER_1_SIM, "T=21.5", sid, sizeof(sid));
	const struct client_message *up = client_expect(world->client, "devices/meter-001/up", sid);
	status_expect_field(up, "event_type", "received");
	status_expect_field(up, "device", "meter-001");
	status_expect_field(up, "payload", "T=21.5");
	status_expect_field(up, "sim_sid", METER_1_SIM);
	assert_int_equal(up->qos, 1);
	assert_false(up->retain);
}

static bool has_called_back_three_times(void *ctx)
{
	struct world *world = ctx;
	return ledger_summary(world->simulator, "callbacks") >= 3;
}

static void called_back_three_times_it_arrives_once(struct world *world)
{
	char sid[SID];
	world_start(world, NULL);
	simulator_fault(world->simulator, "[{\"on\":\"callback\",\"match\":{\"payload\":\"again\"},"
					  "\"action\":{\"repeat\":2}}]");
	simulator_mo(world->simulator, METER_1_SIM, "again", sid, sizeof(sid));
	client_expect(world->client, "devices/meter-001/up", sid);
	assert_true(await(has_called_back_three_times, world, STEP_MS));
	/* Long enough for several lists of the reconciler, which are a second apart. */
	struct client_match match = up_of("devices/meter-001/up", sid);
	client_expect_none_more(world->client, &match, 1, 2500);
}

static void the_same_text_sent_twice_arrives_twice(struct world *world)
{
	char first[SID], second[SID];
	world_start(world, NULL);
	simulator_mo(world->simulator, METER_1_SIM, "same", first, sizeof(first));
	simulator_mo(world->simulator, METER_1_SIM, "same", second, sizeof(second));
	client_expect(world->client, "devices/meter-001/up", first);
	client_expect(world->client, "devices/meter-001/up", second);
}

static void a_lost_callback_is_made_up_for_by_the_list(struct world *world)
{
	char sid[SID];
	world_start(world, NULL);
	simulator_fault(world->simulator, "[{\"on\":\"callback\",\"match\":{\"payload\":\"lost\"},"
					  "\"times\":-1,\"action\":\"lose\"}]");
	simulator_mo(world->simulator, METER_1_SIM, "lost", sid, sizeof(sid));
	client_expect(world->client, "devices/meter-001/up", sid);
}

static void what_came_while_the_bridge_was_down_arrives_afterwards(struct world *world)
{
	char before[SID], while_down[SID];
	world_start(world, NULL);
	simulator_mo(world->simulator, METER_1_SIM, "before", before, sizeof(before));
	client_expect(world->client, "devices/meter-001/up", before);
	bridge_stop(world->bridge);
	simulator_mo(world->simulator, METER_2_SIM, "while down", while_down, sizeof(while_down));
	bridge_launch(world->bridge, NULL);
	client_expect(world->client, "devices/meter-002/up", while_down);
	struct client_match match = up_of("devices/meter-001/up", before);
	assert_int_equal(client_matches(world->client, &match), 1);
}

static void an_sms_of_an_unknown_sim_is_not_dropped(struct world *world)
{
	char sid[SID];
	world_start(world, NULL);
	simulator_mo(world->simulator, "HS99999999999999999999999999999999", "who am I", sid, sizeof(sid));
	const struct client_message *up = client_expect(world->client, "mqtt-sms-bridge/unmapped", sid);
	status_expect_field(up, "payload", "who am I");
	status_expect_field(up, "sim_sid", "HS99999999999999999999999999999999");
}

/* The mapping names front-gate by its unique name, which the list does not tell: the others' SMS go on, its own comes
 * when it can be asked for. */
static void a_sim_that_cannot_be_asked_holds_up_nobody(struct world *world)
{
	char sid[SID];
	world_start(world, NULL);
	simulator_fault(world->simulator, "[{\"on\":\"callback\",\"times\":-1,\"action\":\"lose\"},"
					  "{\"on\":\"sims\",\"times\":-1,\"action\":{\"status\":503,\"html\":true}}]");
	simulator_mo(world->simulator, FRONT_GATE, "somebody rang", sid, sizeof(sid));
	simulator_mo(world->simulator, METER_1_SIM, "T=21.5", sid, sizeof(sid));
	client_expect(world->client, "devices/meter-001/up", sid);
	struct client_match match = up_of("devices/front-gate/up", "somebody rang");
	assert_int_equal(client_matches(world->client, &match), 0);
	simulator_fault(world->simulator, "[{\"on\":\"callback\",\"times\":-1,\"action\":\"lose\"}]");
	client_expect(world->client, "devices/front-gate/up", "somebody rang");
}

/* SIMs in machines have no opt-out list: nothing is blocked by it either. */
static void stop_is_a_word_like_any_other(struct world *world)
{
	char sid[SID];
	world_start(world, NULL);
	simulator_mo(world->simulator, METER_1_SIM, "STOP", sid, sizeof(sid));
	const struct client_message *up = client_expect(world->client, "devices/meter-001/up", sid);
	status_expect_field(up, "payload", "STOP");
	command_send(world->client, "meter-001", "{\"payload\":\"go on\",\"id\":\"g\"}");
	status_expect(world->client, "meter-001", "g", "delivered");
	ledger_expect_one(world->simulator, "go on");
}

static void odd_characters_survive(struct world *world)
{
	char sid[SID], payload[SID];
	world_start(world, NULL);
	/* JSON escapes for the control call; the device sent a quote, a line feed, an a-umlaut and an emoji. */
	simulator_mo(world->simulator, METER_1_SIM, "\\\"\\n\\u00e4\\ud83d\\ude00", sid, sizeof(sid));
	const struct client_message *up = client_expect(world->client, "devices/meter-001/up", sid);
	json_pick(up->payload, "payload", payload, sizeof(payload));
	assert_string_equal(payload, "\"\n\xc3\xa4\xf0\x9f\x98\x80");
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(an_sms_is_published_with_its_fields),
		WORLD_TEST(called_back_three_times_it_arrives_once),
		WORLD_TEST(the_same_text_sent_twice_arrives_twice),
		WORLD_TEST(a_lost_callback_is_made_up_for_by_the_list),
		WORLD_TEST(what_came_while_the_bridge_was_down_arrives_afterwards),
		WORLD_TEST(an_sms_of_an_unknown_sim_is_not_dropped),
		WORLD_TEST(a_sim_that_cannot_be_asked_holds_up_nobody),
		WORLD_TEST(stop_is_a_word_like_any_other),
		WORLD_TEST(odd_characters_survive),
	};
	return WORLD_RUN(tests);
}
