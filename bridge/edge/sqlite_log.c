/* sqlite_log - a VFS that gathers writes to the write-ahead log. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/sqlite_log.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"

/* https://www.sqlite.org/fileformat2.html#the_write_ahead_log: a frame is a header of 24 bytes and a page; in the last
 * frame of a commit, bytes 4 to 7 of the header are not 0. SQLite's own files write less than 128 KiB at a time. */
enum { FRAME_HEADER = 24, SIZE_AT = 4, SIZE_BYTES = 4, GATHERED_MAX = 64 * 1024 };

struct log_file {
	sqlite3_file base; /* first: SQLite sees no more of it */
	sqlite3_file *real;
	unsigned char *bytes; /* GATHERED_MAX */
	int len;
	sqlite3_int64 start; /* where they go */
	sqlite3_int64 top;   /* the end of all that was written since the log was begun anew */
	bool ends;	     /* the page that follows is the last one of its commit */
};

static struct log_file *of(sqlite3_file *file)
{
	return (struct log_file *)file;
}

/* What cannot be written is given up: the commit that it belongs to fails, and its place is written anew. */
static int flush(struct log_file *log)
{
	int len = log->len;
	log->len = 0;
	return len == 0 ? SQLITE_OK : log->real->pMethods->xWrite(log->real, log->bytes, len, log->start);
}

static bool fits(const struct log_file *log, int amount, sqlite3_int64 offset)
{
	return log->len == 0 || (offset == log->start + log->len && amount <= GATHERED_MAX - log->len);
}

/* Only what is appended is gathered. SQLite also mends frames that it has written before, the header of a commit's last
 * one after its page: those go where they belong at once. */
static bool appends(struct log_file *log, int amount, sqlite3_int64 offset)
{
	if (offset == 0)
		log->top = 0;
	if (offset < log->top || amount > GATHERED_MAX)
		return false;
	log->top = offset + amount;
	return true;
}

static int on_write(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset)
{
	static const unsigned char none[SIZE_BYTES];
	struct log_file *log = of(file);
	bool gathered = appends(log, amount, offset);
	int rc = gathered && fits(log, amount, offset) ? SQLITE_OK : flush(log);
	if (rc != SQLITE_OK)
		return rc;
	if (!gathered)
		return log->real->pMethods->xWrite(log->real, bytes, amount, offset);
	if (log->len == 0)
		log->start = offset;
	memcpy(log->bytes + log->len, bytes, (size_t)amount);
	log->len += amount;
	bool ended = log->ends;
	log->ends = amount == FRAME_HEADER && memcmp((const unsigned char *)bytes + SIZE_AT, none, SIZE_BYTES) != 0;
	return ended ? flush(log) : SQLITE_OK;
}

static int on_close(sqlite3_file *file)
{
	struct log_file *log = of(file);
	int rc = flush(log);
	int closed = log->real->pMethods->xClose(log->real);
	free(log->bytes);
	free(log->real);
	return rc != SQLITE_OK ? rc : closed;
}

static int on_read(sqlite3_file *file, void *bytes, int amount, sqlite3_int64 offset)
{
	int rc = flush(of(file));
	return rc != SQLITE_OK ? rc : of(file)->real->pMethods->xRead(of(file)->real, bytes, amount, offset);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int rc = flush(of(file));
	return rc != SQLITE_OK ? rc : of(file)->real->pMethods->xTruncate(of(file)->real, size);
}

static int on_sync(sqlite3_file *file, int flags)
{
	int rc = flush(of(file));
	return rc != SQLITE_OK ? rc : of(file)->real->pMethods->xSync(of(file)->real, flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	int rc = flush(of(file));
	return rc != SQLITE_OK ? rc : of(file)->real->pMethods->xFileSize(of(file)->real, ret);
}

/* A log is never locked: the database is, for all of us. */
static int on_lock(sqlite3_file *file, int level)
{
	return of(file)->real->pMethods->xLock(of(file)->real, level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return of(file)->real->pMethods->xUnlock(of(file)->real, level);
}

static int on_check_lock(sqlite3_file *file, int *ret)
{
	return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, ret);
}

static int on_control(sqlite3_file *file, int what, void *arg)
{
	return of(file)->real->pMethods->xFileControl(of(file)->real, what, arg);
}

static int on_sector_size(sqlite3_file *file)
{
	return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int on_characteristics(sqlite3_file *file)
{
	return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static const sqlite3_io_methods methods = {
	.iVersion = 1, /* no shared memory: the spool is one process's own */
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_characteristics,
};

static int open_log(sqlite3_vfs *real_vfs, const char *path, struct log_file *log, int flags, int *ret_flags)
{
	log->base.pMethods = NULL;
	log->real = memory_zeroed(1, (size_t)real_vfs->szOsFile);
	int rc = real_vfs->xOpen(real_vfs, path, log->real, flags, ret_flags);
	if (rc != SQLITE_OK) {
		free(log->real);
		return rc;
	}
	log->bytes = memory_zeroed(1, GATHERED_MAX);
	log->len = 0;
	log->top = 0;
	log->ends = false;
	log->base.pMethods = &methods;
	return SQLITE_OK;
}

/* The one that was the default when ours was put over it. */
static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
	sqlite3_vfs *real_vfs = sqlite3_vfs_find(NULL);
	(void)vfs;
	if ((flags & SQLITE_OPEN_WAL) != 0)
		return open_log(real_vfs, path, of(file), flags, ret_flags);
	return real_vfs->xOpen(real_vfs, path, file, flags, ret_flags);
}

const char *sqlite_log_vfs(void)
{
	static sqlite3_vfs vfs;
	const int needed = (int)sizeof(struct log_file);
	const sqlite3_vfs *real_vfs = sqlite3_vfs_find(NULL);
	sqlite3_vfs_unregister(&vfs);
	vfs = *real_vfs;
	vfs.zName = "spool";
	vfs.xOpen = on_open;
	vfs.szOsFile = real_vfs->szOsFile > needed ? real_vfs->szOsFile : needed;
	sqlite3_vfs_register(&vfs, 0);
	return vfs.zName;
}
