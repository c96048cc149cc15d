// The HTTP server (libmicrohttpd), a thread a connection.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/server.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/simulator/listener.h"

enum { BODY_MAX = 4 << 20, CONNECTIONS_MAX = 2000 };

struct server {
	struct MHD_Daemon *daemon;
	struct server_hooks hooks;
};

/* One request on its way: made by begin(), freed by end(). */
struct exchange {
	char *path;
	const char *query;
	struct buffer body;
	struct reply reply;
	bool is_answered;
};

/* The only place that sees the raw URL. */
static void *begin(void *context, const char *uri, struct MHD_Connection *connection)
{
	(void)context;
	(void)connection;
	struct exchange *exchange = memory_zeroed(1, sizeof(*exchange));
	exchange->path = memory_copied_text(uri);
	char *mark = strchr(exchange->path, '?');
	exchange->query = mark != NULL ? mark + 1 : "";
	if (mark != NULL)
		*mark = '\0';
	buffer_init(&exchange->body, BODY_MAX);
	buffer_init(&exchange->reply.body, SIZE_MAX / 4);
	return exchange;
}

static void end(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
	const struct server *server = context;
	struct exchange *exchange = *state;
	(void)connection;
	if (exchange == NULL)
		return;
	if (exchange->is_answered)
		server->hooks.finished(server->hooks.context, &exchange->reply,
				       how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	buffer_clear(&exchange->body);
	buffer_clear(&exchange->reply.body);
	free(exchange->path);
	free(exchange);
	*state = NULL;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
	return value != NULL ? value : "";
}

/* The first half of the body; then the connection breaks off. */
static ssize_t half(void *context, uint64_t position, char *to, size_t max)
{
	const struct reply *reply = context;
	size_t end_at = reply->body.len / 2;
	if (position >= end_at)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	size_t len = end_at - (size_t)position < max ? end_at - (size_t)position : max;
	memcpy(to, reply->body.data + position, len);
	return (ssize_t)len;
}

/* connect() to nowhere dissolves a TCP connection with RST and without FIN before it. */
static void reset_connection(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	if (info != NULL)
		connect(info->connect_fd, &nowhere, sizeof(nowhere));
}

/* The body stays with the exchange, which outlives the response. */
static enum MHD_Result answer(struct MHD_Connection *connection, struct reply *reply)
{
	if (reply->end == REPLY_RESET)
		reset_connection(connection);
	if (reply->end == REPLY_RESET || reply->end == REPLY_CLOSE)
		return MHD_NO;
	struct MHD_Response *response =
		reply->end == REPLY_TRUNCATE
			? MHD_create_response_from_callback(reply->body.len, 4096, half, reply, NULL)
			: MHD_create_response_from_buffer(reply->body.len, reply->body.data, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	if (reply->body.len > 0)
		MHD_add_response_header(response, "Content-Type", reply->content_type);
	if (reply->retry_after[0] != '\0')
		MHD_add_response_header(response, "Retry-After", reply->retry_after);
	enum MHD_Result result = MHD_queue_response(connection, (unsigned int)reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result work(void *context, struct MHD_Connection *connection, const char *url, const char *method,
			    const char *version, const char *data, size_t *size, void **state)
{
	const struct server *server = context;
	struct exchange *exchange = *state;
	(void)url;
	(void)version;
	if (*size > 0) {
		buffer_append(&exchange->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	/* The first call comes before the body; the one with no data left comes after it. */
	if (exchange->reply.status == 0) {
		exchange->reply.status = MHD_HTTP_OK;
		return MHD_YES;
	}
	struct reply *reply = &exchange->reply;
	struct request request = {.method = method,
				  .path = exchange->path,
				  .query = exchange->query,
				  .host = header(connection, "Host"),
				  .authorization = header(connection, "Authorization"),
				  .content_type = header(connection, "Content-Type"),
				  .body = buffer_text(&exchange->body),
				  .body_len = exchange->body.len};
	reply->content_type = "application/json";
	exchange->is_answered = true;
	if (exchange->body.overflow)
		reply->status = MHD_HTTP_CONTENT_TOO_LARGE;
	else
		server->hooks.handle(server->hooks.context, &request, reply);
	return answer(connection, reply);
}

struct server *server_create(const char *listen_on, const struct server_hooks *hooks, char address[URL_SIZE],
			     char why[WHY_SIZE])
{
	int fd = listener_open(listen_on, address, why);
	if (fd < 0)
		return NULL;
	struct server *server = memory_zeroed(1, sizeof(*server));
	server->hooks = *hooks;
	server->daemon =
		MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0,
				 NULL, NULL, work, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
				 begin, server, MHD_OPTION_NOTIFY_COMPLETED, end, server, MHD_OPTION_CONNECTION_LIMIT,
				 (unsigned int)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536,
				 MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	if (server->daemon != NULL)
		return server;
	text_format(why, WHY_SIZE, "cannot start the HTTP server on %s", address);
	close(fd);
	free(server);
	return NULL;
}

void server_destroy(struct server *server)
{
	if (server == NULL)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}
