/* http_daemon - the cover over libmicrohttpd. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_daemon.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/http_batch.h"
#include "bridge/edge/http_incoming.h"
#include "bridge/edge/http_listen.h"
#include "bridge/edge/http_stream.h"
#include "bridge/edge/http_watch.h"
#include "bridge/edge/own_thread.h"

enum { HEADERS_MAX = 16384, STACK_BYTES = 512 * 1024, STREAM_BLOCK = 4096, WORDS_SIZE = 256 };

_Static_assert(HTTP_STREAM_END == MHD_CONTENT_READER_END_OF_STREAM, "what ends a stream");

static char tls_versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

struct http_daemon {
	struct http_service *service;
	struct MHD_Daemon *library;
	struct http_watch *watch;
	int fd;			/* its own descriptor of the socket: it closes it when it fails late, and only then */
	char words[WORDS_SIZE]; /* the first the library said: why it does not start, if it does not */
	atomic_flag spoke;
	struct http_batch *batch; /* with a batch handler */
};

static struct http_link *link_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static const struct sockaddr *peer_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

/* The library's own limit counts whole IPv6 addresses, of which everybody has very many. */
static enum MHD_Result is_welcome(void *cls, const struct sockaddr *peer, socklen_t len)
{
	const struct http_daemon *daemon = cls;
	unsigned most = daemon->service->options.max_connections_per_address;
	(void)len;
	return most == 0 || http_watch_count(daemon->watch, peer) < most ? MHD_YES : MHD_NO;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **link,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http_daemon *daemon = cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*link = http_watch_add(
			daemon->watch,
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
			peer_of(connection));
	else
		http_watch_remove(daemon->watch, *link);
}

/* The only place where the library shows the URL as it was sent; what it returns is the request's context. */
static void *on_request_line(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct http_daemon *daemon = cls;
	http_watch_phase(daemon->watch, link_of(connection), HTTP_READING);
	return http_incoming_create(uri, peer_of(connection), connection);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **incoming,
			 enum MHD_RequestTerminationCode how)
{
	struct http_daemon *daemon = cls;
	(void)how;
	http_watch_phase(daemon->watch, link_of(connection), HTTP_IDLE);
	http_incoming_release(*incoming);
	*incoming = NULL;
}

struct search {
	const char *name, *value;
	int count;
	bool odd; /* one that is no header */
};

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct search *search = cls;
	(void)kind;
	search->odd = search->odd || !http_incoming_is_header(name, value != NULL ? value : "");
	if (strcasecmp(name, search->name) == 0) {
		search->value = value != NULL ? value : "";
		search->count++;
	}
	return MHD_YES;
}

static struct search find_header(struct MHD_Connection *connection, const char *name)
{
	struct search search = {.name = name, .value = ""};
	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, &search);
	return search;
}

const char *http_header(const struct http_request_in *request, const char *name)
{
	struct search search = find_header(http_incoming_of(request)->connection, name);
	return search.count == 1 ? search.value : "";
}

static struct MHD_Response *response_of(struct http_watch *watch, struct http_link *link,
					const struct http_reply *reply)
{
	static char nothing[] = "";
	if (reply->stream != NULL)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, http_stream_read,
							 http_stream_create(watch, link, reply), http_stream_free);
	if (reply->body != NULL)
		return MHD_create_response_from_buffer(reply->body_len, reply->body, MHD_RESPMEM_MUST_FREE);
	return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	if (value != NULL && value[0])
		(void)MHD_add_response_header(response, name, value);
}

/* Takes the reply's body. A refusal always ends the connection: what follows on it is not to be trusted. */
static enum MHD_Result answer(struct http_daemon *daemon, struct MHD_Connection *connection,
			      const struct http_reply *reply, bool refusal)
{
	struct http_link *link = link_of(connection);
	struct MHD_Response *response = response_of(daemon->watch, link, reply);
	int status = reply->status >= 200 && reply->status <= 599 ? reply->status : MHD_HTTP_INTERNAL_SERVER_ERROR;

	if (response == NULL)
		log_fatal("out of memory", "libmicrohttpd cannot make a response");
	add_header(response, "Content-Type", reply->content_type);
	add_header(response, "Allow", reply->allow);
	for (const char *const *more = reply->more; more != NULL && more[0] != NULL; more += 2)
		add_header(response, more[0], more[1]);
	if (refusal || !daemon->service->options.keep_alive)
		add_header(response, "Connection", "close");
	http_watch_phase(daemon->watch, link, reply->stream != NULL ? HTTP_STREAMING : HTTP_WRITING);
	enum MHD_Result queued = MHD_queue_response(connection, (unsigned)status, response);

	MHD_destroy_response(response);
	return queued;
}

/* The end of the headers: goes on, or refuses before any of the body is read. */
static enum MHD_Result begin(struct http_daemon *daemon, struct MHD_Connection *connection,
			     struct http_incoming *incoming, const char *method)
{
	struct http_service *service = daemon->service;
	struct search length = find_header(connection, "Content-Length");
	struct http_framing framing = {.lengths = length.count,
				       .length = length.value,
				       .odd = length.odd,
				       .encodings = find_header(connection, "Transfer-Encoding").count,
				       .hosts = find_header(connection, "Host").count};
	int status = http_incoming_expect(incoming, method, &framing, service->options.max_body);

	if (!status && service->gate != NULL)
		status = service->gate(service->ctx, method, incoming->path);
	if (!status)
		return MHD_YES;
	atomic_fetch_add(&service->refused, 1);
	struct http_reply reply = {.status = status,
				   .allow = status == MHD_HTTP_METHOD_NOT_ALLOWED ? service->allow : ""};

	return answer(daemon, connection, &reply, true);
}

static struct http_request_in request_of(const struct http_incoming *incoming, const char *method)
{
	return (struct http_request_in){.method = method,
					.path = incoming->path,
					.query = incoming->query,
					.body = incoming->body,
					.body_len = incoming->body_len,
					.peer = incoming->peer,
					.headers = (const struct http_headers *)(uintptr_t)incoming};
}

static enum MHD_Result handle(struct http_daemon *daemon, struct MHD_Connection *connection,
			      const struct http_request_in *request)
{
	struct http_reply reply = {.status = MHD_HTTP_INTERNAL_SERVER_ERROR};

	daemon->service->handler(daemon->service->ctx, request, &reply);
	return answer(daemon, connection, &reply, false);
}

static enum MHD_Result answer_served(struct http_daemon *daemon, struct http_incoming *incoming)
{
	struct http_reply reply = incoming->reply;

	incoming->reply.body = NULL;
	return answer(daemon, incoming->connection, &reply, false);
}

/* The library asks again for it then. */
static void go_on(struct http_incoming *incoming)
{
	MHD_resume_connection(incoming->connection);
}

/* Answers at once, or lets it wait. More may wait than there are connections, where some were given up. */
static enum MHD_Result sift(struct http_daemon *daemon, struct http_incoming *incoming,
			    const struct http_request_in *request)
{
	const struct http_service *service = daemon->service;
	struct http_exchange exchange = {*request, .reply = {.status = MHD_HTTP_INTERNAL_SERVER_ERROR}};

	if (http_batch_is_full(daemon->batch)) {
		exchange.reply.status = MHD_HTTP_SERVICE_UNAVAILABLE;
		return answer(daemon, incoming->connection, &exchange.reply, false);
	}
	if (service->sift(service->ctx, request, &exchange.reply, &exchange.read))
		return answer(daemon, incoming->connection, &exchange.reply, false);
	MHD_suspend_connection(incoming->connection);
	http_batch_add(daemon->batch, incoming, &exchange);
	return MHD_YES;
}

/* The request is here. For a batch the library is let go once without an answer: it asks again at once, and by then it
 * does not read from the connection any more. Stopped while it still would, it reads first when it goes on, and a peer
 * that has closed its side meanwhile, as it may, would get no answer. */
static enum MHD_Result serve(struct http_daemon *daemon, struct MHD_Connection *connection,
			     struct http_incoming *incoming, const char *method)
{
	struct http_request_in request = request_of(incoming, method);

	switch (incoming->stage) {
	case HTTP_SERVED:
		return answer_served(daemon, incoming);
	case HTTP_WHOLE:
		return sift(daemon, incoming, &request);
	case HTTP_NEW:
		break;
	}
	incoming->stage = HTTP_WHOLE;
	http_watch_phase(daemon->watch, link_of(connection), HTTP_HANDLING);
	atomic_fetch_add(&daemon->service->requests, 1);
	return daemon->batch != NULL ? MHD_YES : handle(daemon, connection, &request);
}

/* Called at the end of the headers, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_len, void **ctx)
{
	struct http_incoming *incoming = *ctx;
	(void)url, (void)version;
	if (incoming->body == NULL)
		return begin(cls, connection, incoming, method);
	if (!*upload_len)
		return serve(cls, connection, incoming, method);
	http_incoming_collect(incoming, upload, *upload_len);
	*upload_len = 0;
	return MHD_YES;
}

static void on_panic(void *cls, const char *file, unsigned line, const char *reason)
{
	(void)cls, (void)file, (void)line;
	log_fatal("libmicrohttpd cannot go on", reason);
}

/* Once it runs, its words are about misbehaving clients and of no use. */
__attribute__((format(printf, 2, 0))) static void on_words(void *cls, const char *format, va_list args)
{
	struct http_daemon *daemon = cls;
	if (!atomic_flag_test_and_set(&daemon->spoke))
		(void)vsnprintf(daemon->words, sizeof(daemon->words), format, args);
}

static struct MHD_Daemon *start_library(struct http_daemon *daemon, const struct http_tls *tls)
{
	const struct http_server_options *options = &daemon->service->options;
	unsigned way = daemon->batch != NULL ? MHD_ALLOW_SUSPEND_RESUME : MHD_USE_THREAD_PER_CONNECTION;
	unsigned flags = way | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG |
			 (tls->cert != NULL ? MHD_USE_TLS : 0U);
	struct MHD_OptionItem items[] = {
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, daemon},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, daemon},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, daemon},
		{MHD_OPTION_LISTEN_SOCKET, daemon->fd, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, (intptr_t)options->max_connections, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADERS_MAX, NULL},
		{MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, NULL},
		{MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
		{MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
		{tls->cert != NULL ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, tls->cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, tls_versions},
		{MHD_OPTION_END, 0, NULL},
	};

	return MHD_start_daemon(flags, 0, is_welcome, daemon, on_request, daemon, MHD_OPTION_EXTERNAL_LOGGER, on_words,
				daemon, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

struct http_daemon *http_daemon_start(struct http_service *service, int listen_fd, const struct http_tls *tls,
				      char *why, size_t why_size)
{
	struct http_daemon *daemon = memory_zeroed(1, sizeof(*daemon));
	sigset_t before;

	MHD_set_panic_func(on_panic, NULL);
	daemon->service = service;
	daemon->fd = http_listen_copy(listen_fd);
	daemon->watch = http_watch_create(service->options.request_deadline_ms);
	if (service->batch != NULL)
		daemon->batch = http_batch_start(service, go_on);
	own_thread_hold_signals(&before);
	daemon->library = start_library(daemon, tls);
	own_thread_release_signals(&before);
	if (daemon->library == NULL) {
		daemon->words[strcspn(daemon->words, "\n")] = '\0';
		text_copy(why, why_size, daemon->words);
		(void)http_daemon_stop(daemon, listen_fd);
		return NULL;
	}
	return daemon;
}

int64_t http_daemon_cuts(const struct http_daemon *daemon)
{
	return http_watch_cuts(daemon->watch);
}

void http_daemon_quiet(struct http_daemon *daemon)
{
	(void)MHD_quiesce_daemon(daemon->library);
}

int64_t http_daemon_stop(struct http_daemon *daemon, int listen_fd)
{
	if (daemon->library != NULL)
		http_watch_drain(daemon->watch);
	http_batch_end(daemon->batch); /* before the library, which must not end while a connection stands still */
	if (daemon->library != NULL)
		MHD_stop_daemon(daemon->library);
	int64_t cuts = http_watch_cuts(daemon->watch);

	http_batch_destroy(daemon->batch); /* after it: a connection may come until then */
	http_listen_drop(daemon->fd, listen_fd);
	http_watch_destroy(daemon->watch);
	free(daemon);
	return cuts;
}
