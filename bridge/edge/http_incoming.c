/* http_incoming - one request on its way in: its raw URL, how long its body may be, the body so far. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_incoming.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

struct http_incoming *http_incoming_create(const char *uri, const struct sockaddr *peer, void *connection)
{
	struct http_incoming *incoming = memory_zeroed(1, sizeof(*incoming));
	char *mark;

	incoming->holders = 1;
	incoming->connection = connection;
	incoming->path = memory_copied_text(uri);
	mark = strchr(incoming->path, '?');
	incoming->query = mark != NULL ? mark + 1 : incoming->path + strlen(incoming->path);
	if (mark != NULL)
		*mark = '\0';
	http_peer(peer, incoming->peer);
	return incoming;
}

/* A request's headers are with the library, which the incoming request knows. */
struct http_incoming *http_incoming_of(const struct http_request_in *request)
{
	return (struct http_incoming *)(uintptr_t)request->headers;
}

void http_incoming_hold(struct http_incoming *incoming)
{
	atomic_fetch_add(&incoming->holders, 1);
}

void http_incoming_release(struct http_incoming *incoming)
{
	if (incoming == NULL || atomic_fetch_sub(&incoming->holders, 1) > 1)
		return;
	free(incoming->path);
	free(incoming->body);
	free(incoming->reply.body);
	free(incoming);
}

bool http_incoming_is_header(const char *name, const char *value)
{
	static const char TOKEN[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (const char *at = value; *at; at++)
		if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f)
			return false;
	return name[0] && !name[strspn(name, TOKEN)];
}

static bool wants_body(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

/* The library takes the first of two lengths and prefers an encoding over a length; whoever disagrees in front of us
 * would see other requests than we do. */
static int judge(const struct http_framing *framing, const char *method, size_t max_body, int64_t *ret_len)
{
	enum { BAD_REQUEST = 400, LENGTH_REQUIRED = 411, TOO_LARGE = 413 };

	if (framing->odd || framing->lengths > 1 || (framing->lengths && framing->encodings) || framing->hosts > 1)
		return BAD_REQUEST;
	if (framing->encodings || (!framing->lengths && wants_body(method)))
		return LENGTH_REQUIRED;
	if (!framing->lengths)
		return 0;
	if (!framing->length[0] || framing->length[strspn(framing->length, "0123456789")])
		return BAD_REQUEST;
	return text_to_int(framing->length, 0, (int64_t)max_body, ret_len) ? 0 : TOO_LARGE;
}

int http_incoming_expect(struct http_incoming *incoming, const char *method, const struct http_framing *framing,
			 size_t max_body)
{
	int64_t len = 0;
	int status = judge(framing, method, max_body, &len);

	if (status)
		return status;
	incoming->body_max = wants_body(method) ? (size_t)len : 0;
	incoming->body = memory_zeroed(1, incoming->body_max + 1);
	return 0;
}

void http_incoming_collect(struct http_incoming *incoming, const void *bytes, size_t len)
{
	size_t room = incoming->body_max - incoming->body_len;
	size_t taken = len < room ? len : room;

	memcpy(incoming->body + incoming->body_len, bytes, taken);
	incoming->body_len += taken;
}
