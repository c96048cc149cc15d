// life - the steps of a spool's life, and the judgement.
// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/life.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "bridge/edge/sqlite.h"

enum { DISK_BALLAST = 4096, MUST_GO_ON_TRIES = 50, DID_NOT_GO_ON = 3 };

#define MO_SID "HCeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

/* ---- begin and end ------------------------------------------------------------------------------------ */

/* Without a real disk where there is memory to use instead: these tests wait for thousands of commits. */
static void make_folder(struct world *world)
{
	static const char *const templates[] = {"/dev/shm/life-XXXXXX", "/tmp/life-XXXXXX"};
	for (size_t i = 0; i < ROWS(templates); i++) {
		text_copy(world->folder, sizeof(world->folder), templates[i]);
		if (mkdtemp(world->folder) != NULL)
			return;
	}
	fail_msg("no folder can be made");
}

void life_begin(struct life *life)
{
	*life = (struct life){0};
	struct world *world = &life->world;
	make_folder(world);
	text_format(world->path, sizeof(world->path), "%s/spool.db", world->folder);
	world->options = (struct store_options){
		.path = world->path,
		.fsync = true,
		.max_commands = 1000,
		.per_day = 1000,
		.retention_ms = 30 * DAY,
		.ballast_bytes = DISK_BALLAST,
		.topic_status = "devices/+/status",
	};
	life->promises = mmap(NULL, sizeof(*life->promises), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(life->promises != MAP_FAILED);
}

void life_end(struct life *life)
{
	static const char *const suffixes[] = {"", "-wal", "-journal", ".ballast", ".mark", ".new", ".new-journal"};
	for (size_t i = 0; i < ROWS(suffixes); i++)
		world_remove(&life->world, suffixes[i]);
	assert_int_equal(rmdir(life->world.folder), 0);
	munmap(life->promises, sizeof(*life->promises));
}

/* ---- steps: in the child, so without assertions --------------------------------------------------------- */

static void open_store(struct life *life)
{
	struct world *world = &life->world;
	world->why[0] = '\0';
	world->store = store_open(&world->options, NOW, world->why, sizeof(world->why));
	if (world->store == NULL && world->why[0] != '\0')
		life->promises->refused = true;
}

static void accept_one(struct life *life, int number)
{
	char device[8], id[8];
	text_format(device, sizeof(device), "m%d", number);
	text_format(id, sizeof(id), "c%d", number);
	enum store_accept result = ASK(&life->world, .device = device, .id = id).result;
	life->promises->accepted[number] = result == STORE_ACCEPTED;
	life->promises->full[number] = result == STORE_FULL;
}

static void accept_all(struct life *life)
{
	for (int i = 0; i < LIFE_LAST; i++)
		accept_one(life, i);
}

static void note_taken(struct life *life, const struct store_attempt *attempts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int number = attempts[i].id[0] == 'c' ? attempts[i].id[1] - '0' : LIFE_COMMANDS;
		bool right = number < LIFE_COMMANDS && text_equal(attempts[i].payload, "reboot");
		life->promises->wrong |= !right;
		if (right)
			life->promises->taken[number] = true;
	}
}

static void take_first(struct life *life)
{
	struct taken taken = world_take(&life->world, NOW, 1);
	note_taken(life, taken.attempts, taken.count);
}

static int64_t seq_of(struct life *life, const char *id)
{
	struct store_record record;
	return store_find_id(life->world.store, "", id, &record) ? record.seq : 0;
}

/* The first has its answer, the second goes out. */
static void turn(struct life *life)
{
	struct store_attempt attempts[1];
	int64_t next_ms;
	struct store_settlement settlement = {.seq = seq_of(life, "c0"), .event = EVENT_API_QUEUED, .sid = SID_A};
	const struct store_turn now = {.settlements = &settlement, .settlement_count = 1, .now_ms = NOW, .max = 1};
	size_t count = store_turn(life->world.store, &now, attempts, &next_ms);
	life->promises->queued = life->promises->taken[0];
	note_taken(life, attempts, count);
}

static void settle_second(struct life *life)
{
	SETTLE(&life->world, EVENT_NO_ANSWER, .seq = seq_of(life, "c1"), .due_ms = NOW);
	life->promises->unknown = life->promises->taken[1];
}

static enum store_reported report(struct life *life, enum api_status status)
{
	const struct store_report in = {.seq = seq_of(life, "c0"),
					.sid = SID_A,
					.sim_sid = "",
					.status = status,
					.error_code = "",
					.error_message = ""};
	return store_report(life->world.store, &in, NOW);
}

static void report_sent(struct life *life)
{
	life->promises->sent = report(life, API_SENT) == STORE_NEWS;
}

static void take_in_mo(struct life *life)
{
	static const char payload[] = "{\"device\":\"mo\",\"id\":\"one\",\"status\":\"up\"}";
	const struct store_mo mo = {.sid = MO_SID,
				    .topic = "up",
				    .payload = payload,
				    .payload_len = strlen(payload),
				    .sim_sid = "",
				    .unique_name = ""};
	life->promises->mo = store_mo(life->world.store, &mo, NOW) == STORE_NEWS;
}

/* Those of c0 and c1 being accepted. The remembered value waits for the commit that they go with. */
static void finish_events(struct life *life)
{
	static const int64_t seqs[] = {1, 2};
	life->promises->done_begun = true;
	store_events_done(life->world.store, seqs, ROWS(seqs));
	store_remember(life->world.store, "key", "value");
}

static void keep_up(struct life *life)
{
	life->promises->upkeep_begun = true;
	report(life, API_DELIVERED);
	store_upkeep(life->world.store, NOW + 40 * DAY);
}

static void close_store(struct life *life)
{
	store_close(life->world.store);
	life->world.store = NULL;
}

static const struct {
	const char *name;
	void (*act)(struct life *life);
} steps[LIFE_STEPS] = {
	[LIFE_OPEN] = {"open", open_store},
	[LIFE_ACCEPT] = {"accept", accept_all},
	[LIFE_TAKE] = {"take", take_first},
	[LIFE_TURN] = {"turn", turn},
	[LIFE_SETTLE] = {"settle", settle_second},
	[LIFE_REPORT] = {"report", report_sent},
	[LIFE_MO] = {"mo", take_in_mo},
	[LIFE_EVENTS_DONE] = {"events done", finish_events},
	[LIFE_UPKEEP] = {"upkeep", keep_up},
	[LIFE_CLOSE] = {"close", close_store},
	[LIFE_REOPEN] = {"open again", open_store},
};

const char *life_step_name(enum life_step step)
{
	return steps[step].name;
}

void life_do(struct life *life, enum life_step step)
{
	bool opens = step == LIFE_OPEN || step == LIFE_REOPEN;
	if ((life->world.store == NULL) == opens)
		steps[step].act(life);
}

void life_do_range(struct life *life, enum life_step first, enum life_step end)
{
	for (enum life_step step = first; step < end; step++)
		life_do(life, step);
}

void life_must_go_on(struct life *life)
{
	if (life->world.store == NULL)
		return;
	for (int i = 0; i < MUST_GO_ON_TRIES && !life->promises->accepted[LIFE_LAST]; i++) {
		store_upkeep(life->world.store, NOW);
		accept_one(life, LIFE_LAST);
	}
	if (!life->promises->accepted[LIFE_LAST])
		_exit(DID_NOT_GO_ON);
}

/* ---- the child ------------------------------------------------------------------------------------------ */

static void read_said(struct life *life, int from)
{
	size_t len = 0;
	ssize_t got;
	while ((got = read(from, life->said + len, SAID_SIZE - 1 - len)) > 0)
		len += (size_t)got;
	life->said[len] = '\0';
	close(from);
}

int life_in_child(struct life *life, void (*live)(struct life *life, const void *arg), const void *arg)
{
	int pipes[2], status;
	assert_int_equal(pipe(pipes), 0);
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(pipes[1], STDERR_FILENO);
		close(pipes[0]);
		close(pipes[1]);
		live(life, arg);
		_exit(0);
	}
	close(pipes[1]);
	read_said(life, pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void live_and_die(struct life *life, const void *arg)
{
	const enum life_step *end = arg;
	life_do_range(life, LIFE_OPEN, *end);
	raise(SIGKILL);
}

void life_cut_short(struct life *life, enum life_step end)
{
	int status = life_in_child(life, live_and_die, &end);
	if (status != -SIGKILL)
		fail_msg("the life before ended with %d and said `%s`", status, life->said);
}

/* ---- the judgement -------------------------------------------------------------------------------------- */

static size_t times_told(const char *told, const char *words)
{
	size_t count = 0, len = strlen(words);
	for (const char *at = strstr(told, words); at != NULL; at = strstr(at + len, words))
		count += at[len] == '\0' || at[len] == ',';
	return count;
}

static void judge_events(struct life *life, const char *what)
{
	static const char *const statuses[] = {"accepted", "queued", "sent", "delivered", "failed", "expired"};
	const struct promises *promises = life->promises;
	const char *told = world_told(&life->world);
	char words[64];
	for (int i = 0; i < LIFE_COMMANDS; i++) {
		for (size_t s = 0; s < ROWS(statuses); s++) {
			text_format(words, sizeof(words), "m%d c%d %s", i, i, statuses[s]);
			if (times_told(told, words) > 1)
				fail_msg("%s: twice: %s in %s", what, words, told);
		}
		text_format(words, sizeof(words), "m%d c%d accepted", i, i);
		if (promises->accepted[i] && (i >= 2 || !promises->done_begun) && times_told(told, words) != 1)
			fail_msg("%s: not told: %s in %s", what, words, told);
	}
	if (promises->queued && times_told(told, "m0 c0 queued") != 1)
		fail_msg("%s: queued is not told: %s", what, told);
	if (promises->sent && times_told(told, "m0 c0 sent") != 1)
		fail_msg("%s: sent is not told: %s", what, told);
	if (times_told(told, "mo one up") > 1 || (promises->mo && times_told(told, "mo one up") != 1))
		fail_msg("%s: an MO SMS is not told once: %s", what, told);
}

static bool is_in(struct store_record *record, enum command_state a, enum command_state b, enum command_state c)
{
	return record->state == a || record->state == b || record->state == c;
}

/* Returns the command's number. */
static int64_t judge_command(struct life *life, int number, const char *what)
{
	const struct promises *promises = life->promises;
	struct store_record record = {0};
	char id[8];
	text_format(id, sizeof(id), "c%d", number);
	bool found = store_find_id(life->world.store, "", id, &record);
	if (found && promises->full[number])
		fail_msg("%s: %s was refused for want of space, and is there", what, id);
	if (!found && promises->accepted[number] && !(number == 0 && promises->upkeep_begun))
		fail_msg("%s: %s was accepted and is lost", what, id);
	if (!found)
		return 0;
	if (promises->taken[number] && record.state == STATE_ACCEPTED)
		fail_msg("%s: %s was being sent, and would be sent again", what, id);
	if (number == 0 && promises->queued && !is_in(&record, STATE_QUEUED, STATE_SENT, STATE_DELIVERED))
		fail_msg("%s: c0 was queued and is %s", what, lifecycle_name(record.state));
	if (number == 0 && promises->sent && !is_in(&record, STATE_SENT, STATE_DELIVERED, STATE_DELIVERED))
		fail_msg("%s: c0 was sent and is %s", what, lifecycle_name(record.state));
	if (number == 0 && promises->queued && !store_owns_sid(life->world.store, SID_A))
		fail_msg("%s: the sid of c0 is lost", what);
	if (number == 1 && promises->unknown && record.state != STATE_UNKNOWN)
		fail_msg("%s: c1 was unknown and is %s", what, lifecycle_name(record.state));
	return record.seq;
}

static void judge_wholeness(const struct life *life, const char *what)
{
	char found[256];
	struct sql *sql = sql_open(life->world.path, false);
	sql_text(sql, "PRAGMA integrity_check", found, sizeof(found));
	sql_close(sql);
	if (!text_equal(found, "ok"))
		fail_msg("%s: the spool is damaged: %s", what, found);
}

void life_judge(struct life *life, const char *what)
{
	struct world *world = &life->world;
	int64_t last = 0;
	if (life->promises->wrong)
		fail_msg("%s: something else was read than had been written", what);
	world->seen = 0;
	world->store = store_open(&world->options, NOW, world->why, sizeof(world->why));
	if (world->store == NULL)
		fail_msg("%s: the spool does not open any more: %s", what, world->why);
	for (int i = 0; i < LIFE_COMMANDS; i++) {
		int64_t seq = judge_command(life, i, what);
		last = seq > last ? seq : last;
	}
	judge_events(life, what);
	if (life->promises->mo && !life->promises->upkeep_begun && !store_knows_mo(world->store, MO_SID))
		fail_msg("%s: the MO SMS is lost", what);
	assert_int_equal(ASK(world, .device = "fresh", .id = "fresh").result, STORE_ACCEPTED);
	if (world_find(world, "fresh").seq <= last)
		fail_msg("%s: a number is used again", what);
	close_store(life);
	judge_wholeness(life, what);
}
