/* mo_lists - SMS from devices in the API's lists, and what was heard of them.
 *
 * Shape: as api_pages.h. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_MO_LISTS_H
#define TESTS_FLOW_MO_LISTS_H

#include "bridge/codec/json.h"
#include "tests/flow/api_pages.h"

/* An MO SMS that is `ago_ms` old. */
static inline struct listed mo(const char *sid, const char *payload, int64_t ago_ms)
{
	return (struct listed){.sid = sid,
			       .payload = payload,
			       .status = "received",
			       .direction = "from_sim",
			       .created_ms = clock_wall_ms() - ago_ms};
}

/* One of another SIM. */
static inline struct listed of(const char *sim, const char *sid, const char *payload, int64_t ago_ms)
{
	struct listed listed = mo(sid, payload, ago_ms);
	listed.sim = sim;
	return listed;
}

/* The whole list, whenever it is asked for. */
static inline void always_list(const struct listed *list, size_t count)
{
	fake_http_always(LISTS, (struct fake_answer){.status = 200, .body = page_text(list, count, "")});
}

/* What the API says of SIM_GATE. */
static const struct fake_answer gate = {.status = 200,
					.body = "{\"sid\": \"" SIM_GATE "\", \"unique_name\": \"Gate-7\"}"};

/* The texts of the up events since the last call: "a b". */
static inline const char *heard(struct world *world)
{
	static char text[4096];
	struct store_event event;
	text[0] = '\0';
	while (store_events(world->store, world->seen, &event, 1) == 1) {
		char why[64];
		struct json *json = json_parse(event.payload, event.payload_len, why, sizeof(why));
		size_t len = strlen(text);
		text_format(text + len, sizeof(text) - len, "%s%s", len > 0 ? " " : "",
			    json != NULL ? json_text(json_member(json, "payload")) : event.payload);
		json_free(json);
		world->seen = event.seq;
		store_event_clear(&event);
	}
	return text;
}

static inline void want_heard(struct world *world, const char *want)
{
	const char *got = heard(world);
	if (!text_equal(got, want))
		fail_msg("heard `%s`, want `%s`", got, want);
}

/* Of the newest event. */
static inline void want_topic(struct world *world, const char *want)
{
	struct store_event event = world_last_event(world);
	assert_string_equal(event.topic, want);
	store_event_clear(&event);
}

/* The bridge was there an hour ago, and saw an empty list. */
static inline void was_there(struct world *world, int64_t ago_ms)
{
	answer_list(NULL, 0);
	assert_true(reconcile_mo(&world->reconcile));
	fake_clock_advance(ago_ms);
}

#endif
