// Question: does the status page take commands only from itself, and only where it may?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/world.h"

enum { SILENCE_MS = 2000 }; /* shorter than between two events of a stream at rest */

/* @ stands for the port of the admin listener. */
#define OURS "Content-Type: application/json\r\nOrigin: http://127.0.0.1:@\r\n"

static const char command[] =
	"{\"device\":\"meter-001\",\"message\":\"{\\\"payload\\\":\\\"on\\\",\\\"id\\\":\\\"p1\\\"}\"}";

static void start(struct world *world, const char *send)
{
	const char *const lines[] = {send, NULL};
	struct world_options options = {.lines = lines};
	world_start(world, &options);
}

/* POST /send with these headers; the answer's status, and its `code` in *ret_code. */
static int post(struct world *world, const char *headers, const char *body, char *ret_code, size_t size)
{
	char filled[512] = "";
	struct http_answer answer;
	size_t len = 0;
	for (const char *at = headers; *at != '\0'; at++) {
		if (*at == '@')
			text_format(filled + len, sizeof(filled) - len, "%d", bridge_admin_port(world->bridge));
		else
			text_format(filled + len, sizeof(filled) - len, "%c", *at);
		len = strlen(filled);
	}
	http_request(bridge_admin_port(world->bridge), "POST", "/send", filled, body, &answer);
	json_pick(answer.body, "code", ret_code, size);
	int status = answer.status;
	http_answer_clear(&answer);
	return status;
}

static void the_page_itself_may_send(struct world *world)
{
	char code[64];
	struct http_answer page;
	start(world, "admin.send: true");
	http_request(bridge_admin_port(world->bridge), "GET", "/", "", "", &page);
	assert_int_equal(page.status, 200);
	assert_non_null(strstr(page.head, "default-src 'none'"));
	assert_non_null(strstr(page.body, "<title>mqtt-sms-bridge</title>"));
	http_answer_clear(&page);
	assert_int_equal(post(world, OURS, command, code, sizeof(code)), 200);
	status_expect(world->client, "meter-001", "p1", "delivered");
	ledger_expect_one(world->simulator, "on");
}

static void others_may_not(struct world *world)
{
	static const struct {
		const char *name, *headers;
		int want_status;
	} rows[] = {
		{"no origin", "Content-Type: application/json\r\n", 403},
		{"another origin", "Content-Type: application/json\r\nOrigin: http://evil.example\r\n", 403},
		{"a frame without an origin", "Content-Type: application/json\r\nOrigin: null\r\n", 403},
		{"another port", "Content-Type: application/json\r\nOrigin: http://127.0.0.1:1\r\n", 403},
		{"a form", "Content-Type: application/x-www-form-urlencoded\r\nOrigin: http://127.0.0.1:@\r\n", 415},
	};
	char code[64];
	start(world, "admin.send: true");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status = post(world, rows[i].headers, command, code, sizeof(code));
		if (status != rows[i].want_status)
			fail_msg("%s: %d", rows[i].name, status);
	}
	status_settle(world->client, "meter-002");
	ledger_expect(world->simulator, "on", 0);
}

static void it_is_off_unless_switched_on(struct world *world)
{
	char code[64];
	start(world, "admin.send: false");
	assert_int_equal(post(world, OURS, command, code, sizeof(code)), 403);
	assert_string_equal(code, "off");
}

/* Somebody looks at the page while the bridge stops: world_run() fails when it does not end in time. */
static void a_page_that_is_open_holds_up_no_stop(struct world *world)
{
	static const char request[] = "GET /page/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
	bool closed = false;
	size_t len = 0;
	world_start(world, NULL);
	int stream = http_connect(bridge_admin_port(world->bridge), SILENCE_MS);
	assert_true(http_send(stream, request, strlen(request)));
	char *told = http_receive(stream, &len, &closed);
	assert_non_null(strstr(told, "text/event-stream"));
	assert_non_null(strstr(told, "event: hello"));
	assert_non_null(strstr(told, "event: health"));
	assert_false(closed);
	free(told);
	bridge_stop(world->bridge);
	free(http_receive(stream, &len, &closed));
	assert_true(closed);
	http_close(stream);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(the_page_itself_may_send),
		WORLD_TEST(others_may_not),
		WORLD_TEST(it_is_off_unless_switched_on),
		WORLD_TEST(a_page_that_is_open_holds_up_no_stop),
	};
	return WORLD_RUN(tests);
}
