/* http_server - a listening socket, and the daemon that serves it now; a reload replaces that. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/http_daemon.h"
#include "bridge/edge/http_listen.h"
#include "bridge/edge/http_tls.h"

enum { WORDS_SIZE = 256 };

struct http_server {
	struct http_service service;
	char *cert_file, *key_file, *allow;
	int listen_fd, port;
	pthread_mutex_t lock; /* of what follows: a reload changes it */
	struct http_daemon *daemon;
	int64_t cut_before; /* by daemons that are gone */
};

/* A daemon with the certificate as it is now; NULL and why. */
static struct http_daemon *start_daemon(struct http_server *server, char *why, size_t why_size)
{
	struct http_tls tls;
	char words[WORDS_SIZE] = "";

	if (!http_tls_load(&tls, server->cert_file, server->key_file, why, why_size))
		return NULL;
	struct http_daemon *daemon = http_daemon_start(&server->service, server->listen_fd, &tls, words, sizeof(words));

	http_tls_clear(&tls);
	if (daemon == NULL && server->cert_file[0])
		text_format(why, why_size, "the certificate %s and its key %s cannot be used: %s", server->cert_file,
			    server->key_file, words);
	else if (daemon == NULL)
		text_format(why, why_size, "the HTTP server does not start: %s", words);
	return daemon;
}

static struct http_server *start(const struct http_server_options *options, struct http_service service, char *why,
				 size_t why_size)
{
	struct http_server *server = memory_zeroed(1, sizeof(*server));

	server->cert_file = memory_copied_text(options->cert_file);
	server->key_file = memory_copied_text(options->key_file);
	server->allow = memory_copied_text(options->allow);
	server->service = service;
	server->service.options = *options;
	server->service.allow = server->allow;
	pthread_mutex_init(&server->lock, NULL);
	server->listen_fd = http_listen(options->listen, &server->port, why, why_size);
	if (server->listen_fd >= 0)
		server->daemon = start_daemon(server, why, why_size);
	if (server->daemon != NULL)
		return server;
	http_server_stop(server);
	return NULL;
}

struct http_server *http_server_start(const struct http_server_options *options, http_gate *gate, http_handler *handler,
				      void *ctx, char *why, size_t why_size)
{
	return start(options, (struct http_service){.gate = gate, .handler = handler, .ctx = ctx}, why, why_size);
}

struct http_server *http_server_start_batched(const struct http_server_options *options, http_gate *gate,
					      http_sift *sift, http_batch_handler *handler, void *ctx, char *why,
					      size_t why_size)
{
	return start(options, (struct http_service){.gate = gate, .sift = sift, .batch = handler, .ctx = ctx}, why,
		     why_size);
}

int http_server_port(const struct http_server *server)
{
	return server->port;
}

void http_server_stats(struct http_server *server, struct http_server_stats *ret)
{
	ret->requests = atomic_load(&server->service.requests);
	ret->refused = atomic_load(&server->service.refused);
	pthread_mutex_lock(&server->lock);
	ret->cut = server->cut_before + http_daemon_cuts(server->daemon);
	pthread_mutex_unlock(&server->lock);
}

/* The old one is still counted until its end. */
static void stop_daemon(struct http_server *server, struct http_daemon *daemon)
{
	int64_t cuts = http_daemon_stop(daemon, server->listen_fd);

	pthread_mutex_lock(&server->lock);
	server->cut_before += cuts;
	pthread_mutex_unlock(&server->lock);
}

/* Old and new share the socket for a moment, so nobody is turned away. Another way would be a callback for each
 * handshake, but that is GnuTLS's own interface. */
bool http_server_reload(struct http_server *server, char *why, size_t why_size)
{
	struct http_daemon *old = server->daemon;

	if (!server->cert_file[0])
		return true;
	struct http_daemon *fresh = start_daemon(server, why, why_size);

	if (fresh == NULL)
		return false;
	pthread_mutex_lock(&server->lock);
	server->daemon = fresh;
	pthread_mutex_unlock(&server->lock);
	http_daemon_quiet(old);
	stop_daemon(server, old);
	return true;
}

void http_server_stop(struct http_server *server)
{
	if (server == NULL)
		return;
	if (server->daemon != NULL) {
		http_daemon_quiet(server->daemon);
		/* Refuses from now on; it is closed last, because the library's thread may still look at it. */
		(void)shutdown(server->listen_fd, SHUT_RDWR);
		stop_daemon(server, server->daemon);
	}
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	pthread_mutex_destroy(&server->lock);
	free(server->cert_file);
	free(server->key_file);
	free(server->allow);
	free(server);
}
