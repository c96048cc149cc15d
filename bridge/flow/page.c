/* page - files, devices and samples. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/page.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/form.h"
#include "bridge/codec/json.h"
#include "bridge/flow/page_files.h"
#include "bridge/flow/page_inside.h"

enum { DEVICES_MAX = 100, DEVICES_TEXT_MAX = 1 << 20, SEED = 200 };

/* Commands that are open since before this start: what they wait for is worth seeing. */
static void seed(struct page *page)
{
	struct store_record *records = memory_zeroed(SEED, sizeof(*records));
	size_t count = store_pending(page->parts.store, "", 0, records, SEED);
	for (size_t i = 0; i < count; i++)
		recent_note_command(page->recent, &records[i]);
	free(records);
}

struct page *page_create(const struct page_parts *parts)
{
	struct page *page = memory_zeroed(1, sizeof(*page));
	page->parts = *parts;
	page->recent = recent_create();
	page->epoch_ms = clock_wall_ms();
	seed(page);
	store_on_change(parts->store, recent_note_command, page->recent);
	return page;
}

void page_destroy(struct page *page)
{
	if (page == NULL)
		return;
	store_on_change(page->parts.store, NULL, NULL);
	recent_destroy(page->recent);
	free(page);
}

struct recent *page_recent(struct page *page)
{
	return page->recent;
}

void page_tick(struct page *page)
{
	struct store_stats stats;
	int64_t now_ms = clock_mono_ms();
	if (now_ms < page->sample_due_ms)
		return;
	page->sample_due_ms = now_ms + RECENT_SAMPLE_MS;
	store_stats(page->parts.store, &stats);
	struct counters *counters = page->parts.counters;
	recent_note_sample(
		page->recent,
		&(struct recent_sample){
			.at_ms = clock_wall_ms(),
			.open = stats.open,
			.events = stats.events,
			.accepted = stats.by_status[STATE_ACCEPTED],
			.delivered = stats.by_status[STATE_DELIVERED],
			.failed = stats.by_status[STATE_FAILED] + stats.by_status[STATE_REJECTED],
			.received = counters_get(counters, COUNT_MO_STORED) + counters_get(counters, COUNT_MO_LISTED),
		});
}

void page_stop(struct page *page)
{
	recent_stop(page->recent);
}

/* Nothing from elsewhere, nowhere else, in nobody's frame. */
static const char *const security[] = {"Content-Security-Policy",
				       "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
				       "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
				       "require-trusted-types-for 'script'; trusted-types 'none'",
				       "X-Content-Type-Options",
				       "nosniff",
				       "Referrer-Policy",
				       "no-referrer",
				       "Cross-Origin-Resource-Policy",
				       "same-origin",
				       "Cache-Control",
				       "no-store",
				       NULL};

void page_answer(struct http_reply *reply, int status, const char *type, struct buffer *body)
{
	reply->status = status;
	reply->content_type = type;
	reply->more = security;
	reply->body_len = body->len;
	reply->body = buffer_take(body);
}

/* ---- files -------------------------------------------------------------------------------------- */

static const char *type_of(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = {{".html", "text/html; charset=utf-8"},
		     {".css", "text/css; charset=utf-8"},
		     {".js", "text/javascript; charset=utf-8"}};
	const char *dot = strrchr(name, '.');
	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (text_equal(dot, types[i].ending))
			return types[i].type;
	return "application/octet-stream";
}

static const struct page_file *file_of(const char *path)
{
	static const char folder[] = "/page/";
	const char *name = text_equal(path, "/") ? "page.html" : path;
	if (text_starts_with(path, folder))
		name = path + sizeof(folder) - 1;
	for (const struct page_file *file = page_files; file->name != NULL; file++)
		if (text_equal(file->name, name))
			return file;
	return NULL;
}

static void send_file(const struct page_file *file, struct http_reply *reply)
{
	struct buffer body;
	buffer_init(&body, file->len);
	buffer_append(&body, file->bytes, file->len);
	page_answer(reply, 200, type_of(file->name), &body);
}

/* ---- devices ------------------------------------------------------------------------------------ */

static void put_device(struct buffer *to, const struct mapped_device *mapped)
{
	static const char *const forms[] = {
		[COMMAND_ANY] = "any", [COMMAND_TEXT] = "text", [COMMAND_ENVELOPE] = "envelope"};
	json_open_object(to, "");
	json_put_text(to, "device", mapped->device);
	json_put_text(to, "label", mapped->label);
	json_put_text(to, "sim", mapped->sim);
	json_put_text(to, "form", forms[mapped->cmd]);
	json_close_object(to);
}

/* Is `part` in `text`, upper or lower case? */
static bool has(const char *text, const char *part)
{
	size_t len = strlen(part);
	for (; strlen(text) >= len; text++)
		if (strncasecmp(text, part, len) == 0)
			return true;
	return false;
}

static bool fits(const struct mapped_device *mapped, const char *filter)
{
	return has(mapped->device, filter) || has(mapped->label, filter) || has(mapped->sim, filter);
}

static void devices(struct page *page, const struct http_request_in *request, struct http_reply *reply)
{
	char why[WHY_SIZE], filter[DEVICE_SIZE] = "";
	struct mapped_device mapped;
	struct buffer body;
	struct form form;
	if (form_parse(&form, request->query, strlen(request->query), why, sizeof(why))) {
		const char *value = form_value(&form, "filter");
		text_copy(filter, sizeof(filter), value != NULL ? value : "");
		form_clear(&form);
	}
	buffer_init(&body, DEVICES_TEXT_MAX);
	json_open_object(&body, "");
	json_put_integer(&body, "devices", (int64_t)mapping_count(page->parts.mapping));
	json_open_array(&body, "found");
	int count = 0;
	for (size_t i = 0; count < DEVICES_MAX && mapping_at(page->parts.mapping, i, &mapped); i++) {
		if (!fits(&mapped, filter))
			continue;
		put_device(&body, &mapped);
		count++;
	}
	json_close_array(&body);
	json_close_object(&body);
	page_answer(reply, 200, "application/json", &body);
}

/* ---- routes ------------------------------------------------------------------------------------- */

static const struct {
	const char *path, *method;
	void (*answer)(struct page *page, const struct http_request_in *request, struct http_reply *reply);
} routes[] = {
	{"/page/events", "GET", page_open_stream},
	{"/page/devices", "GET", devices},
	{"/send", "POST", page_send},
};
enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

int page_gate(const char *method, const char *path)
{
	for (size_t i = 0; i < ROUTES; i++)
		if (text_equal(path, routes[i].path))
			return text_equal(method, routes[i].method) ? 0 : 405;
	if (file_of(path) == NULL)
		return 404;
	return text_equal(method, "GET") || text_equal(method, "HEAD") ? 0 : 405;
}

void page_handle(struct page *page, const struct http_request_in *request, struct http_reply *reply)
{
	const struct page_file *file = file_of(request->path);
	for (size_t i = 0; i < ROUTES; i++) {
		if (text_equal(request->path, routes[i].path)) {
			routes[i].answer(page, request, reply);
			return;
		}
	}
	if (file != NULL)
		send_file(file, reply);
}
