// The provider's proxy: makes callbacks (libcurl multi).
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/sender.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"

enum { PARALLEL_MAX = 64, CONNECT_MS = 5000, POLL_MS = 1000 };

struct slot {
	CURL *easy;
	struct curl_slist *headers;
	struct call call;
	struct delivery *delivery; /* NULL: free */
};

struct sender {
	struct sender_hooks hooks;
	const char *ca_file;
	CURLM *multi;
	pthread_t thread;
	pthread_mutex_t lock; /* of the queue and is_stopping */
	struct delivery *first, *last;
	bool is_stopping;
	struct slot slots[PARALLEL_MAX];
	unsigned busy;
};

void sender_push(struct sender *sender, struct delivery *delivery)
{
	delivery->next = NULL;
	pthread_mutex_lock(&sender->lock);
	if (sender->first == NULL)
		sender->first = delivery;
	else
		sender->last->next = delivery;
	sender->last = delivery;
	pthread_mutex_unlock(&sender->lock);
	curl_multi_wakeup(sender->multi);
}

static struct delivery *pop(struct sender *sender)
{
	pthread_mutex_lock(&sender->lock);
	struct delivery *delivery = sender->first;
	if (delivery != NULL)
		sender->first = delivery->next;
	pthread_mutex_unlock(&sender->lock);
	return delivery;
}

static bool is_stopping(struct sender *sender)
{
	pthread_mutex_lock(&sender->lock);
	bool stopping = sender->is_stopping;
	pthread_mutex_unlock(&sender->lock);
	return stopping;
}

static size_t ignore(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes;
	(void)context;
	return size * count;
}

static void call_clear(struct call *call)
{
	free(call->url);
	free(call->body);
	for (unsigned i = 0; i < CALL_HEADERS_MAX; i++)
		free(call->headers[i]);
	*call = (struct call){0};
}

static void set_up(const struct sender *sender, struct slot *slot)
{
	CURL *easy = slot->easy;
	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, slot->call.url);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, slot);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "KoreProxy/1.1");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)slot->call.timeout_ms);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
	if (!slot->call.is_get)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, slot->call.body);
	if (sender->ca_file[0] != '\0')
		curl_easy_setopt(easy, CURLOPT_CAINFO, sender->ca_file);
	slot->headers = NULL;
	for (unsigned i = 0; i < CALL_HEADERS_MAX && slot->call.headers[i] != NULL; i++)
		slot->headers = curl_slist_append(slot->headers, slot->call.headers[i]);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, slot->headers);
}

static void start(struct sender *sender, struct slot *slot, struct delivery *delivery)
{
	if (!sender->hooks.prepare(sender->hooks.context, delivery, &slot->call)) {
		call_clear(&slot->call);
		delivery_free(delivery);
		return;
	}
	slot->delivery = delivery;
	set_up(sender, slot);
	sender->busy++;
	if (curl_multi_add_handle(sender->multi, slot->easy) != CURLM_OK)
		log_fatal("callbacks", "libcurl refused a transfer");
}

static void fill(struct sender *sender)
{
	for (unsigned i = 0; i < PARALLEL_MAX && sender->busy < PARALLEL_MAX; i++) {
		while (sender->slots[i].delivery == NULL) {
			struct delivery *delivery = pop(sender);
			if (delivery == NULL)
				return;
			start(sender, &sender->slots[i], delivery);
		}
	}
}

static void release(struct sender *sender, struct slot *slot)
{
	curl_multi_remove_handle(sender->multi, slot->easy);
	curl_slist_free_all(slot->headers);
	call_clear(&slot->call);
	slot->headers = NULL;
	slot->delivery = NULL;
	sender->busy--;
}

static void collect(struct sender *sender)
{
	int left;
	for (CURLMsg *message; (message = curl_multi_info_read(sender->multi, &left)) != NULL;) {
		struct slot *slot = NULL;
		long http_status = 0;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
		if (message->data.result == CURLE_OK)
			curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &http_status);
		struct delivery *delivery = slot->delivery;
		release(sender, slot);
		sender->hooks.finished(sender->hooks.context, delivery, (unsigned)http_status);
	}
}

static void *run(void *context)
{
	struct sender *sender = context;
	while (!is_stopping(sender)) {
		int running;
		fill(sender);
		curl_multi_perform(sender->multi, &running);
		collect(sender);
		fill(sender);
		curl_multi_poll(sender->multi, NULL, 0, POLL_MS, NULL);
	}
	return NULL;
}

struct sender *sender_create(const char *ca_file, const struct sender_hooks *hooks)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	struct sender *sender = memory_zeroed(1, sizeof(*sender));
	sender->hooks = *hooks;
	sender->ca_file = ca_file;
	pthread_mutex_init(&sender->lock, NULL);
	sender->multi = curl_multi_init();
	if (sender->multi == NULL)
		log_fatal("callbacks", "libcurl gives no handle");
	curl_multi_setopt(sender->multi, CURLMOPT_MAXCONNECTS, (long)PARALLEL_MAX);
	for (unsigned i = 0; i < PARALLEL_MAX; i++) {
		sender->slots[i].easy = curl_easy_init();
		if (sender->slots[i].easy == NULL)
			log_fatal("callbacks", "libcurl gives no handle");
	}
	if (pthread_create(&sender->thread, NULL, run, sender) != 0)
		log_fatal("callbacks", "no thread");
	return sender;
}

void sender_destroy(struct sender *sender)
{
	if (sender == NULL)
		return;
	pthread_mutex_lock(&sender->lock);
	sender->is_stopping = true;
	pthread_mutex_unlock(&sender->lock);
	curl_multi_wakeup(sender->multi);
	pthread_join(sender->thread, NULL);
	for (struct delivery *delivery; (delivery = pop(sender)) != NULL;)
		delivery_free(delivery);
	for (unsigned i = 0; i < PARALLEL_MAX; i++) {
		struct slot *slot = &sender->slots[i];
		struct delivery *delivery = slot->delivery;
		if (delivery != NULL)
			release(sender, slot);
		delivery_free(delivery);
		curl_easy_cleanup(slot->easy);
	}
	curl_multi_cleanup(sender->multi);
	curl_global_cleanup();
	pthread_mutex_destroy(&sender->lock);
	free(sender);
}
