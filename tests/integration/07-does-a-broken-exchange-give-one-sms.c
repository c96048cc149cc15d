// Question: does an exchange with the API that breaks or ends badly give exactly one SMS?
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"
#include "tests/harness/world.h"

struct accident {
	const char *name, *action;
};

/* In each the SMS must exist once in the end, whether or not the first request made it. */
static const struct accident accidents[] = {
	{"taken, then closed without an answer", "{\"accept_then_close\":true}"},
	{"taken, then reset", "{\"accept_then_reset\":true}"},
	{"closed before it was taken", "{\"close_before\":true}"},
	{"an answer cut short", "{\"truncate\":true}"},
	{"an answer without a sid", "{\"no_sid\":true}"},
	{"201 with a page of HTML", "{\"html\":true}"},
	{"taken, but 500 as answer", "{\"accept\":true,\"status\":500}"},
	{"taken, but 502 with HTML", "{\"accept\":true,\"status\":502,\"html\":true}"},
	{"not taken, 503", "{\"status\":503,\"retry_after\":\"1\"}"},
	{"not taken, 429 with seconds", "{\"status\":429,\"retry_after\":\"1\"}"},
	{"not taken, 429 with an absurd wait", "{\"status\":429,\"retry_after\":\"-5\"}"},
	{"not taken, the token refused once", "{\"status\":401}"},
};

static void play(struct world *world, const struct accident *accident, size_t number)
{
	char payload[64], id[16], fault[512], command[256];
	text_format(payload, sizeof(payload), "accident %zu", number);
	text_format(id, sizeof(id), "a%zu", number);
	text_format(fault, sizeof(fault), "[{\"on\":\"create\",\"match\":{\"payload\":\"%s\"},\"action\":%s}]", payload,
		    accident->action);
	text_format(command, sizeof(command), "{\"payload\":\"%s\",\"id\":\"%s\"}", payload, id);
	print_message("%s\n", accident->name);
	simulator_fault(world->simulator, fault);
	command_send(world->client, "meter-001", command);
	status_expect(world->client, "meter-001", id, "delivered");
	status_expect_rising(world->client, "meter-001", id, "delivered");
	ledger_expect_one(world->simulator, payload);
}

static void every_accident_gives_one_sms(struct world *world)
{
	world_start(world, NULL);
	status_settle(world->client, "meter-002"); /* from now on the connection is one that is used again */
	for (size_t i = 0; i < sizeof(accidents) / sizeof(accidents[0]); i++)
		play(world, &accidents[i], i);
	status_settle(world->client, "meter-002");
	ledger_expect_distinct(world->simulator, sizeof(accidents) / sizeof(accidents[0]) + 2);
}

static void without_callbacks_the_list_finds_what_was_taken(struct world *world)
{
	static const char *const lines[] = {"reconcile.poll_after: 1s", NULL};
	struct world_options options = {.lines = lines};
	world_start(world, &options);
	simulator_fault(
		world->simulator,
		"[{\"on\":\"callback\",\"times\":-1,\"action\":{\"lose\":true}},"
		"{\"on\":\"create\",\"match\":{\"payload\":\"no news\"},\"action\":{\"accept_then_close\":true}}]");
	command_send(world->client, "meter-001", "{\"payload\":\"no news\",\"id\":\"n\"}");
	status_expect(world->client, "meter-001", "n", "delivered");
	status_expect_rising(world->client, "meter-001", "n", "delivered");
	ledger_expect_one(world->simulator, "no news");
}

static void an_answer_later_than_the_timeout_gives_one_sms(struct world *world)
{
	static const char *const lines[] = {"api.timeout: 1s", NULL};
	struct world_options options = {.lines = lines};
	world_start(world, &options);
	simulator_fault(world->simulator, "[{\"on\":\"create\",\"match\":{\"payload\":\"slow\"},"
					  "\"action\":{\"hold_ms\":2500}}]");
	command_send(world->client, "meter-001", "{\"payload\":\"slow\",\"id\":\"s\"}");
	status_expect(world->client, "meter-001", "s", "delivered");
	status_settle(world->client, "meter-002");
	status_expect_rising(world->client, "meter-001", "s", "delivered");
	ledger_expect_one(world->simulator, "slow");
}

static void an_api_that_is_away_delays_and_loses_nothing(struct world *world)
{
	world_prepare(world, NULL);
	simulator_kill(world->simulator);
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	command_send(world->client, "meter-001", "{\"payload\":\"patience\",\"id\":\"p\"}");
	status_expect(world->client, "meter-001", "p", "accepted");
	simulator_restart(world->simulator);
	status_expect(world->client, "meter-001", "p", "delivered");
	ledger_expect_one(world->simulator, "patience");
}

/* With OAuth2: what becomes of the token between two SMS, and is another one fetched? */
static void change_tokens(struct world *world, const char *how)
{
	static const char *const lines[] = {"api.auth: oauth2", "api.client_id: simulator",
					    "api.client_secret: simulator", "api.token:", NULL};
	struct world_options options = {.lines = lines};
	world_start(world, &options);
	status_settle(world->client, "meter-001");
	simulator_tell(world->simulator, "POST", "tokens", how);
	status_settle(world->client, "meter-001");
	assert_int_equal(ledger_summary(world->simulator, "tokens"), 2);
	ledger_expect_distinct(world->simulator, 2);
}

static void an_expired_token_is_renewed(struct world *world)
{
	change_tokens(world, "{\"expire\":true}");
}

static void a_revoked_token_is_renewed(struct world *world)
{
	change_tokens(world, "{\"forget\":true}");
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(every_accident_gives_one_sms),
		WORLD_TEST(without_callbacks_the_list_finds_what_was_taken),
		WORLD_TEST(an_answer_later_than_the_timeout_gives_one_sms),
		WORLD_TEST(an_api_that_is_away_delays_and_loses_nothing),
		WORLD_TEST(an_expired_token_is_renewed),
		WORLD_TEST(a_revoked_token_is_renewed),
	};
	return WORLD_RUN(tests);
}
