// ledger - asks GET /_control/ledger and its summary.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/buffer.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/json_view.h"

enum { PATH_SIZE = 2048, MEMBER_SIZE = 64 };

struct wanted {
	struct simulator *simulator;
	const char *payload;
	size_t count;
};

static struct json_view *entries(struct simulator *simulator, const char *payload)
{
	char path[PATH_SIZE] = "ledger?payload=";
	size_t len = strlen(path);
	for (const char *at = payload; *at != '\0'; at++, len += 3)
		text_format(path + len, sizeof(path) - len, "%%%02X", (unsigned)(unsigned char)*at);
	char *answer = simulator_control(simulator, "GET", path, "");
	struct json_view *view = json_view_open(answer);
	assert_non_null(view);
	free(answer);
	return view;
}

size_t ledger_count(struct simulator *simulator, const char *payload)
{
	struct json_view *view = entries(simulator, payload);
	size_t count = json_view_count(view, "");
	json_view_close(view);
	return count;
}

static bool are_there(void *ctx)
{
	struct wanted *wanted = ctx;
	return ledger_count(wanted->simulator, wanted->payload) >= wanted->count;
}

void ledger_await(struct simulator *simulator, const char *payload, size_t count)
{
	struct wanted wanted = {.simulator = simulator, .payload = payload, .count = count};
	if (!await(are_there, &wanted, STEP_MS))
		fail_msg("%zu SMS \"%s\" at the API, not %zu", ledger_count(simulator, payload), payload, count);
}

void ledger_expect(struct simulator *simulator, const char *payload, size_t count)
{
	size_t there = ledger_count(simulator, payload);
	if (there != count)
		fail_msg("%zu SMS \"%s\" are at the API instead of %zu", there, payload, count);
}

void ledger_expect_one(struct simulator *simulator, const char *payload)
{
	ledger_expect(simulator, payload, 1);
}

int64_t ledger_summary(struct simulator *simulator, const char *path)
{
	char *answer = simulator_control(simulator, "GET", "ledger/summary", "");
	struct json_view *view = json_view_open(answer);
	int64_t number = json_view_int(view, path);
	json_view_close(view);
	free(answer);
	return number;
}

void ledger_expect_distinct(struct simulator *simulator, size_t count)
{
	char *answer = simulator_control(simulator, "GET", "ledger/summary", "");
	struct json_view *view = json_view_open(answer);
	bool right =
		json_view_int(view, "creates") == (int64_t)count && json_view_count(view, "by_payload_duplicates") == 0;
	json_view_close(view);
	if (!right)
		fail_msg("not exactly %zu SMS, each once, at the API: %s", count, answer);
	free(answer);
}

void ledger_pick(struct simulator *simulator, const char *payload, const char *path, char *ret, size_t size)
{
	char member[MEMBER_SIZE];
	struct json_view *view = entries(simulator, payload);
	text_format(member, sizeof(member), "[0].%s", path);
	text_copy(ret, size, json_view_text(view, member));
	json_view_close(view);
}

void ledger_order(struct simulator *simulator, char *ret, size_t size)
{
	char member[MEMBER_SIZE];
	struct buffer order;
	struct json_view *view = entries(simulator, "");
	buffer_init(&order, size - 1);
	for (size_t i = 0; i < json_view_count(view, ""); i++) {
		text_format(member, sizeof(member), "[%zu].payload", i);
		buffer_append_format(&order, "%s%s", i > 0 ? " " : "", json_view_text(view, member));
	}
	text_copy(ret, size, buffer_text(&order));
	buffer_clear(&order);
	json_view_close(view);
}
