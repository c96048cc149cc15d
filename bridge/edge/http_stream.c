/* http_stream - an answer without end, part by part, each with a deadline. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_stream.h"

#include <stdlib.h>

#include "bridge/base/memory.h"

struct stream {
	struct http_watch *watch;
	struct http_link *link;
	struct http_reply reply;
};

void *http_stream_create(struct http_watch *watch, struct http_link *link, const struct http_reply *reply)
{
	struct stream *stream = memory_zeroed(1, sizeof(*stream));

	*stream = (struct stream){.watch = watch, .link = link, .reply = *reply};
	return stream;
}

/* Progress before and after: waiting for something to say is not the peer's fault. */
ssize_t http_stream_read(void *ctx, uint64_t position, char *to, size_t size)
{
	struct stream *stream = ctx;

	(void)position;
	http_watch_phase(stream->watch, stream->link, HTTP_STREAMING);
	size_t len = stream->reply.stream(stream->reply.stream_ctx, to, size);

	http_watch_phase(stream->watch, stream->link, HTTP_STREAMING);
	return len ? (ssize_t)len : HTTP_STREAM_END;
}

void http_stream_free(void *ctx)
{
	struct stream *stream = ctx;

	if (stream->reply.stream_end != NULL)
		stream->reply.stream_end(stream->reply.stream_ctx);
	free(stream);
}
