/* store_admin - an operator's cancel and retry. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"
#include "bridge/edge/store_internal.h"

enum { CANCEL_BATCH = 500 };

/* ---- cancel ------------------------------------------------------------------------------------- */

/* What was tried before is no reason of a cancelled command. */
static bool cancel(struct store *store, struct store_row *row, int64_t now_ms)
{
	store->staged.points[STORE_POINT_ADMIN] = true;
	store_row_set_error(row, "", "");
	return store_row_move(store, row, EVENT_CANCEL, now_ms);
}

static bool next_of_device(struct store *store, const char *device, int64_t after, struct store_row *ret)
{
	struct sql_statement *statement = store_statement(store, SQL_DEVICE_ACCEPTED);
	sql_put_text(statement, 1, device);
	sql_put(statement, 2, after);
	if (!sql_step(statement))
		return false;
	store_row_read(store, statement, ret);
	sql_reset(statement);
	return true;
}

/* What is just being tried may yet turn out as not sent: then it is cancelled too, see store_settle(). */
static void withdraw(struct store *store, const char *device)
{
	struct sql_statement *statement = store_statement(store, SQL_DEVICE_WITHDRAW);
	sql_put_text(statement, 1, device);
	sql_run(statement);
}

static void withdraw_row(struct store *store, int64_t seq)
{
	struct sql_statement *statement = store_statement(store, SQL_ROW_WITHDRAW);
	sql_put(statement, 1, seq);
	sql_run(statement);
}

int64_t store_cancel_device(struct store *store, const char *device, int64_t *after, int64_t max, int64_t now_ms)
{
	struct store_row row;
	int64_t cancelled = 0;
	withdraw(store, device);
	while (cancelled < max && next_of_device(store, device, *after, &row)) {
		cancelled += cancel(store, &row, now_ms);
		*after = row.record.seq;
	}
	return cancelled;
}

struct cancel_args {
	const char *device, *id;
	int64_t now_ms, after, cancelled;
};

static bool next_of_id(struct store *store, const char *id, const char *after_device, struct store_row *ret)
{
	struct sql_statement *statement = store_statement(store, SQL_CLIENT_CANCELLABLE);
	sql_put_text(statement, 1, id);
	sql_put_text(statement, 2, after_device);
	if (!sql_step(statement))
		return false;
	store_row_read(store, statement, ret);
	sql_reset(statement);
	return true;
}

/* Whatever it can be just now: what waits is cancelled, what is being tried is not tried again. */
static int64_t end_row(struct store *store, struct store_row *row, int64_t now_ms)
{
	withdraw_row(store, row->record.seq);
	return cancel(store, row, now_ms);
}

/* Without a device: every device's command of that id, or the one whose own id it is. */
static int64_t cancel_by_id(struct store *store, const struct cancel_args *args)
{
	struct store_row row;
	char device[DEVICE_SIZE] = "";
	int64_t cancelled = 0;
	if (store_row_by_id(store, args->device, args->id, &row) == 1)
		return end_row(store, &row, args->now_ms);
	while (args->device[0] == '\0' && next_of_id(store, args->id, device, &row)) {
		cancelled += end_row(store, &row, args->now_ms);
		text_copy(device, sizeof(device), row.record.device);
	}
	return cancelled;
}

static void run_cancel(struct store *store, void *job)
{
	struct cancel_args *args = job;
	int64_t after = args->after;
	if (args->id[0] != '\0')
		args->cancelled = cancel_by_id(store, args);
	else
		args->cancelled = store_cancel_device(store, args->device, &after, CANCEL_BATCH, args->now_ms);
}

static void refuse_cancel(void *job)
{
	struct cancel_args *args = job;
	args->cancelled = 0;
}

int64_t store_cancel(struct store *store, const char *device, const char *id, int64_t now_ms)
{
	static const struct store_job_kind kind = {.run = run_cancel, .refuse = refuse_cancel, .must = true};
	struct cancel_args args = {.device = device, .id = id, .now_ms = now_ms};
	int64_t cancelled = 0;
	if (device[0] == '\0' && id[0] == '\0')
		return 0;
	/* A batch at a time: the others want to commit as well. */
	do {
		store_queue_do(store, &kind, &args);
		cancelled += args.cancelled;
	} while (id[0] == '\0' && args.cancelled == CANCEL_BATCH);
	return cancelled;
}

/* ---- retry -------------------------------------------------------------------------------------- */

struct retry_args {
	const struct store_retry *retry;
	char *ret_id, *why;
	size_t why_size;
	bool done;
};

static bool may_retry(struct store *store, struct retry_args *args, struct store_row *row)
{
	int found = store_row_by_id(store, args->retry->device, args->retry->id, row);
	if (found == 0) {
		text_format(args->why, args->why_size,
			    "there is no command with the id %s; what was rejected before it was stored can be "
			    "published again",
			    args->retry->id);
		return false;
	}
	if (found < 0) {
		text_format(args->why, args->why_size, "several devices have a command with the id %s: name the device",
			    args->retry->id);
		return false;
	}
	enum command_state state = row->record.state;
	/* A cancelled one does not: a held one that went again is cancelled, and its request may come twice. */
	if (state == STATE_FAILED || state == STATE_REJECTED || state == STATE_EXPIRED || state == STATE_HELD)
		return true;
	text_format(args->why, args->why_size,
		    "the command is %s: only one that failed, was rejected, has expired or is held can go again",
		    lifecycle_name(state));
	return false;
}

static bool is_admitted(struct store *store, const struct retry_args *args, const struct store_row *row)
{
	const char *refusal = NULL;
	enum store_accept answer = store_has_room(store)
					   ? store_intake_admit(store, row->record.device, 0, args->retry->now_ms)
					   : STORE_FULL;
	if (answer == STORE_FULL)
		refusal = "the disk is full";
	else if (answer == STORE_QUEUE_FULL)
		refusal = "too many commands wait for the API";
	else if (answer == STORE_OVER_BUDGET)
		refusal = "the day's number of commands is used up";
	if (refusal != NULL)
		text_copy(args->why, args->why_size, refusal);
	return refusal == NULL;
}

static void run_retry(struct store *store, void *job)
{
	struct retry_args *args = job;
	struct store_row old;
	args->done = may_retry(store, args, &old) && is_admitted(store, args, &old);
	if (!args->done)
		return;
	/* The operator has judged it: it gives way to the new one. */
	if (old.record.state == STATE_HELD)
		cancel(store, &old, args->retry->now_ms);
	struct store_row row = {.record = {.priority = old.record.priority}};
	text_copy(row.record.device, sizeof(row.record.device), old.record.device);
	text_copy(row.record.sim, sizeof(row.record.sim),
		  args->retry->sim[0] != '\0' ? args->retry->sim : old.record.sim);
	text_copy(row.record.payload, sizeof(row.record.payload), old.record.payload);
	row.record.expires_ms = args->retry->now_ms + args->retry->max_wait_ms;
	store->staged.points[STORE_POINT_ADMIN] = true;
	store_intake_spend(store, row.record.device, args->retry->now_ms);
	store_row_insert(store, &row, args->retry->now_ms);
	text_copy(args->ret_id, COMMAND_ID_SIZE, row.record.id);
}

static void refuse_retry(void *job)
{
	struct retry_args *args = job;
	args->done = false;
	text_copy(args->why, args->why_size, "the disk is full");
}

bool store_retry(struct store *store, const struct store_retry *retry, char ret_id[COMMAND_ID_SIZE], char *why,
		 size_t why_size)
{
	static const struct store_job_kind kind = {.run = run_retry, .refuse = refuse_retry};
	struct retry_args args = {retry, ret_id, why, why_size, false};
	store_queue_do(store, &kind, &args);
	return args.done;
}
