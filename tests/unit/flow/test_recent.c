// recent: what happened lately, in a bounded place, for readers of any speed.
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/recent.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"

static void note(struct recent *recent, int64_t seq, enum command_state state, int64_t at_ms)
{
	struct store_record record = {.seq = seq, .state = state, .created_ms = 100, .updated_ms = at_ms};
	text_format(record.id, sizeof(record.id), "id-%lld", (long long)seq);
	recent_note_command(recent, &record);
}

static void a_command_is_one_entry_with_its_life(void **state)
{
	(void)state;
	struct recent *recent = recent_create();
	struct recent_entry entry;
	note(recent, 1, STATE_ACCEPTED, 100);
	note(recent, 1, STATE_SENDING, 200);
	note(recent, 1, STATE_SENDING, 250);
	note(recent, 1, STATE_QUEUED, 300);
	assert_int_equal(recent_next(recent, 0, &entry), RECENT_COMMAND);
	assert_string_equal(entry.of.command.id, "id-1");
	assert_int_equal(entry.of.command.step_count, 3);
	assert_int_equal(entry.of.command.steps[2].state, STATE_QUEUED);
	assert_int_equal(entry.of.command.steps[2].at_ms, 300);
	assert_int_equal(recent_next(recent, entry.version, &entry), RECENT_NOTHING);
	recent_destroy(recent);
}

static void a_command_met_late_began_when_it_was_accepted(void **state)
{
	(void)state;
	struct recent *recent = recent_create();
	struct recent_entry entry;
	note(recent, 7, STATE_HELD, 900);
	assert_int_equal(recent_next(recent, 0, &entry), RECENT_COMMAND);
	assert_int_equal(entry.of.command.steps[0].state, STATE_ACCEPTED);
	assert_int_equal(entry.of.command.steps[0].at_ms, 100);
	assert_int_equal(entry.of.command.steps[1].state, STATE_HELD);
	recent_destroy(recent);
}

static void changes_are_told_in_order_and_a_slow_reader_gets_the_last_word(void **state)
{
	(void)state;
	struct recent *recent = recent_create();
	struct recent_entry entry;
	note(recent, 1, STATE_ACCEPTED, 100);
	note(recent, 2, STATE_ACCEPTED, 110);
	note(recent, 1, STATE_EXPIRED, 120);
	assert_int_equal(recent_next(recent, 0, &entry), RECENT_COMMAND);
	assert_int_equal(entry.of.command.seq, 2);
	assert_int_equal(recent_next(recent, entry.version, &entry), RECENT_COMMAND);
	assert_int_equal(entry.of.command.seq, 1);
	assert_int_equal(entry.of.command.steps[1].state, STATE_EXPIRED);
	recent_destroy(recent);
}

static void the_oldest_give_way(void **state)
{
	(void)state;
	struct recent *recent = recent_create();
	struct recent_entry entry;
	int64_t version = 0;
	int count = 0;
	for (int seq = 1; seq <= RECENT_COMMANDS + 10; seq++)
		note(recent, seq, STATE_ACCEPTED, 100);
	for (; recent_next(recent, version, &entry) != RECENT_NOTHING; version = entry.version)
		if (count++ == 0)
			assert_int_equal(entry.of.command.seq, 11);
	assert_int_equal(count, RECENT_COMMANDS);
	recent_destroy(recent);
}

static void a_long_life_keeps_its_beginning_and_its_end(void **state)
{
	(void)state;
	struct recent *recent = recent_create();
	struct recent_entry entry;
	for (int i = 0; i < 100; i++)
		note(recent, 1, i % 2 == 0 ? STATE_ACCEPTED : STATE_SENDING, 100 + i);
	note(recent, 1, STATE_QUEUED, 500);
	assert_int_equal(recent_next(recent, 0, &entry), RECENT_COMMAND);
	assert_int_equal(entry.of.command.step_count, RECENT_STEPS);
	assert_int_equal(entry.of.command.steps[0].at_ms, 100);
	assert_int_equal(entry.of.command.steps[RECENT_STEPS - 1].state, STATE_QUEUED);
	recent_destroy(recent);
}

static void samples_are_differences(void **state)
{
	(void)state;
	struct recent *recent = recent_create();
	struct recent_entry entry;
	recent_note_sample(recent, &(struct recent_sample){.at_ms = 1, .open = 5, .accepted = 10});
	recent_note_sample(recent, &(struct recent_sample){.at_ms = 2, .open = 4, .accepted = 13});
	assert_int_equal(recent_next(recent, 1, &entry), RECENT_SAMPLE);
	assert_int_equal(entry.of.sample.open, 4);
	assert_int_equal(entry.of.sample.accepted, 3);
	recent_destroy(recent);
}

static void refusals_are_entries_of_their_own(void **state)
{
	(void)state;
	struct recent *recent = recent_create();
	struct recent_entry first, second;
	recent_note_refusal(recent, &(struct recent_command){.device = "a"}, 5);
	recent_note_refusal(recent, &(struct recent_command){.device = "b"}, 6);
	assert_int_equal(recent_next(recent, 0, &first), RECENT_COMMAND);
	assert_int_equal(recent_next(recent, first.version, &second), RECENT_COMMAND);
	assert_string_equal(first.of.command.device, "a");
	assert_string_equal(second.of.command.device, "b");
	assert_int_equal(second.of.command.steps[0].state, STATE_REJECTED);
	recent_note_refusal(NULL, &second.of.command, 7);
	recent_destroy(recent);
}

static void a_stop_ends_the_wait(void **state)
{
	(void)state;
	struct recent *recent = recent_create();
	assert_true(recent_wait(recent, 0, 1));
	recent_stop(recent);
	assert_false(recent_wait(recent, 0, 60000));
	recent_destroy(recent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_one_entry_with_its_life),
		cmocka_unit_test(a_command_met_late_began_when_it_was_accepted),
		cmocka_unit_test(changes_are_told_in_order_and_a_slow_reader_gets_the_last_word),
		cmocka_unit_test(the_oldest_give_way),
		cmocka_unit_test(a_long_life_keeps_its_beginning_and_its_end),
		cmocka_unit_test(samples_are_differences),
		cmocka_unit_test(refusals_are_entries_of_their_own),
		cmocka_unit_test(a_stop_ends_the_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
