/* What becomes of a message on a command topic? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store.h"

#include "tests/unit/edge/store_world.h"

static void a_command_is_stored_and_announced(void **state)
{
	struct world *world = *state;
	struct store_accepted accepted = ASK(world, .device = "front-gate", .payload = "open", .id = "job-17");
	assert_int_equal(accepted.result, STORE_ACCEPTED);
	assert_string_equal(accepted.id, "job-17");
	struct store_record record = world_find(world, "job-17");
	assert_string_equal(record.payload, "open");
	assert_int_equal(record.state, STATE_ACCEPTED);
	assert_int_equal(record.expires_ms, NOW + DAY);
	struct store_event event = world_last_event(world);
	assert_string_equal(event.topic, "devices/front-gate/status");
	assert_string_equal(event.payload, "{\"event_type\":\"accepted\",\"status\":\"accepted\","
					   "\"device\":\"front-gate\",\"id\":\"job-17\",\"payload\":\"open\","
					   "\"time\":\"2026-11-22T10:00:00.000Z\"}");
	assert_false(event.retain);
	assert_null(event.correlation);
	store_event_clear(&event);
}

static void a_command_without_an_id_gets_the_bridges_own(void **state)
{
	struct world *world = *state;
	struct store_accepted first = ASK(world, .payload = "reboot");
	struct store_accepted second = ASK(world, .payload = "reboot");
	const char *epoch = store_epoch(world->store);
	assert_int_equal(strlen(epoch), 8);
	assert_true(strspn(epoch, "0123456789abcdef") == 8);
	assert_int_equal(second.result, STORE_ACCEPTED);
	assert_true(text_starts_with(first.id, epoch) && text_starts_with(second.id, epoch));
	assert_string_not_equal(first.id, second.id);
	assert_string_equal(world_find(world, second.id).id, second.id);
}

static void a_response_topic_gets_a_copy_with_the_correlation(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a", .reply_topic = "clients/7/answer", .correlation = "c-1");
	struct taken taken = world_take(world, NOW, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = taken.attempts[0].seq, .sid = SID_A);
	assert_string_equal(world_told(world), "meter-1 a accepted, meter-1 a accepted, "
					       "meter-1 a queued, meter-1 a queued");
	struct store_event event = world_last_event(world);
	assert_string_equal(event.topic, "clients/7/answer");
	assert_string_equal(event.correlation, "c-1");
	assert_int_equal(event.correlation_len, 3);
	store_event_clear(&event);
}

static void statuses_are_retained_and_marked_dry_where_asked_for(void **state)
{
	struct world *world = *state;
	world->options.retain_status = world->options.dry_run = true;
	world_open(world);
	ASK(world, .id = "a", .reply_topic = "answer");
	struct store_event events[2];
	assert_int_equal(store_events(world->store, 0, events, 2), 2);
	assert_true(events[0].retain);
	assert_false(events[1].retain);
	for (size_t i = 0; i < 2; i++) {
		assert_non_null(strstr(events[i].payload, "\"dry_run\":true"));
		store_event_clear(&events[i]);
	}
}

static void the_same_id_and_payload_again_repeats_the_status(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a");
	world_take(world, NOW, 1);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
	assert_int_equal(ASK(world, .id = "a", .reply_topic = "answer", .correlation = "x").result, STORE_REPEATED);
	assert_string_equal(world_told(world),
			    "meter-1 a accepted, meter-1 a queued, meter-1 a queued, meter-1 a queued");
	struct store_event event = world_last_event(world);
	assert_string_equal(event.topic, "answer");
	assert_string_equal(event.correlation, "x");
	assert_non_null(strstr(event.payload, "\"duplicate\":true"));
	assert_non_null(strstr(event.payload, SID_A));
	store_event_clear(&event);
	assert_int_equal(world_take(world, NOW, 1).count, 0);
}

static void the_same_id_with_another_payload_is_a_conflict(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a", .payload = "on");
	assert_int_equal(ASK(world, .id = "a", .payload = "off").result, STORE_ID_CONFLICT);
	assert_string_equal(world_told(world), "meter-1 a accepted, meter-1 a rejected:id_conflict");
	want_state(world, "a", STATE_ACCEPTED);
	assert_string_equal(world_find(world, "a").payload, "on");
}

static void ids_belong_to_a_device_and_their_case_counts(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "a", .payload = "on");
	assert_int_equal(ASK(world, .device = "m2", .id = "a", .payload = "off").result, STORE_ACCEPTED);
	assert_int_equal(ASK(world, .device = "m1", .id = "A", .payload = "off").result, STORE_ACCEPTED);
}

/* ---- redelivery ------------------------------------------------------------------------------------- */

struct redelivery {
	const char *name;
	struct store_delivery again;
	enum store_accept want;
};

/* First: connection 1, packet id 5, digest 77. */
static const struct redelivery redeliveries[] = {
	{"after a reconnect", {2, 5, true, 77}, STORE_REDELIVERED},
	{"without DUP the id was used again", {2, 5, false, 77}, STORE_ACCEPTED},
	{"on the same connection, by a broker that does not wait for the next", {1, 5, true, 77}, STORE_REDELIVERED},
	{"other bytes", {2, 5, true, 78}, STORE_ACCEPTED},
	{"a higher packet id: sent but never seen", {2, 6, true, 77}, STORE_ACCEPTED},
	{"a lower packet id: the broker counts anew", {2, 1, true, 77}, STORE_REDELIVERED},
	{"a lower packet id, other bytes", {2, 1, true, 78}, STORE_ACCEPTED},
	{"a lower packet id without DUP", {2, 1, false, 77}, STORE_ACCEPTED},
	{"QoS 0 has no packet id", {2, 0, true, 77}, STORE_ACCEPTED},
};

static void a_redelivery_is_recognised_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(redeliveries); i++) {
		void *fresh;
		world_setup(&fresh);
		struct world *world = fresh;
		struct store_accepted first = ASK(world, .delivery = {1, 5, false, 77});
		struct store_accepted again = ASK(world, .delivery = redeliveries[i].again);
		want_number(redeliveries[i].name, "result", again.result, redeliveries[i].want);
		struct store_stats stats;
		store_stats(world->store, &stats);
		bool stored = redeliveries[i].want == STORE_ACCEPTED;
		want_number(redeliveries[i].name, "commands", stats.open, stored ? 2 : 1);
		want_number(redeliveries[i].name, "events", stats.events, stored ? 2 : 1);
		if (!stored)
			want_text(redeliveries[i].name, "id", again.id, first.id);
		world_teardown(&fresh);
	}
}

static void a_redelivery_is_recognised_again_and_after_a_restart(void **state)
{
	struct world *world = *state;
	ASK(world, .delivery = {1, 5, false, 77});
	assert_int_equal(ASK(world, .delivery = {2, 5, true, 77}).result, STORE_REDELIVERED);
	assert_int_equal(ASK(world, .delivery = {3, 5, true, 77}).result, STORE_REDELIVERED);
	world_reopen(world);
	assert_int_equal(ASK(world, .delivery = {4, 5, true, 77}).result, STORE_REDELIVERED);
}

static void a_packet_id_that_was_used_again_counts_for_its_last_message(void **state)
{
	struct world *world = *state;
	ASK(world, .delivery = {1, 5, false, 77});
	ASK(world, .delivery = {1, 5, false, 99});
	assert_int_equal(ASK(world, .delivery = {2, 5, true, 99}).result, STORE_REDELIVERED);
	assert_int_equal(ASK(world, .delivery = {2, 5, true, 77}).result, STORE_ACCEPTED);
}

/* RabbitMQ: what had no PUBACK comes first, under the ids from 1. */
static void where_ids_start_anew_repeats_are_known_by_their_bytes(void **state)
{
	struct world *world = *state;
	ASK(world, .payload = "on", .delivery = {1, 1, false, 11});
	ASK(world, .payload = "off", .delivery = {1, 2, false, 22});
	struct store_accepted third = ASK(world, .payload = "on", .delivery = {1, 3, false, 11});
	world_reopen(world);
	assert_int_equal(ASK(world, .payload = "off", .delivery = {2, 1, true, 22}).result, STORE_REDELIVERED);
	assert_int_equal(ASK(world, .payload = "on", .delivery = {2, 2, true, 11}).result, STORE_REDELIVERED);
	/* The connection was lost at once, and the next one repeats the same. */
	assert_int_equal(ASK(world, .payload = "off", .delivery = {3, 1, true, 22}).result, STORE_REDELIVERED);
	assert_int_equal(ASK(world, .payload = "on", .delivery = {3, 2, true, 11}).result, STORE_REDELIVERED);
	/* There were two of these bytes, and no third. */
	assert_string_equal(ASK(world, .payload = "on", .delivery = {3, 3, true, 11}).id, third.id);
	assert_int_equal(ASK(world, .payload = "on", .delivery = {3, 4, true, 11}).result, STORE_ACCEPTED);
}

/* NATS on another server: what had no PUBACK comes a while later, when its first id has been used again. */
static void a_repeat_is_known_behind_new_messages_too(void **state)
{
	struct world *world = *state;
	ASK(world, .payload = "on", .delivery = {1, 1, false, 11});
	ASK(world, .payload = "new", .delivery = {2, 1, false, 33});
	ASK(world, .payload = "newer", .delivery = {2, 2, false, 44});
	assert_int_equal(ASK(world, .payload = "on", .delivery = {2, 3, true, 11}).result, STORE_REDELIVERED);
	assert_int_equal(ASK(world, .payload = "on", .delivery = {2, 4, true, 11}).result, STORE_ACCEPTED);
}

static void the_same_bytes_long_ago_are_another_message(void **state)
{
	struct world *world = *state;
	ASK(world, .payload = "reboot", .delivery = {1, 7, false, 77});
	assert_int_equal(ASK(world, .payload = "reboot", .delivery = {2, 1, true, 77}, .at_ms = NOW + DAY).result,
			 STORE_ACCEPTED);
}

static void without_a_session_nothing_is_a_redelivery(void **state)
{
	struct world *world = *state;
	ASK(world, .delivery = {1, 5, false, 77});
	store_forget_deliveries(world->store);
	assert_int_equal(ASK(world, .delivery = {2, 5, true, 77}).result, STORE_ACCEPTED);
}

static void a_redelivered_refusal_is_not_announced_twice(void **state)
{
	struct world *world = *state;
	struct store_rejection rejection = {
		.delivery = {1, 9, false, 5},
		.device = "m1",
		.id = "x",
		.payload = "",
		.code = "payload_empty",
		.message = "there is no text",
		.reply_topic = "",
	};
	assert_true(store_reject(world->store, &rejection, NOW));
	rejection.delivery = (struct store_delivery){2, 9, true, 5};
	assert_true(store_reject(world->store, &rejection, NOW));
	assert_string_equal(world_told(world), "m1 x rejected:payload_empty");
	/* Also one that was refused as a command. */
	ASK(world, .id = "a", .payload = "on");
	assert_int_equal(ASK(world, .id = "a", .payload = "off", .delivery = {2, 10, false, 6}).result,
			 STORE_ID_CONFLICT);
	assert_int_equal(ASK(world, .id = "a", .payload = "off", .delivery = {3, 10, true, 6}).result,
			 STORE_REDELIVERED);
}

/* The second word of each line told; how many there were. */
static int told_ids(const char *told, char first[COMMAND_ID_SIZE], char second[COMMAND_ID_SIZE])
{
	int count = 0;
	for (const char *at = strstr(told, "m1 "); at != NULL; at = strstr(at + 3, "m1 ")) {
		size_t len = strcspn(at + 3, " ");
		text_copy_bytes(count++ == 0 ? first : second, COMMAND_ID_SIZE, at + 3, len);
	}
	return count;
}

/* Every status has an id, also one that is in no table. */
static void a_refusal_without_an_id_gets_one_of_the_bridges_own(void **state)
{
	struct world *world = *state;
	const struct store_rejection rejection = {
		.device = "m1",
		.id = "",
		.payload = "",
		.code = "payload_empty",
		.message = "there is no text",
		.reply_topic = "",
	};
	assert_true(store_reject(world->store, &rejection, NOW));
	assert_true(store_reject(world->store, &rejection, NOW));
	const char *told = world_told(world), *epoch = store_epoch(world->store);
	char first[COMMAND_ID_SIZE], second[COMMAND_ID_SIZE];
	assert_int_equal(told_ids(told, first, second), 2);
	assert_true(text_starts_with(first, epoch) && text_starts_with(second, epoch));
	assert_string_not_equal(first, second);
}

/* ---- limits ------------------------------------------------------------------------------------------- */

static void above_the_cap_commands_are_refused_until_some_left(void **state)
{
	struct world *world = *state;
	world->options.max_commands = 2;
	world_open(world);
	ASK(world, .device = "m1", .id = "a");
	ASK(world, .device = "m2", .id = "b");
	assert_int_equal(ASK(world, .device = "m3", .id = "c").result, STORE_QUEUE_FULL);
	assert_string_equal(world_told(world), "m1 a accepted, m2 b accepted, m3 c rejected:queue_full");
	struct taken taken = world_take(world, NOW, 1);
	assert_int_equal(ASK(world, .device = "m3", .id = "c").result, STORE_QUEUE_FULL);
	SETTLE(world, EVENT_API_QUEUED, .seq = taken.attempts[0].seq, .sid = SID_A);
	assert_int_equal(ASK(world, .device = "m3", .id = "c").result, STORE_ACCEPTED);
}

static void a_replacement_fits_where_it_takes_ones_place(void **state)
{
	struct world *world = *state;
	world->options.max_commands = 1;
	world_open(world);
	ASK(world, .device = "m1", .id = "a");
	assert_int_equal(ASK(world, .device = "m2", .id = "b", .replace = true).result, STORE_QUEUE_FULL);
	assert_int_equal(ASK(world, .device = "m1", .id = "c", .replace = true).result, STORE_ACCEPTED);
}

static void budgets_count_utc_days_and_survive_a_restart(void **state)
{
	struct world *world = *state;
	world->options.per_device_per_day = 2;
	world->options.per_day = 3;
	world_open(world);
	ASK(world, .device = "m1");
	ASK(world, .device = "m1");
	assert_int_equal(ASK(world, .device = "m1", .id = "x").result, STORE_OVER_BUDGET);
	world_reopen(world);
	assert_int_equal(ASK(world, .device = "m1").result, STORE_OVER_BUDGET);
	assert_int_equal(ASK(world, .device = "m2").result, STORE_ACCEPTED);
	assert_int_equal(ASK(world, .device = "m3").result, STORE_OVER_BUDGET);
	/* 2026-11-22T23:59:59.999Z, then midnight; x was not used up by its refusal. */
	assert_int_equal(ASK(world, .device = "m1", .at_ms = NOW + 14 * HOUR - 1).result, STORE_OVER_BUDGET);
	store_upkeep(world->store, NOW + 14 * HOUR);
	assert_int_equal(ASK(world, .device = "m1", .id = "x", .at_ms = NOW + 14 * HOUR).result, STORE_ACCEPTED);
}

static void a_repeat_costs_no_budget(void **state)
{
	struct world *world = *state;
	world->options.per_device_per_day = 2;
	world_open(world);
	ASK(world, .id = "a");
	assert_int_equal(ASK(world, .id = "a").result, STORE_REPEATED);
	assert_int_equal(ASK(world, .id = "b").result, STORE_ACCEPTED);
}

/* ---- replace ------------------------------------------------------------------------------------------- */

static void replace_cancels_what_still_waits_for_this_device(void **state)
{
	struct world *world = *state;
	ASK(world, .device = "m1", .id = "sending");
	world_take(world, NOW, 1);
	ASK(world, .device = "m1", .id = "b");
	ASK(world, .device = "m1", .id = "c");
	ASK(world, .device = "m2", .id = "other");
	world_told(world);
	struct store_accepted accepted = ASK(world, .device = "m1", .id = "d", .replace = true);
	assert_int_equal(accepted.result, STORE_ACCEPTED);
	assert_int_equal(accepted.cancelled, 2);
	assert_string_equal(world_told(world), "m1 b cancelled, m1 c cancelled, m1 d accepted");
	want_state(world, "sending", STATE_SENDING);
	want_state(world, "other", STATE_ACCEPTED);
	SETTLE(world, EVENT_API_QUEUED, .seq = 1, .sid = SID_A);
	assert_string_equal(world_take(world, NOW, 5).ids, "other d");
}

static void a_repeated_replacement_cancels_nothing(void **state)
{
	struct world *world = *state;
	ASK(world, .id = "a", .replace = true);
	ASK(world, .id = "b");
	assert_int_equal(ASK(world, .id = "a", .replace = true).result, STORE_REPEATED);
	want_state(world, "b", STATE_ACCEPTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_command_is_stored_and_announced),
		WORLD_TEST(a_command_without_an_id_gets_the_bridges_own),
		WORLD_TEST(a_response_topic_gets_a_copy_with_the_correlation),
		CLOSED_WORLD_TEST(statuses_are_retained_and_marked_dry_where_asked_for),
		WORLD_TEST(the_same_id_and_payload_again_repeats_the_status),
		WORLD_TEST(the_same_id_with_another_payload_is_a_conflict),
		WORLD_TEST(ids_belong_to_a_device_and_their_case_counts),
		cmocka_unit_test(a_redelivery_is_recognised_and_nothing_else),
		WORLD_TEST(a_redelivery_is_recognised_again_and_after_a_restart),
		WORLD_TEST(a_packet_id_that_was_used_again_counts_for_its_last_message),
		WORLD_TEST(where_ids_start_anew_repeats_are_known_by_their_bytes),
		WORLD_TEST(a_repeat_is_known_behind_new_messages_too),
		WORLD_TEST(the_same_bytes_long_ago_are_another_message),
		WORLD_TEST(without_a_session_nothing_is_a_redelivery),
		WORLD_TEST(a_redelivered_refusal_is_not_announced_twice),
		WORLD_TEST(a_refusal_without_an_id_gets_one_of_the_bridges_own),
		CLOSED_WORLD_TEST(above_the_cap_commands_are_refused_until_some_left),
		CLOSED_WORLD_TEST(a_replacement_fits_where_it_takes_ones_place),
		CLOSED_WORLD_TEST(budgets_count_utc_days_and_survive_a_restart),
		CLOSED_WORLD_TEST(a_repeat_costs_no_budget),
		WORLD_TEST(replace_cancels_what_still_waits_for_this_device),
		WORLD_TEST(a_repeated_replacement_cancels_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
