/* store_intake - what comes in from MQTT: commands, and messages that are none. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "bridge/edge/store_internal.h"

/* ---- limits ----------------------------------------------------------------------------------- */

static int64_t spent(struct store *store, int64_t day, const char *device)
{
	struct sql_statement *statement = store_statement(store, SQL_BUDGET_GET);
	sql_put(statement, 1, day);
	sql_put_text(statement, 2, device);
	if (!sql_step(statement))
		return 0;
	int64_t used = sql_column(statement, 0);
	sql_reset(statement);
	return used;
}

enum store_accept store_intake_admit(struct store *store, const char *device, int64_t freed, int64_t now_ms)
{
	const struct store_options *options = &store->options;
	int64_t day = now_ms / STORE_DAY_MS;
	if (options->per_device_per_day > 0 && spent(store, day, device) >= options->per_device_per_day)
		return STORE_OVER_BUDGET;
	if (options->per_day > 0 && spent(store, day, "") >= options->per_day)
		return STORE_OVER_BUDGET;
	if (store_open_commands(store) - freed >= options->max_commands)
		return STORE_QUEUE_FULL;
	return STORE_ACCEPTED;
}

static void add_to_budget(struct store *store, int64_t day, const char *device)
{
	struct sql_statement *statement = store_statement(store, SQL_BUDGET_ADD);
	sql_put(statement, 1, day);
	sql_put_text(statement, 2, device);
	sql_run(statement);
}

void store_intake_spend(struct store *store, const char *device, int64_t now_ms)
{
	if (store->options.per_device_per_day > 0)
		add_to_budget(store, now_ms / STORE_DAY_MS, device);
	if (store->options.per_day > 0)
		add_to_budget(store, now_ms / STORE_DAY_MS, "");
}

/* ---- accepting -------------------------------------------------------------------------------- */

struct accept_args {
	const struct store_new_command *in;
	int64_t now_ms;
	struct store_accepted *ret;
};

static void announce_refusal(struct store *store, const struct accept_args *args)
{
	static const struct {
		const char *code, *message;
	} refusals[] = {
		[STORE_ID_CONFLICT] = {"id_conflict", "this id was used before, with another payload"},
		[STORE_QUEUE_FULL] = {"queue_full", "too many commands wait for the API: try again later"},
		[STORE_OVER_BUDGET] = {"over_budget", "the day's number of commands is used up (UTC days)"},
	};
	const struct store_new_command *in = args->in;
	struct status_event status = {
		.status = lifecycle_status(STATE_REJECTED),
		.device = in->device,
		.id = in->command->id,
		.sid = "",
		.sim_sid = "",
		.payload = in->command->payload,
		.error_code = refusals[args->ret->result].code,
		.error_message = refusals[args->ret->result].message,
		.time_ms = args->now_ms,
	};
	store->staged.moved[STATE_REJECTED]++;
	store_announce(store, &status, &(struct store_reply){in->reply_topic, in->correlation, in->correlation_len});
}

static int64_t count_waiting(struct store *store, const char *device)
{
	struct sql_statement *statement = store_statement(store, SQL_DEVICE_ACCEPTED_COUNT);
	sql_put_text(statement, 1, device);
	int64_t count = sql_step(statement) ? sql_column(statement, 0) : 0;
	sql_reset(statement);
	return count;
}

static int64_t insert(struct store *store, const struct store_new_command *in, int64_t now_ms, char id[COMMAND_ID_SIZE])
{
	const struct command *command = in->command;
	struct store_row row = {0};
	text_copy(row.record.device, sizeof(row.record.device), in->device);
	text_copy(row.record.sim, sizeof(row.record.sim), in->sim);
	text_copy(row.record.payload, sizeof(row.record.payload), command->payload);
	text_copy(row.client_id, sizeof(row.client_id), command->id);
	row.record.priority = command->priority;
	row.record.expires_ms = now_ms + in->max_wait_ms;
	text_copy(row.reply_topic, sizeof(row.reply_topic), in->reply_topic);
	/* Too long to be echoed: without it rather than with half of it. */
	if (in->correlation_len > 0 && in->correlation_len <= sizeof(row.correlation)) {
		memcpy(row.correlation, in->correlation, in->correlation_len);
		row.correlation_len = in->correlation_len;
	}
	store_row_insert(store, &row, now_ms);
	text_copy(id, COMMAND_ID_SIZE, row.record.id);
	return row.record.seq;
}

static int64_t accept_new(struct store *store, const struct accept_args *args)
{
	const struct store_new_command *in = args->in;
	struct store_accepted *ret = args->ret;
	bool replace = in->command->replace;
	ret->result =
		store_intake_admit(store, in->device, replace ? count_waiting(store, in->device) : 0, args->now_ms);
	if (ret->result != STORE_ACCEPTED) {
		announce_refusal(store, args);
		return 0;
	}
	int64_t after = 0;
	if (replace)
		ret->cancelled = store_cancel_device(store, in->device, &after, INT64_MAX, args->now_ms);
	store_intake_spend(store, in->device, args->now_ms);
	return insert(store, in, args->now_ms, ret->id);
}

static int64_t answer_known(struct store *store, const struct accept_args *args, const struct store_row *known)
{
	const struct store_new_command *in = args->in;
	bool same = text_equal(known->record.payload, in->command->payload);
	args->ret->result = same ? STORE_REPEATED : STORE_ID_CONFLICT;
	if (same)
		store_row_repeat(store, known,
				 &(struct store_reply){in->reply_topic, in->correlation, in->correlation_len},
				 args->now_ms);
	else
		announce_refusal(store, args);
	return known->record.seq;
}

static void run_accept(struct store *store, void *job)
{
	const struct accept_args *args = job;
	const struct store_new_command *in = args->in;
	struct store_row row;
	int64_t seq = 0;
	*args->ret = (struct store_accepted){.result = STORE_REDELIVERED};
	text_copy(args->ret->id, sizeof(args->ret->id), in->command->id);
	if (store_delivery_is_again(store, &in->delivery, args->now_ms, &seq)) {
		if (store_row_by_seq(store, seq, &row))
			text_copy(args->ret->id, sizeof(args->ret->id), row.record.id);
		return;
	}
	if (!store_has_room(store)) {
		args->ret->result = STORE_FULL;
		return;
	}
	if (store_row_by_client(store, in->device, in->command->id, &row))
		seq = answer_known(store, args, &row);
	else
		seq = accept_new(store, args);
	store_delivery_remember(store, &in->delivery, seq);
	store->staged.points[STORE_POINT_ACCEPT] = true;
}

static void refuse_accept(void *job)
{
	const struct accept_args *args = job;
	*args->ret = (struct store_accepted){.result = STORE_FULL};
}

void store_accept(struct store *store, const struct store_new_command *in, int64_t now_ms, struct store_accepted *ret)
{
	static const struct store_job_kind kind = {.run = run_accept, .refuse = refuse_accept, .urgent = true};
	store_queue_do(store, &kind, &(struct accept_args){in, now_ms, ret});
}

/* ---- rejecting -------------------------------------------------------------------------------- */

struct reject_args {
	const struct store_rejection *in;
	int64_t now_ms;
	bool stored;
};

static void run_reject(struct store *store, void *job)
{
	struct reject_args *args = job;
	const struct store_rejection *in = args->in;
	int64_t seq;
	args->stored = store_delivery_is_again(store, &in->delivery, args->now_ms, &seq);
	if (args->stored || !store_has_room(store))
		return;
	args->stored = true;
	struct status_event status = {
		.status = lifecycle_status(STATE_REJECTED),
		.device = in->device,
		.id = in->id,
		.sid = "",
		.sim_sid = "",
		.payload = in->payload,
		.error_code = in->code,
		.error_message = in->message,
		.time_ms = args->now_ms,
	};
	store->staged.moved[STATE_REJECTED]++;
	store_announce(store, &status, &(struct store_reply){in->reply_topic, in->correlation, in->correlation_len});
	store_delivery_remember(store, &in->delivery, 0);
	store->staged.points[STORE_POINT_REJECT] = true;
}

static void refuse_reject(void *job)
{
	struct reject_args *args = job;
	args->stored = false;
}

bool store_reject(struct store *store, const struct store_rejection *in, int64_t now_ms)
{
	static const struct store_job_kind kind = {.run = run_reject, .refuse = refuse_reject, .urgent = true};
	struct reject_args args = {in, now_ms, false};
	store_queue_do(store, &kind, &args);
	return args.stored;
}
