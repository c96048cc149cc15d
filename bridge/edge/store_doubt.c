/* store_doubt - is this file all that was ever said? And if not: nothing in it is simply believed.
 *
 * A spool whose log was deleted, or that is an older copy, looks whole: but what it says still waits may have been sent
 * since. So a number in the spool goes up with the first commit after each checkpoint, and stands once more in a small
 * file beside it, written after that commit. The file may lag behind; when it is ahead, a piece of the spool is gone.
 */
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/text.h"
#include "bridge/edge/store_internal.h"
#include "bridge/rule/retry.h"

enum { MARK_SIZE = 64, SEQ_SKIP = 1000000000, DOUBT_BATCH = 20000, DOUBT_CACHE_KIB = 16384 };

#define MARK_KEY  "mark"
#define FLOOR_KEY "seq_floor"
#define DOUBT_KEY "doubt"

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

/* 0, or errno. */
static int put_mark(const struct store *store)
{
	char text[MARK_SIZE];
	text_format(text, sizeof(text), "%s %019lld\n", store->epoch, (long long)store->mark);
	int fd = open(store->mark_path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return errno;
	errno = ENOSPC; /* of a write that is cut short */
	bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	bool synced = written && (!store->options.fsync || fsync(fd) == 0);
	int error = synced ? 0 : errno;
	close(fd);
	return error;
}

/* One that cannot be written stays behind the spool's: no false alarm, but an older copy would not be noticed. */
static void write_mark(struct store *store)
{
	int error = put_mark(store);
	pthread_mutex_lock(&store->writer.lock);
	store->writer.stats.mark_error = error;
	pthread_mutex_unlock(&store->writer.lock);
}

/* What was in its way may be gone. */
void store_mark_again(struct store *store)
{
	if (store->writer.stats.mark_error != 0) /* written only by who has the connection */
		write_mark(store);
}

int64_t store_number(struct store *store, const char *key)
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

void store_put_number(struct store *store, const char *key, int64_t number)
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
	store->mark = store_number(store, MARK_KEY);
	store->doubt = (enum store_doubt)store_number(store, DOUBT_KEY); /* a start that was interrupted */
	if (store->options.recover && store->doubt == STORE_DOUBT_NONE)
		store->doubt = STORE_DOUBT_RECOVER;
	if (beside > store->mark) {
		store->doubt = STORE_DOUBT_CUT;
		store->mark = beside;
	}
	store->mark_due = true;
	int64_t floor = store_number(store, FLOOR_KEY);
	store->next_seq = floor > store->next_seq ? floor : store->next_seq;
}

void store_mark_stage(struct store *store)
{
	if (store->mark_due)
		store_put_number(store, MARK_KEY, store->mark + 1);
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

/* Numbers that were given since are not given again: a callback that bears one is not about a command of now. And
 * what the broker delivers again cannot be told by what was delivered then. */
void store_doubt_begin(struct store *store, int64_t now_ms)
{
	if (store->doubt == STORE_DOUBT_NONE)
		return;
	struct sql_statement *statement = store_statement(store, SQL_UNKNOWN_DOUBT);
	sql_put_text(statement, 1, STORE_RESTORED);
	sql_put(statement, 2, now_ms + store->options.settle_ms);
	sql_put_text(statement, 3, RETRY_NO_SID);
	sql_run(statement);
	sql_run(store_statement(store, SQL_DELIVERY_CLEAR));
	store_put_number(store, FLOOR_KEY, store->next_seq + SEQ_SKIP);
	store_put_number(store, DOUBT_KEY, store->doubt);
}

void store_doubt_begun(struct store *store)
{
	store->next_seq += SEQ_SKIP;
	store->doubts_more = true;
	sql_set_cache(store->sql, DOUBT_CACHE_KIB); /* each row leaves three indexes and enters two */
}

/* What the last step wrote goes to its place, so that the log does not grow as large as the spool. */
bool store_doubt_goes_on(struct store *store)
{
	sql_checkpoint(store->sql);
	store->mark_due = true;
	return store->doubts_more;
}

/* In one statement: nothing is announced by it, and no lane has a first one when all have been moved. */
void store_doubt_step(struct store *store, int64_t now_ms)
{
	enum command_state to = lifecycle_next(STATE_ACCEPTED, EVENT_DOUBTED).to;
	struct sql_statement *statement = store_statement(store, SQL_ACCEPTED_DOUBT);
	sql_put_text(statement, 1, STORE_RESTORED);
	sql_put(statement, 2, now_ms + store->options.settle_ms);
	sql_put(statement, 3, now_ms);
	sql_put(statement, 4, DOUBT_BATCH);
	sql_put(statement, 5, to);
	int64_t moved = sql_run(statement);
	store->staged.in_state[STATE_ACCEPTED] -= moved;
	store->staged.in_state[to] += moved;
	store->doubts_more = moved == DOUBT_BATCH;
	if (!store->doubts_more)
		store_put_number(store, DOUBT_KEY, STORE_DOUBT_NONE);
}

void store_doubt_end(struct store *store)
{
	sql_set_cache(store->sql, SQL_CACHE_KIB);
	store->doubted = store->tally.in_state[STATE_UNKNOWN];
}

bool store_was_cut(const struct store *store)
{
	return store->doubt == STORE_DOUBT_CUT;
}

int64_t store_doubted(const struct store *store)
{
	return store->doubted;
}
