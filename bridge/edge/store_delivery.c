/* store_delivery - was this message stored already, and only its PUBACK lost?
 *
 * A broker repeats, with DUP set, what it had no PUBACK for. As MQTT wants it (3.1.1, 4.4), under the packet id of the
 * first time: then the same bytes under the same id are that message, whenever it was.
 *
 * Some brokers count packet ids anew on each connection (RabbitMQ, and NATS on another server of its cluster). Then
 * there is only: DUP, and the same bytes as a command that was stored shortly before on another connection. That is
 * believed only where the count was seen to start again; who gives ids to his commands does not depend on it. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store_internal.h"

/* What has no PUBACK after so long will not get one: the broker delivers again as soon as we are back. */
enum { SHORTLY_MS = 10 * 60 * 1000 };

/* A row stays as it is when its message comes again: the next connection's repeat must be recognised as well. */
static bool has_same_number(struct store *store, const struct store_delivery *delivery, int64_t *ret_seq)
{
	struct sql_statement *statement = store_statement(store, SQL_DELIVERY_GET);
	sql_put(statement, 1, delivery->packet_id);
	if (!sql_step(statement))
		return false;
	bool same = (uint64_t)sql_column(statement, 1) == delivery->digest;
	*ret_seq = sql_column(statement, 2);
	sql_reset(statement);
	return same;
}

/* Did another connection, shortly before, already use this packet id or a higher one? A broker that goes on counting
 * has only higher ones for what is new to us. */
static bool has_low_number(struct store *store, const struct store_delivery *delivery, int64_t now_ms)
{
	struct sql_statement *statement = store_statement(store, SQL_DELIVERY_ABOVE);
	sql_put(statement, 1, delivery->packet_id);
	sql_put(statement, 2, delivery->connection);
	sql_put(statement, 3, now_ms - SHORTLY_MS);
	bool low = sql_step(statement);
	sql_reset(statement);
	return low;
}

/* The oldest of the same bytes from another connection; it is found under the new number from now on, and no second
 * message is taken for it on this connection. */
static bool has_same_bytes(struct store *store, const struct store_delivery *delivery, int64_t now_ms, int64_t *ret_seq)
{
	struct sql_statement *statement = store_statement(store, SQL_DELIVERY_LIKE);
	sql_put(statement, 1, (int64_t)delivery->digest);
	sql_put(statement, 2, delivery->connection);
	sql_put(statement, 3, now_ms - SHORTLY_MS);
	if (!sql_step(statement))
		return false;
	int64_t key = sql_column(statement, 0);
	*ret_seq = sql_column(statement, 1);
	sql_reset(statement);
	statement = store_statement(store, SQL_DELIVERY_DROP);
	sql_put(statement, 1, key);
	sql_run(statement);
	store_delivery_remember(store, delivery, *ret_seq);
	return true;
}

/* Looked at with the first message of each connection, and with each repeat that has no match. */
static void note_count(struct store *store, const struct store_delivery *delivery, int64_t now_ms)
{
	struct store_count *count = &store->count;
	if (count->connection != delivery->connection)
		*count = (struct store_count){.connection = delivery->connection, .fresh = true};
	if (!count->anew && (count->fresh || delivery->dup))
		count->anew = has_low_number(store, delivery, now_ms);
	count->fresh = false;
}

bool store_delivery_is_again(struct store *store, const struct store_delivery *delivery, int64_t now_ms,
			     int64_t *ret_seq)
{
	if (delivery->packet_id == 0)
		return false;
	if (delivery->dup && has_same_number(store, delivery, ret_seq))
		return true;
	note_count(store, delivery, now_ms);
	return delivery->dup && store->count.anew && has_same_bytes(store, delivery, now_ms, ret_seq);
}

void store_delivery_remember(struct store *store, const struct store_delivery *delivery, int64_t seq)
{
	if (delivery->packet_id == 0)
		return;
	struct sql_statement *statement;
	if (store->count.anew) { /* what this number meant on another connection may still come again: set aside */
		statement = store_statement(store, SQL_DELIVERY_ASIDE);
		sql_put(statement, 1, delivery->packet_id);
		sql_put(statement, 2, delivery->connection);
		sql_run(statement);
	}
	statement = store_statement(store, SQL_DELIVERY_PUT);
	sql_put(statement, 1, delivery->packet_id);
	sql_put(statement, 2, delivery->connection);
	sql_put(statement, 3, (int64_t)delivery->digest);
	sql_put(statement, 4, seq);
	sql_run(statement);
}

static void run_forget(struct store *store, void *job)
{
	(void)job;
	sql_run(store_statement(store, SQL_DELIVERY_CLEAR));
}

void store_forget_deliveries(struct store *store)
{
	static const struct store_job_kind kind = {.run = run_forget, .must = true, .urgent = true};
	store_queue_do(store, &kind, NULL);
}
