/* store_open - is this file fit to hold what we promise? Then the schema. */
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "bridge/edge/store_internal.h"

enum { APPLICATION_ID = 0x4d534231 }; /* "MSB1" */
#define QUICK_CHECK_MAX_BYTES (64 * 1024 * 1024)

/* Each step brings the schema one version up, in one transaction. Never change one that was released. */
static const char *const migrations[] = {
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

	/* live: not final. ready: see store_lane.c. Texts are '' where there is nothing. The last column
	 * of some indexes only repeats their condition: SQLite then needs no look at the row itself. */
	"CREATE TABLE commands ("
	" seq INTEGER PRIMARY KEY, state INTEGER NOT NULL, live INTEGER NOT NULL, ready INTEGER NOT NULL,"
	" priority INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
	" expires_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, attempted_ms INTEGER NOT NULL DEFAULT 0,"
	" attempts INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0, device TEXT NOT NULL,"
	" sim TEXT NOT NULL, client_id TEXT NOT NULL, payload TEXT NOT NULL, sid TEXT NOT NULL DEFAULT '',"
	" sim_sid TEXT NOT NULL DEFAULT '', error_code TEXT NOT NULL DEFAULT '',"
	" error_message TEXT NOT NULL DEFAULT '', reply_topic TEXT NOT NULL, correlation BLOB) STRICT;"
	"CREATE UNIQUE INDEX by_client ON commands (client_id, device) WHERE client_id <> '';"
	"CREATE UNIQUE INDEX by_sid ON commands (sid) WHERE sid <> '';"
	"CREATE INDEX live_by_device ON commands (device, seq, live) WHERE live = 1;"
	"CREATE INDEX lane ON commands (sim, priority, seq) WHERE state = 1;"
	"CREATE INDEX ready ON commands (priority, due_ms) WHERE ready = 1;"
	"CREATE INDEX expiry ON commands (expires_ms, state) WHERE state = 1;"
	"CREATE INDEX under_way ON commands (sim, state) WHERE state IN (2, 3);"
	"CREATE INDEX unknown ON commands (due_ms) WHERE state = 3;"
	"CREATE INDEX watched ON commands (due_ms) WHERE state IN (4, 5, 6);"
	"CREATE INDEX held ON commands (seq) WHERE state = 12;"

	"CREATE TABLE deliveries (packet_id INTEGER PRIMARY KEY, connection INTEGER NOT NULL,"
	" digest INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT;"
	"CREATE TABLE budgets (day INTEGER NOT NULL, device TEXT NOT NULL, used INTEGER NOT NULL,"
	" PRIMARY KEY (day, device)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE outbox (seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL,"
	" retain INTEGER NOT NULL, correlation BLOB) STRICT;"
	"CREATE TABLE mo (seq INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE, received_ms INTEGER NOT NULL) STRICT;"
	"CREATE TABLE sims (sim_sid TEXT PRIMARY KEY, unique_name TEXT NOT NULL) STRICT, WITHOUT ROWID;",
};
enum { SCHEMA_VERSION = sizeof(migrations) / sizeof(migrations[0]) };

/* ---- the folder and the file ---------------------------------------------------------------- */

static bool folder_is_fit(const char *folder, char *why, size_t why_size)
{
	struct stat st;
	if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
		text_format(why, why_size,
			    "the spool's folder %s is not there (%s): make it, owned by the daemon's user", folder,
			    strerror(errno));
		return false;
	}
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		text_format(why, why_size, "the spool's folder %s belongs to another user: chown it to user %ld",
			    folder, (long)geteuid());
		return false;
	}
	if ((st.st_mode & S_IWOTH) != 0) {
		text_format(why, why_size,
			    "anybody can write to the spool's folder %s: give the spool a folder of its own, with the "
			    "rights 0700",
			    folder);
		return false;
	}
	if (access(folder, W_OK | X_OK) != 0) {
		text_format(why, why_size, "the spool's folder %s cannot be written to: %s: chown it to user %ld",
			    folder, strerror(errno), (long)geteuid());
		return false;
	}
	return true;
}

/* Only looked at by name: closing a descriptor of a file that SQLite has open would drop its locks. */
static bool file_is_fit(const char *path, char *why, size_t why_size)
{
	struct stat st;
	if (lstat(path, &st) != 0) {
		text_format(why, why_size, "the spool %s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1) {
		text_format(why, why_size, "the spool %s is not a plain file (a link, or something else)", path);
		return false;
	}
	if (st.st_uid != geteuid()) {
		text_format(why, why_size, "the spool %s belongs to another user: chown it to user %ld", path,
			    (long)geteuid());
		return false;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		text_format(why, why_size, "others can write to the spool %s: chmod 0600 it", path);
		return false;
	}
	if (st.st_size == 0) {
		text_format(why, why_size,
			    "the spool %s is empty, it was cut off: restore it, or move it away together with %s-wal",
			    path, path);
		return false;
	}
	if ((st.st_mode & S_IROTH) != 0 && chmod(path, S_IRUSR | S_IWUSR) != 0) {
		text_format(why, why_size, "others can read the spool %s: chmod 0600 it", path);
		return false;
	}
	return true;
}

/* ---- the schema ----------------------------------------------------------------------------- */

static bool say_error(const struct sql *sql, const char *path, char *why, size_t why_size)
{
	static const char *const advice[] = {
		[SQL_FINE] = "",
		[SQL_FULL] = "no space left: make room on the disk",
		[SQL_BUSY] = "another process has it open (a second daemon, or a database shell): stop that one",
		[SQL_CORRUPT] = "damaged, or no spool; it was left as it is: restore it, or move it away with its -wal",
		[SQL_BROKEN] = "the disk or its rights",
	};
	if (sql_error(sql) == SQL_FINE)
		return true;
	text_format(why, why_size, "the spool %s: %s: %s", path, advice[sql_error(sql)], sql_why(sql));
	return false;
}

static void migrate(struct sql *sql, int64_t from)
{
	for (int64_t version = from; version < SCHEMA_VERSION && sql_error(sql) == SQL_FINE; version++) {
		char pragma[64];
		text_format(pragma, sizeof(pragma), "PRAGMA user_version=%d", (int)version + 1);
		sql_begin(sql);
		sql_exec(sql, migrations[version]);
		sql_exec(sql, pragma);
		sql_commit(sql);
	}
}

static void write_identity(struct sql *sql)
{
	unsigned char random[4];
	char text[128], epoch[EPOCH_SIZE];
	clock_random(random, sizeof(random));
	text_to_hex(epoch, random, sizeof(random));
	text_format(text, sizeof(text), "PRAGMA application_id=%d", APPLICATION_ID);
	sql_exec(sql, text);
	text_format(text, sizeof(text), "INSERT INTO meta (key, value) VALUES ('epoch', '%s')", epoch);
	sql_exec(sql, text);
}

static bool sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return synced;
}

/* A new spool is made under another name and appears as a whole: an empty one is then always damage. */
static bool make_file(const struct store *store, char *why, size_t why_size)
{
	char made[4096];
	if (!text_format(made, sizeof(made), "%s.new", store->path)) {
		text_format(why, why_size, "the spool's path is too long");
		return false;
	}
	unlink(made);
	int fd = open(made, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0) {
		text_format(why, why_size, "the spool %s cannot be made: %s", store->path, strerror(errno));
		return false;
	}
	close(fd);
	struct sql *sql = sql_open(made, false);
	migrate(sql, 0);
	write_identity(sql);
	bool made_well = say_error(sql, made, why, why_size);
	sql_close(sql);
	if (!made_well)
		return false;
	if (access(store->path, F_OK) != 0 && (rename(made, store->path) != 0 || !sync_folder(store->folder))) {
		text_format(why, why_size, "the spool %s cannot be made: %s", store->path, strerror(errno));
		return false;
	}
	return true;
}

static bool is_ours(struct sql *sql, const char *path, char *why, size_t why_size)
{
	int64_t application = sql_number(sql, "PRAGMA application_id", -1);
	int64_t version = sql_number(sql, "PRAGMA user_version", -1);
	if (!say_error(sql, path, why, why_size))
		return false;
	if (application != APPLICATION_ID) {
		text_format(why, why_size,
			    "%s is another program's database, not a spool: set spool.path to another file", path);
		return false;
	}
	if (version > SCHEMA_VERSION) {
		text_format(why, why_size,
			    "the spool %s was written by a newer version (schema %d, this one knows %d): "
			    "install that version again",
			    path, (int)version, SCHEMA_VERSION);
		return false;
	}
	return true;
}

/* Reading a big file through would take minutes at each start; a small one shows its damage at once. */
static bool is_whole(struct sql *sql, const char *path, char *why, size_t why_size)
{
	struct stat st;
	char found[128] = "ok";
	if (stat(path, &st) == 0 && st.st_size <= QUICK_CHECK_MAX_BYTES)
		sql_text(sql, "PRAGMA quick_check(1)", found, sizeof(found));
	if (!say_error(sql, path, why, why_size))
		return false;
	if (text_equal(found, "ok"))
		return true;
	text_format(why, why_size,
		    "the spool %s is damaged (%s); it was left as it is: restore it from a backup, or move it away "
		    "together with %s-wal and start with a new one",
		    path, found, path);
	return false;
}

bool store_open_file(struct store *store, char *why, size_t why_size)
{
	if (!folder_is_fit(store->folder, why, why_size))
		return false;
	if (access(store->path, F_OK) != 0 && errno == ENOENT && !make_file(store, why, why_size))
		return false;
	if (!file_is_fit(store->path, why, why_size))
		return false;
	store->sql = sql_open(store->path, false);
	if (!is_ours(store->sql, store->path, why, why_size))
		return false;
	sql_setup(store->sql, store->options.fsync);
	if (!is_whole(store->sql, store->path, why, why_size))
		return false;
	migrate(store->sql, sql_number(store->sql, "PRAGMA user_version", 0));
	sql_text(store->sql, "SELECT value FROM meta WHERE key = 'epoch'", store->epoch, sizeof(store->epoch));
	for (int i = 0; i < STORE_SQL_COUNT; i++)
		store->statements[i] = sql_prepare(store->sql, store_sql_text((enum store_sql)i));
	return say_error(store->sql, store->path, why, why_size);
}
