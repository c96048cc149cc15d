/* admin_answer - field by field. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/admin_answer.h"

#include "bridge/base/clock.h"
#include "bridge/codec/json.h"
#include "bridge/rule/lifecycle.h"

static void put_time(struct buffer *to, const char *key, int64_t wall_ms)
{
	char text[CLOCK_TEXT_SIZE];
	if (wall_ms <= 0)
		return;
	clock_to_text(wall_ms, text);
	json_put_text(to, key, text);
}

static void put_known(struct buffer *to, const char *key, const char *value)
{
	if (value[0] != '\0')
		json_put_text(to, key, value);
}

void admin_answer_record(struct buffer *to, const char *key, const struct store_record *record)
{
	json_open_object(to, key);
	json_put_text(to, "id", record->id);
	json_put_text(to, "device", record->device);
	json_put_text(to, "sim", record->sim);
	json_put_text(to, "status", lifecycle_status(record->state));
	json_put_text(to, "state", lifecycle_name(record->state));
	json_put_text(to, "payload", record->payload);
	put_known(to, "sid", record->sid);
	put_known(to, "sim_sid", record->sim_sid);
	if (record->error_code[0] != '\0' || record->error_message[0] != '\0') {
		json_open_object(to, "error");
		json_put_text(to, "code", record->error_code);
		json_put_text(to, "message", record->error_message);
		json_close_object(to);
	}
	json_put_integer(to, "attempts", record->attempts);
	put_time(to, "created", record->created_ms);
	put_time(to, "updated", record->updated_ms);
	put_time(to, "attempted", record->attempted_ms);
	put_time(to, "due", record->due_ms);
	put_time(to, "expires", record->expires_ms);
	json_close_object(to);
}

void admin_answer_encode(struct buffer *to, const char *data, const char *error, const char *transaction)
{
	bool failed = error[0] != '\0';
	json_open_object(to, "");
	json_put_text(to, "status", failed ? "error" : "ok");
	if (data[0] != '\0')
		json_put_raw(to, "data", data);
	if (failed)
		json_put_text(to, "error", error);
	if (transaction[0] != '\0')
		json_put_raw(to, "transaction", transaction);
	json_close_object(to);
}
