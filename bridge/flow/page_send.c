/* page_send - a command typed on the page: the same way in as one from MQTT, behind a few more doors.
 *
 * A page of somebody else can make a browser post here. What it cannot do is send JSON across origins without asking
 * first (and nobody answers that question), nor claim our origin. What it can do is give its own name our address; so
 * only addresses and localhost are hosts that we believe. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "bridge/base/log.h"
#include "bridge/base/text.h"
#include "bridge/codec/json.h"
#include "bridge/codec/topic.h"
#include "bridge/flow/page_inside.h"

enum { ANSWER_MAX = 4096, HOST_SIZE = 300 };

static void answer(struct http_reply *reply, int status, const struct command_verdict *verdict)
{
	struct buffer body;
	buffer_init(&body, ANSWER_MAX);
	json_open_object(&body, "");
	json_put_bool(&body, "accepted", verdict->accepted);
	json_put_text(&body, "id", verdict->id);
	json_put_text(&body, "code", verdict->code);
	json_put_text(&body, "message", verdict->message);
	json_close_object(&body);
	page_answer(reply, status, "application/json", &body);
}

static void refuse(struct http_reply *reply, int status, const char *code, const char *message)
{
	struct command_verdict verdict = {0};
	text_copy(verdict.code, sizeof(verdict.code), code);
	text_copy(verdict.message, sizeof(verdict.message), message);
	answer(reply, status, &verdict);
}

/* An address, or localhost; with a port or without. */
static bool is_no_name(const char *host)
{
	char name[HOST_SIZE];
	if (!text_copy(name, sizeof(name), host) || name[0] == '\0')
		return false;
	if (name[0] == '[')
		return name[1 + strspn(name + 1, "0123456789abcdefABCDEF:.")] == ']';
	name[strcspn(name, ":")] = '\0';
	return strcasecmp(name, "localhost") == 0 || strspn(name, "0123456789.") == strlen(name);
}

static bool is_of_our_page(const struct http_request_in *request)
{
	const char *origin = http_header(request, "Origin"), *host = http_header(request, "Host");
	char plain[HOST_SIZE], secure[HOST_SIZE];
	return is_no_name(host) && text_format(plain, sizeof(plain), "http://%s", host) &&
	       text_format(secure, sizeof(secure), "https://%s", host) &&
	       (text_equal(origin, plain) || text_equal(origin, secure));
}

static bool is_json(const struct http_request_in *request)
{
	static const char json[] = "application/json";
	const char *type = http_header(request, "Content-Type");
	return strncasecmp(type, json, sizeof(json) - 1) == 0 && strchr(" ;", type[sizeof(json) - 1]) != NULL;
}

/* False: refused already. */
static bool may_send(const struct page *page, const struct http_request_in *request, struct http_reply *reply)
{
	if (!page->parts.settings->admin_send)
		refuse(reply, 403, "off", "sending from the page is switched off: set admin.send: true");
	else if (!is_of_our_page(request))
		refuse(reply, 403, "origin",
		       "only the page itself may send, opened by an address or localhost; from elsewhere use a tunnel, "
		       "such as ssh -L 9464:127.0.0.1:9464");
	else if (!is_json(request))
		refuse(reply, 415, "type", "send JSON");
	else
		return true;
	return false;
}

static void offer(struct page *page, const char *device, const char *text, struct http_reply *reply)
{
	struct command_verdict verdict = {0};
	char topic[TOPIC_SIZE], why[WHY_SIZE];
	if (!topic_device_is_valid(device, why, sizeof(why))) {
		refuse(reply, 422, "unknown_device", why);
		return;
	}
	topic_fill(topic, page->parts.settings->topics_command, device);
	const struct mqtt_message message = {
		.topic = topic, .payload = text, .len = strlen(text), .reply_topic = "", .expiry_s = -1};
	log_info("", "a command from the status page", LOG_TEXT("device", device));
	command_intake_offer(page->parts.intake, &message, &verdict);
	answer(reply, verdict.accepted ? 200 : 422, &verdict);
}

void page_send(struct page *page, const struct http_request_in *request, struct http_reply *reply)
{
	char why[WHY_SIZE];
	if (!may_send(page, request, reply))
		return;
	struct json *body = json_parse(request->body, request->body_len, why, sizeof(why));
	const struct json *message = json_member(body, "message");
	if (message == NULL || json_type_of(message) != JSON_STRING)
		refuse(reply, 400, "malformed", "send {\"device\": \"...\", \"message\": \"...\"}");
	else
		offer(page, json_text(json_member(body, "device")), json_text(message), reply);
	json_free(body);
}
