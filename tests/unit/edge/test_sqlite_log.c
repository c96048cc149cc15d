/* Does a commit leave in one write, and is all that SQLite wrote where it belongs? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/sqlite_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "bridge/base/text.h"
#include "bridge/edge/sqlite.h"

/* ---- a VFS below it that counts writes to the log, and lets one of them fail ------------------------------ */

struct counted {
	sqlite3_file base, *real;
};

static struct {
	sqlite3_vfs vfs, *real;
	sqlite3_io_methods methods;
	int writes, fail_at; /* 0: none */
} below;

static int on_write(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset)
{
	sqlite3_file *real = ((struct counted *)file)->real;
	if (++below.writes == below.fail_at)
		return SQLITE_FULL;
	return real->pMethods->xWrite(real, bytes, amount, offset);
}

#define PASS_ON(name, parameters, arguments)                         \
	static int on_##name parameters                              \
	{                                                            \
		sqlite3_file *real = ((struct counted *)file)->real; \
		return real->pMethods->x##name arguments;            \
	}
PASS_ON(Read, (sqlite3_file * file, void *bytes, int amount, sqlite3_int64 offset), (real, bytes, amount, offset))
PASS_ON(Truncate, (sqlite3_file * file, sqlite3_int64 size), (real, size))
PASS_ON(Sync, (sqlite3_file * file, int flags), (real, flags))
PASS_ON(FileSize, (sqlite3_file * file, sqlite3_int64 *size), (real, size))
PASS_ON(FileControl, (sqlite3_file * file, int what, void *arg), (real, what, arg))
PASS_ON(SectorSize, (sqlite3_file * file), (real))
PASS_ON(DeviceCharacteristics, (sqlite3_file * file), (real))

static int on_Close(sqlite3_file *file)
{
	sqlite3_file *real = ((struct counted *)file)->real;
	int rc = real->pMethods->xClose(real);
	free(real);
	return rc;
}

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
	(void)vfs;
	if ((flags & SQLITE_OPEN_WAL) == 0)
		return below.real->xOpen(below.real, path, file, flags, ret_flags);
	struct counted *counted = (struct counted *)file;
	counted->real = calloc(1, (size_t)below.real->szOsFile);
	assert_non_null(counted->real);
	counted->base.pMethods = &below.methods;
	return below.real->xOpen(below.real, path, counted->real, flags, ret_flags);
}

static int put_below(void **state)
{
	(void)state;
	below.real = sqlite3_vfs_find(NULL);
	below.vfs = *below.real;
	below.vfs.zName = "counting";
	below.vfs.xOpen = on_open;
	below.methods = (sqlite3_io_methods){.iVersion = 1,
					     .xClose = on_Close,
					     .xRead = on_Read,
					     .xWrite = on_write,
					     .xTruncate = on_Truncate,
					     .xSync = on_Sync,
					     .xFileSize = on_FileSize,
					     .xFileControl = on_FileControl,
					     .xSectorSize = on_SectorSize,
					     .xDeviceCharacteristics = on_DeviceCharacteristics};
	return sqlite3_vfs_register(&below.vfs, 1);
}

/* ---- a database ------------------------------------------------------------------------------------------- */

struct file {
	char folder[32], path[64];
	struct sql *sql;
};

static int setup(void **state)
{
	struct file *file = calloc(1, sizeof(*file));
	assert_non_null(file);
	*state = file;
	text_copy(file->folder, sizeof(file->folder), "/tmp/sqlite-log-XXXXXX");
	assert_non_null(mkdtemp(file->folder));
	text_format(file->path, sizeof(file->path), "%s/db", file->folder);
	file->sql = sql_open(file->path, true);
	sql_setup(file->sql, true);
	sql_exec(file->sql, "CREATE TABLE a (n INTEGER PRIMARY KEY, text TEXT);"
			    "CREATE INDEX by_text ON a (text); CREATE TABLE b (n INTEGER PRIMARY KEY, text TEXT)");
	below.writes = below.fail_at = 0;
	return 0;
}

static int teardown(void **state)
{
	struct file *file = *state;
	sql_close(file->sql);
	unlink(file->path);
	assert_int_equal(rmdir(file->folder), 0); /* closed well: no log is left */
	free(file);
	return 0;
}

static void insert(struct file *file, int n)
{
	char text[256];
	text_format(text, sizeof(text),
		    "INSERT INTO a VALUES (%d, hex(randomblob(16))); INSERT INTO b VALUES (%d, 'x')", n, n);
	sql_exec(file->sql, text);
}

static void a_commit_of_several_pages_is_one_write(void **state)
{
	struct file *file = *state;
	insert(file, 1); /* outside a transaction: two commits, one page and two */
	below.writes = 0;
	sql_begin(file->sql);
	insert(file, 2);
	assert_true(sql_commit(file->sql));
	assert_int_equal(below.writes, 1);
}

/* More pages than the cache and the buffer hold: some leave early, and are read back. */
static void a_transaction_beyond_all_buffers_is_whole(void **state)
{
	struct file *file = *state;
	enum { ROWS = 20000 };
	sql_exec(file->sql, "PRAGMA cache_size=20");
	sql_begin(file->sql);
	for (int n = 1; n <= ROWS; n++)
		insert(file, n);
	assert_true(sql_commit(file->sql));
	assert_int_equal(sql_number(file->sql, "SELECT count(*) FROM a NOT INDEXED", 0), ROWS);
	sql_close(file->sql);
	file->sql = sql_open(file->path, false);
	char found[64];
	sql_text(file->sql, "PRAGMA integrity_check", found, sizeof(found));
	assert_string_equal(found, "ok");
	assert_int_equal(sql_number(file->sql, "SELECT count(*) FROM b", 0), ROWS);
}

/* Who is killed has written what it committed, also where nobody syncs; wherever the buffer happened to be full. */
static void a_commit_of_any_size_is_in_the_file_when_it_returns(void **state)
{
	struct file *file = *state;
	enum { LOG_HEADER = 32, FRAME_HEADER = 24, SIZES = 100 };
	struct stat log;
	char path[80];
	sql_setup(file->sql, false);
	int64_t frame = FRAME_HEADER + sql_number(file->sql, "PRAGMA page_size", 0);
	text_format(path, sizeof(path), "%s-wal", file->path);
	for (int size = 1, n = 1; size <= SIZES; size++) {
		sql_begin(file->sql);
		for (int i = 0; i < size * 4; i++)
			insert(file, n++);
		assert_true(sql_commit(file->sql));
		assert_int_equal(stat(path, &log), 0);
		assert_int_equal(log.st_size, LOG_HEADER + sql_log_pages(file->sql) * frame);
	}
}

static void copy(const char *from, const char *to)
{
	char bytes[4096];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	assert_true(in != NULL && out != NULL);
	for (size_t len; (len = fread(bytes, 1, sizeof(bytes), in)) > 0;)
		assert_int_equal(fwrite(bytes, 1, len, out), len);
	assert_int_equal(fclose(in), 0);
	assert_int_equal(fclose(out), 0);
}

/* Pages that left before the commit and were changed again are written over, the header of the last frame last. */
static void a_commit_that_mends_what_it_wrote_before_is_in_the_file_too(void **state)
{
	struct file *file = *state;
	enum { ROWS = 4000 };
	char log[80], other[80], other_log[80], found[64];
	sql_setup(file->sql, false);
	sql_exec(file->sql, "PRAGMA cache_size=20");
	sql_begin(file->sql);
	for (int n = 1; n <= ROWS; n++)
		insert(file, n);
	sql_exec(file->sql, "UPDATE b SET text = 'y'; UPDATE b SET text = 'z'");
	assert_true(sql_commit(file->sql));
	text_format(log, sizeof(log), "%s-wal", file->path);
	text_format(other, sizeof(other), "%s.copy", file->path);
	text_format(other_log, sizeof(other_log), "%s.copy-wal", file->path);
	copy(file->path, other);
	copy(log, other_log); /* as a kill would leave it */
	struct sql *sql = sql_open(other, false);
	assert_int_equal(sql_number(sql, "SELECT count(*) FROM b WHERE text = 'z'", 0), ROWS);
	sql_text(sql, "PRAGMA integrity_check", found, sizeof(found));
	assert_string_equal(found, "ok");
	sql_close(sql);
	unlink(other);
}

static void a_write_that_fails_fails_its_commit_and_no_other(void **state)
{
	struct file *file = *state;
	sql_begin(file->sql);
	insert(file, 1);
	assert_true(sql_commit(file->sql));
	below.fail_at = below.writes + 1;
	sql_begin(file->sql);
	insert(file, 2);
	assert_false(sql_commit(file->sql));
	assert_int_equal(sql_error(file->sql), SQL_FULL);
	sql_rollback(file->sql);
	sql_begin(file->sql);
	insert(file, 3);
	assert_true(sql_commit(file->sql));
	assert_int_equal(sql_number(file->sql, "SELECT sum(n) FROM a", 0), 1 + 3);
	sql_close(file->sql);
	file->sql = sql_open(file->path, false);
	assert_int_equal(sql_number(file->sql, "SELECT sum(n) FROM b", 0), 1 + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_commit_of_several_pages_is_one_write, setup, teardown),
		cmocka_unit_test_setup_teardown(a_transaction_beyond_all_buffers_is_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(a_commit_of_any_size_is_in_the_file_when_it_returns, setup, teardown),
		cmocka_unit_test_setup_teardown(a_commit_that_mends_what_it_wrote_before_is_in_the_file_too, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_write_that_fails_fails_its_commit_and_no_other, setup, teardown),
	};
	return cmocka_run_group_tests(tests, put_below, NULL);
}
