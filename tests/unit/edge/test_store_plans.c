/* Does every statement find its rows by an index, however many there are? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store_internal.h"

#include "tests/unit/edge/store_world.h"

/* What each must use; NULL: no look-up at all (an insert). */
struct plan {
	enum store_sql which;
	const char *want;
};

static const struct plan plans[] = {
	{SQL_ROW_BY_SEQ, "USING INTEGER PRIMARY KEY"},
	{SQL_ROW_BY_SID, "USING INDEX by_sid (sid=?)"},
	{SQL_ROW_BY_CLIENT, "USING INDEX by_client (client_id=? AND device=?)"},
	{SQL_ROWS_BY_CLIENT, "USING INDEX by_client (client_id=?)"},
	{SQL_CLIENT_CANCELLABLE, "USING INDEX by_client (client_id=? AND device>?)"},
	{SQL_ROW_INSERT, NULL},
	{SQL_ROW_MOVE, "USING INTEGER PRIMARY KEY"},
	{SQL_ROW_MOVE_SID, "USING INTEGER PRIMARY KEY"},
	{SQL_ROW_SET_SID, "USING INTEGER PRIMARY KEY"},
	{SQL_ROW_POSTPONE, "USING INTEGER PRIMARY KEY"},
	{SQL_ROW_DELETE, "USING INTEGER PRIMARY KEY"},
	{SQL_LANE_BUSY, "USING COVERING INDEX under_way (sim=? AND state=?)"},
	{SQL_LANE_HEAD, "USING INDEX lane (sim=?)"},
	{SQL_LANE_READY, "USING INTEGER PRIMARY KEY"},
	{SQL_LANE_UNREADY, "USING INTEGER PRIMARY KEY"},
	{SQL_READY_ANY, "USING INDEX ready"},
	{SQL_TAKE_NEXT, "USING INDEX ready (priority=? AND due_ms<?)"},
	{SQL_TAKE_DUE, "USING INDEX ready (priority=?)"},
	{SQL_TAKE_CLAMP, "USING INDEX ready (priority=? AND due_ms>?)"},
	{SQL_EXPIRED_NEXT, "USING INDEX expiry (expires_ms<?)"},
	{SQL_DEVICE_WITHDRAW, "USING INDEX live_by_device (device=?)"},
	{SQL_ROW_WITHDRAW, "USING INTEGER PRIMARY KEY"},
	{SQL_SENDING_NEXT, "USING INDEX under_way"},
	{SQL_DEVICE_ACCEPTED, "USING INDEX live_by_device (device=? AND seq>?)"},
	{SQL_DEVICE_ACCEPTED_COUNT, "USING INDEX live_by_device (device=?)"},
	{SQL_UNKNOWN_DUE, "USING INDEX unknown (due_ms<?)"},
	{SQL_UNKNOWN_NEXT, "USING INDEX unknown (due_ms>?)"},
	{SQL_UNKNOWN_CLAMP, "USING INDEX unknown (due_ms>?)"},
	{SQL_ACCEPTED_DOUBT, "USING COVERING INDEX expiry"},
	{SQL_SILENT_DUE, "USING INDEX watched (due_ms<?)"},
	{SQL_SILENT_NEXT, "USING INDEX watched (due_ms>?)"},
	{SQL_SILENT_CLAMP, "USING INDEX watched (due_ms>? AND due_ms<?)"},
	{SQL_SILENT_END, "USING INTEGER PRIMARY KEY (rowid>?)"},
	{SQL_SILENT_SOONER, "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
	{SQL_PENDING_DEVICE, "USING INDEX live_by_device (device=? AND seq>?)"},
	{SQL_OLDEST, "USING INTEGER PRIMARY KEY (rowid>?)"},
	{SQL_RETENTION_NEXT, "USING INTEGER PRIMARY KEY (rowid>?)"},
	{SQL_DELIVERY_GET, "USING INTEGER PRIMARY KEY"},
	{SQL_DELIVERY_PUT, NULL},
	{SQL_DELIVERY_DROP, "USING INTEGER PRIMARY KEY"},
	{SQL_DELIVERY_ASIDE, "USING INTEGER PRIMARY KEY"},
	{SQL_DELIVERY_ABOVE, "USING INTEGER PRIMARY KEY (rowid>?)"},
	{SQL_BUDGET_GET, "USING PRIMARY KEY (day=? AND device=?)"},
	{SQL_BUDGET_ADD, NULL},
	{SQL_BUDGET_CLEAR, "USING PRIMARY KEY (day<?)"},
	{SQL_EVENT_INSERT, NULL},
	{SQL_EVENT_READ, "USING INTEGER PRIMARY KEY (rowid>?)"},
	{SQL_EVENT_DELETE, "USING INTEGER PRIMARY KEY"},
	{SQL_MO_INSERT, NULL},
	{SQL_MO_KNOWN, "USING COVERING INDEX sqlite_autoindex_mo_1 (sid=?)"},
	{SQL_SIM_PUT, NULL},
	{SQL_SIM_NAME, "USING PRIMARY KEY (sim_sid=?)"},
	{SQL_META_PUT, NULL},
	{SQL_META_GET, "USING PRIMARY KEY (key=?)"},
	{SQL_META_DELETE, "USING PRIMARY KEY (key=?)"},
	{SQL_META_NEXT, "USING PRIMARY KEY (key>?)"},
};

/* Not hot: an operator's question, all deliveries of a session (also for a repeat from a broker that counts anew), the
 * oldest few hundred MO, a start in doubt. */
static const enum store_sql exempt[] = {SQL_PENDING_ALL, SQL_DELIVERY_CLEAR, SQL_DELIVERY_LIKE, SQL_MO_RETENTION,
					SQL_UNKNOWN_DOUBT};

static void explain(struct sql *sql, enum store_sql which, char *ret, size_t size)
{
	char text[2048], line[256];
	text_format(text, sizeof(text), "EXPLAIN QUERY PLAN %s", store_sql_text(which));
	struct sql_statement *statement = sql_prepare(sql, text);
	ret[0] = '\0';
	while (sql_step(statement)) {
		sql_column_text(statement, 3, line, sizeof(line));
		size_t len = strlen(ret);
		text_format(ret + len, size - len, "%s; ", line);
	}
}

static void every_statement_uses_its_index(void **state)
{
	struct world *world = *state;
	char plan[1024];
	struct sql *sql = world_open_file(world);
	assert_int_equal(sql_error(sql), SQL_FINE);
	for (size_t i = 0; i < ROWS(plans); i++) {
		explain(sql, plans[i].which, plan, sizeof(plan));
		const char *name = store_sql_text(plans[i].which);
		want_text(name, "error", sql_why(sql), "");
		if (plans[i].want != NULL)
			want_part(name, "plan", plan, plans[i].want);
		if (strstr(plan, "TEMP B-TREE") != NULL)
			fail_msg("%s: sorts: %s", name, plan);
		/* The scans that are meant: over the few that are under way, to the first that is ready, from the
		 * first that waits. */
		bool meant = plans[i].which == SQL_SENDING_NEXT || plans[i].which == SQL_READY_ANY ||
			     plans[i].which == SQL_ACCEPTED_DOUBT;
		if (strstr(plan, "SCAN") != NULL && !meant)
			fail_msg("%s: scans: %s", name, plan);
	}
	sql_close(sql);
}

static void no_statement_is_forgotten_here(void **state)
{
	(void)state;
	for (int which = 0; which < STORE_SQL_COUNT; which++) {
		bool known = false;
		for (size_t i = 0; i < ROWS(plans); i++)
			known = known || (int)plans[i].which == which;
		for (size_t i = 0; i < ROWS(exempt); i++)
			known = known || (int)exempt[i] == which;
		if (!known)
			fail_msg("no plan is wanted for: %s", store_sql_text((enum store_sql)which));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(every_statement_uses_its_index),
		cmocka_unit_test(no_statement_is_forgotten_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
