/* store_outbox - what is to be published, in the order in which it happened. */
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "bridge/base/memory.h"
#include "bridge/edge/store_internal.h"

/* Numbers are not used again while the process lives: who reads on from one misses nothing. */
void store_outbox_add(struct store *store, const struct store_outgoing *event)
{
	struct sql_statement *statement = store_statement(store, SQL_EVENT_INSERT);
	store_fresh_stage(store, store->next_event, event);
	sql_put(statement, 1, store->next_event++);
	sql_put_text(statement, 2, event->topic);
	sql_put_bytes(statement, 3, event->payload_len > 0 ? event->payload : "", event->payload_len);
	sql_put(statement, 4, event->retain);
	sql_put_bytes(statement, 5, event->correlation_len > 0 ? event->correlation : NULL, event->correlation_len);
	sql_run(statement);
	store->staged.events++;
	store->staged.work[STORE_WORK_EVENTS] = true;
}

void store_outbox_delete(struct store *store, const int64_t *seqs, size_t count)
{
	struct sql_statement *statement = store_statement(store, SQL_EVENT_DELETE);
	for (size_t i = 0; i < count; i++) {
		sql_put(statement, 1, seqs[i]);
		store->staged.events -= sql_run(statement);
		store->staged.points[STORE_POINT_EVENTS_DONE] = true;
	}
}

/* ---- any other event ---------------------------------------------------------------------------- */

struct publish_args {
	const struct store_message *messages;
	size_t count;
	bool stored;
};

static void run_publish(struct store *store, void *job)
{
	struct publish_args *args = job;
	args->stored = store_has_room(store);
	if (!args->stored)
		return;
	for (size_t i = 0; i < args->count; i++) {
		const struct store_message *message = &args->messages[i];
		store_outbox_add(store, &(struct store_outgoing){.topic = message->topic,
								 .payload = message->payload,
								 .payload_len = message->len});
	}
	store->staged.points[STORE_POINT_PUBLISH] = true;
}

static void refuse_publish(void *job)
{
	struct publish_args *args = job;
	args->stored = false;
}

bool store_publish(struct store *store, const struct store_message *messages, size_t count)
{
	static const struct store_job_kind kind = {.run = run_publish, .refuse = refuse_publish, .urgent = true};
	struct publish_args args = {messages, count, true};
	if (count > 0)
		store_queue_do(store, &kind, &args);
	return args.stored;
}

/* ---- reading ------------------------------------------------------------------------------------- */

struct events_args {
	int64_t after;
	struct store_event *ret;
	size_t max, count;
};

static bool is_in(const int64_t *seqs, size_t count, int64_t seq)
{
	for (size_t i = 0; i < count; i++) {
		if (seqs[i] == seq)
			return true;
	}
	return false;
}

/* Acknowledged by the broker, only not yet deleted. */
static bool is_done(struct store *store, int64_t seq)
{
	if (is_in(store->done, store->done_count, seq))
		return true;
	pthread_mutex_lock(&store->writer.lock);
	bool done = is_in(store->writer.done, store->writer.done_count, seq);
	pthread_mutex_unlock(&store->writer.lock);
	return done;
}

static void read_event(const struct sql_statement *statement, struct store_event *ret)
{
	size_t len;
	const void *bytes = sql_column_bytes(statement, 1, &len);
	*ret = (struct store_event){.seq = sql_column(statement, 0), .retain = sql_column(statement, 3) != 0};
	ret->topic = memory_copied(bytes, len);
	bytes = sql_column_bytes(statement, 2, &ret->payload_len);
	ret->payload = memory_copied(bytes, ret->payload_len);
	bytes = sql_column_bytes(statement, 4, &ret->correlation_len);
	if (bytes != NULL)
		ret->correlation = memory_copied(bytes, ret->correlation_len);
}

static void run_events(struct store *store, void *job)
{
	struct events_args *args = job;
	struct sql_statement *statement = store_statement(store, SQL_EVENT_READ);
	sql_put(statement, 1, args->after);
	while (args->count < args->max && sql_step(statement)) {
		if (!is_done(store, sql_column(statement, 0)))
			read_event(statement, &args->ret[args->count++]);
	}
	sql_reset(statement);
}

size_t store_events(struct store *store, int64_t after, struct store_event *ret, size_t max)
{
	static const struct store_job_kind kind = {.run = run_events, .reads = true};
	struct events_args args = {.after = after, .ret = ret, .max = max};
	pthread_mutex_lock(&store->writer.lock);
	bool fresh = store_fresh_take(&store->writer.fresh, after, ret, max, &args.count);
	pthread_mutex_unlock(&store->writer.lock);
	if (!fresh)
		store_queue_do(store, &kind, &args);
	return args.count;
}

void store_event_clear(struct store_event *event)
{
	free(event->topic);
	free(event->payload);
	free(event->correlation);
	*event = (struct store_event){0};
}
