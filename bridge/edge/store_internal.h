/* store_internal - what the files of the store share; nobody else includes it, but its tests.
 *
 * In reading order (docs/architecture.md says it with more words):
 *   store.c           open, close             store_open.c    is the file fit; schema
 *   store_doubt.c     a piece of it is gone   store_queue.c   callers and their jobs
 *   store_writer.c    group commit            store_sql.c     every statement (store_sql.h)
 *   store_row.c       a command's row, its one way to change
 *   store_intake.c    commands in             store_delivery.c  what the broker delivers again
 *   store_lane.c      order for each SIM      store_attempt.c   commands out
 *   store_order.c     in and out at once      store_report.c    what came back
 *   store_outbox.c    events                  store_fresh.c     events just committed, in memory
 *   store_lookup.c    questions               store_admin.c     cancel, retry
 *   store_upkeep.c    expiry, retention       store_space.c     watermark and ballast
 *   store_silent.c    a shorter silence
 *
 * Threads: everything below runs on the thread that has the connection just now (or before there are any), but
 *          store_queue_do() and what says otherwise. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_STORE_INTERNAL_H
#define BRIDGE_EDGE_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/buffer.h"
#include "bridge/codec/event.h"
#include "bridge/edge/sqlite.h"
#include "bridge/edge/store.h"
#include "bridge/edge/store_sql.h"

enum {
	STORE_EVENT_MAX = 16384,	      /* a rendered status */
	STORE_DONE_MAX = 16384,		      /* PUBACKs not yet on disk */
	STORE_FRESH_MAX = 1024,		      /* events kept in memory for the publisher */
	STORE_MAIL_MAX = 2 * STORE_ORDER_MAX, /* an order, and one that was given while a commit was under way */
	STORE_EXPIRE_BATCH = 200,	      /* in one step of upkeep */
	STORE_RETENTION_BATCH = 500,	      /* rows looked at in one step */
	STORE_DEATHS_MAX = 3		      /* of the process while sending one command: it is held */
};

#define STORE_DAY_MS 86400000

/* ---- the store ----------------------------------------------------------------------------- */

/* What a transaction does, for the crash points around its commit: `accept-before-commit` and so on. */
enum store_point {
	STORE_POINT_ACCEPT,
	STORE_POINT_REJECT,
	STORE_POINT_TAKE,
	STORE_POINT_SETTLE,
	STORE_POINT_REPORT,
	STORE_POINT_MO,
	STORE_POINT_PUBLISH,
	STORE_POINT_EVENTS_DONE,
	STORE_POINT_ADMIN
};
enum { STORE_POINTS = STORE_POINT_ADMIN + 1 };

/* Counts that follow the transactions: staged while one runs, added when it is committed. */
struct store_tally {
	int64_t in_state[STATE_MAX + 1]; /* commands now in each open state */
	int64_t moved[STATE_MAX + 1];	 /* transitions into each state */
	int64_t events;
	bool work[STORE_WORK_KINDS];
	bool points[STORE_POINTS];
};

struct store_listener {
	void (*wake)(void *ctx);
	void *ctx;
};

/* The latest events, oldest first, that nobody has been given yet: all that is committed beyond `base`. */
struct store_fresh {
	struct store_event events[STORE_FRESH_MAX];
	size_t first, count;
	int64_t base;
};

/* Those of the transaction under way. */
struct store_fresh_staged {
	struct store_event events[STORE_FRESH_MAX];
	size_t count;
	int64_t last_seq;
	bool overflow;
};

struct store_batch {
	struct store_job *reads, *writes;
	int64_t *done; /* events whose PUBACK came */
	size_t done_count;
	bool tidy; /* no work: a checkpoint instead */
};

/* What other threads touch; under the lock. */
struct store_writer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work; /* for the writer's own thread */
	pthread_cond_t room; /* for those who wait to add to `done` */
	struct store_job *reads, *writes, **reads_end, **writes_end;
	bool urgent; /* among the writes */
	int64_t *done, *done_spare;
	size_t done_count;
	int64_t lazy_since_us, done_since_us, intake_us, intake_before_us;
	bool busy;		 /* somebody has the connection */
	bool left;		 /* `rest` is for the writer's own thread, which alone may work until it is done */
	struct store_batch rest; /* found no space */
	int64_t asleep_until_us; /* the writer's own thread; 0: it is awake */
	bool starving;		 /* it waits for space, and for whoever comes meanwhile */
	int64_t touched_us;	 /* the last commit */
	int log_pages;
	bool stopping, giving_up;
	struct store_fresh fresh;
	size_t ordered, mail_first, mail_count; /* mail: taken, and not collected yet */
	struct store_attempt mail[STORE_MAIL_MAX];
	struct store_listener listeners[STORE_WORK_KINDS];
	void (*told)(void *ctx, const struct store_record *record);
	void *told_ctx;
	struct store_stats stats; /* as of the last commit and upkeep */
};

/* How the broker counts packet ids on the connection that the last message came on. */
struct store_count {
	int64_t connection;
	bool fresh; /* no message of it was looked at yet */
	bool anew;  /* it began again with low ones: the same message has another packet id now */
};

/* Why what waits is not believed. On disk until all of it was moved. */
enum store_doubt { STORE_DOUBT_NONE, STORE_DOUBT_RECOVER, STORE_DOUBT_CUT };

struct store {
	struct store_options options; /* texts are copies */
	char *path, *folder, *ballast, *mark_path, *topic_status;
	char epoch[EPOCH_SIZE];
	struct sql *sql;
	struct sql_statement *statements[STORE_SQL_COUNT];
	int64_t next_seq, next_event;
	struct store_count count;
	struct buffer rendered;
	struct store_tally tally, staged;
	struct store_record changes[STORE_CHANGES_MAX]; /* of the transaction under way */
	size_t change_count;
	struct store_fresh_staged fresh_staged;
	size_t order_left, taken_count; /* of the standing order, in the transaction under way */
	struct store_attempt taken[STORE_ORDER_MAX];
	atomic_bool room;
	bool ballast_held, starved; /* starved: a write found no space since the last good look */
	int64_t oldest_seq, retention_seq;
	int64_t silent_seq; /* see store_silent.c */
	int64_t mark;	    /* see store_doubt.c */
	bool mark_due;
	enum store_doubt doubt; /* at the start */
	bool doubts_more;
	int64_t doubted;			/* commands that were put in doubt at the start */
	_Atomic int64_t busy_since_ms, slow_ms; /* see store_busy_ms(); monotonic, 0: it is not */
	const int64_t *done;			/* being deleted just now */
	size_t done_count;
	struct store_writer writer;
};

struct sql_statement *store_statement(struct store *store, enum store_sql which);

/* ---- opening: store_open.c ------------------------------------------------------------------ */

/* Finds or makes the file, checks it, opens it, brings the schema up to date. False and why. */
bool store_open_file(struct store *store, char *why, size_t why_size);

/* ---- the queue: store_queue.c ---------------------------------------------------------------- */

/* One operation of the public interface. */
struct store_job_kind {
	void (*run)(struct store *store, void *args);
	void (*refuse)(void *args); /* makes the answer when there is no space; NULL: there is none to make */
	bool must;		    /* has happened already: waits for space instead of being refused */
	bool reads;		    /* changes nothing: needs no commit */
	bool urgent; /* does not wait: a PUBACK hangs on it, and all messages behind. Others wait for company */
};

struct store_job {
	const struct store_job_kind *kind;
	void *args;
	struct store_job *next;
	bool finished;
	bool detached; /* nobody waits: the job and its arguments are the queue's to free */
	pthread_cond_t done;
};

/* Any thread: does the work, or has it done with somebody else's; returns when it is on disk, refused or answered. */
void store_queue_do(struct store *store, const struct store_job_kind *kind, void *args);

/* Any thread: work that nobody waits for, done with some later commit. `args` is the queue's to free. */
void store_queue_later(struct store *store, const struct store_job_kind *kind, void *args);

/* The writer's own thread: waits for work that no caller does, and takes the connection.
 * False: stopped, and all is done. */
bool store_queue_gather(struct store_writer *writer, struct store_batch *ret);

/* Gives the connection back: somebody who waits goes on. `log_pages`: in the write-ahead log. */
void store_queue_release(struct store_writer *writer, int log_pages);

/* Wakes those who wait for these jobs; the jobs are gone then. */
void store_queue_finish(struct store *store, struct store_job *jobs);

/* With the lock held: all that waits; and a wait for more. */
struct store_job *store_queue_take_reads(struct store_writer *writer);
struct store_job *store_queue_take_writes(struct store_writer *writer);
void store_queue_wait(struct store_writer *writer, int64_t until_us);

void store_queue_init(struct store *store);
void store_queue_clear(struct store *store);

/* ---- the writer: store_writer.c ------------------------------------------------------------- */

void store_writer_start(struct store *store);
void store_writer_stop(struct store *store);

/* Who has taken the connection and a batch: answers and commits it. False: there is no space for it, and the writer's
 * own thread has it now, with the connection. */
bool store_writer_work(struct store *store, struct store_batch *batch);

/* ---- space: store_space.c -------------------------------------------------------------------- */

/* Once, before the first look: what was only meant as a default takes no more than a share of a small disk. */
void store_space_fit(struct store *store);

/* Looks at the free space, sets the watermark, and makes the ballast again where it fits. */
void store_space_look(struct store *store);

/* A write found no space. True: something was given up for it, trying again makes sense. */
bool store_space_yield(struct store *store);

/* ---- rows: store_row.c, store_lane.c --------------------------------------------------------- */

struct store_reply {
	const char *topic; /* "" for none */
	const void *correlation;
	size_t correlation_len;
};

struct store_row {
	struct store_record record;
	char client_id[COMMAND_ID_SIZE]; /* "" when the bridge's own id is used */
	bool ready;			 /* first in its lane, and nothing of the SIM under way */
	bool sid_learnt;		 /* sid or sim_sid differ from the disk's */
	int64_t deaths;
	char reply_topic[TOPIC_SIZE];
	unsigned char correlation[CORRELATION_MAX];
	size_t correlation_len;
};

/* The row that the statement stands on, whose columns are STORE_ROW_COLUMNS. */
void store_row_read(const struct store *store, struct sql_statement *statement, struct store_row *ret);

bool store_row_by_seq(struct store *store, int64_t seq, struct store_row *ret);
bool store_row_by_sid(struct store *store, const char *sid, struct store_row *ret);
bool store_row_by_client(struct store *store, const char *device, const char *client_id, struct store_row *ret);

/* By the sender's id or the bridge's own. `device` "" for any: then -1 when several have it. */
int store_row_by_id(struct store *store, const char *device, const char *id, struct store_row *ret);

/* A new command in `accepted` from what is in `row` (seq and ready are filled in), with its event. */
void store_row_insert(struct store *store, struct store_row *row, int64_t now_ms);

/* The only way in which a state changes (but for all at once, in store_doubt.c): writes the row with what the caller
 * has set in it (due_ms, error, sid), announces, moves the lane on. False: nothing changes by this event. */
bool store_row_move(struct store *store, struct store_row *row, enum lifecycle_event event, int64_t now_ms);

/* Takes over what the row does not know yet. False: the command has another sid, or it is another's. */
bool store_row_learn(struct store *store, struct store_row *row, const char *sid, const char *sim_sid);

/* Writes what was learnt where nothing else changes. */
void store_row_write_sid(struct store *store, const struct store_row *row);

void store_row_set_error(struct store_row *row, const char *code, const char *message);

/* The row's present status again, as an answer to a repeat. */
void store_row_repeat(struct store *store, const struct store_row *row, const struct store_reply *reply,
		      int64_t now_ms);

/* Writes a status to the device's topic and to the reply topic. */
void store_announce(struct store *store, const struct status_event *status, const struct store_reply *reply);

/* Makes the first of a SIM's waiting commands ready if nothing of that SIM is under way. */
void store_lane_advance(struct store *store, const char *sim);

/* Where a new command of this priority stands among those of its SIM. One that it goes before is not ready any more. */
enum store_place { STORE_PLACE_BEHIND, STORE_PLACE_FIRST, STORE_PLACE_ALONE };
enum store_place store_lane_enter(struct store *store, const char *sim, enum command_priority priority);

/* Commands that count against max_commands. */
int64_t store_open_commands(const struct store *store);
int64_t store_in_state(const struct store *store, enum command_state state);

/* ---- events: store_outbox.c ------------------------------------------------------------------- */

struct store_outgoing {
	const char *topic;
	const void *payload;
	size_t payload_len;
	bool retain;
	const void *correlation; /* counts only with a length */
	size_t correlation_len;
};

void store_outbox_add(struct store *store, const struct store_outgoing *event);
void store_outbox_delete(struct store *store, const int64_t *seqs, size_t count);

/* ---- events in memory: store_fresh.c ----------------------------------------------------------- */

void store_fresh_stage(struct store *store, int64_t seq, const struct store_outgoing *event);
void store_fresh_drop(struct store *store); /* the transaction was rolled back */

/* With the lock held. */
void store_fresh_adopt(struct store *store);		       /* the transaction is on disk */
void store_fresh_done(struct store_fresh *fresh, int64_t seq); /* acknowledged: not to be handed out */
void store_fresh_clear(struct store_fresh *fresh);

/* Hands over events after `after`. False: some of them are only in the file. */
bool store_fresh_take(struct store_fresh *fresh, int64_t after, struct store_event *ret, size_t max, size_t *ret_count);

/* ---- the standing order: store_order.c ---------------------------------------------------------- */

void store_order_begin(struct store *store); /* of each transaction */
bool store_order_takes(struct store *store); /* a new command that is alone in its lane */
void store_order_take(struct store *store, const struct store_row *row);
void store_order_adopt(struct store *store); /* with the lock held: it is on disk */

void store_attempt_fill(struct store_attempt *attempt, const struct store_row *row);

/* ---- a piece is gone: store_doubt.c -------------------------------------------------------------- */

/* At the start, when the commands are counted: is the file beside the spool ahead of it? */
void store_mark_look(struct store *store);

/* In a transaction, and when it is on disk: the number of the first one after a checkpoint. */
void store_mark_stage(struct store *store);
void store_mark_committed(struct store *store);

/* In upkeep: where the file could not be written, once more. */
void store_mark_again(struct store *store);

/* In the first transaction of the start. */
void store_doubt_begin(struct store *store, int64_t now_ms);

/* Where there is doubt, from that transaction's being on disk: all that waits is moved, as many as one transaction
 * should hold at a time, to be looked up before it is sent. A start that is interrupted in between is gone on with by
 * the next. */
void store_doubt_begun(struct store *store);
bool store_doubt_goes_on(struct store *store);
void store_doubt_step(struct store *store, int64_t now_ms);
void store_doubt_end(struct store *store);

/* Numbers of the store's own that survive; 0: not there. */
int64_t store_number(struct store *store, const char *key);

/* What the names of store_remember() begin with among the store's own. */
#define STORE_VALUE "value."
void store_put_number(struct store *store, const char *key, int64_t number);

/* ---- a shorter silence: store_silent.c ------------------------------------------------------------ */

/* In the first transaction of the start: did the time after which a silent command is asked for change? */
void store_silent_begin(struct store *store);

/* In upkeep: one step of making those due sooner that were put off for longer. True: there are more. */
bool store_silent_sooner(struct store *store, int64_t now_ms);

/* ---- the rest ----------------------------------------------------------------------------------- */

/* Is this one that was stored already, so that only its PUBACK was lost? Its command's seq, 0: it was none. Then the
 * new one is remembered, by whoever stored it. See store_delivery.c. */
bool store_delivery_is_again(struct store *store, const struct store_delivery *delivery, int64_t now_ms,
			     int64_t *ret_seq);
void store_delivery_remember(struct store *store, const struct store_delivery *delivery, int64_t seq);

/* May one more command of this device come in? STORE_ACCEPTED, or the refusal. `freed`: how many go with it. */
enum store_accept store_intake_admit(struct store *store, const char *device, int64_t freed, int64_t now_ms);

/* Counts a command against the day's budget. */
void store_intake_spend(struct store *store, const char *device, int64_t now_ms);

/* Cancels up to `max` commands of the device that wait here; `*after` is where it stopped. */
int64_t store_cancel_device(struct store *store, const char *device, int64_t *after, int64_t max, int64_t now_ms);

/* Refreshes what store_stats() shows and costs a look. */
void store_upkeep_measure(struct store *store);

#endif
