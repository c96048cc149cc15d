/* audit - what was asked for, what was told about it, and what the API really took: the judge of tests that kill.
 *
 * Command N has the text `audit N` and, when it is given one, the id `audit-N`: so each status and each SMS at the API
 * is known by its number. An SMS from a device, or another program's status, is known by its sid.
 *
 * Threads:   the test's main thread only.
 * Ownership: an audit is yours to destroy; texts are copied. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_AUDIT_H
#define TESTS_HARNESS_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/harness/client.h"
#include "tests/harness/simulator.h"

enum { AUDIT_TEXT_SIZE = 64, AUDIT_SID_SIZE = 64 };

struct audit;
struct audit *audit_create(void);
void audit_destroy(struct audit *audit);

/* A further command: its number. Nothing is sent. */
size_t audit_add(struct audit *audit);
void audit_text(size_t number, char ret[AUDIT_TEXT_SIZE]);
void audit_id(size_t number, char ret[AUDIT_TEXT_SIZE]);

/* A message with this sid must be published, on `…/up` or `…/unmapped`. */
void audit_add_message(struct audit *audit, const char *sid);

/* Takes note of one message; or of all that a client has received since the last call. */
void audit_note(struct audit *audit, const char *topic, const char *payload);
void audit_read(struct audit *audit, struct client *client);

/* Was anything told of this command; is it final? */
bool audit_is_answered(const struct audit *audit, size_t number);
bool audit_is_final(const struct audit *audit, size_t number);

/* How many of the messages have come. */
size_t audit_messages_seen(const struct audit *audit);

/* Is every command final, and every message here? */
bool audit_is_complete(const struct audit *audit);

struct audit_verdict {
	size_t commands;
	size_t unanswered; /* no status at all */
	size_t unfinished; /* answered, but not final */
	size_t untold;	   /* at the API by its statuses, but `accepted` never came */
	size_t unsent;	   /* told to be at the API, which does not have it */
	size_t doubled;	   /* more than one SMS */
	size_t denied;	   /* told never to be sent, or as another sid, and the API has it */
	size_t unordered;  /* a status below an earlier one, or two final ones */
	size_t messages, messages_lost;
};

/* Compares with the API's ledger and says each fault in one line on stdout. */
void audit_judge(const struct audit *audit, struct simulator *simulator, struct audit_verdict *ret);

/* Fails the test where the verdict has something to complain about; the second judges first. */
void audit_expect_none(const struct audit_verdict *verdict);
void audit_expect_clean(const struct audit *audit, struct simulator *simulator);

#endif
