/* fault_vfs - a VFS around the default one. */
// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/fault_vfs.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/faults/unsynced.h"

struct fault_file {
	sqlite3_file base;
	struct unsynced *unsynced; /* NULL: not tracked */
	int last_errno;		   /* of a fault; 0: ask the real file */
	sqlite3_file real;	   /* as long as the real VFS wants it: the last member */
};

static struct {
	pthread_mutex_t lock;
	sqlite3_vfs vfs, *real;
	struct fault_plan plan;
	int64_t done, *struck;
	bool tracking;
} faults = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct fault_file *of(sqlite3_file *file)
{
	return (struct fault_file *)(void *)file;
}

/* ---- when ------------------------------------------------------------------------------------------- */

static _Noreturn void cut_power(void)
{
	unsynced_lose(faults.plan.survivors, faults.plan.seed);
	_exit(FAULT_POWER_CUT_STATUS);
}

/* Is this step the one? Counts it; *ret_kind is what to do to it. */
static bool strikes(enum fault_step step, enum fault_kind *ret_kind)
{
	const struct fault_plan *plan = &faults.plan;
	pthread_mutex_lock(&faults.lock);
	bool meant = plan->nth > 0 && (plan->step == step || plan->step == STEP_ANY);
	faults.done += meant;
	bool now = meant && faults.done >= plan->nth && faults.done - plan->nth < plan->times;
	*faults.struck += now;
	*ret_kind = plan->kind;
	if (now && plan->kind == FAULT_POWER_CUT)
		cut_power();
	pthread_mutex_unlock(&faults.lock);
	return now;
}

/* What the unix VFS makes of EIO and ENOSPC. */
static int fail(struct fault_file *file, enum fault_kind kind, int otherwise)
{
	bool full = kind == FAULT_NO_SPACE;
	file->last_errno = full ? ENOSPC : EIO;
	return full && otherwise == SQLITE_IOERR_WRITE ? SQLITE_FULL : otherwise;
}

/* ---- files ------------------------------------------------------------------------------------------ */

static int on_close(sqlite3_file *file)
{
	return of(file)->real.pMethods->xClose(&of(file)->real);
}

static int on_read(sqlite3_file *file, void *to, int len, sqlite3_int64 offset)
{
	return of(file)->real.pMethods->xRead(&of(file)->real, to, len, offset);
}

static int on_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
	sqlite3_file *real = &of(file)->real;
	enum fault_kind kind;
	bool struck = strikes(STEP_WRITE, &kind);
	int wanted = struck ? len / 2 : len;
	unsynced_write(of(file)->unsynced, bytes, wanted, offset);
	int rc = real->pMethods->xWrite(real, bytes, wanted, offset);
	return struck ? fail(of(file), kind, SQLITE_IOERR_WRITE) : rc;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	sqlite3_file *real = &of(file)->real;
	enum fault_kind kind;
	if (strikes(STEP_TRUNCATE, &kind))
		return fail(of(file), kind, SQLITE_IOERR_TRUNCATE);
	unsynced_truncate(of(file)->unsynced, size);
	return real->pMethods->xTruncate(real, size);
}

static int on_sync(sqlite3_file *file, int flags)
{
	sqlite3_file *real = &of(file)->real;
	enum fault_kind kind;
	if (strikes(STEP_SYNC, &kind))
		return fail(of(file), kind, SQLITE_IOERR_FSYNC);
	int rc = real->pMethods->xSync(real, flags);
	unsynced_sync(of(file)->unsynced);
	return rc;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	return of(file)->real.pMethods->xFileSize(&of(file)->real, ret);
}

static int on_lock(sqlite3_file *file, int level)
{
	return of(file)->real.pMethods->xLock(&of(file)->real, level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return of(file)->real.pMethods->xUnlock(&of(file)->real, level);
}

static int on_check_lock(sqlite3_file *file, int *ret)
{
	return of(file)->real.pMethods->xCheckReservedLock(&of(file)->real, ret);
}

static int on_control(sqlite3_file *file, int what, void *arg)
{
	if (what == SQLITE_FCNTL_LAST_ERRNO && of(file)->last_errno != 0) {
		*(int *)arg = of(file)->last_errno;
		return SQLITE_OK;
	}
	return of(file)->real.pMethods->xFileControl(&of(file)->real, what, arg);
}

static int on_sector_size(sqlite3_file *file)
{
	return of(file)->real.pMethods->xSectorSize(&of(file)->real);
}

static int on_characteristics(sqlite3_file *file)
{
	return of(file)->real.pMethods->xDeviceCharacteristics(&of(file)->real);
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

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
	enum fault_kind kind;
	(void)vfs;
	of(file)->base.pMethods = NULL;
	of(file)->last_errno = 0;
	of(file)->unsynced = NULL;
	if (strikes(STEP_OPEN, &kind))
		return SQLITE_CANTOPEN;
	int rc = faults.real->xOpen(faults.real, path, &of(file)->real, flags, ret_flags);
	if (rc != SQLITE_OK)
		return rc;
	if (faults.tracking && path != NULL)
		of(file)->unsynced = unsynced_open(path);
	of(file)->base.pMethods = &methods;
	return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
	(void)vfs;
	if (faults.tracking)
		unsynced_delete(path);
	return faults.real->xDelete(faults.real, path, sync_folder);
}

/* ---- the whole -------------------------------------------------------------------------------------- */

void fault_vfs_install(int64_t *struck, bool tracking)
{
	faults.real = sqlite3_vfs_find(NULL);
	faults.struck = struck;
	faults.tracking = tracking;
	faults.vfs = *faults.real;
	faults.vfs.zName = "faults";
	faults.vfs.szOsFile = (int)sizeof(struct fault_file) + faults.real->szOsFile;
	faults.vfs.xOpen = on_open;
	faults.vfs.xDelete = on_delete;
	sqlite3_vfs_register(&faults.vfs, 1);
}

void fault_vfs_plan(const struct fault_plan *plan)
{
	pthread_mutex_lock(&faults.lock);
	faults.plan = plan != NULL ? *plan
				   : (struct fault_plan){
					     0,
				     };
	faults.done = 0;
	pthread_mutex_unlock(&faults.lock);
}
