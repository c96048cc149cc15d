/* What becomes of every state on every event? The expectation is written as letters, one row a state. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/lifecycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A letter a state. Upper case in a row of `expected`: reached and announced; lower case: reached
 * quietly; `.`: nothing happens. */
static const struct letter {
	char letter;
	enum command_state state;
	const char *name;
} letters[] = {
	{'a', STATE_ACCEPTED, "accepted"},   {'s', STATE_SENDING, "sending"},
	{'u', STATE_UNKNOWN, "unknown"},     {'q', STATE_QUEUED, "queued"},
	{'t', STATE_SENT, "sent"},	     {'n', STATE_UNCONFIRMED, "unconfirmed"},
	{'d', STATE_DELIVERED, "delivered"}, {'f', STATE_FAILED, "failed"},
	{'r', STATE_REJECTED, "rejected"},   {'x', STATE_EXPIRED, "expired"},
	{'c', STATE_CANCELLED, "cancelled"}, {'h', STATE_HELD, "held"},
};

enum { LETTERS = sizeof(letters) / sizeof(letters[0]) };

static const enum lifecycle_event columns[] = {
	EVENT_ATTEMPT,	EVENT_API_QUEUED, EVENT_API_SENT,  EVENT_API_DELIVERED, EVENT_API_FAILED,
	EVENT_NOT_SENT, EVENT_REFUSED,	  EVENT_NO_ANSWER, EVENT_AMBIGUOUS,	EVENT_TIME_OVER,
	EVENT_CANCEL,	EVENT_SILENT,	  EVENT_DOUBTED,
};

/* columns: attempt, queued, sent, delivered, failed | not sent, refused, no answer, ambiguous | time over, cancel,
 * silent, doubted */
static const struct expectation {
	enum command_state from;
	const char *want;
} expected[] = {
	{STATE_ACCEPTED, "sQTDF....XC.u"},  {STATE_SENDING, ".QTDFaRu....."},	{STATE_UNKNOWN, ".QTDFaR.h...."},
	{STATE_QUEUED, "..TDF......N."},    {STATE_SENT, "...DF......N."},	{STATE_UNCONFIRMED, "...DF........"},
	{STATE_DELIVERED, "............."}, {STATE_FAILED, "............."},	{STATE_REJECTED, "............."},
	{STATE_EXPIRED, "............."},   {STATE_CANCELLED, "............."}, {STATE_HELD, ".QTDF.....C.."},
};

static const struct letter *letter_of(char letter)
{
	for (size_t i = 0; i < LETTERS; i++) {
		if (letters[i].letter == (letter | 0x20))
			return &letters[i];
	}
	fail_msg("no state has the letter %c", letter);
	return NULL;
}

static void every_state_answers_every_event_as_the_table_says(void **state)
{
	(void)state;
	assert_int_equal(sizeof(columns) / sizeof(columns[0]), LIFECYCLE_EVENTS);
	assert_int_equal(sizeof(expected) / sizeof(expected[0]), STATE_MAX);
	for (size_t row = 0; row < STATE_MAX; row++) {
		for (size_t column = 0; column < LIFECYCLE_EVENTS; column++) {
			enum command_state from = expected[row].from;
			char want = expected[row].want[column];
			struct lifecycle_step step = lifecycle_next(from, columns[column]);
			enum command_state want_to = want == '.' ? from : letter_of(want)->state;
			bool want_announced = want >= 'A' && want <= 'Z';
			if (step.to != want_to || step.announced != want_announced)
				fail_msg("%s, column %zu: to %s, announced %d; want %c", lifecycle_name(from), column,
					 lifecycle_name(step.to), step.announced, want);
		}
	}
}

static void a_final_state_never_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < LETTERS; i++) {
		if (!lifecycle_is_final(letters[i].state))
			continue;
		for (int event = 0; event < LIFECYCLE_EVENTS; event++) {
			struct lifecycle_step step = lifecycle_next(letters[i].state, (enum lifecycle_event)event);
			assert_int_equal(step.to, letters[i].state);
			assert_false(step.announced);
		}
	}
}

/* accepted < queued < sent < unconfirmed < an end, as users see it. */
static int rank(enum command_state state)
{
	static const char *const order[] = {"accepted", "queued", "sent", "unconfirmed"};
	for (int i = 0; i < 4; i++) {
		if (strcmp(lifecycle_status(state), order[i]) == 0)
			return i;
	}
	return 4;
}

static void a_status_never_goes_backwards(void **state)
{
	(void)state;
	for (size_t i = 0; i < LETTERS; i++) {
		for (int event = 0; event < LIFECYCLE_EVENTS; event++) {
			struct lifecycle_step step = lifecycle_next(letters[i].state, (enum lifecycle_event)event);
			assert_true(rank(step.to) >= rank(letters[i].state));
			if (rank(step.to) > rank(letters[i].state))
				assert_true(step.announced);
			else
				assert_false(step.announced);
		}
	}
}

static void late_sent_after_delivered_changes_nothing(void **state)
{
	(void)state;
	struct lifecycle_step step = lifecycle_next(STATE_DELIVERED, EVENT_API_SENT);
	assert_int_equal(step.to, STATE_DELIVERED);
	assert_false(step.announced);
}

static void names_open_and_final_are_as_documented(void **state)
{
	(void)state;
	for (size_t i = 0; i < LETTERS; i++) {
		bool want_final = strchr("dfrxc", letters[i].letter) != NULL;
		bool want_open = strchr("asuh", letters[i].letter) != NULL;
		assert_string_equal(lifecycle_name(letters[i].state), letters[i].name);
		assert_string_equal(lifecycle_status(letters[i].state), want_open ? "accepted" : letters[i].name);
		assert_int_equal(lifecycle_is_final(letters[i].state), want_final);
		assert_int_equal(lifecycle_is_open(letters[i].state), want_open);
	}
}

static void the_numbers_on_disk_are_never_renumbered(void **state)
{
	(void)state;
	for (size_t i = 0; i < LETTERS; i++)
		assert_int_equal((int)letters[i].state, (int)i + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_answers_every_event_as_the_table_says),
		cmocka_unit_test(a_final_state_never_changes),
		cmocka_unit_test(a_status_never_goes_backwards),
		cmocka_unit_test(late_sent_after_delivered_changes_nothing),
		cmocka_unit_test(names_open_and_final_are_as_documented),
		cmocka_unit_test(the_numbers_on_disk_are_never_renumbered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
