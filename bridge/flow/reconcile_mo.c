/* reconcile_mo - MO SMS are listed, and those not known by sid are stored, oldest first.
 *
 * The order of the list is not documented. So it is verified while it is read, and only a list that runs from new to
 * old throughout may be left early, once it reaches what an earlier complete pass has seen. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconcile.h"

#include <stdlib.h>

#include "bridge/base/crash.h"
#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/rule/steady_clock.h"

enum { PAGE_SIZE = 100, OVERLAP_MS = 60 * 60 * 1000, GATHER_MAX = 2000 };

#define SINCE_KEY  "mo_since"  /* older MO SMS are history */
#define LISTED_KEY "mo_listed" /* when the last complete pass began */

struct gathered {
	struct api_resource resource;
	int64_t rank; /* among those of the same second */
};

struct pass {
	struct reconcile *reconcile;
	int64_t since_ms, listed_ms, begun_ms;
	int64_t last_created_ms;
	bool ordered; /* so far from new to old */
	bool failed;
	struct gathered *gathered;
	size_t count, capacity;
	int64_t stored;
};

static int64_t recall_time(struct reconcile *reconcile, const char *key, int64_t otherwise_ms)
{
	char text[32];
	int64_t value;
	store_recall(reconcile->parts.store, key, text, sizeof(text));
	return text_to_int(text, 0, INT64_MAX, &value) ? value : otherwise_ms;
}

static void remember_time(struct reconcile *reconcile, const char *key, int64_t value_ms)
{
	char text[32];
	text_format(text, sizeof(text), "%lld", (long long)value_ms);
	store_remember(reconcile->parts.store, key, text);
}

/* On a fresh spool nothing older than this moment is replayed, unless the configuration says since when. -1: a machine
 * whose clock was never set cannot tell history from news. */
static int64_t since(struct reconcile *reconcile, int64_t now_ms)
{
	int64_t configured_ms = reconcile->parts.settings->reconcile_since_ms;
	int64_t since_ms = recall_time(reconcile, SINCE_KEY, -1);
	if (since_ms >= 0)
		return since_ms;
	if (configured_ms < 0 && now_ms < STEADY_PLAUSIBLE_MS)
		return -1;
	/* The API's times may be whole seconds: what came in this one is not history. */
	since_ms = configured_ms >= 0 ? configured_ms : now_ms - now_ms % 1000;
	remember_time(reconcile, SINCE_KEY, since_ms);
	return since_ms;
}

static void gather(struct pass *pass, const struct api_resource *resource)
{
	if (pass->count == pass->capacity) {
		pass->capacity = pass->capacity * 2 + 16;
		pass->gathered = memory_resized(pass->gathered, pass->capacity * sizeof(*pass->gathered));
	}
	pass->gathered[pass->count++].resource = *resource;
}

static int older_first(const void *a, const void *b)
{
	const struct gathered *left = a, *right = b;
	int64_t at = left->resource.created_ms, other = right->resource.created_ms;
	if (at != other)
		return at > other ? 1 : -1;
	return (left->rank > right->rank) - (left->rank < right->rank);
}

/* Oldest first. The API's times have no fraction: within a second the order of the list decides. */
static void sort_gathered(struct pass *pass)
{
	for (size_t i = 0; i < pass->count; i++)
		pass->gathered[i].rank = pass->ordered ? -(int64_t)i : (int64_t)i;
	qsort(pass->gathered, pass->count, sizeof(*pass->gathered), older_first);
}

/* A mapping may name the SIM by its unique_name, which a listed resource does not tell. False: it cannot be asked now.
 */
static bool learn_name(struct reconcile *reconcile, const char *sim_sid)
{
	struct mapped_device mapped;
	char sid[SID_SIZE], name[SIM_SIZE];
	if (sim_sid[0] == '\0' || mo_intake_find(reconcile->parts.mo, sim_sid, "", &mapped, name))
		return true;
	if (store_sim_name(reconcile->parts.store, sim_sid, name))
		return true;
	struct outcome outcome = api_query_sim(reconcile->query, sim_sid, sid, name);
	if (outcome.kind == OUTCOME_DONE && name[0] != '\0')
		store_learn_sim(reconcile->parts.store, name, sim_sid);
	return outcome.kind == OUTCOME_DONE || outcome.kind == OUTCOME_REFUSED;
}

/* False: it has to wait, and what is younger with it. */
static bool store_one(struct pass *pass, const struct api_resource *resource)
{
	struct reconcile *reconcile = pass->reconcile;
	if (store_knows_mo(reconcile->parts.store, resource->sid))
		return true;
	if (!learn_name(reconcile, resource->sim_sid))
		return false;
	const struct mo_sms sms = {
		.sid = resource->sid,
		.sim_sid = resource->sim_sid,
		.sim_unique_name = "",
		.payload = resource->payload,
		.time_ms = resource->created_ms >= 0 ? resource->created_ms : pass->begun_ms,
		.now_ms = pass->begun_ms,
	};
	enum mo_result result = mo_intake_take(reconcile->parts.mo, &sms);
	if (result == MO_NEW) {
		crash_point("reconciler-after-mo");
		pass->stored++;
		counters_add(reconcile->parts.counters, COUNT_MO_LISTED);
	}
	return result != MO_FULL;
}

static void store_gathered(struct pass *pass)
{
	if (pass->count == 0) /* nor is there memory to sort */
		return;
	sort_gathered(pass);
	for (size_t i = 0; i < pass->count && !pass->failed; i++) {
		pass->failed = !store_one(pass, &pass->gathered[i].resource);
		thread_alive(pass->reconcile->thread);
	}
	pass->count = 0;
}

/* From before the spool, or so old that its sid is forgotten again; an earlier complete pass has seen that one. */
static bool is_history(const struct pass *pass, const struct api_resource *resource)
{
	int64_t retention_ms = pass->reconcile->parts.settings->spool_retention_ms;
	if (resource->created_ms < 0)
		return false;
	if (resource->created_ms < pass->since_ms)
		return true;
	return resource->created_ms < pass->begun_ms - retention_ms + RECONCILE_SKEW_MS &&
	       resource->created_ms < pass->listed_ms - OVERLAP_MS;
}

static bool take_page(void *ctx, const struct api_page *page)
{
	struct pass *pass = ctx;
	for (size_t i = 0; i < page->count; i++) {
		const struct api_resource *resource = &page->resources[i];
		if (resource->created_ms < 0 || resource->created_ms > pass->last_created_ms)
			pass->ordered = false;
		pass->last_created_ms = resource->created_ms;
		if (resource->direction != API_TO_SIM && !is_history(pass, resource))
			gather(pass, resource);
	}
	/* More than this at once is stored page by page: order then holds within each part. */
	if (pass->count >= GATHER_MAX)
		store_gathered(pass);
	thread_alive(pass->reconcile->thread);
	bool seen_before = pass->ordered && page->count > 0 &&
			   (pass->last_created_ms < pass->listed_ms - OVERLAP_MS ||
			    pass->last_created_ms < pass->since_ms - RECONCILE_SKEW_MS);
	return !seen_before && !pass->failed && !thread_is_stopping(pass->reconcile->thread);
}

bool reconcile_mo(struct reconcile *reconcile)
{
	if (!store_has_room(reconcile->parts.store)) /* what cannot be stored need not be asked */
		return false;
	int64_t now_ms = timekeeper_now(reconcile->parts.time);
	struct pass pass = {
		.reconcile = reconcile,
		.since_ms = since(reconcile, now_ms),
		.listed_ms = recall_time(reconcile, LISTED_KEY, 0),
		.begun_ms = now_ms,
		.last_created_ms = INT64_MAX,
		.ordered = true,
	};
	if (pass.since_ms < 0)
		return false;
	const struct api_filter filter = {.sim = "", .status = "", .direction = "from_sim", .page_size = PAGE_SIZE};
	bool complete;
	struct outcome outcome = api_query_list(reconcile->query, &filter, take_page, &pass, &complete);
	/* A list whose end can never be read must not keep back its beginning. */
	if (outcome.kind == OUTCOME_DONE || outcome.kind == OUTCOME_REFUSED)
		store_gathered(&pass);
	if (outcome.kind != OUTCOME_DONE)
		log_warn("", "MO SMS cannot be listed now", LOG_TEXT("code", outcome.code),
			 LOG_TEXT("why", outcome.reason));
	bool done = outcome.kind == OUTCOME_DONE && !pass.failed && !thread_is_stopping(reconcile->thread);
	if (done)
		remember_time(reconcile, LISTED_KEY, now_ms);
	if (pass.stored > 0)
		log_info("", "MO SMS found by listing", LOG_NUMBER("count", pass.stored));
	free(pass.gathered);
	return done;
}
