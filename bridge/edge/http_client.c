/* http_client - HTTP requests through libcurl's multi interface, each leaving at most once. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_client.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "bridge/base/buffer.h"
#include "bridge/base/clock.h"
#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"

enum { HEADERS_MAX = 65536, RETRY_AFTER_MAX_S = 3600, HEADER_LINE_MAX = 16384, ANSWER_KEPT = 65536, ERROR_MAX = 16384 };

/* One request and the easy handle that carries it; kept for the next one when it is over. */
struct transfer {
	CURL *easy;
	struct transfer *next, *next_idle;
	struct curl_slist *headers;
	char *body;
	size_t body_len, body_sent, header_bytes;
	bool body_started, cut;
	struct buffer answer;
	char error[CURL_ERROR_SIZE];
	int64_t began_us;
	http_done *done;
	void *ctx;
};

struct http_client {
	CURLM *multi;
	struct http_client_options options;
	char *ca_file;
	struct transfer *all, *idle;
	size_t busy;
};

static const char AUTHORIZATION[] = "Authorization: ";
static pthread_once_t global_once = PTHREAD_ONCE_INIT;

static void global_init(void)
{
	if (curl_global_init(CURL_GLOBAL_ALL))
		log_fatal("libcurl cannot start", "curl_global_init failed");
}

/* Our own misuse or no memory: nothing that a caller could handle. */
static void must(CURLMcode code, const char *what)
{
	if (code != CURLM_OK)
		log_fatal(what, curl_multi_strerror(code));
}

static size_t on_read(char *to, size_t size, size_t count, void *ctx)
{
	struct transfer *transfer = ctx;
	size_t room = size * count, rest = transfer->body_len - transfer->body_sent;
	size_t len = rest < room ? rest : room;
	transfer->body_started = true;
	if (len)
		memcpy(to, transfer->body + transfer->body_sent, len);
	transfer->body_sent += len;
	return len;
}

/* What cannot be rewound cannot be sent again: without this libcurl repeats a POST on its own. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	(void)ctx, (void)offset, (void)origin;
	return CURL_SEEKFUNC_FAIL;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *transfer = ctx;
	size_t len = size * count, room = transfer->answer.max - transfer->answer.len;
	transfer->cut = len > room;
	(void)buffer_append(&transfer->answer, bytes, transfer->cut ? room : len);
	return transfer->cut ? 0 : len; /* 0 ends the transfer */
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *transfer = ctx;
	(void)bytes;
	transfer->header_bytes += size * count;
	return transfer->header_bytes > HEADERS_MAX ? 0 : size * count;
}

static const struct {
	CURLoption option;
	long value;
} NUMBERS[] = {
	{CURLOPT_NOSIGNAL, 1},
	{CURLOPT_NOPROGRESS, 0}, /* what looks for an abort */
	{CURLOPT_FOLLOWLOCATION, 0},
	{CURLOPT_SSL_VERIFYPEER, 1},
	{CURLOPT_SSL_VERIFYHOST, 2},
	{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	{CURLOPT_HTTPAUTH, CURLAUTH_BASIC},
	{CURLOPT_NETRC, CURL_NETRC_IGNORED},
	{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	{CURLOPT_HTTP09_ALLOWED, 0},
	{CURLOPT_TCP_KEEPALIVE, 1},
	{CURLOPT_MAXAGE_CONN, 30}, /* fewer requests onto connections that just died */
	{CURLOPT_MAXLIFETIME_CONN, 3600},
};

static const struct {
	CURLoption option;
	const char *value;
} TEXTS[] = {
	{CURLOPT_PROTOCOLS_STR, "http,https"},
	{CURLOPT_REDIR_PROTOCOLS_STR, "https"},
	{CURLOPT_PROXY, ""}, /* and so no proxy of the environment */
	{CURLOPT_NOPROXY, "*"},
	{CURLOPT_USERAGENT, "mqtt-sms-bridge/" BRIDGE_VERSION},
};

static void set_trust(CURL *easy, const char *ca_file)
{
	/* Newer than what we require: a stuck name look-up must not hold up the end of the program. */
	const struct curl_easyoption *quick = curl_easy_option_by_name("QUICK_EXIT");

	if (quick != NULL)
		(void)curl_easy_setopt(easy, quick->id, 1L);
	if (!ca_file[0])
		return;
	(void)curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
	(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* a private CA instead of, not beside, the public ones */
}

static void set_callbacks(struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	(void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	(void)curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
}

static struct transfer *create_transfer(struct http_client *client)
{
	struct transfer *transfer = memory_zeroed(1, sizeof(*transfer));
	CURL *easy = curl_easy_init();
	CURLcode code = easy != NULL ? CURLE_OK : CURLE_OUT_OF_MEMORY;

	for (size_t i = 0; code == CURLE_OK && i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++)
		code = curl_easy_setopt(easy, NUMBERS[i].option, NUMBERS[i].value);
	for (size_t i = 0; code == CURLE_OK && i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
		code = curl_easy_setopt(easy, TEXTS[i].option, TEXTS[i].value);
	if (code != CURLE_OK)
		log_fatal("libcurl refuses an option we depend on", curl_easy_strerror(code));
	transfer->easy = easy;
	buffer_init(&transfer->answer, client->options.max_answer);
	set_callbacks(transfer);
	set_trust(easy, client->ca_file);
	(void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, http_client_is_aborted);
	(void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, client->options.abort);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)client->options.timeout_ms);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)client->options.connect_timeout_ms);
	transfer->next = client->all;
	client->all = transfer;
	return transfer;
}

static struct transfer *take_transfer(struct http_client *client)
{
	struct transfer *transfer = client->idle;
	if (transfer == NULL)
		return create_transfer(client);
	client->idle = transfer->next_idle;
	transfer->body_sent = transfer->header_bytes = 0;
	transfer->body_started = transfer->cut = false;
	transfer->error[0] = '\0';
	buffer_reset(&transfer->answer);
	return transfer;
}

/* Forgets what was secret in a request: its headers, its body (a client_secret), its password. */
static void wipe(struct transfer *transfer)
{
	(void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
	(void)curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, NULL);
	(void)curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, NULL);
	for (struct curl_slist *line = transfer->headers; line != NULL; line = line->next)
		explicit_bzero(line->data, strlen(line->data));
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	if (transfer->body != NULL)
		explicit_bzero(transfer->body, transfer->body_len);
	free(transfer->body);
	transfer->body = NULL;
	transfer->body_len = 0;
	if (transfer->answer.data != NULL)
		explicit_bzero(transfer->answer.data, transfer->answer.len);
	if (transfer->answer.capacity > ANSWER_KEPT)
		buffer_clear(&transfer->answer);
}

static void add_header(struct transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);
	if (longer == NULL)
		log_fatal("out of memory", "curl_slist_append failed");
	transfer->headers = longer;
}

static void set_headers(struct transfer *transfer, const struct http_request_out *request)
{
	struct buffer line;
	add_header(transfer, "Accept: application/json");
	add_header(transfer, "Expect:"); /* waiting for a 100 Continue would cost a second for nothing */
	if (request->body != NULL)
		add_header(transfer, "Content-Type: application/x-www-form-urlencoded");
	if (request->authorization != NULL && request->authorization[0]) {
		buffer_init(&line, HEADER_LINE_MAX);
		if (!buffer_append_format(&line, "%s%s", AUTHORIZATION, request->authorization))
			log_fatal("a request cannot be made", "its Authorization is too long");
		add_header(transfer, line.data);
		explicit_bzero(line.data, line.len);
		free(line.data);
	}
	(void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static void set_request(struct transfer *transfer, const struct http_request_out *request)
{
	CURL *easy = transfer->easy;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, request->url);
	assert(strcmp(request->method, request->body != NULL ? "POST" : "GET") == 0);
	set_headers(transfer, request);
	if (request->body != NULL) {
		transfer->body = memory_copied(request->body, request->body_len);
		transfer->body_len = request->body_len;
		(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
	} else {
		(void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	if (request->username != NULL && request->username[0]) {
		(void)curl_easy_setopt(easy, CURLOPT_USERNAME, request->username);
		(void)curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password);
	}
	if (code != CURLE_OK)
		log_fatal("libcurl refuses a request", curl_easy_strerror(code));
}

struct http_client *http_client_create(const struct http_client_options *options)
{
	(void)pthread_once(&global_once, global_init);
	struct http_client *client = memory_zeroed(1, sizeof(*client));
	long connections = (long)(options->max_connections > 0 ? options->max_connections : 1);
	client->options = *options;
	client->ca_file = memory_copied_text(options->ca_file);
	client->multi = curl_multi_init();
	if (client->multi == NULL)
		log_fatal("out of memory", "curl_multi_init failed");
	must(curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections), "libcurl");
	must(curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, connections), "libcurl");
	must(curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING), "libcurl");
	return client;
}

void http_client_destroy(struct http_client *client)
{
	if (client == NULL)
		return;
	while (client->all != NULL) {
		struct transfer *transfer = client->all;
		client->all = transfer->next;
		(void)curl_multi_remove_handle(client->multi, transfer->easy);
		wipe(transfer);
		curl_easy_cleanup(transfer->easy);
		buffer_clear(&transfer->answer);
		free(transfer);
	}
	(void)curl_multi_cleanup(client->multi);
	free(client->ca_file);
	free(client);
}

void http_client_start(struct http_client *client, const struct http_request_out *request, http_done *done, void *ctx)
{
	struct transfer *transfer = take_transfer(client);

	transfer->done = done;
	transfer->ctx = ctx;
	transfer->began_us = clock_mono_us();
	set_request(transfer, request);
	must(curl_multi_add_handle(client->multi, transfer->easy), "libcurl takes no request");
	client->busy++;
}

size_t http_client_busy(const struct http_client *client)
{
	return client->busy;
}

/* -1 for none, for a date that is past and for what is neither date nor number. */
static int64_t retry_after_ms(CURL *easy)
{
	curl_off_t seconds = 0;
	if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds <= 0)
		return -1;
	return (seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : seconds) * INT64_C(1000);
}

/* libcurl's words name hosts and ports; where they might quote a URL (its query, its credentials) only the
 * general sentence is used. */
static void explain(struct http_result *result, const struct transfer *transfer, CURLcode code)
{
	const char *said = transfer->error;

	if (!said[0] || strpbrk(said, "?@"))
		said = curl_easy_strerror(code);
	(void)text_copy_clean(result->error, sizeof(result->error), said, strlen(said));
}

/* Gateways are known to quote the Authorization that they refuse; what they say goes into logs and statuses. */
static void conceal(struct buffer *answer, const struct curl_slist *headers)
{
	if (answer->len > ERROR_MAX)
		answer->data[answer->len = ERROR_MAX] = '\0';
	for (const struct curl_slist *line = headers; line != NULL; line = line->next)
		if (text_starts_with(line->data, AUTHORIZATION))
			text_conceal(answer->data, answer->len, line->data + sizeof(AUTHORIZATION) - 1);
}

static void finish(struct http_client *client, struct transfer *transfer, CURLcode code)
{
	long status = 0, sent = 0;
	char *content_type = NULL;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 300)
		conceal(&transfer->answer, transfer->headers);
	struct http_result result = {.body = buffer_text(&transfer->answer), .len = transfer->answer.len};

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &content_type);
	result.status = (int)status;
	result.body_started = transfer->body_len ? transfer->body_started : sent > 0;
	result.truncated = transfer->cut || (status && code != CURLE_OK);
	result.content_type = content_type != NULL ? content_type : "";
	result.retry_after_ms = retry_after_ms(transfer->easy);
	result.elapsed_us = clock_mono_us() - transfer->began_us;
	if (code != CURLE_OK)
		explain(&result, transfer, code);
	client->busy--;
	transfer->done(transfer->ctx, &result);
	wipe(transfer);
	transfer->next_idle = client->idle;
	client->idle = transfer;
}

static size_t reap(struct http_client *client)
{
	CURLMsg *message;
	int rest, running;
	size_t finished = 0;
	must(curl_multi_perform(client->multi, &running), "libcurl cannot go on");
	while ((message = curl_multi_info_read(client->multi, &rest)) != NULL) {
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		char *transfer = NULL;
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
		must(curl_multi_remove_handle(client->multi, easy), "libcurl"); /* `message` is gone now */
		finish(client, (struct transfer *)(void *)transfer, code);
		finished++;
	}
	return finished;
}

void http_client_poll(struct http_client *client, int64_t timeout_ms)
{
	int wait = timeout_ms < 0 ? 0 : timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
	if (reap(client))
		return;
	must(curl_multi_poll(client->multi, NULL, 0, wait, NULL), "libcurl cannot wait");
	(void)reap(client);
}

void http_client_wake(struct http_client *client)
{
	must(curl_multi_wakeup(client->multi), "libcurl cannot be woken");
}
