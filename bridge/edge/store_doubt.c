/* store_doubt - is this file all that was ever said? And if not: nothing in it is simply believed.
 *
 * A spool whose log was deleted, or that is an older copy, looks whole: but what it says still waits may have been sent
 * since. So a number in the spool goes up with the first commit after each checkpoint, and stands once more in a small
 * file beside it, written after that commit. The file may lag behind; when it is ahead, a piece of the spool is gone.
 */
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/text.h"
#include "bridge/edge/store_internal.h"

enum { MARK_SIZE = 64, SEQ_SKIP = 1000000000 };

#define MARK_KEY  "mark"
#define FLOOR_KEY "seq_floor"

/* ---- the mark -------------------------------------------------------------------------------------- */

/* What the file beside the spool says; 0: nothing, or of another spool. */
static int64_t read_mark(const struct store *store)
{
	char text[MARK_SIZE] = "";
	size_t epoch_len = strlen(store->epoch);
	int64_t mark = 0;
	int fd = open(store->mark_path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t len = read(fd, text, sizeof(text) - 1);
	close(fd);
	char *end = strchr(text, '\n');
	if (len <= 0 || end == NULL || !text_starts_with(text, store->epoch) || text[epoch_len] != ' ')
		return 0;
	*end = '\0';
	return text_to_int(text + epoch_len + 1, 1, INT64_MAX - 1, &mark) ? mark : 0;
}

/* One that cannot be written stays behind the spool's, which is no false alarm. */
static void write_mark(const struct store *store)
{
	char text[MARK_SIZE];
	text_format(text, sizeof(text), "%s %019lld\n", store->epoch, (long long)store->mark);
	int fd = open(store->mark_path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return;
	ssize_t len = (ssize_t)strlen(text);
	if (write(fd, text, strlen(text)) == len && store->options.fsync)
		fsync(fd);
	close(fd);
}

static int64_t number_of(struct store *store, const char *key)
{
	char text[MARK_SIZE] = "";
	int64_t number = 0;
	struct sql_statement *statement = store_statement(store, SQL_META_GET);
	sql_put_text(statement, 1, key);
	if (sql_step(statement))
		sql_column_text(statement, 0, text, sizeof(text));
	sql_reset(statement);
	return text_to_int(text, 0, INT64_MAX - 1, &number) ? number : 0;
}

static void put_number(struct store *store, const char *key, int64_t number)
{
	char text[MARK_SIZE];
	struct sql_statement *statement = store_statement(store, SQL_META_PUT);
	text_format(text, sizeof(text), "%lld", (long long)number);
	sql_put_text(statement, 1, key);
	sql_put_text(statement, 2, text);
	sql_run(statement);
}

void store_mark_look(struct store *store)
{
	int64_t beside = read_mark(store);
	store->mark = number_of(store, MARK_KEY);
	store->is_cut = beside > store->mark;
	if (store->is_cut)
		store->mark = beside;
	store->mark_due = true;
	int64_t floor = number_of(store, FLOOR_KEY);
	store->next_seq = floor > store->next_seq ? floor : store->next_seq;
}

void store_mark_stage(struct store *store)
{
	if (store->mark_due)
		put_number(store, MARK_KEY, store->mark + 1);
}

void store_mark_committed(struct store *store)
{
	if (!store->mark_due)
		return;
	store->mark++;
	store->mark_due = false;
	write_mark(store);
}

/* ---- doubt ------------------------------------------------------------------------------------------- */

static void doubt_accepted(struct store *store, int64_t now_ms)
{
	struct store_row row;
	struct sql_statement *statement = store_statement(store, SQL_EXPIRED_NEXT);
	for (;;) {
		sql_put(statement, 1, INT64_MAX);
		if (!sql_step(statement))
			return;
		store_row_read(store, statement, &row);
		sql_reset(statement);
		store_row_move(store, &row, EVENT_DOUBTED, now_ms);
	}
}

/* Numbers that were given since are not given again: a callback that bears one is not about a command of now. And
 * what the broker delivers again cannot be told by what was delivered then. */
void store_doubt(struct store *store, int64_t now_ms)
{
	doubt_accepted(store, now_ms);
	struct sql_statement *statement = store_statement(store, SQL_UNKNOWN_DOUBT);
	sql_put_text(statement, 1, STORE_RESTORED);
	sql_put(statement, 2, now_ms + store->options.settle_ms);
	sql_run(statement);
	sql_run(store_statement(store, SQL_DELIVERY_CLEAR));
	put_number(store, FLOOR_KEY, store->next_seq + SEQ_SKIP);
}

void store_doubt_committed(struct store *store)
{
	store->next_seq += SEQ_SKIP;
	store->doubted = store->tally.in_state[STATE_UNKNOWN];
}

bool store_was_cut(const struct store *store)
{
	return store->is_cut;
}

int64_t store_doubted(const struct store *store)
{
	return store->doubted;
}
