/* page_stream - Server-Sent Events (HTML standard, section 9.2): what changed, as it changes.
 *
 * Each event's id is the epoch and the version, so that a page that lost its connection goes on where it was, and one
 * that finds another process starts over. A health event every few seconds is the heartbeat. */
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/flow/page_inside.h"

enum {
	STREAM_TEXT_MAX = 1 << 20,
	BATCH = 32,
	HEALTH_MS = 3000,
	PACE_MS = 100 /* busy or not, a page is told ten times a second at most */
};

struct stream {
	struct page *page;
	int64_t version;
	int64_t health_due_ms; /* monotonic */
	bool greeted;
	struct buffer text;
	size_t given;
};

static void put_event(struct buffer *to, const char *name, const char *json)
{
	buffer_append_format(to, "event: %s\ndata: ", name);
	buffer_append_text(to, json);
	buffer_append_text(to, "\n\n");
}

static void put_hello(struct stream *stream)
{
	struct buffer json;
	buffer_init(&json, STREAM_TEXT_MAX);
	page_encode_hello(&json, stream->page);
	buffer_append_text(&stream->text, "retry: 2000\n");
	put_event(&stream->text, "hello", buffer_text(&json));
	buffer_clear(&json);
	stream->greeted = true;
}

static void put_health(struct stream *stream)
{
	struct health_reading now;
	struct buffer json;
	buffer_init(&json, STREAM_TEXT_MAX);
	health_read(stream->page->parts.health, &now);
	health_encode(&now, &json);
	put_event(&stream->text, "health", buffer_text(&json));
	buffer_clear(&json);
	stream->health_due_ms = clock_mono_ms() + HEALTH_MS;
}

static void put_entry(struct stream *stream, const struct recent_entry *entry)
{
	static const char *const names[] = {
		[RECENT_COMMAND] = "command", [RECENT_MESSAGE] = "message", [RECENT_SAMPLE] = "sample"};
	struct buffer json;
	buffer_init(&json, STREAM_TEXT_MAX);
	page_encode_entry(&json, entry, stream->page->parts.settings->log_bodies);
	buffer_append_format(&stream->text, "id: %lld-%lld\n", (long long)stream->page->epoch_ms,
			     (long long)entry->version);
	put_event(&stream->text, names[entry->kind], buffer_text(&json));
	buffer_clear(&json);
	stream->version = entry->version;
}

static void put_entries(struct stream *stream)
{
	struct recent_entry entry;
	for (int i = 0; i < BATCH && recent_next(stream->page->recent, stream->version, &entry) != RECENT_NOTHING; i++)
		put_entry(stream, &entry);
}

/* Until there is something to say. False: the bridge stops. */
static bool fill(struct stream *stream)
{
	buffer_reset(&stream->text);
	stream->given = 0;
	if (!stream->greeted)
		put_hello(stream);
	while (stream->text.len == 0 || stream->health_due_ms == 0) {
		int64_t left_ms = stream->health_due_ms - clock_mono_ms();
		if (left_ms <= 0) {
			put_health(stream);
			continue;
		}
		if (!recent_wait(stream->page->recent, stream->version, left_ms))
			return false;
		put_entries(stream);
	}
	return true;
}

/* What is told at once is told together: a wait that nobody notices saves a thousand small writes. */
static bool pace(struct stream *stream)
{
	return !stream->greeted || recent_wait(stream->page->recent, INT64_MAX, PACE_MS);
}

static size_t read_stream(void *ctx, char *to, size_t size)
{
	struct stream *stream = ctx;
	if (stream->given == stream->text.len && (!pace(stream) || !fill(stream)))
		return 0;
	size_t len = stream->text.len - stream->given;
	if (len > size)
		len = size;
	memcpy(to, buffer_text(&stream->text) + stream->given, len);
	stream->given += len;
	return len;
}

static void end_stream(void *ctx)
{
	struct stream *stream = ctx;
	atomic_fetch_sub(&stream->page->streams, 1);
	buffer_clear(&stream->text);
	free(stream);
}

/* The version in a Last-Event-ID of this process; 0: from the beginning. */
static int64_t version_of(const struct page *page, const char *last_id)
{
	char epoch[32];
	int64_t version = 0;
	text_format(epoch, sizeof(epoch), "%lld-", (long long)page->epoch_ms);
	if (text_starts_with(last_id, epoch))
		text_to_int(last_id + strlen(epoch), 0, INT64_MAX, &version);
	return version;
}

void page_open_stream(struct page *page, const struct http_request_in *request, struct http_reply *reply)
{
	struct buffer body;
	buffer_init(&body, 256);
	if (atomic_fetch_add(&page->streams, 1) >= PAGE_STREAMS) {
		atomic_fetch_sub(&page->streams, 1);
		buffer_append_text(&body, "too many people look at this page already\n");
		page_answer(reply, 503, "text/plain; charset=utf-8", &body);
		return;
	}
	page_answer(reply, 200, "text/event-stream", &body);
	struct stream *stream = memory_zeroed(1, sizeof(*stream));
	stream->page = page;
	stream->version = version_of(page, http_header(request, "Last-Event-ID"));
	buffer_init(&stream->text, STREAM_TEXT_MAX);
	free(reply->body);
	reply->body = NULL;
	reply->body_len = 0;
	reply->stream = read_stream;
	reply->stream_end = end_stream;
	reply->stream_ctx = stream;
}
