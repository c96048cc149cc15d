/* store_sql - every statement of the store.
 *
 * States are written as literals: SQLite uses a partial index only where the statement repeats the
 * index's own condition. A test looks at the query plan of each statement. */
// SPDX-License-Identifier: Apache-2.0
#include <assert.h>

#include "bridge/edge/store_internal.h"

#define STORE_ROW_COLUMNS                                                            \
	" seq, device, sim, client_id, payload, state, priority, ready, created_ms," \
	" updated_ms, expires_ms, due_ms, attempted_ms, attempts, deaths, sid,"      \
	" sim_sid, error_code, error_message, reply_topic, correlation "
#define SELECT_ROW "SELECT" STORE_ROW_COLUMNS "FROM commands "

#define MOVE                                                                            \
	"UPDATE commands SET state = ?2, live = ?3, ready = 0, updated_ms = ?4,"        \
	" due_ms = ?5, attempted_ms = ?6, attempts = ?7, deaths = ?8, error_code = ?9," \
	" error_message = ?10"

/* What was asked for already keeps to a tenth of its age. */
#define SILENT_WAIT "max(?2, (?1 - attempted_ms) / 10)"

static const char *const texts[STORE_SQL_COUNT] = {
	[SQL_ROW_BY_SEQ] = SELECT_ROW "WHERE seq = ?1",
	[SQL_ROW_BY_SID] = SELECT_ROW "WHERE sid = ?1 AND sid <> ''",
	[SQL_ROW_BY_CLIENT] = SELECT_ROW "WHERE client_id = ?1 AND device = ?2 AND client_id <> ''",
	[SQL_ROWS_BY_CLIENT] = SELECT_ROW "WHERE client_id = ?1 AND client_id <> '' LIMIT 2",
	[SQL_CLIENT_CANCELLABLE] = SELECT_ROW "WHERE client_id = ?1 AND device > ?2 AND client_id <> ''"
					      " AND state IN (1, 2, 3, 12) ORDER BY device LIMIT 1",
	[SQL_ROW_INSERT] = "INSERT INTO commands (seq, device, sim, client_id, payload, state, live, priority,"
			   " ready, created_ms, updated_ms, expires_ms, due_ms, reply_topic, correlation,"
			   " attempted_ms, attempts)"
			   " VALUES (?1, ?2, ?3, ?4, ?5, ?12, 1, ?6, ?7, ?8, ?8, ?9, ?8, ?10, ?11, ?13, ?14)",
	[SQL_ROW_MOVE] = MOVE " WHERE seq = ?1",
	[SQL_ROW_MOVE_SID] = MOVE ", sid = ?11, sim_sid = ?12 WHERE seq = ?1",
	[SQL_ROW_SET_SID] = "UPDATE commands SET sid = ?2, sim_sid = ?3 WHERE seq = ?1",
	[SQL_ROW_POSTPONE] = "UPDATE commands SET due_ms = ?2 WHERE seq = ?1 AND state IN (3, 4, 5)",
	[SQL_ROW_DELETE] = "DELETE FROM commands WHERE seq = ?1",

	[SQL_LANE_BUSY] = "SELECT 1 FROM commands WHERE sim = ?1 AND state IN (2, 3) LIMIT 1",
	[SQL_LANE_HEAD] = "SELECT seq, priority, ready FROM commands WHERE sim = ?1 AND state = 1"
			  " ORDER BY priority, seq LIMIT 1",
	[SQL_LANE_READY] = "UPDATE commands SET ready = 1 WHERE seq = ?1",
	[SQL_LANE_UNREADY] = "UPDATE commands SET ready = 0 WHERE seq = ?1",

	[SQL_READY_ANY] = "SELECT 1 FROM commands WHERE ready = 1 LIMIT 1",
	[SQL_TAKE_NEXT] = SELECT_ROW "WHERE ready = 1 AND priority = ?1 AND due_ms <= ?2"
				     " ORDER BY due_ms, seq LIMIT 1",
	[SQL_TAKE_DUE] = "SELECT due_ms FROM commands WHERE ready = 1 AND priority = ?1 ORDER BY due_ms LIMIT 1",
	[SQL_TAKE_CLAMP] = "UPDATE commands SET due_ms = ?3 WHERE ready = 1 AND priority = ?1 AND due_ms > ?2",
	[SQL_EXPIRED_NEXT] = SELECT_ROW "WHERE state = 1 AND expires_ms <= ?1 ORDER BY expires_ms LIMIT 1",
	[SQL_DEVICE_WITHDRAW] = "UPDATE commands SET expires_ms = 0"
				" WHERE device = ?1 AND live = 1 AND state IN (2, 3)",
	[SQL_ROW_WITHDRAW] = "UPDATE commands SET expires_ms = 0 WHERE seq = ?1 AND state IN (2, 3)",
	[SQL_SENDING_NEXT] = SELECT_ROW "WHERE state IN (2, 3) AND state = 2 LIMIT 1",
	[SQL_DEVICE_ACCEPTED] = SELECT_ROW "WHERE device = ?1 AND live = 1 AND state = 1 AND seq > ?2"
					   " ORDER BY seq LIMIT 1",
	[SQL_DEVICE_ACCEPTED_COUNT] = "SELECT count(*) FROM commands WHERE device = ?1 AND live = 1 AND state = 1",

	[SQL_UNKNOWN_DUE] = SELECT_ROW "WHERE state = 3 AND due_ms <= ?1 ORDER BY due_ms, seq LIMIT ?2",
	[SQL_UNKNOWN_NEXT] = "SELECT due_ms FROM commands WHERE state = 3 AND due_ms > ?1 ORDER BY due_ms LIMIT 1",
	[SQL_UNKNOWN_CLAMP] = "UPDATE commands SET due_ms = ?2 WHERE state = 3 AND due_ms > ?1",
	/* What must not be sent again for a stronger reason (?3) keeps that one. */
	[SQL_UNKNOWN_DOUBT] = "UPDATE commands SET error_code = CASE error_code WHEN ?3 THEN ?3 ELSE ?1 END,"
			      " due_ms = ?2,"
			      " attempted_ms = CASE attempted_ms WHEN 0 THEN created_ms ELSE attempted_ms END"
			      " WHERE state = 3 AND error_code <> ?1",
	[SQL_ACCEPTED_DOUBT] =
		"UPDATE commands SET state = ?5, ready = 0, error_code = ?1, due_ms = ?2, updated_ms = ?3,"
		" attempted_ms = CASE attempted_ms WHEN 0 THEN created_ms ELSE attempted_ms END"
		" WHERE seq IN (SELECT seq FROM commands INDEXED BY expiry WHERE state = 1 LIMIT ?4)",
	[SQL_SILENT_DUE] = SELECT_ROW "WHERE state IN (4, 5, 6) AND due_ms <= ?1 ORDER BY due_ms, seq LIMIT ?2",
	[SQL_SILENT_NEXT] = "SELECT due_ms FROM commands WHERE state IN (4, 5, 6) AND due_ms > ?1"
			    " ORDER BY due_ms LIMIT 1",
	[SQL_SILENT_CLAMP] = "UPDATE commands SET due_ms = ?2 WHERE state IN (4, 5, 6) AND due_ms > ?1 AND due_ms < ?3",
	[SQL_SILENT_END] = "SELECT seq FROM commands WHERE seq > ?1 ORDER BY seq LIMIT 1 OFFSET ?2",
	/* Due as it would have been; where that has passed, spread over the wait by its number, so that not all are
	 * asked for at once: 40503 / 65536 is near the golden ratio. After a day it is unconfirmed, and asked for by
	 * another measure. */
	[SQL_SILENT_SOONER] =
		"UPDATE commands SET due_ms = min(?1 + " SILENT_WAIT ", max(attempted_ms + ?2,"
		" ?1 + seq * 40503 % 65536 * " SILENT_WAIT " / 65536))"
		" WHERE seq > ?4 AND seq <= ?5 AND state IN (4, 5) AND due_ms < ?3 AND due_ms > ?1 + " SILENT_WAIT,

	/* The inner question reads the index alone; only what is answered is fetched. */
	[SQL_PENDING_ALL] = SELECT_ROW "WHERE seq IN (SELECT seq FROM commands INDEXED BY live_by_device"
				       " WHERE live = 1 AND seq > ?1 ORDER BY seq LIMIT ?2) ORDER BY seq",
	[SQL_PENDING_DEVICE] = SELECT_ROW "WHERE device = ?3 AND live = 1 AND seq > ?1 ORDER BY seq LIMIT ?2",
	[SQL_OLDEST] = "SELECT seq, state, created_ms FROM commands WHERE seq >= ?1 ORDER BY seq LIMIT 1000",
	[SQL_RETENTION_NEXT] = "SELECT seq, state, created_ms, updated_ms FROM commands WHERE seq > ?1"
			       " ORDER BY seq LIMIT ?2",

	[SQL_DELIVERY_GET] = "SELECT connection, digest, seq FROM deliveries WHERE packet_id = ?1",
	[SQL_DELIVERY_PUT] = "REPLACE INTO deliveries (packet_id, connection, digest, seq) VALUES (?1, ?2, ?3, ?4)",
	[SQL_DELIVERY_CLEAR] = "DELETE FROM deliveries",
	[SQL_DELIVERY_DROP] = "DELETE FROM deliveries WHERE packet_id = ?1",
	/* Set aside: under the negative number, which no message has. */
	[SQL_DELIVERY_ASIDE] = "UPDATE OR REPLACE deliveries SET packet_id = -packet_id"
			       " WHERE packet_id = ?1 AND connection <> ?2",
	[SQL_DELIVERY_ABOVE] = "SELECT 1 FROM deliveries JOIN commands USING (seq)"
			       " WHERE packet_id >= ?1 AND connection <> ?2 AND created_ms >= ?3 LIMIT 1",
	[SQL_DELIVERY_LIKE] = "SELECT packet_id, seq FROM deliveries JOIN commands USING (seq)"
			      " WHERE digest = ?1 AND connection <> ?2 AND created_ms >= ?3 ORDER BY seq LIMIT 1",

	[SQL_BUDGET_GET] = "SELECT used FROM budgets WHERE day = ?1 AND device = ?2",
	[SQL_BUDGET_ADD] = "INSERT INTO budgets (day, device, used) VALUES (?1, ?2, 1)"
			   " ON CONFLICT (day, device) DO UPDATE SET used = used + 1",
	[SQL_BUDGET_CLEAR] = "DELETE FROM budgets WHERE day < ?1",

	[SQL_EVENT_INSERT] = "INSERT INTO outbox (seq, topic, payload, retain, correlation)"
			     " VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_EVENT_READ] = "SELECT seq, topic, payload, retain, correlation FROM outbox WHERE seq > ?1"
			   " ORDER BY seq",
	[SQL_EVENT_DELETE] = "DELETE FROM outbox WHERE seq = ?1",

	[SQL_MO_INSERT] = "INSERT OR IGNORE INTO mo (sid, received_ms) VALUES (?1, ?2)",
	[SQL_MO_KNOWN] = "SELECT 1 FROM mo WHERE sid = ?1",
	[SQL_MO_RETENTION] = "DELETE FROM mo WHERE seq IN (SELECT seq FROM mo ORDER BY seq LIMIT ?2)"
			     " AND received_ms < ?1",

	[SQL_SIM_PUT] = "INSERT INTO sims (sim_sid, unique_name) VALUES (?1, ?2) ON CONFLICT (sim_sid)"
			" DO UPDATE SET unique_name = ?2 WHERE unique_name <> ?2",
	[SQL_SIM_NAME] = "SELECT unique_name FROM sims WHERE sim_sid = ?1",
	[SQL_META_PUT] = "REPLACE INTO meta (key, value) VALUES (?1, ?2)",
	[SQL_META_GET] = "SELECT value FROM meta WHERE key = ?1",
	[SQL_META_DELETE] = "DELETE FROM meta WHERE key = ?1",
	[SQL_META_NEXT] = "SELECT key FROM meta WHERE key > ?1 AND value <> '' ORDER BY key LIMIT 1",
};

const char *store_sql_text(enum store_sql which)
{
	assert((int)which >= 0 && (int)which < STORE_SQL_COUNT);
	return texts[which];
}

struct sql_statement *store_statement(struct store *store, enum store_sql which)
{
	return store->statements[which];
}
