/* unsynced - an image of each file as of its last sync, and the changes since. */
// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/unsynced.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

enum { FILES_MAX = 16, PATH_SIZE = 160, SECTOR = 512 };

struct change {
	int64_t offset, len;
	char *bytes; /* NULL: cut to `offset` bytes */
};

struct unsynced {
	char path[PATH_SIZE];
	char *image;
	int64_t size;
	struct change *changes;
	size_t count, capacity;
};

static struct unsynced files[FILES_MAX]; /* free ones have no path */

static void forget_changes(struct unsynced *file)
{
	for (size_t i = 0; i < file->count; i++)
		free(file->changes[i].bytes);
	file->count = 0;
}

/* Closing a descriptor drops the process's locks on the file: here SQLite has taken none yet. */
static void take_image(struct unsynced *file)
{
	struct stat st = {0};
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	file->size = st.st_size;
	file->image = memory_resized(file->image, (size_t)file->size);
	if (pread(fd, file->image, (size_t)file->size, 0) != file->size)
		abort();
	close(fd);
}

static struct unsynced *find(const char *path)
{
	for (size_t i = 0; i < FILES_MAX; i++)
		if (text_equal(files[i].path, path))
			return &files[i];
	return NULL;
}

struct unsynced *unsynced_open(const char *path)
{
	struct unsynced *file = find(path);
	if (file != NULL)
		return file;
	file = find("");
	if (file == NULL || !text_copy(file->path, sizeof(file->path), path))
		abort();
	take_image(file);
	return file;
}

static void add(struct unsynced *file, struct change change)
{
	if (file->count == file->capacity) {
		file->capacity = file->capacity * 2 + 16;
		file->changes = memory_resized(file->changes, file->capacity * sizeof(change));
	}
	file->changes[file->count++] = change;
}

void unsynced_write(struct unsynced *file, const void *bytes, int64_t len, int64_t offset)
{
	if (file != NULL && len > 0)
		add(file, (struct change){offset, len, memory_copied(bytes, (size_t)len)});
}

void unsynced_truncate(struct unsynced *file, int64_t size)
{
	if (file != NULL)
		add(file, (struct change){.offset = size});
}

static void resize(struct unsynced *file, int64_t size)
{
	file->image = memory_resized(file->image, (size_t)size);
	if (size > file->size)
		memset(file->image + file->size, 0, (size_t)(size - file->size));
	file->size = size;
}

static void put(struct unsynced *file, const char *bytes, int64_t len, int64_t offset)
{
	if (offset + len > file->size)
		resize(file, offset + len);
	memcpy(file->image + offset, bytes, (size_t)len);
}

void unsynced_sync(struct unsynced *file)
{
	if (file == NULL)
		return;
	for (size_t i = 0; i < file->count; i++) {
		const struct change *change = &file->changes[i];
		if (change->bytes == NULL)
			resize(file, change->offset);
		else
			put(file, change->bytes, change->len, change->offset);
	}
	forget_changes(file);
}

void unsynced_delete(const char *path)
{
	struct unsynced *file = find(path);
	if (file == NULL)
		return;
	forget_changes(file);
	free(file->image);
	free(file->changes);
	*file = (struct unsynced){0};
}

/* ---- the loss --------------------------------------------------------------------------------------- */

/* xorshift64*: the same seed gives the same loss. */
static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545F4914F6CDD1DULL >> 32;
}

/* Each sector of a write reaches the disk or does not, in whatever order. */
static void keep_some(struct unsynced *file, uint64_t *seed)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct change *change = &file->changes[i];
		if (change->bytes == NULL && draw(seed) % 2 == 0)
			resize(file, change->offset);
		int64_t end = change->offset + change->len;
		for (int64_t at = change->offset; change->bytes != NULL && at < end;) {
			int64_t next = (at / SECTOR + 1) * SECTOR;
			next = next < end ? next : end;
			if (draw(seed) % 2 == 0)
				put(file, change->bytes + (at - change->offset), next - at, at);
			at = next;
		}
	}
}

static void write_image(const struct unsynced *file)
{
	int fd = open(file->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* renamed since, and all of it synced before */
	if (pwrite(fd, file->image, (size_t)file->size, 0) != file->size || ftruncate(fd, file->size) != 0)
		abort();
	close(fd);
}

void unsynced_lose(bool survivors, uint64_t seed)
{
	seed |= 1;
	for (size_t i = 0; i < FILES_MAX; i++) {
		if (files[i].path[0] == '\0')
			continue;
		if (survivors)
			keep_some(&files[i], &seed);
		write_image(&files[i]);
	}
}
