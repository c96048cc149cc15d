/* http_disk - for tests of http_server with batches: a handler that waits for a slow disk, and clients of it.
 *
 * Threads: the handler's part is under a lock. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_EDGE_HTTP_DISK_H
#define TESTS_UNIT_EDGE_HTTP_DISK_H

#include <assert.h>
#include <time.h>

#include "bridge/base/memory.h"
#include "tests/unit/edge/http_raw.h"

/* The handler: it waits at the gate, as if for a disk, and answers each request with its own path. */
struct disk {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stalled;
	int batches, requests, read;
	size_t largest;
};

static inline int setup(void **state)
{
	struct disk *disk = memory_zeroed(1, sizeof(*disk));

	pthread_mutex_init(&disk->lock, NULL);
	pthread_cond_init(&disk->changed, NULL);
	*state = disk;
	return 0;
}

static inline int teardown(void **state)
{
	struct disk *disk = *state;

	pthread_cond_destroy(&disk->changed);
	pthread_mutex_destroy(&disk->lock);
	free(disk);
	return 0;
}

/* What needs no disk: "/no" is refused. */
static inline bool sift(void *ctx, const struct http_request_in *request, struct http_reply *reply, void **ret_read)
{
	bool refused = strcmp(request->path, "/no") == 0;
	struct disk *disk = ctx;

	pthread_mutex_lock(&disk->lock);
	disk->read++;
	pthread_cond_broadcast(&disk->changed);
	pthread_mutex_unlock(&disk->lock);
	*ret_read = ctx;
	reply->status = refused ? 403 : 0;
	return refused;
}

static inline void handle_all(void *ctx, struct http_exchange *exchanges, size_t count)
{
	struct disk *disk = ctx;

	pthread_mutex_lock(&disk->lock);
	disk->batches++;
	disk->requests += (int)count;
	disk->largest = count > disk->largest ? count : disk->largest;
	pthread_cond_broadcast(&disk->changed);
	while (disk->stalled)
		pthread_cond_wait(&disk->changed, &disk->lock);
	pthread_mutex_unlock(&disk->lock);
	for (size_t i = 0; i < count; i++) {
		assert(exchanges[i].read == disk);
		exchanges[i].reply.status = 200;
		exchanges[i].reply.body = memory_copied_text(exchanges[i].request.path);
		exchanges[i].reply.body_len = strlen(exchanges[i].request.path);
	}
}

static inline void stall(struct disk *disk, bool stalled)
{
	pthread_mutex_lock(&disk->lock);
	disk->stalled = stalled;
	pthread_cond_broadcast(&disk->changed);
	pthread_mutex_unlock(&disk->lock);
}

static inline void wait_for(struct disk *disk, const int *number, int at_least)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += RAW_PATIENCE_MS / 1000;
	pthread_mutex_lock(&disk->lock);
	while (*number < at_least)
		if (pthread_cond_timedwait(&disk->changed, &disk->lock, &until))
			break;
	bool reached = *number >= at_least;
	pthread_mutex_unlock(&disk->lock);
	assert_true(reached);
}

static inline void wait_for_batch(struct disk *disk)
{
	wait_for(disk, &disk->batches, 1);
}

/* The server has read so many: all but the last of them certainly wait for the next batch. */
static inline void wait_for_read(struct disk *disk, int count)
{
	wait_for(disk, &disk->read, count);
}

static inline struct http_server *disk_start(const struct http_server_options *options, struct disk *disk)
{
	char why[256] = "";
	struct http_server *server = http_server_start_batched(options, NULL, sift, handle_all, disk, why, sizeof(why));

	assert_non_null(server);
	return server;
}

static inline int ask(const struct http_server *server, int number)
{
	char request[128];
	int fd = tcp_connect(http_server_port(server));

	text_format(request, sizeof(request), "GET /%d HTTP/1.1\r\nHost: h\r\n\r\n", number);
	tcp_send(fd, request);
	return fd;
}

static inline void expect_own_answer(int fd, int number)
{
	char answer[RAW_ANSWER], want[32];

	text_format(want, sizeof(want), "\r\n\r\n/%d", number);
	raw_read(fd, answer, RAW_ANSWER);
	assert_true(text_starts_with(answer, "HTTP/1.1 200 "));
	assert_non_null(strstr(answer, want));
	assert_int_equal(strlen(strstr(answer, "\r\n\r\n")), strlen(want));
	close(fd);
}

#endif
