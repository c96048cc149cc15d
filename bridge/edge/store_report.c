/* store_report - what the API tells us: statuses and MO SMS. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store_internal.h"

/* ---- statuses --------------------------------------------------------------------------------- */

/* False: a status that changes nothing (`received` is no status of a command to a SIM). */
static bool event_of(enum api_status status, enum lifecycle_event *ret)
{
	switch (status) {
	case API_QUEUED:
		*ret = EVENT_API_QUEUED;
		return true;
	case API_SENT:
		*ret = EVENT_API_SENT;
		return true;
	case API_DELIVERED:
		*ret = EVENT_API_DELIVERED;
		return true;
	case API_FAILED:
		*ret = EVENT_API_FAILED;
		return true;
	case API_RECEIVED:
	case API_OTHER:
		break;
	}
	return false;
}

/* A status that moves the row, or does not; a sid that it brings is kept either way. */
static enum store_reported apply(struct store *store, const struct store_report *in, struct store_row *row,
				 int64_t now_ms)
{
	enum lifecycle_event event;
	bool moves = event_of(in->status, &event) && lifecycle_next(row->record.state, event).to != row->record.state;
	if (!moves && !row->sid_learnt)
		return STORE_KNOWN;
	if (!store_has_room(store))
		return STORE_REPORT_FULL;
	store->staged.points[STORE_POINT_REPORT] = true;
	if (!moves) {
		store_row_write_sid(store, row);
		return STORE_KNOWN;
	}
	store_row_set_error(row, in->error_code, in->error_message);
	/* Faster than the answer to our POST, which would say when to look, if it still comes. */
	if (lifecycle_is_open(row->record.state))
		row->record.due_ms = now_ms + store->options.watch_ms;
	store_row_move(store, row, event, now_ms);
	return STORE_NEWS;
}

static enum store_reported take_report(struct store *store, const struct store_report *in, int64_t now_ms)
{
	struct store_row row;
	bool found = in->seq > 0 ? store_row_by_seq(store, in->seq, &row) : store_row_by_sid(store, in->sid, &row);
	if (!found)
		return STORE_STRANGER;
	if (!store_row_learn(store, &row, in->sid, in->sim_sid))
		return STORE_MISMATCH;
	return apply(store, in, &row, now_ms);
}

/* ---- MO SMS ------------------------------------------------------------------------------------ */

static void learn_name(struct store *store, const struct store_mo *in)
{
	struct sql_statement *statement = store_statement(store, SQL_SIM_PUT);
	if (in->sim_sid[0] == '\0' || in->unique_name[0] == '\0')
		return;
	sql_put_text(statement, 1, in->sim_sid);
	sql_put_text(statement, 2, in->unique_name);
	sql_run(statement);
}

static enum store_reported take_mo(struct store *store, const struct store_mo *in, int64_t now_ms)
{
	struct sql_statement *statement = store_statement(store, SQL_MO_INSERT);
	if (!store_has_room(store))
		return STORE_REPORT_FULL;
	sql_put_text(statement, 1, in->sid);
	sql_put(statement, 2, now_ms);
	if (sql_run(statement) == 0)
		return STORE_KNOWN;
	learn_name(store, in);
	store_outbox_add(store, &(struct store_outgoing){
					.topic = in->topic, .payload = in->payload, .payload_len = in->payload_len});
	store->staged.points[STORE_POINT_MO] = true;
	return STORE_NEWS;
}

/* ---- several at once ----------------------------------------------------------------------------- */

struct arrivals_args {
	struct store_arrival *arrivals;
	size_t count;
	int64_t now_ms;
};

static void run_arrivals(struct store *store, void *job)
{
	const struct arrivals_args *args = job;
	for (size_t i = 0; i < args->count; i++) {
		struct store_arrival *arrival = &args->arrivals[i];
		arrival->result = arrival->mo != NULL ? take_mo(store, arrival->mo, args->now_ms)
						      : take_report(store, arrival->report, args->now_ms);
	}
}

static void refuse_arrivals(void *job)
{
	const struct arrivals_args *args = job;
	for (size_t i = 0; i < args->count; i++)
		args->arrivals[i].result = STORE_REPORT_FULL;
}

void store_arrivals(struct store *store, struct store_arrival *arrivals, size_t count, int64_t now_ms)
{
	static const struct store_job_kind kind = {.run = run_arrivals, .refuse = refuse_arrivals};
	struct arrivals_args args = {arrivals, count, now_ms};
	if (count > 0)
		store_queue_do(store, &kind, &args);
}

enum store_reported store_report(struct store *store, const struct store_report *report, int64_t now_ms)
{
	struct store_arrival arrival = {.report = report};
	store_arrivals(store, &arrival, 1, now_ms);
	return arrival.result;
}

enum store_reported store_mo(struct store *store, const struct store_mo *mo, int64_t now_ms)
{
	struct store_arrival arrival = {.mo = mo};
	store_arrivals(store, &arrival, 1, now_ms);
	return arrival.result;
}
