/* store_lane - the order for each SIM.
 *
 * A SIM's waiting commands form a lane: by priority, then age. Its first is `ready` while nothing of
 * the SIM is under way (sending or unknown; a held one does not block the others). So there is at
 * most one ready command a SIM, and what is due is found in an index of ready ones alone, however
 * many wait behind them. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store_internal.h"

struct head {
	int64_t seq, priority;
	bool ready;
};

static bool is_busy(struct store *store, const char *sim)
{
	struct sql_statement *statement = store_statement(store, SQL_LANE_BUSY);
	sql_put_text(statement, 1, sim);
	bool busy = sql_step(statement);
	sql_reset(statement);
	return busy;
}

static bool find_head(struct store *store, const char *sim, struct head *ret)
{
	struct sql_statement *statement = store_statement(store, SQL_LANE_HEAD);
	sql_put_text(statement, 1, sim);
	if (!sql_step(statement))
		return false;
	*ret = (struct head){sql_column(statement, 0), sql_column(statement, 1), sql_column(statement, 2) != 0};
	sql_reset(statement);
	return true;
}

static void mark(struct store *store, int64_t seq, enum store_sql how)
{
	struct sql_statement *statement = store_statement(store, how);
	sql_put(statement, 1, seq);
	sql_run(statement);
}

void store_lane_advance(struct store *store, const char *sim)
{
	struct head head;
	if (!find_head(store, sim, &head) || head.ready || is_busy(store, sim))
		return;
	mark(store, head.seq, SQL_LANE_READY);
	store->staged.work[STORE_WORK_COMMANDS] = true;
}

enum store_place store_lane_enter(struct store *store, const char *sim, enum command_priority priority)
{
	struct head head;
	bool waits = find_head(store, sim, &head);
	if (waits && head.priority <= (int64_t)priority)
		return STORE_PLACE_BEHIND;
	if (waits && head.ready)
		mark(store, head.seq, SQL_LANE_UNREADY);
	else if (is_busy(store, sim))
		return STORE_PLACE_BEHIND;
	return waits ? STORE_PLACE_FIRST : STORE_PLACE_ALONE;
}
