// audit - one record a command, found by the number in its id or its text.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/json_view.h"

enum { COMMANDS_MAX = 1000000, PATH_SIZE = 64, STATUSES = 9 };

#define TEXT_HEAD "audit "
#define ID_HEAD	  "audit-"

static const struct {
	const char *word;
	int rank;
	bool final, at_api;
} statuses[STATUSES] = {
	{"accepted", 1, false, false},	 {"queued", 2, false, true},   {"sent", 3, false, true},
	{"unconfirmed", 4, false, true}, {"delivered", 5, true, true}, {"failed", 5, true, true},
	{"rejected", 5, true, false},	 {"expired", 5, true, false},  {"cancelled", 5, true, false},
};

struct record {
	bool seen[STATUSES];
	int rank;	/* the highest so far */
	bool unordered; /* something new came below that */
	char sid[AUDIT_SID_SIZE];
};

struct message {
	char sid[AUDIT_SID_SIZE];
	bool seen;
};

struct audit {
	struct record *records;
	size_t count, capacity;
	struct message *messages;
	size_t message_count, message_capacity, messages_seen;
	size_t next; /* message of the client to read */
};

struct audit *audit_create(void)
{
	return memory_zeroed(1, sizeof(struct audit));
}

void audit_destroy(struct audit *audit)
{
	if (audit == NULL)
		return;
	free(audit->records);
	free(audit->messages);
	free(audit);
}

size_t audit_add(struct audit *audit)
{
	if (audit->count == audit->capacity) {
		audit->capacity = 2 * audit->capacity + 64;
		audit->records = memory_resized(audit->records, audit->capacity * sizeof(*audit->records));
	}
	audit->records[audit->count] = (struct record){.rank = 0};
	return audit->count++;
}

void audit_text(size_t number, char ret[AUDIT_TEXT_SIZE])
{
	text_format(ret, AUDIT_TEXT_SIZE, TEXT_HEAD "%zu", number);
}

void audit_id(size_t number, char ret[AUDIT_TEXT_SIZE])
{
	text_format(ret, AUDIT_TEXT_SIZE, ID_HEAD "%zu", number);
}

void audit_add_message(struct audit *audit, const char *sid)
{
	if (audit->message_count == audit->message_capacity) {
		audit->message_capacity = 2 * audit->message_capacity + 64;
		audit->messages = memory_resized(audit->messages, audit->message_capacity * sizeof(*audit->messages));
	}
	struct message *message = &audit->messages[audit->message_count++];
	message->seen = false;
	text_copy(message->sid, sizeof(message->sid), sid);
}

/* ---- what was told ------------------------------------------------------------------------------------ */

/* The command that an id, or else a text, names; NULL: none of ours. */
static struct record *find(const struct audit *audit, const char *id, const char *text)
{
	char digits[AUDIT_TEXT_SIZE];
	int64_t number = 0;
	const char *at = text_starts_with(id, ID_HEAD) ? id + strlen(ID_HEAD) : text + strlen(TEXT_HEAD);
	if (!text_starts_with(id, ID_HEAD) && !text_starts_with(text, TEXT_HEAD))
		return NULL;
	text_copy_bytes(digits, sizeof(digits), at, strspn(at, "0123456789"));
	bool known = text_to_int(digits, 0, COMMANDS_MAX, &number) && (size_t)number < audit->count;
	return known ? &audit->records[number] : NULL;
}

static void note_status(struct record *record, const char *word)
{
	for (size_t i = 0; i < STATUSES; i++) {
		if (!text_equal(statuses[i].word, word) || record->seen[i])
			continue;
		record->seen[i] = true;
		record->unordered = record->unordered || statuses[i].rank <= record->rank;
		record->rank = statuses[i].rank > record->rank ? statuses[i].rank : record->rank;
	}
}

static void note_message(struct audit *audit, const char *sid)
{
	for (size_t i = 0; i < audit->message_count; i++) {
		struct message *message = &audit->messages[i];
		if (message->seen || !text_equal(message->sid, sid))
			continue;
		message->seen = true;
		audit->messages_seen++;
	}
}

static bool ends_with(const char *text, const char *tail)
{
	size_t len = strlen(text), tail_len = strlen(tail);
	return len >= tail_len && text_equal(text + len - tail_len, tail);
}

void audit_note(struct audit *audit, const char *topic, const char *payload)
{
	bool is_status = ends_with(topic, "/status");
	if (!is_status && !ends_with(topic, "/up") && !ends_with(topic, "/unmapped"))
		return;
	struct json_view *view = json_view_open(payload);
	const char *sid = json_view_text(view, "sid");
	struct record *record =
		is_status ? find(audit, json_view_text(view, "id"), json_view_text(view, "payload")) : NULL;
	if (record != NULL) {
		note_status(record, json_view_text(view, "status"));
		if (*sid != '\0')
			text_copy(record->sid, sizeof(record->sid), sid);
	} else if (!is_status) {
		note_message(audit, sid);
	}
	json_view_close(view);
}

void audit_read(struct audit *audit, struct client *client)
{
	const struct client_message *message = client_message_at(client, audit->next);
	for (; message != NULL; message = client_message_at(client, ++audit->next))
		audit_note(audit, message->topic, message->payload);
}

static bool is_at_api(const struct record *record)
{
	for (size_t i = 0; i < STATUSES; i++)
		if (record->seen[i] && statuses[i].at_api)
			return true;
	return false;
}

static bool is_final(const struct record *record)
{
	for (size_t i = 0; i < STATUSES; i++)
		if (record->seen[i] && statuses[i].final)
			return true;
	return false;
}

bool audit_is_answered(const struct audit *audit, size_t number)
{
	return audit->records[number].rank > 0;
}

bool audit_is_final(const struct audit *audit, size_t number)
{
	return is_final(&audit->records[number]);
}

size_t audit_messages_seen(const struct audit *audit)
{
	return audit->messages_seen;
}

bool audit_is_complete(const struct audit *audit)
{
	for (size_t i = 0; i < audit->count; i++)
		if (!is_final(&audit->records[i]))
			return false;
	return audit->messages_seen == audit->message_count;
}

/* ---- what is true ------------------------------------------------------------------------------------- */

/* What the API has of one command. */
struct taken {
	size_t count;
	char sid[AUDIT_SID_SIZE];
};

static struct taken *read_ledger(const struct audit *audit, struct simulator *simulator)
{
	char path[PATH_SIZE];
	struct taken *taken = memory_zeroed(audit->count + 1, sizeof(*taken));
	char *answer = simulator_control(simulator, "GET", "ledger", "");
	struct json_view *view = json_view_open(answer);
	assert_non_null(view);
	size_t count = json_view_count(view, "");
	for (size_t i = 0; i < count; i++) {
		text_format(path, sizeof(path), "[%zu].payload", i);
		const struct record *record = find(audit, "", json_view_text(view, path));
		if (record == NULL)
			continue;
		struct taken *one = &taken[record - audit->records];
		one->count++;
		text_format(path, sizeof(path), "[%zu].sid", i);
		text_copy(one->sid, sizeof(one->sid), json_view_text(view, path));
	}
	json_view_close(view);
	free(answer);
	return taken;
}

static void complain(size_t number, const struct record *record, const struct taken *taken, const char *what)
{
	printf("audit %zu: %s; %zu SMS at the API%s%s; told:", number, what, taken->count,
	       taken->count > 0 ? ", the last " : "", taken->sid);
	for (size_t i = 0; i < STATUSES; i++)
		if (record->seen[i])
			printf(" %s", statuses[i].word);
	printf("%s%s\n", record->sid[0] != '\0' ? ", sid " : "", record->sid);
}

static void judge_one(size_t number, const struct record *record, const struct taken *taken,
		      struct audit_verdict *verdict)
{
	bool final = is_final(record), at_api = is_at_api(record), answered = record->rank > 0;
	bool other = taken->count == 1 && !text_equal(taken->sid, record->sid);
	const struct {
		bool is_so;
		size_t *counter;
		const char *words;
	} faults[] = {
		{!answered, &verdict->unanswered, "never answered"},
		{answered && !final, &verdict->unfinished, "not final"},
		{at_api && !record->seen[0], &verdict->untold, "`accepted` was never told"},
		{at_api && taken->count == 0, &verdict->unsent, "told to be at the API, which does not have it"},
		{taken->count > 1, &verdict->doubled, "more than one SMS"},
		{final && taken->count > 0 && (!at_api || other), &verdict->denied, "the API has what was not told"},
		{record->unordered, &verdict->unordered, "statuses out of order"},
	};
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (!faults[i].is_so)
			continue;
		(*faults[i].counter)++;
		complain(number, record, taken, faults[i].words);
	}
}

void audit_judge(const struct audit *audit, struct simulator *simulator, struct audit_verdict *ret)
{
	struct taken *taken = read_ledger(audit, simulator);
	*ret = (struct audit_verdict){.commands = audit->count, .messages = audit->message_count};
	for (size_t i = 0; i < audit->count; i++)
		judge_one(i, &audit->records[i], &taken[i], ret);
	for (size_t i = 0; i < audit->message_count; i++) {
		if (audit->messages[i].seen)
			continue;
		ret->messages_lost++;
		printf("the message with sid %s was never published\n", audit->messages[i].sid);
	}
	free(taken);
}

void audit_expect_none(const struct audit_verdict *verdict)
{
	fflush(stdout);
	if (verdict->unanswered + verdict->unfinished + verdict->untold + verdict->unsent + verdict->doubled +
		    verdict->denied + verdict->unordered + verdict->messages_lost >
	    0)
		fail_msg("of %zu commands and %zu messages some were lost, doubled or out of order: see above",
			 verdict->commands, verdict->messages);
}

void audit_expect_clean(const struct audit *audit, struct simulator *simulator)
{
	struct audit_verdict verdict;
	audit_judge(audit, simulator, &verdict);
	audit_expect_none(&verdict);
}
