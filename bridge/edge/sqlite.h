/* sqlite - a thin cover over SQLite: one connection, statements, and errors that stick.
 *
 * An error stays with the connection until it is rolled back, and while it stays every statement
 * does nothing. So a transaction is written as a plain row of steps, and asked once, at its commit,
 * how it went. Besides sqlite_log, which SQLite calls, this is the only file that includes its header.
 *
 * Threads:   none of its own; a connection and its statements belong to one thread at a time.
 * Ownership: bound texts are borrowed until the statement has run or been reset; columns are
 *            borrowed until the next step. A connection frees its statements.
 * Failure:   SQL_FULL is the world's; everything else means that the disk or the file is broken. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_SQLITE_H
#define BRIDGE_EDGE_SQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql;
struct sql_statement;

enum sql_error {
	SQL_FINE,
	SQL_FULL,    /* no space, over the quota, file size limit: nothing of the transaction happened */
	SQL_BUSY,    /* another process has the file */
	SQL_CORRUPT, /* not a database, or a damaged one */
	SQL_BROKEN   /* I/O error or anything else that must not be */
};

/* Opens `path` (an absolute path without symbolic links) and takes it for this process alone. With
 * `create` a missing file is made. Never NULL: ask sql_error(); the connection is yours to close. */
struct sql *sql_open(const char *path, bool create);

/* Write-ahead log and what else a spool wants; `fsync`: a commit survives a power cut. */
void sql_setup(struct sql *sql, bool fsync);

/* Frees the statements, closes and frees; NULL is fine. */
void sql_close(struct sql *sql);

/* The first error since the last rollback, and its text (borrowed until the next call). */
enum sql_error sql_error(const struct sql *sql);
const char *sql_why(const struct sql *sql);

/* Runs one or more statements that give no rows. */
void sql_exec(struct sql *sql, const char *text);

/* The first column of the first row as a number; `none` when there is no row. */
int64_t sql_number(struct sql *sql, const char *text, int64_t none);

/* The same as text, into the caller's memory; "" when there is no row. */
void sql_text(struct sql *sql, const char *text, char *ret, size_t size);

/* A transaction. sql_commit() is false when it did not happen; then roll back, which clears the error. */
void sql_begin(struct sql *sql);
bool sql_commit(struct sql *sql);
void sql_rollback(struct sql *sql);

/* How many KiB of pages are kept in memory. */
enum { SQL_CACHE_KIB = 4096 }; /* as it is opened */
void sql_set_cache(struct sql *sql, int kib);

/* Moves what the log holds into the file, as far as it goes without waiting. False: no space, later again. */
bool sql_checkpoint(struct sql *sql);

/* Pages in the log since the last checkpoint. */
int sql_log_pages(const struct sql *sql);

/* A statement for as long as the connection lives. A text that does not compile is a bug. */
struct sql_statement *sql_prepare(struct sql *sql, const char *text);

/* Parameters count from 1. They are forgotten when the statement has run. */
void sql_put(struct sql_statement *statement, int index, int64_t value);
void sql_put_text(struct sql_statement *statement, int index, const char *text);
/* `bytes` NULL: the value is NULL. */
void sql_put_bytes(struct sql_statement *statement, int index, const void *bytes, size_t len);

/* The next row; false at the end (or on an error), where the statement resets itself. */
bool sql_step(struct sql_statement *statement);

/* Ends a statement before its last row. */
void sql_reset(struct sql_statement *statement);

/* Runs a statement that gives no rows; returns how many rows it changed. */
int64_t sql_run(struct sql_statement *statement);

/* Columns of the current row count from 0. */
int64_t sql_column(const struct sql_statement *statement, int column);
void sql_column_text(const struct sql_statement *statement, int column, char *ret, size_t size);
const void *sql_column_bytes(const struct sql_statement *statement, int column, size_t *ret_len);

#endif
