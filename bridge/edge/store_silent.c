/* store_silent - how long a silence may last has changed: what the API has already follows.
 *
 * When a command is asked for next stands in its row, as the configuration said when it was written. Where a start
 * finds a shorter silence than the last one's (or no callbacks any more), upkeep goes through all rows, so many a step,
 * and remembers the new time when all are through. A row that was moved is not moved again, so an interrupted walk is
 * simply begun anew. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store_internal.h"

enum { WALK_BATCH = 1000, WALK_DONE = -1 };

#define WATCH_KEY "watch"

void store_silent_begin(struct store *store)
{
	int64_t watch_ms = store->options.watch_ms;
	int64_t was_ms = store_number(store, WATCH_KEY); /* 0: a new spool */
	bool shorter = was_ms == 0 || was_ms > watch_ms;
	store->silent_seq = shorter ? 0 : WALK_DONE;
	if (!shorter && was_ms != watch_ms)
		store_put_number(store, WATCH_KEY, watch_ms);
}

/* The last row of this step; false: all that are left belong to it. */
static bool find_end(struct store *store, int64_t *ret)
{
	struct sql_statement *statement = store_statement(store, SQL_SILENT_END);
	sql_put(statement, 1, store->silent_seq);
	sql_put(statement, 2, WALK_BATCH - 1);
	bool found = sql_step(statement);
	*ret = found ? sql_column(statement, 0) : INT64_MAX;
	sql_reset(statement);
	return found;
}

bool store_silent_sooner(struct store *store, int64_t now_ms)
{
	int64_t end;
	if (store->silent_seq == WALK_DONE)
		return false;
	bool more = find_end(store, &end);
	struct sql_statement *statement = store_statement(store, SQL_SILENT_SOONER);
	sql_put(statement, 1, now_ms);
	sql_put(statement, 2, store->options.watch_ms);
	sql_put(statement, 3, STORE_NEVER_MS);
	sql_put(statement, 4, store->silent_seq);
	sql_put(statement, 5, end);
	sql_run(statement);
	store->silent_seq = more ? end : WALK_DONE;
	if (!more)
		store_put_number(store, WATCH_KEY, store->options.watch_ms);
	return more;
}
