/* admin_http - a table of paths. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/admin_http.h"

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "bridge/flow/metrics.h"

enum { DEADLINE_MS = 10000 };

static void answer_text(struct http_reply *reply, int status, const char *type, struct buffer *body)
{
	reply->status = status;
	reply->content_type = type;
	reply->body_len = body->len;
	reply->body = buffer_take(body);
}

static void metrics(const struct admin_http *admin, struct http_reply *reply)
{
	struct buffer body;
	buffer_init(&body, METRICS_MAX);
	metrics_encode(admin->health, &body);
	answer_text(reply, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
}

static void healthz(const struct admin_http *admin, struct http_reply *reply)
{
	struct buffer body;
	bool alive = admin->is_alive(admin->ctx);
	buffer_init(&body, METRICS_MAX);
	buffer_append_text(&body, alive ? "ok\n" : "a thread makes no progress\n");
	answer_text(reply, alive ? 200 : 503, "text/plain; charset=utf-8", &body);
}

static void readyz(const struct admin_http *admin, struct http_reply *reply)
{
	struct buffer body;
	struct health_reading now;
	health_read(admin->health, &now);
	buffer_init(&body, METRICS_MAX);
	health_encode(&now, &body);
	answer_text(reply, health_is_ready(&now) ? 200 : 503, "application/json", &body);
}

static const struct {
	const char *path;
	void (*answer)(const struct admin_http *admin, struct http_reply *reply);
} pages[] = {{"/metrics", metrics}, {"/healthz", healthz}, {"/readyz", readyz}};

enum { PAGES = sizeof(pages) / sizeof(pages[0]) };

static int gate(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	for (size_t i = 0; i < PAGES; i++)
		if (text_equal(path, pages[i].path))
			return text_equal(method, "GET") || text_equal(method, "HEAD") ? 0 : 405;
	return page_gate(method, path);
}

static void handle(void *ctx, const struct http_request_in *request, struct http_reply *reply)
{
	struct admin_http *admin = ctx;
	for (size_t i = 0; i < PAGES; i++) {
		if (text_equal(request->path, pages[i].path)) {
			pages[i].answer(admin, reply);
			return;
		}
	}
	page_handle(admin->page, request, reply);
}

struct http_server *admin_http_start(struct admin_http *admin, const char *listen, char *why, size_t why_size)
{
	const struct http_server_options options = {
		.listen = listen,
		.cert_file = "",
		.key_file = "",
		.allow = "GET, HEAD",
		.max_body = FORM_BODY_MAX,
		.request_deadline_ms = DEADLINE_MS,
		.max_connections = 64,
		.max_connections_per_address = 64,
		.keep_alive = true,
	};
	return http_server_start(&options, gate, handle, admin, why, why_size);
}
