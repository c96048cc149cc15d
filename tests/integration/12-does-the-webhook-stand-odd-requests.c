// Question: does the webhook answer odd and hostile requests as HTTP says, without an effect?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/webhook.h"
#include "tests/harness/world.h"

enum { RAW_SIZE = 4096 };

/* Nothing of it had an effect, and a proper callback still goes through. */
static void expect_unharmed(struct world *world, const char *path, const char *body)
{
	assert_false(status_is(world->client, "meter-001", "silent", "delivered"));
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 204);
	status_expect(world->client, "meter-001", "silent", "delivered");
	status_expect_sequence(world->client, "meter-001", "silent", "accepted queued delivered");
}

static void expect_status(struct world *world, const char *method, const char *path, const char *body, int status)
{
	struct http_answer answer;
	http_request(bridge_port(world->bridge), method, path, "", body, &answer);
	if (answer.status != status)
		fail_msg("%s %s was answered with %d, not %d", method, path, answer.status, status);
	/* What came is never thrown back. */
	assert_null(strstr(answer.body, "reflect-me"));
	http_answer_clear(&answer);
}

static void other_paths_and_methods_are_refused(struct world *world)
{
	char path[WEBHOOK_PATH_SIZE], body[WEBHOOK_BODY_SIZE];
	world_start_silent(world, path, body);
	expect_status(world, "GET", "/", "", 404);
	expect_status(world, "GET", "/reflect-me", "", 404);
	expect_status(world, "POST", "/callback/reflect-me/x", body, 404);
	expect_status(world, "GET", "/metrics", "", 404);
	expect_status(world, "GET", "/healthz", "", 404);
	expect_status(world, "GET", path, "", 405);
	expect_status(world, "PUT", path, body, 405);
	expect_status(world, "DELETE", path, "", 405);
	expect_unharmed(world, path, body);
}

static void malformed_forms_are_400(struct world *world)
{
	static const char *const bodies[] = {
		"Status=%zz",
		"CommandSid=HC&Status=sent",
		"Status=sent",
		"CommandSid=HC00000000000000000000000000000001&Status=levitating",
		"CommandSid=HC00000000000000000000000000000001&Status=sent&Status=delivered",
		"CommandSid=HC00000000000000000000000000000001&Status=sent%00",
		"CommandSid=HC00000000000000000000000000000001&Status=sent&x=%ff",
		"{\"Status\":\"delivered\"}",
	};
	char path[WEBHOOK_PATH_SIZE], body[WEBHOOK_BODY_SIZE];
	world_start_silent(world, path, body);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		expect_status(world, "POST", path, bodies[i], 400);
	expect_unharmed(world, path, body);
}

static void a_body_beyond_the_cap_is_413(struct world *world)
{
	char path[WEBHOOK_PATH_SIZE], body[WEBHOOK_BODY_SIZE], raw[RAW_SIZE];
	struct http_answer answer;
	world_start_silent(world, path, body);
	char *large = memory_zeroed(FORM_BODY_MAX + 2, 1);
	memset(large, 'a', FORM_BODY_MAX + 1);
	expect_status(world, "POST", path, large, 413);
	free(large);
	/* Refused at its announcement, before a byte of it came. */
	text_format(raw, sizeof(raw), "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", path);
	http_raw(bridge_port(world->bridge), raw, strlen(raw), &answer);
	assert_int_equal(answer.status, 413);
	http_answer_clear(&answer);
	expect_unharmed(world, path, body);
}

struct raw_request {
	const char *name, *lines; /* between request line and body */
	int status, other;	  /* either; 0: closed without an answer */
};

static const struct raw_request raw_requests[] = {
	{"no length at all", "Host: x\r\n", 411, 411},
	{"chunked", "Host: x\r\nTransfer-Encoding: chunked\r\n", 411, 400},
	{"length and chunked", "Host: x\r\nContent-Length: %zu\r\nTransfer-Encoding: chunked\r\n", 400, 411},
	{"two lengths", "Host: x\r\nContent-Length: %zu\r\nContent-Length: 3\r\n", 400, 400},
	{"a length that is no number", "Host: x\r\nContent-Length: 1x\r\n", 400, 400},
	{"a negative length", "Host: x\r\nContent-Length: -1\r\n", 400, 400},
	{"a blank before the colon", "Host: x\r\nContent-Length : %zu\r\n", 400, 411},
	{"a type that only begins alike",
	 "Host: x\r\nContent-Type: application/x-www-form-urlencoded2\r\nContent-Length: %zu\r\n", 400, 415},
	{"a header in disguise", "Host: x\r\nTransfer-Encoding\t: chunked\r\nContent-Length: %zu\r\n", 400, 400},
	{"another type", "Host: x\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n", 400, 415},
};

static void play(struct world *world, const struct raw_request *request, const char *path, const char *body)
{
	char raw[RAW_SIZE], length[32], lines[RAW_SIZE];
	struct http_answer answer;
	const char *at = strstr(request->lines, "%zu");
	text_format(length, sizeof(length), "%zu", strlen(body));
	if (at != NULL)
		text_format(lines, sizeof(lines), "%.*s%s%s", (int)(at - request->lines), request->lines, length,
			    at + 3);
	else
		text_copy(lines, sizeof(lines), request->lines);
	text_format(raw, sizeof(raw), "POST %s HTTP/1.1\r\nConnection: close\r\n%s\r\n%s", path, lines, body);
	http_raw(bridge_port(world->bridge), raw, strlen(raw), &answer);
	if (answer.status != request->status && answer.status != request->other)
		fail_msg("%s: answered with %d, not %d", request->name, answer.status, request->status);
	http_answer_clear(&answer);
}

static void ambiguous_framing_is_refused(struct world *world)
{
	char path[WEBHOOK_PATH_SIZE], body[WEBHOOK_BODY_SIZE];
	world_start_silent(world, path, body);
	for (size_t i = 0; i < sizeof(raw_requests) / sizeof(raw_requests[0]); i++)
		play(world, &raw_requests[i], path, body);
	expect_unharmed(world, path, body);
}

static void a_slow_request_is_cut_and_holds_nobody_up(struct world *world)
{
	enum { SLOW = 20, CUT_MS = 60000 };
	char path[WEBHOOK_PATH_SIZE], body[WEBHOOK_BODY_SIZE];
	int connections[SLOW];
	size_t len = 0;
	bool closed = false;
	world_start_silent(world, path, body);
	for (size_t i = 0; i < SLOW; i++) {
		connections[i] = http_connect(bridge_port(world->bridge), CUT_MS);
		assert_true(connections[i] >= 0);
		assert_true(http_send(connections[i], "POST /callback/st", 17));
	}
	/* One request, so that it is the server's time alone: in turn behind the slow ones it would wait for their cut.
	 */
	int64_t began_ms = clock_mono_ms();
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, "Status=%zz"), 400);
	assert_true(clock_mono_ms() - began_ms < patient(9000));
	expect_unharmed(world, path, body);
	free(http_receive(connections[0], &len, &closed));
	assert_true(closed); /* by the bridge, long before CUT_MS */
	for (size_t i = 0; i < SLOW; i++)
		http_close(connections[i]);
}

static void who_hangs_up_before_the_answer_is_heard_all_the_same(struct world *world)
{
	char path[WEBHOOK_PATH_SIZE], body[WEBHOOK_BODY_SIZE], raw[RAW_SIZE];
	world_start_silent(world, path, body);
	text_format(raw, sizeof(raw),
		    "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
		    "Content-Length: %zu\r\n\r\n%s",
		    path, strlen(body), body);
	int connection = http_connect(bridge_port(world->bridge), STEP_MS);
	assert_true(http_send(connection, raw, strlen(raw)));
	status_expect(world->client, "meter-001", "silent", "delivered");
	http_close(connection);
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 204);
	status_settle(world->client, "meter-002");
	status_expect_sequence(world->client, "meter-001", "silent", "accepted queued delivered");
}

static void by_get_where_that_is_configured(struct world *world)
{
	static const char *const lines[] = {"webhook.method: GET", NULL};
	struct world_options options = {.lines = lines};
	char method[16], path[WEBHOOK_PATH_SIZE];
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"by get\",\"id\":\"g\"}");
	status_expect(world->client, "meter-001", "g", "delivered");
	ledger_pick(world->simulator, "by get", "callback_method", method, sizeof(method));
	assert_string_equal(method, "GET");
	webhook_path(world->simulator, "by get", path);
	expect_status(world, "POST", path, "Status=sent", 400); /* POST works too: it lacks the sid */
	expect_status(world, "PUT", path, "Status=sent", 405);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(other_paths_and_methods_are_refused),
		WORLD_TEST(malformed_forms_are_400),
		WORLD_TEST(a_body_beyond_the_cap_is_413),
		WORLD_TEST(ambiguous_framing_is_refused),
		WORLD_TEST(a_slow_request_is_cut_and_holds_nobody_up),
		WORLD_TEST(who_hangs_up_before_the_answer_is_heard_all_the_same),
		WORLD_TEST(by_get_where_that_is_configured),
	};
	return WORLD_RUN(tests);
}
