/* admin_actions - one function an action, found by a table. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/admin_actions.h"

#include <stdlib.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/json.h"
#include "bridge/flow/admin_answer.h"

/* Where an action writes. */
struct answer {
	struct buffer *data;
	char *error;
	size_t error_size;
};

static bool no(struct answer *answer, const char *why)
{
	text_copy(answer->error, answer->error_size, why);
	return false;
}

static bool api_failed(struct answer *answer, const struct outcome *outcome)
{
	text_format(answer->error, answer->error_size, "%s (%s)", outcome->reason, outcome->code);
	return false;
}

/* What was found of one command; NULL: not by the one, not by the other. */
struct found {
	const struct json *resource;
	const struct store_record *record;
};

static void put_found(struct buffer *to, const struct found *found, const struct outcome *outcome)
{
	json_open_object(to, "");
	if (found->resource != NULL)
		json_put_value(to, "resource", found->resource);
	else
		json_put_null(to, "resource");
	if (found->record != NULL)
		admin_answer_record(to, "record", found->record);
	else
		json_put_null(to, "record");
	if (outcome->kind != OUTCOME_DONE && outcome->reason[0] != '\0')
		json_put_text(to, "resource_error", outcome->reason);
	json_close_object(to);
}

static bool not_found(struct answer *answer, const struct admin_request *request, const struct outcome *outcome)
{
	if (outcome->reason[0] != '\0')
		return api_failed(answer, outcome);
	return no(answer, request->id[0] != '\0' && request->device[0] == '\0'
				  ? "there is no such command, or several devices have one with this `id`: name the "
				    "`device`"
				  : "there is no such command");
}

/* The bridge's record and the API's resource of one command; either may be missing, not both. */
static bool act_get(struct admin_actor *actor, const struct admin_request *request, struct answer *answer)
{
	struct store_record *record = memory_zeroed(1, sizeof(*record));
	struct api_resource *resource = memory_zeroed(1, sizeof(*resource));
	struct json *given = NULL;
	struct store *store = actor->parts->store;
	struct outcome outcome = {.kind = OUTCOME_REFUSED};
	bool known = request->sid[0] != '\0' ? store_find_sid(store, request->sid, record)
					     : store_find_id(store, request->device, request->id, record);
	const char *sid = request->sid[0] != '\0' ? request->sid : record->sid;
	if (api_sid_is_valid(sid, "HC"))
		outcome = api_query_fetch(actor->query, sid, resource, &given);
	bool found = known || outcome.kind == OUTCOME_DONE;
	if (found)
		put_found(answer->data, &(struct found){given, known ? record : NULL}, &outcome);
	else
		not_found(answer, request, &outcome);
	json_free(given);
	free(record);
	free(resource);
	return found;
}

struct listing {
	struct buffer *data;
	int64_t left;
	bool cut; /* there was more than asked for */
};

static bool list_page(void *ctx, const struct api_page *page)
{
	struct listing *listing = ctx;
	listing->cut = (int64_t)page->count > listing->left;
	for (size_t i = 0; i < page->count && listing->left > 0; i++, listing->left--)
		json_put_value(listing->data, "", page->given[i]);
	return listing->left > 0 && !listing->data->overflow;
}

static bool act_list(struct admin_actor *actor, const struct admin_request *request, struct answer *answer)
{
	struct mapped_device mapped = {0};
	if (request->device[0] != '\0' && !mapping_find(actor->parts->mapping, request->device, &mapped))
		return no(answer, "no mapping names this device");
	const struct api_filter filter = {
		.sim = mapped.sim,
		.status = request->status,
		.direction = request->direction,
		.page_size = request->limit < 100 ? (int)request->limit : 100,
	};
	struct listing listing = {.data = answer->data, .left = request->limit};
	bool complete;
	json_open_object(answer->data, "");
	json_open_array(answer->data, "sms_commands");
	struct outcome outcome = api_query_list(actor->query, &filter, list_page, &listing, &complete);
	json_close_array(answer->data);
	json_put_integer(answer->data, "count", request->limit - listing.left);
	json_put_bool(answer->data, "complete", complete && !listing.cut);
	json_close_object(answer->data);
	return outcome.kind == OUTCOME_DONE || api_failed(answer, &outcome);
}

static bool act_pending(struct admin_actor *actor, const struct admin_request *request, struct answer *answer)
{
	size_t max = (size_t)request->limit;
	struct store_record *records = memory_zeroed(max, sizeof(*records));
	size_t count = store_pending(actor->parts->store, request->device, 0, records, max);
	json_open_object(answer->data, "");
	json_open_array(answer->data, "commands");
	for (size_t i = 0; i < count; i++)
		admin_answer_record(answer->data, "", &records[i]);
	json_close_array(answer->data);
	json_put_integer(answer->data, "count", (int64_t)count);
	json_put_bool(answer->data, "complete", count < max);
	json_close_object(answer->data);
	free(records);
	return true;
}

static bool act_cancel(struct admin_actor *actor, const struct admin_request *request, struct answer *answer)
{
	int64_t count =
		store_cancel(actor->parts->store, request->device, request->id, timekeeper_now(actor->parts->time));
	json_open_object(answer->data, "");
	json_put_integer(answer->data, "cancelled", count);
	json_close_object(answer->data);
	return true;
}

/* A new command goes where the mapping says today: a wrong SIM there may be the reason why the old one failed.
 * False: no mapping names the device any more. Of what is not there the store says why. */
static bool sim_of_retry(struct admin_actor *actor, const struct admin_request *request, char ret_sim[SIM_SIZE])
{
	struct mapped_device mapped;
	struct store_record *old = memory_zeroed(1, sizeof(*old));
	bool there = store_find_id(actor->parts->store, request->device, request->id, old);
	bool named = there && mapping_find(actor->parts->mapping, old->device, &mapped);
	text_copy(ret_sim, SIM_SIZE, named ? mapped.sim : "");
	free(old);
	return named || !there;
}

static bool act_retry(struct admin_actor *actor, const struct admin_request *request, struct answer *answer)
{
	char id[COMMAND_ID_SIZE], sim[SIM_SIZE];
	const struct store_retry retry = {
		.device = request->device,
		.id = request->id,
		.sim = sim,
		.now_ms = timekeeper_now(actor->parts->time),
		.max_wait_ms = actor->parts->settings->limits_max_age_ms,
	};
	if (!sim_of_retry(actor, request, sim))
		return no(answer, "no mapping names the command's device any more");
	if (!store_retry(actor->parts->store, &retry, id, answer->error, answer->error_size))
		return false;
	json_open_object(answer->data, "");
	json_put_text(answer->data, "id", id);
	json_close_object(answer->data);
	return true;
}

static bool act_reload(struct admin_actor *actor, const struct admin_request *request, struct answer *answer)
{
	char why[WHY_SIZE];
	(void)request;
	if (!reload_run(actor->reload, why, sizeof(why)))
		return no(answer, why);
	json_open_object(answer->data, "");
	json_put_integer(answer->data, "devices", (int64_t)mapping_count(actor->parts->mapping));
	json_close_object(answer->data);
	return true;
}

static bool act_health(struct admin_actor *actor, const struct admin_request *request, struct answer *answer)
{
	struct health_reading now;
	(void)request;
	health_read(actor->health, &now);
	health_encode(&now, answer->data);
	return true;
}

bool admin_act(struct admin_actor *actor, const struct admin_request *request, struct buffer *data, char *error,
	       size_t error_size)
{
	static bool (*const acts[ADMIN_ACTIONS])(struct admin_actor *, const struct admin_request *,
						 struct answer *) = {
		[ADMIN_GET] = act_get,	     [ADMIN_LIST] = act_list,	[ADMIN_PENDING] = act_pending,
		[ADMIN_CANCEL] = act_cancel, [ADMIN_RETRY] = act_retry, [ADMIN_RELOAD] = act_reload,
		[ADMIN_HEALTH] = act_health,
	};
	struct answer answer = {data, error, error_size};
	return acts[request->action](actor, request, &answer);
}
