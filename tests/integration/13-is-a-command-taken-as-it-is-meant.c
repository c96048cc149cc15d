// Question: is a command taken as its sender meant it: text or envelope, in time, in its turn, or not at all?
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"
#include "tests/harness/world.h"

struct form {
	const char *name, *device, *message, *sms;
};

static const struct form forms[] = {
	{"text is sent verbatim", "meter-001", "AT^PRG;08;81#001F", "AT^PRG;08;81#001F"},
	{"blanks at the ends are part of it", "meter-001", "  two blanks  ", "  two blanks  "},
	{"an object without payload is text", "meter-001", "{\"cmd\": \"on\",  \"n\": 1}",
	 "{\"cmd\": \"on\",  \"n\": 1}"},
	{"an array is text", "meter-001", "[1, 2]", "[1, 2]"},
	{"a number is text", "meter-001", "42", "42"},
	{"broken JSON is text", "meter-001", "{\"cmd\": \"x\"", "{\"cmd\": \"x\""},
	{"the envelope's payload", "meter-001", "{\"payload\":\"plain\"}", "plain"},
	{"escapes in an envelope are undone", "meter-001", "{\"payload\":\"caf\\u00e9\"}", "caf\xc3\xa9"},
	{"an object as payload is compact JSON", "meter-001", "{\"payload\": {\"a\": [1, true]}}", "{\"a\":[1,true]}"},
	{"an array as payload too", "meter-001", "{\"payload\": [1, \"b\"]}", "[1,\"b\"]"},
	{"a device pinned to text gets the envelope itself", "front-gate", "{\"payload\":\"no envelope\"}",
	 "{\"payload\":\"no envelope\"}"},
	{"a device pinned to envelopes", "strict", "{\"payload\":\"strictly\"}", "strictly"},
	{"extension characters", "meter-001", "^{}\\[~]|\xe2\x82\xac", "^{}\\[~]|\xe2\x82\xac"},
	{"form characters", "meter-001", "a=1&b=2+3%41", "a=1&b=2+3%41"},
};

static void each_form_is_sent_as_it_is_meant(struct world *world)
{
	world_start(world, NULL);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		print_message("%s\n", forms[i].name);
		command_send(world->client, forms[i].device, forms[i].message);
		status_expect_payload(world->client, forms[i].device, forms[i].sms, "delivered");
		ledger_expect_one(world->simulator, forms[i].sms);
	}
}

/* Keeps meter-001 busy: one SMS at a time for each SIM, and the API holds the answer to this one and says
 * nothing about it in callbacks either. For long, so that what is to wait behind it does on a slow machine, too. */
static void start_blocked(struct world *world)
{
	enum { HOLD_MS = 8000 };
	static const char *const lines[] = {"api.timeout: 60s", NULL};
	const struct world_options options = {.lines = lines};
	char fault[256];
	world_start(world, &options);
	text_format(fault, sizeof(fault),
		    "[{\"on\":\"create\",\"match\":{\"payload\":\"blocker\"},\"action\":{\"hold_ms\":%d}}]", HOLD_MS);
	simulator_outcome(world->simulator, "{\"match\":{\"payload\":\"blocker\"},\"stay\":\"queued\"}");
	simulator_fault(world->simulator, fault);
	command_send(world->client, "meter-001", "{\"payload\":\"blocker\",\"id\":\"blocker\"}");
	ledger_await(world->simulator, "blocker", 1);
}

static void what_waits_too_long_expires(struct world *world)
{
	start_blocked(world);
	command_send(world->client, "meter-001", "{\"payload\":\"late\",\"id\":\"late\",\"ttl\":1}");
	command_send(world->client, "meter-001", "{\"payload\":\"in time\",\"id\":\"in-time\",\"ttl\":60}");
	status_expect(world->client, "meter-001", "late", "expired");
	status_expect(world->client, "meter-001", "in-time", "delivered");
	status_expect_sequence(world->client, "meter-001", "late", "accepted expired");
	ledger_expect(world->simulator, "late", 0);
	ledger_expect_one(world->simulator, "in time");
}

static void it_expires_too_while_the_api_is_away(struct world *world)
{
	world_start(world, NULL);
	simulator_kill(world->simulator);
	command_send(world->client, "meter-001", "{\"payload\":\"late\",\"id\":\"late\",\"ttl\":1}");
	status_expect(world->client, "meter-001", "late", "expired");
	simulator_restart(world->simulator);
	status_settle(world->client, "meter-001");
	ledger_expect(world->simulator, "late", 0);
}

static void priority_is_the_order_of_those_that_wait(struct world *world)
{
	char order[256];
	start_blocked(world);
	command_send(world->client, "meter-001", "{\"payload\":\"low\",\"id\":\"1\",\"priority\":\"low\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"first\",\"id\":\"2\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"second\",\"id\":\"3\",\"priority\":\"normal\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"high\",\"id\":\"4\",\"priority\":\"high\"}");
	status_expect(world->client, "meter-001", "1", "delivered");
	ledger_order(world->simulator, order, sizeof(order));
	assert_string_equal(order, "blocker high first second low");
}

static void another_sim_does_not_wait(struct world *world)
{
	start_blocked(world);
	status_settle(world->client, "meter-002");
	assert_false(status_is(world->client, "meter-001", "blocker", "queued"));
	status_expect(world->client, "meter-001", "blocker", "queued");
}

static void replace_cancels_what_waits_and_nothing_else(struct world *world)
{
	start_blocked(world);
	command_send(world->client, "meter-001", "{\"payload\":\"old\",\"id\":\"old\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"older\",\"id\":\"older\",\"priority\":\"high\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"new\",\"id\":\"new\",\"replace\":true}");
	status_expect(world->client, "meter-001", "new", "delivered");
	status_expect(world->client, "meter-001", "blocker", "queued");
	status_expect_sequence(world->client, "meter-001", "old", "accepted cancelled");
	status_expect_sequence(world->client, "meter-001", "older", "accepted cancelled");
	ledger_expect(world->simulator, "old", 0);
	ledger_expect_distinct(world->simulator, 2);
}

static void budgets_are_kept(struct world *world)
{
	static const char *const lines[] = {"limits.per_device_per_day: 2", NULL};
	struct world_options options = {.lines = lines};
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"one\",\"id\":\"1\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"two\",\"id\":\"2\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"three\",\"id\":\"3\"}");
	status_expect_field(status_expect(world->client, "meter-001", "3", "rejected"), "error.code", "over_budget");
	status_expect(world->client, "meter-001", "2", "delivered");
	status_settle(world->client, "meter-002");
	ledger_expect(world->simulator, "three", 0);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(each_form_is_sent_as_it_is_meant),
		WORLD_TEST(what_waits_too_long_expires),
		WORLD_TEST(it_expires_too_while_the_api_is_away),
		WORLD_TEST(priority_is_the_order_of_those_that_wait),
		WORLD_TEST(another_sim_does_not_wait),
		WORLD_TEST(replace_cancels_what_waits_and_nothing_else),
		WORLD_TEST(budgets_are_kept),
	};
	return WORLD_RUN(tests);
}
