/* store_report - what the API tells us: statuses and MO SMS. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/store_internal.h"

/* ---- statuses --------------------------------------------------------------------------------- */

struct report_args {
	const struct store_report *in;
	int64_t now_ms;
	enum store_reported result;
};

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
static enum store_reported apply(struct store *store, const struct report_args *args, struct store_row *row)
{
	const struct store_report *in = args->in;
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
		row->record.due_ms = args->now_ms + store->options.watch_ms;
	store_row_move(store, row, event, args->now_ms);
	return STORE_NEWS;
}

static void run_report(struct store *store, void *job)
{
	struct report_args *args = job;
	const struct store_report *in = args->in;
	struct store_row row;
	bool found = in->seq > 0 ? store_row_by_seq(store, in->seq, &row) : store_row_by_sid(store, in->sid, &row);
	if (!found)
		args->result = STORE_STRANGER;
	else if (!store_row_learn(store, &row, in->sid, in->sim_sid))
		args->result = STORE_MISMATCH;
	else
		args->result = apply(store, args, &row);
}

static void refuse_report(void *job)
{
	struct report_args *args = job;
	args->result = STORE_REPORT_FULL;
}

enum store_reported store_report(struct store *store, const struct store_report *report, int64_t now_ms)
{
	static const struct store_job_kind kind = {.run = run_report, .refuse = refuse_report, .urgent = true};
	struct report_args args = {report, now_ms, STORE_REPORT_FULL};
	store_queue_do(store, &kind, &args);
	return args.result;
}

/* ---- MO SMS ------------------------------------------------------------------------------------ */

struct mo_args {
	const struct store_mo *in;
	int64_t now_ms;
	enum store_reported result;
};

static void run_mo(struct store *store, void *job)
{
	struct mo_args *args = job;
	struct sql_statement *statement = store_statement(store, SQL_MO_INSERT);
	args->result = STORE_REPORT_FULL;
	if (!store_has_room(store))
		return;
	sql_put_text(statement, 1, args->in->sid);
	sql_put(statement, 2, args->now_ms);
	args->result = sql_run(statement) == 0 ? STORE_KNOWN : STORE_NEWS;
	if (args->result == STORE_KNOWN)
		return;
	store_outbox_add(store, &(struct store_outgoing){.topic = args->in->topic,
							 .payload = args->in->payload,
							 .payload_len = args->in->payload_len});
	store->staged.points[STORE_POINT_MO] = true;
}

static void refuse_mo(void *job)
{
	struct mo_args *args = job;
	args->result = STORE_REPORT_FULL;
}

enum store_reported store_mo(struct store *store, const struct store_mo *mo, int64_t now_ms)
{
	static const struct store_job_kind kind = {.run = run_mo, .refuse = refuse_mo, .urgent = true};
	struct mo_args args = {mo, now_ms, STORE_REPORT_FULL};
	store_queue_do(store, &kind, &args);
	return args.result;
}
