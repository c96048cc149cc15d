/* store_order - the sender's standing order: a command that may go at once is taken in the very transaction that
 * accepts it.
 *
 * While the API keeps up, every command is such a one. It then costs one commit less, and never enters the indexes of
 * those that wait. What was taken so lies in memory until the sender collects it; a crash before that leaves it
 * `sending`, like any other attempt that was cut short. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/edge/store_internal.h"

/* ---- in the transaction: who has the connection ------------------------------------------------ */

void store_order_begin(struct store *store)
{
	pthread_mutex_lock(&store->writer.lock);
	store->order_left = store->writer.ordered;
	pthread_mutex_unlock(&store->writer.lock);
	store->taken_count = 0;
}

static bool anything_is_ready(struct store *store)
{
	struct sql_statement *statement = store_statement(store, SQL_READY_ANY);
	bool any = sql_step(statement);
	sql_reset(statement);
	return any;
}

/* Whatever is ready goes first, and takes its turn in the sender's own time. */
bool store_order_takes(struct store *store)
{
	return store->order_left > 0 && !store->starved && !anything_is_ready(store);
}

void store_order_take(struct store *store, const struct store_row *row)
{
	store_attempt_fill(&store->taken[store->taken_count++], row);
	store->order_left--;
	store->staged.points[STORE_POINT_TAKE] = true;
	store->staged.work[STORE_WORK_TAKEN] = true;
}

/* ---- after the commit: under the lock ----------------------------------------------------------- */

/* An order for less, given meanwhile, leaves more than it asked for: the sender puts those back. */
void store_order_adopt(struct store *store)
{
	struct store_writer *writer = &store->writer;
	size_t count = store->taken_count;
	for (size_t i = 0; i < count; i++)
		writer->mail[(writer->mail_first + writer->mail_count++) % STORE_MAIL_MAX] = store->taken[i];
	writer->ordered -= count < writer->ordered ? count : writer->ordered;
	store->taken_count = 0;
}

/* ---- the sender's side: any thread ---------------------------------------------------------------- */

void store_order(struct store *store, size_t max)
{
	struct store_writer *writer = &store->writer;
	pthread_mutex_lock(&writer->lock);
	max = max < STORE_ORDER_MAX ? max : STORE_ORDER_MAX;
	writer->ordered = max > writer->mail_count ? max - writer->mail_count : 0;
	pthread_mutex_unlock(&writer->lock);
}

size_t store_collect(struct store *store, struct store_attempt *ret, size_t max)
{
	struct store_writer *writer = &store->writer;
	size_t count = 0;
	pthread_mutex_lock(&writer->lock);
	for (; count < max && writer->mail_count > 0; writer->mail_count--) {
		ret[count++] = writer->mail[writer->mail_first];
		writer->mail_first = (writer->mail_first + 1) % STORE_MAIL_MAX;
	}
	pthread_mutex_unlock(&writer->lock);
	return count;
}
