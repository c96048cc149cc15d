/* http_server - a small, hard HTTP/1.1 listener through libmicrohttpd.
 *
 * A thread for each connection, and not a pool: a handler waits for the disk, and the more of them wait at the same
 * time, the more requests share one fsync. Measured on two cores with 64 callers and a commit of 2 ms: 13,700 requests
 * a second, a pool of 8 1,900, of 16 3,700, of 64 11,500. A pool's worker that waits also holds up every other
 * connection that it has accepted. The number of threads is bounded by the number of connections. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/http_incoming.h"
#include "bridge/edge/http_listen.h"
#include "bridge/edge/http_stream.h"
#include "bridge/edge/http_tls.h"
#include "bridge/edge/http_watch.h"
#include "bridge/edge/own_thread.h"

enum { HEADERS_MAX = 16384, STACK_BYTES = 512 * 1024, STREAM_BLOCK = 4096, WORDS_SIZE = 256 };

_Static_assert(HTTP_STREAM_END == MHD_CONTENT_READER_END_OF_STREAM, "what ends a stream");

static char tls_versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

struct http_headers {
	struct MHD_Connection *connection;
};

/* One daemon of the library with its connections; a reload starts another one. */
struct listener {
	struct http_server *server;
	struct MHD_Daemon *daemon;
	struct http_watch *watch;
	int fd;			/* its own descriptor of the socket: it closes it when it fails late, and only then */
	char words[WORDS_SIZE]; /* the first the library said: why it does not start, if it does not */
};

struct http_server {
	struct http_server_options options;
	char *cert_file, *key_file, *allow;
	http_gate *gate;
	http_handler *handler;
	void *ctx;
	int listen_fd, port;
	_Atomic int64_t requests, refused;
	pthread_mutex_t lock; /* of what follows: a reload changes it */
	struct listener *listener;
	int64_t cut_before; /* by listeners that are gone */
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
	const struct listener *listener = cls;
	unsigned most = listener->server->options.max_connections_per_address;
	(void)len;
	return most == 0 || http_watch_count(listener->watch, peer) < most ? MHD_YES : MHD_NO;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **link,
			  enum MHD_ConnectionNotificationCode code)
{
	struct listener *listener = cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*link = http_watch_add(
			listener->watch,
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
			peer_of(connection));
	else
		http_watch_remove(listener->watch, *link);
}

/* The only place where the library shows the URL as it was sent; what it returns is the request's context. */
static void *on_request_line(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct listener *listener = cls;
	http_watch_phase(listener->watch, link_of(connection), HTTP_READING);
	return http_incoming_create(uri, peer_of(connection));
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **incoming,
			 enum MHD_RequestTerminationCode how)
{
	struct listener *listener = cls;
	(void)how;
	http_watch_phase(listener->watch, link_of(connection), HTTP_IDLE);
	http_incoming_free(*incoming);
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
	search->odd = search->odd || !http_incoming_is_header(name, value ? value : "");
	if (!strcasecmp(name, search->name)) {
		search->value = value ? value : "";
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
	struct search search = find_header(request->headers->connection, name);
	return search.count == 1 ? search.value : "";
}

static struct MHD_Response *response_of(struct http_watch *watch, struct http_link *link,
					const struct http_reply *reply)
{
	static char nothing[] = "";
	if (reply->stream)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, http_stream_read,
							 http_stream_create(watch, link, reply), http_stream_free);
	if (reply->body)
		return MHD_create_response_from_buffer(reply->body_len, reply->body, MHD_RESPMEM_MUST_FREE);
	return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	if (value && value[0])
		(void)MHD_add_response_header(response, name, value);
}

/* Takes the reply's body. A refusal always ends the connection: what follows on it is not to be trusted. */
static enum MHD_Result answer(struct listener *listener, struct MHD_Connection *connection,
			      const struct http_reply *reply, bool refusal)
{
	struct http_link *link = link_of(connection);
	struct MHD_Response *response = response_of(listener->watch, link, reply);
	int status = reply->status >= 200 && reply->status <= 599 ? reply->status : MHD_HTTP_INTERNAL_SERVER_ERROR;

	if (!response)
		log_fatal("out of memory", "libmicrohttpd cannot make a response");
	add_header(response, "Content-Type", reply->content_type);
	add_header(response, "Allow", reply->allow);
	for (const char *const *more = reply->more; more && more[0]; more += 2)
		add_header(response, more[0], more[1]);
	if (refusal || !listener->server->options.keep_alive)
		add_header(response, "Connection", "close");
	http_watch_phase(listener->watch, link, reply->stream ? HTTP_STREAMING : HTTP_WRITING);
	enum MHD_Result queued = MHD_queue_response(connection, (unsigned)status, response);

	MHD_destroy_response(response);
	return queued;
}

/* The end of the headers: goes on, or refuses before any of the body is read. */
static enum MHD_Result begin(struct listener *listener, struct MHD_Connection *connection,
			     struct http_incoming *incoming, const char *method)
{
	struct http_server *server = listener->server;
	struct search length = find_header(connection, "Content-Length");
	struct http_framing framing = {.lengths = length.count,
				       .length = length.value,
				       .odd = length.odd,
				       .encodings = find_header(connection, "Transfer-Encoding").count,
				       .hosts = find_header(connection, "Host").count};
	int status = http_incoming_expect(incoming, method, &framing, server->options.max_body);

	if (!status && server->gate)
		status = server->gate(server->ctx, method, incoming->path);
	if (!status)
		return MHD_YES;
	atomic_fetch_add(&server->refused, 1);
	struct http_reply reply = {.status = status,
				   .allow = status == MHD_HTTP_METHOD_NOT_ALLOWED ? server->allow : ""};

	return answer(listener, connection, &reply, true);
}

static enum MHD_Result handle(struct listener *listener, struct MHD_Connection *connection,
			      const struct http_incoming *incoming, const char *method)
{
	struct http_server *server = listener->server;
	struct http_reply reply = {.status = MHD_HTTP_INTERNAL_SERVER_ERROR};
	struct http_request_in in = {.method = method,
				     .path = incoming->path,
				     .query = incoming->query,
				     .body = incoming->body,
				     .body_len = incoming->body_len,
				     .peer = incoming->peer,
				     .headers = &(struct http_headers){connection}};

	http_watch_phase(listener->watch, link_of(connection), HTTP_HANDLING);
	atomic_fetch_add(&server->requests, 1);
	server->handler(server->ctx, &in, &reply);
	return answer(listener, connection, &reply, false);
}

/* Called at the end of the headers, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_len, void **ctx)
{
	struct http_incoming *incoming = *ctx;
	(void)url, (void)version;
	if (!incoming->body)
		return begin(cls, connection, incoming, method);
	if (!*upload_len)
		return handle(cls, connection, incoming, method);
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
	struct listener *listener = cls;
	pthread_mutex_lock(&listener->server->lock);
	if (!listener->words[0])
		(void)vsnprintf(listener->words, sizeof listener->words, format, args);
	pthread_mutex_unlock(&listener->server->lock);
}

static struct MHD_Daemon *start_daemon(struct listener *listener, const struct http_tls *tls)
{
	struct http_server *server = listener->server;
	const struct http_server_options *options = &server->options;
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC |
			 MHD_USE_ERROR_LOG | (tls->cert ? MHD_USE_TLS : 0U);
	struct MHD_OptionItem items[] = {
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, listener},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, listener},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, listener},
		{MHD_OPTION_LISTEN_SOCKET, listener->fd, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, (intptr_t)options->max_connections, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADERS_MAX, NULL},
		{MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, NULL},
		{MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
		{MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
		{tls->cert ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, tls->cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, tls_versions},
		{MHD_OPTION_END, 0, NULL},
	};

	return MHD_start_daemon(flags, 0, is_welcome, listener, on_request, listener, MHD_OPTION_EXTERNAL_LOGGER,
				on_words, listener, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

static void stop_listener(struct listener *listener)
{
	if (listener->daemon) {
		http_watch_drain(listener->watch);
		MHD_stop_daemon(listener->daemon);
	}
	pthread_mutex_lock(&listener->server->lock);
	listener->server->cut_before += http_watch_cuts(listener->watch);
	pthread_mutex_unlock(&listener->server->lock);
	http_listen_drop(listener->fd, listener->server->listen_fd);
	http_watch_destroy(listener->watch);
	free(listener);
}

/* A listener on the socket, with the certificate as it is now; NULL and why. */
static struct listener *start_listener(struct http_server *server, char *why, size_t why_size)
{
	struct http_tls tls;
	sigset_t before;
	if (!http_tls_load(&tls, server->cert_file, server->key_file, why, why_size))
		return NULL;
	struct listener *listener = memory_zeroed(1, sizeof *listener);

	listener->server = server;
	listener->fd = http_listen_copy(server->listen_fd);
	listener->watch = http_watch_create(server->options.request_deadline_ms);
	own_thread_hold_signals(&before);
	listener->daemon = start_daemon(listener, &tls);
	own_thread_release_signals(&before);
	http_tls_clear(&tls);
	if (listener->daemon)
		return listener;
	listener->words[strcspn(listener->words, "\n")] = '\0';
	if (server->cert_file[0])
		text_format(why, why_size, "the certificate %s and its key %s cannot be used: %s", server->cert_file,
			    server->key_file, listener->words);
	else
		text_format(why, why_size, "the HTTP server does not start: %s", listener->words);
	stop_listener(listener);
	return NULL;
}

struct http_server *http_server_start(const struct http_server_options *options, http_gate *gate, http_handler *handler,
				      void *ctx, char *why, size_t why_size)
{
	struct http_server *server = memory_zeroed(1, sizeof *server);

	server->options = *options;
	server->cert_file = memory_copied_text(options->cert_file);
	server->key_file = memory_copied_text(options->key_file);
	server->allow = memory_copied_text(options->allow);
	server->gate = gate;
	server->handler = handler;
	server->ctx = ctx;
	pthread_mutex_init(&server->lock, NULL);
	MHD_set_panic_func(on_panic, NULL);
	server->listen_fd = http_listen(options->listen, &server->port, why, why_size);
	if (server->listen_fd >= 0)
		server->listener = start_listener(server, why, why_size);
	if (server->listener)
		return server;
	http_server_stop(server);
	return NULL;
}

int http_server_port(const struct http_server *server)
{
	return server->port;
}

void http_server_stats(struct http_server *server, struct http_server_stats *ret)
{
	ret->requests = atomic_load(&server->requests);
	ret->refused = atomic_load(&server->refused);
	pthread_mutex_lock(&server->lock);
	ret->cut = server->cut_before + http_watch_cuts(server->listener->watch);
	pthread_mutex_unlock(&server->lock);
}

/* Old and new share the socket for a moment, so nobody is turned away. Another way would be a callback for each
 * handshake, but that is GnuTLS's own interface. */
bool http_server_reload(struct http_server *server, char *why, size_t why_size)
{
	struct listener *old = server->listener;
	if (!server->cert_file[0])
		return true;
	struct listener *fresh = start_listener(server, why, why_size);

	if (!fresh)
		return false;
	pthread_mutex_lock(&server->lock);
	server->listener = fresh;
	pthread_mutex_unlock(&server->lock);
	(void)MHD_quiesce_daemon(old->daemon);
	stop_listener(old);
	return true;
}

void http_server_stop(struct http_server *server)
{
	if (!server)
		return;
	if (server->listener) {
		(void)MHD_quiesce_daemon(server->listener->daemon);
		/* Refuses from now on; it is closed last, because the library's thread may still look at it. */
		(void)shutdown(server->listen_fd, SHUT_RDWR);
		stop_listener(server->listener);
	}
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	pthread_mutex_destroy(&server->lock);
	free(server->cert_file);
	free(server->key_file);
	free(server->allow);
	free(server);
}
