/* sqlite - the only file that talks to SQLite. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/sqlite_log.h"

enum {
	SQL_WHY_SIZE = 256,
	SQL_STATEMENTS_MAX = 96,
	SQL_LENGTH_MAX = 1 << 20,
	SQL_TEXT_MAX = 16384,
	SQL_BUSY_MS = 1000
};

struct sql_statement {
	struct sql *sql;
	sqlite3_stmt *stmt;
};

struct sql {
	sqlite3 *db;
	enum sql_error error;
	char why[SQL_WHY_SIZE];
	int log_pages;
	struct sql_statement statements[SQL_STATEMENTS_MAX];
	size_t statement_count;
	struct sql_statement *begin, *commit, *rollback;
};

/* Why the last write to the log (or to the database itself) failed. The connection's own notion of
 * it, sqlite3_system_errno(), is 0 when a commit fails. */
static int errno_of_file(const struct sql *sql, int which)
{
	sqlite3_file *file = NULL;
	int err = 0;
	sqlite3_file_control(sql->db, "main", which, &file);
	if (file != NULL && file->pMethods != NULL)
		file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &err);
	return err;
}

/* A write that found no room fails in one of several ways, depending on who refused it. */
static bool is_no_space(const struct sql *sql, int rc, int file)
{
	if ((rc & 0xff) == SQLITE_FULL)
		return true;
	if (rc != SQLITE_IOERR_WRITE)
		return false;
	int err = errno_of_file(sql, file);
	return err == ENOSPC || err == EDQUOT || err == EFBIG;
}

static enum sql_error class_of(const struct sql *sql, int rc)
{
	if (is_no_space(sql, rc, SQLITE_FCNTL_JOURNAL_POINTER))
		return SQL_FULL;
	int primary = rc & 0xff;
	if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
		return SQL_BUSY;
	if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
		return SQL_CORRUPT;
	return SQL_BROKEN;
}

/* Keeps the first error; out of memory is a broken machine. */
static bool note(struct sql *sql, int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return true;
	if ((rc & 0xff) == SQLITE_NOMEM)
		log_fatal("memory", "out of memory in the database");
	if (sql->error == SQL_FINE) {
		sql->error = class_of(sql, rc);
		const char *text = sql->db != NULL ? sqlite3_errmsg(sql->db) : sqlite3_errstr(rc);
		text_format(sql->why, sizeof(sql->why), "%s (SQLite error %d)", text, rc);
	}
	return false;
}

static void fail(struct sql *sql, const char *why)
{
	if (sql->error != SQL_FINE)
		return;
	sql->error = SQL_BROKEN;
	text_copy(sql->why, sizeof(sql->why), why);
}

static int count_log_pages(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct sql *sql = ctx;
	(void)db;
	(void)name;
	sql->log_pages = pages;
	return SQLITE_OK;
}

/* Nothing in the file may make the library do more than read and write tables. */
static void harden(struct sql *sql)
{
	sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(sql->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(sql->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_limit(sql->db, SQLITE_LIMIT_LENGTH, SQL_LENGTH_MAX);
	sqlite3_limit(sql->db, SQLITE_LIMIT_SQL_LENGTH, SQL_TEXT_MAX);
	sqlite3_limit(sql->db, SQLITE_LIMIT_ATTACHED, 0);
}

void sql_set_cache(struct sql *sql, int kib)
{
	char text[64];
	text_format(text, sizeof(text), "PRAGMA cache_size=-%d", kib);
	sql_exec(sql, text);
}

struct sql *sql_open(const char *path, bool create)
{
	struct sql *sql = memory_zeroed(1, sizeof(*sql));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
	if (create)
		flags |= SQLITE_OPEN_CREATE;
	if (!note(sql, sqlite3_open_v2(path, &sql->db, flags, sqlite_log_vfs())))
		return sql;
	sqlite3_busy_timeout(sql->db, SQL_BUSY_MS);
	harden(sql);
	/* Before anything is read: the lock is then taken for good at the first access, and there is
	 * no shared memory that a second process could join. A commit touches some ten pages and a few
	 * hundred bytes: small pages make the log a third of what it is with 4 KiB. */
	sql_exec(sql, "PRAGMA locking_mode=EXCLUSIVE;"
		      "PRAGMA page_size=1024;"
		      "PRAGMA cell_size_check=ON;"
		      "PRAGMA mmap_size=0;"
		      "PRAGMA temp_store=MEMORY;"
		      "PRAGMA secure_delete=FAST;"
		      "PRAGMA foreign_keys=ON");
	sql_set_cache(sql, SQL_CACHE_KIB);
	sql_number(sql, "SELECT count(*) FROM sqlite_schema", 0);
	return sql;
}

void sql_setup(struct sql *sql, bool fsync)
{
	char mode[16];
	sql_text(sql, "PRAGMA journal_mode=WAL", mode, sizeof(mode));
	if (!text_equal(mode, "wal"))
		fail(sql, "this file system takes no write-ahead log");
	sql_exec(sql, fsync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
	sql_exec(sql, "PRAGMA journal_size_limit=67108864");
	if (sql_number(sql, "PRAGMA synchronous", -1) != (fsync ? 2 : 1))
		fail(sql, "the durability that was asked for is not to be had");
	/* Checkpoints are called for, not left to the commit that happens to cross a limit. The hook
	 * takes the place of the automatic one. */
	sqlite3_wal_hook(sql->db, count_log_pages, sql);
}

void sql_close(struct sql *sql)
{
	if (sql == NULL)
		return;
	for (size_t i = 0; i < sql->statement_count; i++)
		sqlite3_finalize(sql->statements[i].stmt);
	sqlite3_close(sql->db);
	free(sql);
}

enum sql_error sql_error(const struct sql *sql)
{
	return sql->error;
}

const char *sql_why(const struct sql *sql)
{
	return sql->why;
}

void sql_exec(struct sql *sql, const char *text)
{
	if (sql->error == SQL_FINE)
		note(sql, sqlite3_exec(sql->db, text, NULL, NULL, NULL));
}

int64_t sql_number(struct sql *sql, const char *text, int64_t none)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value = none;
	if (sql->error != SQL_FINE || !note(sql, sqlite3_prepare_v2(sql->db, text, -1, &stmt, NULL)))
		return none;
	int rc = sqlite3_step(stmt);
	if (note(sql, rc) && rc == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

void sql_text(struct sql *sql, const char *text, char *ret, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	ret[0] = '\0';
	if (sql->error != SQL_FINE || !note(sql, sqlite3_prepare_v2(sql->db, text, -1, &stmt, NULL)))
		return;
	int rc = sqlite3_step(stmt);
	if (note(sql, rc) && rc == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		text_copy(ret, size, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
}

static struct sql_statement *prepared_once(struct sql *sql, struct sql_statement **statement, const char *text)
{
	if (*statement == NULL)
		*statement = sql_prepare(sql, text);
	return *statement;
}

/* IMMEDIATE: a transaction that only later turns out to write would not be sure of the lock. */
void sql_begin(struct sql *sql)
{
	sql_run(prepared_once(sql, &sql->begin, "BEGIN IMMEDIATE"));
}

bool sql_commit(struct sql *sql)
{
	sql_run(prepared_once(sql, &sql->commit, "COMMIT"));
	return sql->error == SQL_FINE;
}

void sql_rollback(struct sql *sql)
{
	sql->error = SQL_FINE;
	sql->why[0] = '\0';
	for (size_t i = 0; i < sql->statement_count; i++)
		sql_reset(&sql->statements[i]);
	/* Some errors have rolled back already; a second ROLLBACK would be an error of its own. */
	if (sqlite3_get_autocommit(sql->db) == 0)
		sql_run(prepared_once(sql, &sql->rollback, "ROLLBACK"));
}

bool sql_checkpoint(struct sql *sql)
{
	int rc = sqlite3_wal_checkpoint_v2(sql->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc == SQLITE_OK)
		sql->log_pages = 0;
	else if (!is_no_space(sql, rc, SQLITE_FCNTL_FILE_POINTER))
		note(sql, rc);
	return rc == SQLITE_OK;
}

int sql_log_pages(const struct sql *sql)
{
	return sql->log_pages;
}

struct sql_statement *sql_prepare(struct sql *sql, const char *text)
{
	assert(sql->statement_count < SQL_STATEMENTS_MAX);
	struct sql_statement *statement = &sql->statements[sql->statement_count++];
	statement->sql = sql;
	if (sql->error == SQL_FINE)
		note(sql, sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement->stmt, NULL));
	return statement;
}

void sql_put(struct sql_statement *statement, int index, int64_t value)
{
	if (statement->sql->error == SQL_FINE)
		note(statement->sql, sqlite3_bind_int64(statement->stmt, index, value));
}

void sql_put_text(struct sql_statement *statement, int index, const char *text)
{
	if (statement->sql->error == SQL_FINE)
		note(statement->sql, sqlite3_bind_text(statement->stmt, index, text, -1, SQLITE_STATIC));
}

void sql_put_bytes(struct sql_statement *statement, int index, const void *bytes, size_t len)
{
	assert(len <= INT_MAX);
	if (statement->sql->error == SQL_FINE)
		note(statement->sql, sqlite3_bind_blob(statement->stmt, index, bytes, (int)len, SQLITE_STATIC));
}

void sql_reset(struct sql_statement *statement)
{
	if (statement->stmt == NULL)
		return;
	sqlite3_reset(statement->stmt);
	sqlite3_clear_bindings(statement->stmt);
}

bool sql_step(struct sql_statement *statement)
{
	if (statement->sql->error != SQL_FINE)
		return false;
	int rc = sqlite3_step(statement->stmt);
	note(statement->sql, rc);
	if (rc == SQLITE_ROW)
		return true;
	sql_reset(statement);
	return false;
}

int64_t sql_run(struct sql_statement *statement)
{
	bool row = sql_step(statement);
	assert(!row);
	(void)row;
	return statement->sql->error == SQL_FINE ? sqlite3_changes64(statement->sql->db) : 0;
}

int64_t sql_column(const struct sql_statement *statement, int column)
{
	return sqlite3_column_int64(statement->stmt, column);
}

void sql_column_text(const struct sql_statement *statement, int column, char *ret, size_t size)
{
	const unsigned char *text = sqlite3_column_text(statement->stmt, column);
	int len = sqlite3_column_bytes(statement->stmt, column);
	ret[0] = '\0';
	if (text != NULL)
		text_copy_bytes(ret, size, text, (size_t)len);
}

const void *sql_column_bytes(const struct sql_statement *statement, int column, size_t *ret_len)
{
	const void *bytes = sqlite3_column_blob(statement->stmt, column);
	*ret_len = (size_t)sqlite3_column_bytes(statement->stmt, column);
	return bytes;
}
