/* reconcile_mo - MO SMS are listed, and those not known by sid are stored, oldest first.
 *
 * The order of the list is not documented. So it is verified while it is read, and only a list that runs from new to
 * old throughout may be left early, once it reaches what an earlier complete pass has seen.
 *
 * A mapping may name SIMs by their unique_name, which the list does not tell. While a SIM cannot be asked for, its SMS
 * wait, and the pass is not complete; those of the others go on. They do not wait for ever, since the API forgets them.
 * What is told meanwhile is remembered by its sid until a pass is complete. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/reconcile.h"

#include <stdlib.h>

#include "bridge/base/clock.h"
#include "bridge/base/crash.h"
#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/rule/steady_clock.h"

enum { PAGE_SIZE = 100, OVERLAP_MS = 60 * 60 * 1000, GATHER_MAX = 2000 };
/* Failed questions may take so much of a pass. So long a SIM may fail until its SMS are nobody's; of an SMS that is as
 * old, an hour is enough, for a restart forgets what has failed. */
enum { ASKING_MAX_MS = 10 * 1000, GIVE_UP_MS = 24 * 60 * 60 * 1000, INSIST_MS = 60 * 60 * 1000 };

/* May what this SIM sent be told? */
enum admission { NOT_LOOKED_AT, ADMITTED, WAITS };

struct gathered {
	struct api_resource resource;
	int64_t rank; /* among those of the same second */
	enum admission admission;
};

struct pass {
	struct reconcile *reconcile;
	int64_t since_ms, listed_ms, begun_ms, begun_mono_ms;
	int64_t last_created_ms;
	bool ordered; /* so far from new to old */
	bool failed;
	bool mute;	   /* no more questions for names, */
	bool missed;	   /* though some had never failed */
	bool own;	   /* the last question failed by itself, and not with all others */
	bool waits;	   /* some wait for their names */
	int64_t asking_ms; /* so far, in vain */
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
	int64_t since_ms = recall_time(reconcile, STORE_MO_SINCE, -1);
	if (since_ms >= 0)
		return since_ms;
	if (configured_ms < 0 && now_ms < STEADY_PLAUSIBLE_MS)
		return -1;
	/* The API's times may be whole seconds: what came in this one is not history. */
	since_ms = configured_ms >= 0 ? configured_ms : now_ms - now_ms % 1000;
	remember_time(reconcile, STORE_MO_SINCE, since_ms);
	return since_ms;
}

static void gather(struct pass *pass, const struct api_resource *resource)
{
	if (pass->count == pass->capacity) {
		pass->capacity = pass->capacity * 2 + 16;
		pass->gathered = memory_resized(pass->gathered, pass->capacity * sizeof(*pass->gathered));
	}
	pass->gathered[pass->count++] = (struct gathered){.resource = *resource};
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

/* ---- names ----------------------------------------------------------------------------------------------- */

/* By its sid, or by a name learnt before. */
static bool is_named(struct reconcile *reconcile, const char *sim_sid)
{
	struct mapped_device mapped;
	char name[SIM_SIZE];
	return sim_sid[0] == '\0' || mo_intake_find(reconcile->parts.mo, sim_sid, "", &mapped, name) ||
	       store_sim_name(reconcile->parts.store, sim_sid, name);
}

/* A failure of this question alone; any other one would meet the next question, too. */
static bool is_its_own(const struct outcome *outcome)
{
	return outcome->kind == OUTCOME_UNKNOWN || outcome->kind == OUTCOME_REFUSED ||
	       text_equal(outcome->code, API_UNREADABLE);
}

static void note_failure(struct pass *pass, const char *sim_sid, const struct outcome *outcome)
{
	if (!patience_failed(&pass->reconcile->patience, sim_sid, clock_mono_ms()))
		return;
	log_warn("", "a SIM cannot be asked for its name; what it sent waits if the mapping may mean it",
		 LOG_TEXT("sim", sim_sid), LOG_TEXT("code", outcome->code), LOG_TEXT("why", outcome->reason));
}

/* An expired token is answered with 403, too: before that counts as a no, a further list has to be answered. */
static bool is_answered(const struct pass *pass, const char *sim_sid, const struct outcome *outcome)
{
	if (text_equal(outcome->code, "api_403"))
		return patience_knows(&pass->reconcile->patience, sim_sid);
	return outcome->kind == OUTCOME_DONE || outcome->kind == OUTCOME_REFUSED;
}

/* False: it does not say now. */
static bool ask_name(struct pass *pass, const char *sim_sid)
{
	struct reconcile *reconcile = pass->reconcile;
	char sid[SID_SIZE], name[SIM_SIZE];
	int64_t asked_ms = clock_mono_ms();
	struct outcome outcome = api_query_sim(reconcile->query, sim_sid, sid, name);
	if (outcome.kind == OUTCOME_DONE && name[0] != '\0')
		store_learn_sim(reconcile->parts.store, name, sim_sid);
	if (is_answered(pass, sim_sid, &outcome)) {
		patience_ended(&reconcile->patience, sim_sid);
		return true;
	}
	pass->asking_ms += clock_mono_ms() - asked_ms;
	pass->mute = !is_its_own(&outcome) || pass->asking_ms > ASKING_MAX_MS;
	/* The list was answered with these credentials, a moment ago. */
	pass->own =
		is_its_own(&outcome) || outcome.account == ACCOUNT_SLOW_DOWN || outcome.account == ACCOUNT_UNAUTHORIZED;
	if (pass->own)
		note_failure(pass, sim_sid, &outcome);
	return false;
}

static bool is_given_up(const struct pass *pass, const struct api_resource *resource, bool failed_now)
{
	const struct patience *patience = &pass->reconcile->patience;
	bool old = resource->created_ms >= 0 && pass->begun_ms - resource->created_ms >= GIVE_UP_MS;
	bool unremembered = failed_now && !patience_knows(patience, resource->sim_sid);
	return patience_is_over(patience, resource->sim_sid, GIVE_UP_MS) ||
	       (old && (unremembered || patience_is_over(patience, resource->sim_sid, INSIST_MS)));
}

/* Those that fail slowly, again and again, must not take the turn of one that would be answered. */
static bool has_turn(struct pass *pass, const char *sim_sid)
{
	const struct reconcile *reconcile = pass->reconcile;
	bool newcomer = !patience_knows(&reconcile->patience, sim_sid);
	pass->missed = pass->missed || (newcomer && pass->mute);
	return !pass->mute && (newcomer || !reconcile->newcomers_only);
}

static enum admission admit(struct pass *pass, const struct api_resource *resource)
{
	struct reconcile *reconcile = pass->reconcile;
	const char *sim_sid = resource->sim_sid;
	if (is_named(reconcile, sim_sid)) {
		patience_ended(&reconcile->patience, sim_sid);
		return ADMITTED;
	}
	bool asks = has_turn(pass, sim_sid) && patience_may_ask(&reconcile->patience, sim_sid, pass->begun_mono_ms);
	if (asks && ask_name(pass, sim_sid))
		return ADMITTED;
	if (!mapping_needs_names(reconcile->parts.mo->mapping))
		return ADMITTED;
	/* Who was not asked for another reason than its own is asked in the next pass. */
	if (!asks && patience_may_ask(&reconcile->patience, sim_sid, pass->begun_mono_ms))
		return WAITS;
	if (!is_given_up(pass, resource, asks && pass->own))
		return WAITS;
	log_warn("", "its SIM could not be asked for its name for too long: an SMS is nobody's",
		 LOG_TEXT("sim", sim_sid));
	return ADMITTED;
}

/* As the SMS before it of the same SIM, so that they keep their order and it is asked for once. */
static enum admission admission_of(struct pass *pass, size_t index)
{
	const struct api_resource *resource = &pass->gathered[index].resource;
	for (size_t i = 0; i < pass->count; i++)
		if (i != index && pass->gathered[i].admission != NOT_LOOKED_AT &&
		    text_equal(pass->gathered[i].resource.sim_sid, resource->sim_sid))
			return pass->gathered[i].admission;
	return admit(pass, resource);
}

/* ---- one pass -------------------------------------------------------------------------------------------- */

static void store_one(struct pass *pass, size_t index)
{
	struct reconcile *reconcile = pass->reconcile;
	struct gathered *gathered = &pass->gathered[index];
	const struct api_resource *resource = &gathered->resource;
	if (gathered->admission == WAITS || store_knows_mo(reconcile->parts.store, resource->sid))
		return;
	gathered->admission = admission_of(pass, index);
	if (gathered->admission == WAITS) {
		pass->waits = true;
		return;
	}
	const struct mo_sms sms = {
		.sid = resource->sid,
		.sim_sid = resource->sim_sid,
		.sim_unique_name = "",
		.payload = resource->payload,
		.time_ms = resource->created_ms >= 0 ? resource->created_ms : pass->begun_ms,
		.now_ms = pass->begun_ms,
	};
	enum mo_result result = mo_intake_take(reconcile->parts.mo, &sms);
	pass->failed = result == MO_FULL;
	if (result != MO_NEW)
		return;
	crash_point("reconciler-after-mo");
	pass->stored++;
	counters_add(reconcile->parts.counters, COUNT_MO_LISTED);
}

static bool waits_before(const struct pass *pass, size_t count, const char *sim_sid)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(pass->gathered[i].resource.sim_sid, sim_sid))
			return true;
	return false;
}

/* One of each SIM that waits stays, so that what follows in the list waits behind it. */
static void keep_waiting(struct pass *pass)
{
	size_t kept = 0;
	for (size_t i = 0; i < pass->count; i++)
		if (pass->gathered[i].admission == WAITS &&
		    !waits_before(pass, kept, pass->gathered[i].resource.sim_sid))
			pass->gathered[kept++] = pass->gathered[i];
	pass->count = kept;
}

static void store_gathered(struct pass *pass)
{
	if (pass->count == 0) /* nor is there memory to sort */
		return;
	sort_gathered(pass);
	for (size_t i = 0; i < pass->count && !pass->failed; i++) {
		store_one(pass, i);
		thread_alive(pass->reconcile->thread);
	}
	keep_waiting(pass);
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
	reconcile->waits_for_names = false;
	if (!store_has_room(reconcile->parts.store)) /* what cannot be stored need not be asked */
		return false;
	int64_t now_ms = timekeeper_now(reconcile->parts.time);
	struct pass pass = {
		.reconcile = reconcile,
		.since_ms = since(reconcile, now_ms),
		.listed_ms = recall_time(reconcile, STORE_MO_LISTED, 0),
		.begun_ms = now_ms,
		.begun_mono_ms = clock_mono_ms(),
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
	reconcile->newcomers_only = pass.missed;
	bool read = outcome.kind == OUTCOME_DONE && !pass.failed && !thread_is_stopping(reconcile->thread);
	bool done = read && !pass.waits;
	reconcile->waits_for_names = read && pass.waits && !pass.mute;
	if (done)
		remember_time(reconcile, STORE_MO_LISTED, now_ms);
	if (pass.stored > 0)
		log_info("", "MO SMS found by listing", LOG_NUMBER("count", pass.stored));
	free(pass.gathered);
	return done;
}
