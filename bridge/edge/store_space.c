/* store_space - stopping before the disk is full, and something to give up when it is.
 *
 * Below the watermark no new work is taken in. The ballast is a file that only takes up space: when
 * the disk is full nevertheless (somebody else filled it), it goes, and results of what has been
 * sent already can be written in its place. */
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bridge/edge/store_internal.h"

enum { MIN_FREE_SHARE = 8, BALLAST_SHARE = 16 };

static int64_t at_most(int64_t bytes, int64_t most)
{
	return bytes < most ? bytes : most;
}

/* A disk of 24 MiB could never have 64 MiB free: nothing would ever be taken in. */
void store_space_fit(struct store *store)
{
	struct store_options *options = &store->options;
	struct statvfs fs;
	if (statvfs(store->folder, &fs) != 0)
		return;
	int64_t disk = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
	if (options->fit_min_free)
		options->min_free_bytes = at_most(options->min_free_bytes, disk / MIN_FREE_SHARE);
	if (options->fit_ballast)
		options->ballast_bytes = at_most(options->ballast_bytes, disk / BALLAST_SHARE);
}

/* -1: cannot be told. */
static int64_t free_bytes(const char *folder)
{
	struct statvfs fs;
	if (statvfs(folder, &fs) != 0)
		return -1;
	return (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
}

static bool ballast_is_whole(const struct store *store)
{
	struct stat st;
	return lstat(store->ballast, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == store->options.ballast_bytes;
}

static bool make_ballast(const struct store *store)
{
	unlink(store->ballast);
	int fd = open(store->ballast, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return false;
	bool made = posix_fallocate(fd, 0, (off_t)store->options.ballast_bytes) == 0;
	close(fd);
	if (!made)
		unlink(store->ballast);
	return made;
}

static void hold_ballast(struct store *store, int64_t available)
{
	if (store->ballast_held)
		return;
	if (ballast_is_whole(store))
		store->ballast_held = true;
	else if (available >= store->options.min_free_bytes + store->options.ballast_bytes)
		store->ballast_held = make_ballast(store);
}

void store_space_look(struct store *store)
{
	int64_t available = free_bytes(store->folder);
	if (store->options.ballast_bytes > 0)
		hold_ballast(store, available);
	bool ballast_fine = store->ballast_held || store->options.ballast_bytes <= 0;
	bool room = ballast_fine && (available < 0 || available >= store->options.min_free_bytes);
	if (room)
		store->starved = false;
	atomic_store(&store->room, room);
	pthread_mutex_lock(&store->writer.lock);
	store->writer.stats.free_bytes = available;
	store->writer.stats.room = room;
	store->writer.stats.ballast_held = store->ballast_held;
	pthread_mutex_unlock(&store->writer.lock);
}

bool store_space_yield(struct store *store)
{
	if (!store->ballast_held)
		return false;
	store->ballast_held = false;
	unlink(store->ballast);
	/* What is in the log can go to its place now, and the log starts over: that is room as well. */
	sql_checkpoint(store->sql);
	store->mark_due = true;
	return true;
}
