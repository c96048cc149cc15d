/* store_row - a command's row: read, written, announced. */
// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "bridge/codec/api_message.h"
#include "bridge/codec/topic.h"
#include "bridge/edge/store_internal.h"

static void own_id(const struct store *store, int64_t seq, char ret[COMMAND_ID_SIZE])
{
	text_format(ret, COMMAND_ID_SIZE, "%s-%lld", store->epoch, (long long)seq);
}

void store_row_read(const struct store *store, struct sql_statement *statement, struct store_row *ret)
{
	struct store_record *record = &ret->record;
	*record = (struct store_record){
		.seq = sql_column(statement, 0),
		.state = (enum command_state)sql_column(statement, 5),
		.priority = (enum command_priority)sql_column(statement, 6),
		.created_ms = sql_column(statement, 8),
		.updated_ms = sql_column(statement, 9),
		.expires_ms = sql_column(statement, 10),
		.due_ms = sql_column(statement, 11),
		.attempted_ms = sql_column(statement, 12),
		.attempts = sql_column(statement, 13),
	};
	sql_column_text(statement, 1, record->device, sizeof(record->device));
	sql_column_text(statement, 2, record->sim, sizeof(record->sim));
	sql_column_text(statement, 3, ret->client_id, sizeof(ret->client_id));
	sql_column_text(statement, 4, record->payload, sizeof(record->payload));
	ret->ready = sql_column(statement, 7) != 0;
	ret->deaths = sql_column(statement, 14);
	sql_column_text(statement, 15, record->sid, sizeof(record->sid));
	sql_column_text(statement, 16, record->sim_sid, sizeof(record->sim_sid));
	sql_column_text(statement, 17, record->error_code, sizeof(record->error_code));
	sql_column_text(statement, 18, record->error_message, sizeof(record->error_message));
	sql_column_text(statement, 19, ret->reply_topic, sizeof(ret->reply_topic));
	const void *correlation = sql_column_bytes(statement, 20, &ret->correlation_len);
	assert(ret->correlation_len <= sizeof(ret->correlation));
	if (correlation != NULL)
		memcpy(ret->correlation, correlation, ret->correlation_len);
	ret->sid_learnt = false;
	if (ret->client_id[0] != '\0')
		text_copy(record->id, sizeof(record->id), ret->client_id);
	else
		own_id(store, record->seq, record->id);
}

/* The one row of a statement whose parameters are set. */
static bool read_one(const struct store *store, struct sql_statement *statement, struct store_row *ret)
{
	if (!sql_step(statement))
		return false;
	store_row_read(store, statement, ret);
	sql_reset(statement);
	return true;
}

bool store_row_by_seq(struct store *store, int64_t seq, struct store_row *ret)
{
	struct sql_statement *statement = store_statement(store, SQL_ROW_BY_SEQ);
	sql_put(statement, 1, seq);
	return read_one(store, statement, ret);
}

bool store_row_by_sid(struct store *store, const char *sid, struct store_row *ret)
{
	struct sql_statement *statement = store_statement(store, SQL_ROW_BY_SID);
	sql_put_text(statement, 1, sid);
	return sid[0] != '\0' && read_one(store, statement, ret);
}

bool store_row_by_client(struct store *store, const char *device, const char *client_id, struct store_row *ret)
{
	struct sql_statement *statement = store_statement(store, SQL_ROW_BY_CLIENT);
	sql_put_text(statement, 1, client_id);
	sql_put_text(statement, 2, device);
	return client_id[0] != '\0' && read_one(store, statement, ret);
}

/* The sequence number in an id of the bridge's own making, 0 when it is none. */
static int64_t seq_of_own_id(const struct store *store, const char *id)
{
	int64_t seq = 0;
	size_t len = strlen(store->epoch);
	if (!text_starts_with(id, store->epoch) || id[len] != '-' || !text_to_int(id + len + 1, 1, INT64_MAX, &seq))
		return 0;
	return seq;
}

static int by_client_of_any_device(struct store *store, const char *id, struct store_row *ret)
{
	struct sql_statement *statement = store_statement(store, SQL_ROWS_BY_CLIENT);
	sql_put_text(statement, 1, id);
	if (!sql_step(statement))
		return 0;
	store_row_read(store, statement, ret);
	if (!sql_step(statement))
		return 1;
	sql_reset(statement);
	return -1;
}

int store_row_by_id(struct store *store, const char *device, const char *id, struct store_row *ret)
{
	int found = device[0] != '\0' ? store_row_by_client(store, device, id, ret)
				      : by_client_of_any_device(store, id, ret);
	if (found != 0)
		return found;
	int64_t seq = seq_of_own_id(store, id);
	if (seq == 0 || !store_row_by_seq(store, seq, ret))
		return 0;
	/* A sender's own id replaces the bridge's, also here. */
	return ret->client_id[0] == '\0' && (device[0] == '\0' || text_equal(device, ret->record.device));
}

/* ---- announcing ------------------------------------------------------------------------------ */

/* What was refused before it became a row is told under an id too; it is in no table and names nothing later. */
static void passing_id(const struct store *store, char ret[COMMAND_ID_SIZE])
{
	unsigned char random[8];
	char hex[2 * sizeof(random) + 1];
	clock_random(random, sizeof(random));
	text_to_hex(hex, random, sizeof(random));
	text_format(ret, COMMAND_ID_SIZE, "%s-r%s", store->epoch, hex);
}

void store_announce(struct store *store, const struct status_event *status, const struct store_reply *reply)
{
	struct status_event told = *status;
	char topic[TOPIC_SIZE], id[COMMAND_ID_SIZE];
	told.dry_run = store->options.dry_run;
	if (told.id[0] == '\0') {
		passing_id(store, id);
		told.id = id;
	}
	buffer_reset(&store->rendered);
	event_status_encode(&store->rendered, &told);
	assert(!store->rendered.overflow);
	struct store_outgoing event = {.payload = store->rendered.data, .payload_len = store->rendered.len};
	topic_fill(topic, store->topic_status, status->device);
	event.topic = topic;
	event.retain = store->options.retain_status;
	store_outbox_add(store, &event);
	if (reply->topic[0] == '\0')
		return;
	event.topic = reply->topic;
	event.retain = false;
	event.correlation = reply->correlation;
	event.correlation_len = reply->correlation_len;
	store_outbox_add(store, &event);
}

static struct status_event status_of(const struct store_record *record, int64_t now_ms)
{
	return (struct status_event){
		.status = lifecycle_status(record->state),
		.device = record->device,
		.id = record->id,
		.sid = record->sid,
		.sim_sid = record->sim_sid,
		.payload = record->payload,
		.error_code = record->error_code,
		.error_message = record->error_message,
		.time_ms = now_ms,
	};
}

static void announce_row(struct store *store, const struct store_row *row, int64_t now_ms)
{
	struct status_event status = status_of(&row->record, now_ms);
	store_announce(store, &status, &(struct store_reply){row->reply_topic, row->correlation, row->correlation_len});
}

void store_row_repeat(struct store *store, const struct store_row *row, const struct store_reply *reply, int64_t now_ms)
{
	struct status_event status = status_of(&row->record, now_ms);
	status.duplicate = true;
	store_announce(store, &status, reply);
}

/* ---- changing --------------------------------------------------------------------------------- */

static void count(struct store *store, enum command_state from, enum command_state to)
{
	if (from != to && from >= STATE_ACCEPTED)
		store->staged.in_state[from]--;
	store->staged.in_state[to]++;
	store->staged.moved[to]++;
	if (to == STATE_UNKNOWN)
		store->staged.work[STORE_WORK_UNKNOWN] = true;
}

static void stage_change(struct store *store, const struct store_record *record)
{
	if (store->change_count < STORE_CHANGES_MAX)
		store->changes[store->change_count++] = *record;
}

static void write_new(struct store *store, const struct store_row *row)
{
	const struct store_record *record = &row->record;
	struct sql_statement *statement = store_statement(store, SQL_ROW_INSERT);
	sql_put(statement, 1, record->seq);
	sql_put_text(statement, 2, record->device);
	sql_put_text(statement, 3, record->sim);
	sql_put_text(statement, 4, row->client_id);
	sql_put_text(statement, 5, record->payload);
	sql_put(statement, 6, record->priority);
	sql_put(statement, 7, row->ready);
	sql_put(statement, 8, record->created_ms);
	sql_put(statement, 9, record->expires_ms);
	sql_put_text(statement, 10, row->reply_topic);
	sql_put_bytes(statement, 11, row->correlation_len > 0 ? row->correlation : NULL, row->correlation_len);
	sql_put(statement, 12, record->state);
	sql_put(statement, 13, record->attempted_ms);
	sql_put(statement, 14, record->attempts);
	sql_run(statement);
}

/* Taken at once: accepted and under way are one write. */
static void begin_attempt(struct store *store, struct store_row *row, int64_t now_ms)
{
	struct store_record *record = &row->record;
	record->state = lifecycle_next(STATE_ACCEPTED, EVENT_ATTEMPT).to;
	record->attempts = 1;
	record->attempted_ms = now_ms;
	row->ready = false;
	count(store, STATE_ACCEPTED, record->state);
	stage_change(store, record);
	store_order_take(store, row);
}

void store_row_insert(struct store *store, struct store_row *row, int64_t now_ms)
{
	struct store_record *record = &row->record;
	record->seq = store->next_seq++;
	record->state = STATE_ACCEPTED;
	record->created_ms = record->updated_ms = record->due_ms = now_ms;
	if (row->client_id[0] != '\0')
		text_copy(record->id, sizeof(record->id), row->client_id);
	else
		own_id(store, record->seq, record->id);
	count(store, (enum command_state)0, STATE_ACCEPTED);
	stage_change(store, record);
	announce_row(store, row, now_ms);
	enum store_place place = store_lane_enter(store, record->sim, record->priority);
	row->ready = place != STORE_PLACE_BEHIND;
	if (place == STORE_PLACE_ALONE && store_order_takes(store))
		begin_attempt(store, row, now_ms);
	store->staged.work[STORE_WORK_COMMANDS] = store->staged.work[STORE_WORK_COMMANDS] || row->ready;
	write_new(store, row);
}

static void write_row(struct store *store, const struct store_row *row)
{
	const struct store_record *record = &row->record;
	struct sql_statement *statement = store_statement(store, row->sid_learnt ? SQL_ROW_MOVE_SID : SQL_ROW_MOVE);
	sql_put(statement, 1, record->seq);
	sql_put(statement, 2, record->state);
	sql_put(statement, 3, !lifecycle_is_final(record->state));
	sql_put(statement, 4, record->updated_ms);
	sql_put(statement, 5, record->due_ms);
	sql_put(statement, 6, record->attempted_ms);
	sql_put(statement, 7, record->attempts);
	sql_put(statement, 8, row->deaths);
	sql_put_text(statement, 9, record->error_code);
	sql_put_text(statement, 10, record->error_message);
	if (row->sid_learnt) {
		sql_put_text(statement, 11, record->sid);
		sql_put_text(statement, 12, record->sim_sid);
	}
	sql_run(statement);
}

static bool is_under_way(enum command_state state)
{
	return state == STATE_SENDING || state == STATE_UNKNOWN;
}

bool store_row_move(struct store *store, struct store_row *row, enum lifecycle_event event, int64_t now_ms)
{
	enum command_state from = row->record.state;
	struct lifecycle_step step = lifecycle_next(from, event);
	if (step.to == from)
		return false;
	row->record.state = step.to;
	row->record.updated_ms = now_ms;
	row->ready = false;
	write_row(store, row);
	row->sid_learnt = false;
	count(store, from, step.to);
	stage_change(store, &row->record);
	if (step.announced)
		announce_row(store, row, now_ms);
	if ((from == STATE_ACCEPTED || is_under_way(from)) && !is_under_way(step.to))
		store_lane_advance(store, row->record.sim);
	return true;
}

/* The API tells which SIM a unique_name is; a listed MO SMS will name that SIM by its sid only. */
static void learn_name(struct store *store, const struct store_record *record)
{
	if (api_sid_is_valid(record->sim, "HS") || !api_sid_is_valid(record->sim_sid, "HS"))
		return;
	struct sql_statement *known = store_statement(store, SQL_SIM_NAME);
	sql_put_text(known, 1, record->sim_sid);
	bool is_known = sql_step(known);
	sql_reset(known);
	if (is_known)
		return;
	struct sql_statement *statement = store_statement(store, SQL_SIM_PUT);
	sql_put_text(statement, 1, record->sim_sid);
	sql_put_text(statement, 2, record->sim);
	sql_run(statement);
}

bool store_row_learn(struct store *store, struct store_row *row, const char *sid, const char *sim_sid)
{
	struct store_row owner;
	struct store_record *record = &row->record;
	if (sid[0] != '\0' && !text_equal(sid, record->sid)) {
		if (record->sid[0] != '\0' || store_row_by_sid(store, sid, &owner))
			return false;
		text_copy(record->sid, sizeof(record->sid), sid);
		row->sid_learnt = true;
	}
	if (sim_sid[0] != '\0' && record->sim_sid[0] == '\0') {
		text_copy(record->sim_sid, sizeof(record->sim_sid), sim_sid);
		row->sid_learnt = true;
		learn_name(store, record);
	}
	return true;
}

void store_row_write_sid(struct store *store, const struct store_row *row)
{
	struct sql_statement *statement = store_statement(store, SQL_ROW_SET_SID);
	sql_put(statement, 1, row->record.seq);
	sql_put_text(statement, 2, row->record.sid);
	sql_put_text(statement, 3, row->record.sim_sid);
	sql_run(statement);
}

void store_row_set_error(struct store_row *row, const char *code, const char *message)
{
	text_copy(row->record.error_code, sizeof(row->record.error_code), code);
	text_copy(row->record.error_message, sizeof(row->record.error_message), message);
}

int64_t store_in_state(const struct store *store, enum command_state state)
{
	return store->tally.in_state[state] + store->staged.in_state[state];
}

int64_t store_open_commands(const struct store *store)
{
	int64_t open = 0;
	for (int state = STATE_ACCEPTED; state <= STATE_MAX; state++) {
		if (lifecycle_is_open((enum command_state)state))
			open += store_in_state(store, (enum command_state)state);
	}
	return open;
}
