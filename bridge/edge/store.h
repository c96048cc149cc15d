/* store - the durable spool: everything the bridge has promised is in here.
 *
 * Threads:   any thread may call. There is one SQLite connection, and one thread at a time has it: a caller that finds
 *            it free does its own work with all that has queued up, in one transaction (group commit): many
 *            waiters, one fsync. Urgent work (an acknowledgement hangs on it) goes at once; the rest may wait a
 *            moment to share a commit. One thread of the store's own does what nobody waits for.
 * Promise:   when a call returns, its fact is on disk (`durability: power`: fsynced). A change of
 *            state and the event that announces it are one transaction.
 * Ownership: arguments are borrowed until the call returns; results go into the caller's memory.
 * Failure:   what the world may do is a result. A full disk makes intake calls answer
 *            STORE_FULL, and results of attempts wait for space (the ballast is given up for them);
 *            housekeeping, takes, postpones and remembered values are let be until then. A broken
 *            disk ends the process with one fatal line: the truth is what is in the file. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_STORE_H
#define BRIDGE_EDGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/limits.h"
#include "bridge/codec/callback.h"
#include "bridge/codec/command.h"
#include "bridge/rule/lifecycle.h"

struct store;

struct store_options {
	const char *path;
	bool fsync;		    /* durability: power */
	int64_t max_commands;	    /* open commands at most: queue_full above */
	int64_t per_device_per_day; /* 0: no limit */
	int64_t per_day;
	int64_t retention_ms;
	int64_t settle_ms; /* what was being sent at the last end is looked for so long after the start */
	/* A command whose callback overtook its answer is asked for after so long a silence. Where it is shorter than
	 * at the last start, upkeep makes due sooner what was put off for longer. */
	int64_t watch_ms;
	int64_t min_free_bytes, ballast_bytes;
	bool fit_min_free, fit_ballast; /* of a small disk a share at most: see store_space_fit() */
	const char *topic_status;	/* template; events are rendered where they are committed */
	bool retain_status;
	bool dry_run;
	bool recover; /* the file is an older copy: see store_doubted() */
};

/* Opens or makes the spool and starts its own thread. NULL and why: locked by another daemon, a newer schema,
 * corrupt, wrong owner or mode, no such folder. Commands found in `sending` become `unknown`, or after
 * three deaths while being sent `held`. */
struct store *store_open(const struct store_options *options, int64_t now_ms, char *why, size_t why_size);

/* A spool that is an older copy (`recover`), or whose end is gone (its log was deleted): what waits in it may have been
 * sent since. Such commands became `unknown` with this error code, to be looked up and, where they are not found, held.
 * One that the API had said yes to keeps the code that says so: it is held also when its time is over. */
#define STORE_RESTORED "restored"

/* Was the end of the file found missing at the start? How many commands were put in doubt then, for whatever reason? */
bool store_was_cut(const struct store *store);
int64_t store_doubted(const struct store *store);

/* Does what is queued, a last checkpoint, and frees. NULL is fine. */
void store_close(struct store *store);

/* Before stopping: from now on nothing waits for space on a full disk. A result that finds none is not
 * recorded; the next start finds its command `sending` and has it reconciled. */
void store_stop_waiting(struct store *store);

/* 8 hex digits that are this spool's own: they make sequence numbers unique for ever. */
const char *store_epoch(const struct store *store);

/* Called after a commit that made this kind of work, on the thread that did it; must only wake somebody. */
enum store_work { STORE_WORK_COMMANDS, STORE_WORK_EVENTS, STORE_WORK_UNKNOWN, STORE_WORK_TAKEN };
enum { STORE_WORK_KINDS = 4 };
void store_on_work(struct store *store, enum store_work kind, void (*wake)(void *ctx), void *ctx);

/* ---- intake: MQTT to store ---------------------------------------------------------------- */

/* How a message came, to recognise a redelivery: same session, DUP set, same bytes, and the same packet id; or another
 * one where the broker counts anew on each connection, and the first was stored shortly before. */
struct store_delivery {
	int64_t connection; /* differs for each connection, also across restarts */
	int packet_id;	    /* 0: QoS 0, never a redelivery */
	bool dup;
	uint64_t digest; /* of topic and payload */
};

struct store_new_command {
	struct store_delivery delivery;
	const char *device, *sim;
	const struct command *command;
	const char *reply_topic; /* MQTT 5 Response Topic or "" */
	const void *correlation;
	size_t correlation_len;
	int64_t max_wait_ms; /* the smaller of ttl, message expiry and max_age */
};

enum store_accept {
	STORE_ACCEPTED,
	STORE_REDELIVERED,
	STORE_REPEATED,
	STORE_ID_CONFLICT,
	STORE_QUEUE_FULL,
	STORE_OVER_BUDGET,
	STORE_FULL
};

struct store_accepted {
	enum store_accept result;
	char id[COMMAND_ID_SIZE]; /* the sender's or the bridge's own */
	int64_t cancelled;	  /* by `replace` */
};

/* Stores a command and its `accepted` event, or finds it known: STORE_REPEATED publishes the current
 * status again with `duplicate`; a refusal publishes `rejected` with its code. Blocks until on disk. */
void store_accept(struct store *store, const struct store_new_command *in, int64_t now_ms, struct store_accepted *ret);

struct store_rejection {
	struct store_delivery delivery;
	const char *device, *id, *payload; /* as far as they are known; "" */
	const char *code, *message;
	const char *reply_topic;
	const void *correlation;
	size_t correlation_len;
};

/* Stores only the `rejected` event of a message that is no command. False: no room (STORE_FULL). */
bool store_reject(struct store *store, const struct store_rejection *in, int64_t now_ms);

/* The broker has no session of ours: packet ids start anew, redelivery is judged from here on. */
void store_forget_deliveries(struct store *store);

/* Is there room for new work? False below the watermark; cheap, any thread. */
bool store_has_room(const struct store *store);

/* ---- sender: store to API ------------------------------------------------------------------ */

struct store_attempt {
	int64_t seq;
	char id[COMMAND_ID_SIZE], device[DEVICE_SIZE], sim[SIM_SIZE];
	char payload[SMS_SIZE];
	int64_t attempts; /* this one included */
	int64_t expires_ms;
};

/* Takes up to `max` commands that are due: one for each SIM that has none under way, by priority, then
 * since when they are due; commits `sending`. Those whose time is over become `expired` on the way. Returns how many;
 * `*ret_next_ms` is when the next becomes due (wall ms; INT64_MAX: nothing waits). Blocks until on disk. */
size_t store_take_due(struct store *store, int64_t now_ms, struct store_attempt *ret, size_t max, int64_t *ret_next_ms);

struct store_settlement {
	int64_t seq;
	enum lifecycle_event event; /* EVENT_API_*, EVENT_NOT_SENT, EVENT_REFUSED, EVENT_NO_ANSWER */
	char sid[SID_SIZE], sim_sid[SID_SIZE];
	char error_code[ERROR_CODE_SIZE], error_message[ERROR_TEXT_SIZE];
	int64_t due_ms; /* EVENT_NOT_SENT: when to try again; EVENT_NO_ANSWER: when to look; else when to poll */
};

/* Records results of attempts. A result that comes after a callback told more changes nothing but the sid. When it
 * returns, also what was to be settled later is on disk. */
void store_settle(struct store *store, const struct store_settlement *settlements, size_t count, int64_t now_ms);

/* What a sender does in one turn: records results and takes new work in one transaction, so that both share
 * a commit. Same rules as store_settle() and store_take_due(). */
struct store_turn {
	const struct store_settlement *settlements;
	size_t settlement_count;
	int64_t now_ms;
	size_t max; /* 0: take nothing */
};
size_t store_turn(struct store *store, const struct store_turn *turn, struct store_attempt *ret, int64_t *ret_next_ms);

/* The same without waiting for the disk: recorded with the next commit, a few milliseconds later at most. A crash
 * before that is like one before the answer came. */
void store_settle_later(struct store *store, const struct store_settlement *settlements, size_t count, int64_t now_ms);

/* A standing order for up to `max` commands; it takes the place of the last one, 0 ends it. A command that comes in
 * while nothing else is ready and nothing of its SIM waits or is under way is taken in the transaction that accepts it.
 * STORE_WORK_TAKEN tells of it. What was taken by then is still to be collected. */
enum { STORE_ORDER_MAX = 64 };
void store_order(struct store *store, size_t max);

/* What was taken so, oldest first: `sending` is on disk. Returns how many. */
size_t store_collect(struct store *store, struct store_attempt *ret, size_t max);

/* ---- webhook and reconciler: reports -------------------------------------------------------- */

struct store_report {
	int64_t seq; /* from the token; 0: find it by sid */
	const char *sid, *sim_sid;
	enum api_status status;
	const char *error_code, *error_message;
};

/* MISMATCH: the token names a command that is another resource of the API. */
enum store_reported { STORE_NEWS, STORE_KNOWN, STORE_STRANGER, STORE_MISMATCH, STORE_REPORT_FULL };

/* Applies a status of the API. STRANGER: no such command (retention, or another program's). */
enum store_reported store_report(struct store *store, const struct store_report *report, int64_t now_ms);

struct store_mo {
	const char *sid;
	const char *topic, *payload; /* rendered by the flow, which knows the mapping */
	size_t payload_len;
	const char *sim_sid, *unique_name; /* of the SIM, to be remembered together; "": nothing to remember */
};

/* Stores an MO SMS once for each sid. KNOWN: had it already. */
enum store_reported store_mo(struct store *store, const struct store_mo *mo, int64_t now_ms);

/* One of several things that the API tells at once: a status or an SMS, the other is NULL. */
struct store_arrival {
	const struct store_report *report;
	const struct store_mo *mo;
	enum store_reported result; /* as of the two above, in the order of the array */
};

/* Stores them in one transaction: all of them or, when the disk has no room for that, none. */
void store_arrivals(struct store *store, struct store_arrival *arrivals, size_t count, int64_t now_ms);

/* Was an MO SMS of this sid stored (within the retention)? */
bool store_knows_mo(struct store *store, const char *sid);

/* Any other event to publish (a status of a stranger on `unmapped`). */
struct store_message {
	const char *topic, *payload;
	size_t len;
};

/* Stores them in one transaction. False: no room, none was stored. */
bool store_publish(struct store *store, const struct store_message *messages, size_t count);

/* ---- publisher: store to MQTT ---------------------------------------------------------------- */

struct store_event {
	int64_t seq;
	char *topic; /* yours to free, with store_event_clear() */
	char *payload;
	size_t payload_len;
	bool retain;
	char *correlation; /* NULL: none */
	size_t correlation_len;
};
void store_event_clear(struct store_event *event);

/* Reads up to `max` events with seq greater than `after`, oldest first. Returns how many. */
size_t store_events(struct store *store, int64_t after, struct store_event *ret, size_t max);

/* Forgets events whose PUBACK came. Does not wait for the disk: a crash publishes them again (QoS 1). */
void store_events_done(struct store *store, const int64_t *seqs, size_t count);

/* The same for one, without ever waiting. False: too many are noted already. */
bool store_event_done(struct store *store, int64_t seq);

/* ---- reconciler ------------------------------------------------------------------------------ */

struct store_record {
	int64_t seq;
	char id[COMMAND_ID_SIZE], device[DEVICE_SIZE], sim[SIM_SIZE];
	char sid[SID_SIZE], sim_sid[SID_SIZE];
	char payload[SMS_SIZE];
	enum command_state state;
	enum command_priority priority;
	int64_t created_ms, updated_ms, expires_ms, due_ms;
	int64_t attempted_ms; /* when the last attempt began; 0: never */
	int64_t attempts;
	char error_code[ERROR_CODE_SIZE], error_message[ERROR_TEXT_SIZE];
};

/* Commands in `unknown` whose due time has come, oldest first; `*ret_next_ms` as in store_take_due(). */
size_t store_unknown(struct store *store, int64_t now_ms, struct store_record *ret, size_t max, int64_t *ret_next_ms);

/* A due time: never to be asked for again. */
#define STORE_NEVER_MS INT64_C(253402300799000) /* the end of the year 9999 */

/* Moves an unresolved command's next look to `due_ms` (the API could not be asked). */
void store_postpone(struct store *store, int64_t seq, int64_t due_ms);

/* Is this sid some command's already? */
bool store_owns_sid(struct store *store, const char *sid);

/* Commands `queued`, `sent` or `unconfirmed` whose due time (next poll) has come. Silent for 24 h since the API had it:
 * `unconfirmed`, by store_settle with EVENT_SILENT. */
size_t store_silent(struct store *store, int64_t now_ms, struct store_record *ret, size_t max, int64_t *ret_next_ms);

/* Small named values that survive: when MO was last listed, learnt SIM sids. "" when not there. Two of them the store
 * reads itself, in wall ms: what a list of MO SMS may show again must not be forgotten. */
#define STORE_MO_SINCE	"mo_since"  /* older MO SMS are history */
#define STORE_MO_LISTED "mo_listed" /* when the last complete list began */
void store_remember(struct store *store, const char *key, const char *value);
void store_recall(struct store *store, const char *key, char *ret, size_t size);

/* The same value for all of them, in one transaction; those that have it already cost nothing. "" forgets. */
void store_remember_all(struct store *store, const char *const *keys, size_t count, const char *value);

/* Walks the names that begin with `prefix` and whose value is not "": `key` holds the last one (at first the
 * prefix) and becomes the next. False at the end. */
bool store_recall_next(struct store *store, const char *prefix, char *key, size_t size);

/* A SIM's sid for a unique_name and back, learnt from answers and look-ups. False: not known. */
void store_learn_sim(struct store *store, const char *unique_name, const char *sim_sid);
bool store_sim_name(struct store *store, const char *sim_sid, char unique_name[SIM_SIZE]);

/* ---- administration --------------------------------------------------------------------------- */

bool store_find_id(struct store *store, const char *device, const char *id, struct store_record *ret);
bool store_find_sid(struct store *store, const char *sid, struct store_record *ret);

/* Commands not yet final, oldest first, after sequence number `after`; `device` "" for all. */
size_t store_pending(struct store *store, const char *device, int64_t after, struct store_record *ret, size_t max);

/* Cancels commands that still wait here: all of a device (accepted only), or by id (device "": any device's;
 * a held one too, for that is an operator's verdict). Returns how many. */
int64_t store_cancel(struct store *store, const char *device, const char *id, int64_t now_ms);

/* Puts a failed, rejected, expired or held command back as a new one with its own id (yours in ret_id), to `sim`.
 * A held one becomes `cancelled`. False and why when it is not there or in another state, or by the limits. */
struct store_retry {
	const char *device, *id; /* of the old one; device "": the only one that has the id */
	const char *sim;	 /* "": where the old one went */
	int64_t now_ms, max_wait_ms;
};

bool store_retry(struct store *store, const struct store_retry *retry, char ret_id[COMMAND_ID_SIZE], char *why,
		 size_t why_size);

/* Called for each command that entered a state, after the commit and in order; must only note it.
 * Of one transaction the first STORE_CHANGES_MAX are told: this is for people who look, not for bookkeeping. */
enum { STORE_CHANGES_MAX = 256 };
void store_on_change(struct store *store, void (*told)(void *ctx, const struct store_record *record), void *ctx);

/* ---- upkeep ------------------------------------------------------------------------------------ */

/* Upper bounds of the time that commits take, in microseconds. */
enum { STORE_COMMIT_BUCKETS = 10 };
extern const int64_t store_commit_bounds_us[STORE_COMMIT_BUCKETS];

struct store_stats {
	int64_t open, waiting, unknown, held; /* commands */
	int64_t events;			      /* waiting to be published */
	int64_t oldest_ms;		      /* created_ms of the oldest open command; 0: none */
	int64_t by_status[STATE_MAX + 1];     /* transitions into each state since start */
	int64_t commits;
	int64_t commit_us_sum;
	int64_t commit_us_max;
	int64_t commits_within[STORE_COMMIT_BUCKETS + 1]; /* commits by store_commit_bounds_us, the last one: longer */
	int64_t file_bytes, free_bytes;
	bool room, ballast_held;
	/* errno of the last try to write the file beside the spool by which an older copy is noticed; 0: it says what
	 * it should. */
	int mark_error;
};
void store_stats(struct store *store, struct store_stats *ret);

/* For who watches over the threads, any thread: for how long the commit or checkpoint under way has taken, 0: there is
 * none; and all the time so far in those that took longer than STORE_SLOW_MS, that one included. Whoever waits for the
 * disk has not moved meanwhile. `store` is one. */
enum { STORE_SLOW_MS = 100 };
int64_t store_busy_ms(const void *store);
int64_t store_slow_ms(const void *store);

/* One small step of housekeeping: retention and due times in small batches, time-outs of waiting commands, checkpoint
 * when idle, watermarks. Called by main every second; returns true when there is more to do at once. */
bool store_upkeep(struct store *store, int64_t now_ms);

#endif
