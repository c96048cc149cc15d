/* api_message - requests to and answers from the SMS Commands API, text to struct and back. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/api_message.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/form.h"
#include "bridge/codec/json.h"

enum { PAGE_MAX = 1000, SID_LENGTH = SID_SIZE - 1 }; /* the API's largest PageSize */

static const char *const STATUS_NAMES[] = {
	[API_QUEUED] = "queued",     [API_SENT] = "sent",     [API_DELIVERED] = "delivered",
	[API_RECEIVED] = "received", [API_FAILED] = "failed", [API_OTHER] = "other",
};

enum api_status api_status_of(const char *text)
{
	for (int i = API_QUEUED; i < API_OTHER; i++)
		if (text_equal(text, STATUS_NAMES[i]))
			return (enum api_status)i;
	return API_OTHER;
}

const char *api_status_text(enum api_status status)
{
	return STATUS_NAMES[status];
}

bool api_sid_is_valid(const char *sid, const char *prefix)
{
	return strlen(sid) == SID_LENGTH && text_starts_with(sid, prefix) &&
	       strspn(sid + strlen(prefix), "0123456789abcdefABCDEF") == SID_LENGTH - strlen(prefix);
}

void api_create_body(struct buffer *to, const char *sim, const char *payload, const char *callback_url,
		     const char *method)
{
	form_put(to, "Sim", sim);
	form_put(to, "Payload", payload);
	if (!*callback_url)
		return;
	form_put(to, "CallbackUrl", callback_url);
	form_put(to, "CallbackMethod", method);
}

/* ---- resources ---- */

/* A sid of the wrong form is as good as none. */
static void take_sid(char to[SID_SIZE], const struct json *object, const char *name, const char *prefix)
{
	const char *sid = json_text(json_member(object, name));

	(void)text_copy(to, SID_SIZE, api_sid_is_valid(sid, prefix) ? sid : "");
}

static enum api_direction direction_of(const char *text)
{
	if (text_equal(text, "to_sim"))
		return API_TO_SIM;
	return text_equal(text, "from_sim") ? API_FROM_SIM : API_NO_DIRECTION;
}

static void clean_message(char to[ERROR_TEXT_SIZE], const char *text)
{
	(void)text_copy_clean(to, ERROR_TEXT_SIZE, text, strlen(text));
}

/* `code` is a number or a text. */
static void take_code(char code[ERROR_CODE_SIZE], const struct json *value)
{
	struct buffer digits;

	if (value == NULL || json_type_of(value) != JSON_NUMBER) {
		(void)text_copy_clean(code, ERROR_CODE_SIZE, json_text(value), strlen(json_text(value)));
		return;
	}
	buffer_init(&digits, ERROR_CODE_SIZE - 1);
	json_print(value, &digits);
	(void)text_copy(code, ERROR_CODE_SIZE, buffer_text(&digits));
	buffer_clear(&digits);
}

/* False without a sid: nothing can be done with such a resource. */
static bool take_resource(struct api_resource *ret, const struct json *object)
{
	*ret = (struct api_resource){0};
	take_sid(ret->sid, object, "sid", "HC");
	take_sid(ret->account_sid, object, "account_sid", "AC");
	take_sid(ret->sim_sid, object, "sim_sid", "HS");
	(void)text_copy(ret->payload, sizeof(ret->payload), json_text(json_member(object, "payload")));
	ret->status = api_status_of(json_text(json_member(object, "status")));
	ret->direction = direction_of(json_text(json_member(object, "direction")));
	ret->created_ms = clock_from_text(json_text(json_member(object, "date_created")));
	ret->updated_ms = clock_from_text(json_text(json_member(object, "date_updated")));
	take_code(ret->error_code, json_member(object, "error_code"));
	clean_message(ret->error_message, json_text(json_member(object, "error_message")));
	return ret->sid[0] != '\0';
}

bool api_resource_decode(struct api_resource *ret, const char *json, size_t len, char *why, size_t why_size)
{
	struct json *document = json_parse_repaired(json, len, why, why_size);

	if (document == NULL)
		return false;
	bool taken = take_resource(ret, document);

	if (!taken)
		(void)text_format(why, why_size, "the answer has no sid of HC and 32 hex digits");
	json_free(document);
	return taken;
}

/* ---- list pages ---- */

static const char *take_next_url(struct api_page *ret, const struct json *document)
{
	const struct json *meta = json_member(document, "meta");

	if (text_copy(ret->next_page_url, sizeof(ret->next_page_url), json_text(json_member(meta, "next_page_url"))))
		return NULL;
	return "the page's next_page_url is too long";
}

/* What is wrong with the page, or NULL. */
static const char *take_page(struct api_page *ret, const struct json *document)
{
	const struct json *list = json_member(document, "sms_commands");
	size_t count = 0;

	if (list == NULL || json_type_of(list) != JSON_ARRAY)
		return "the answer has no array sms_commands";
	for (const struct json *item = json_first(list); item != NULL; item = json_next(item))
		count++;
	if (count > PAGE_MAX)
		return "the page has more than 1000 entries";
	ret->resources = memory_zeroed(count, sizeof(*ret->resources));
	ret->given = memory_zeroed(count, sizeof(*ret->given));
	for (const struct json *item = json_first(list); item != NULL; item = json_next(item)) {
		if (take_resource(&ret->resources[ret->count], item))
			ret->given[ret->count++] = item;
		else
			ret->skipped++;
	}
	return take_next_url(ret, document);
}

bool api_page_decode(struct api_page *ret, const char *json, size_t len, char *why, size_t why_size)
{
	struct json *document = json_parse_repaired(json, len, why, why_size);

	*ret = (struct api_page){.document = document};
	if (document == NULL)
		return false;
	const char *fault = take_page(ret, document);

	if (fault == NULL)
		return true;
	(void)text_copy(why, why_size, fault);
	api_page_clear(ret);
	return false;
}

void api_page_clear(struct api_page *page)
{
	free(page->resources);
	free(page->given);
	json_free(page->document);
	*page = (struct api_page){0};
}

/* ---- SIMs and tokens ---- */

bool api_sim_decode(char sid[SID_SIZE], char unique_name[SIM_SIZE], const char *json, size_t len)
{
	char why[WHY_SIZE];
	struct json *document = json_parse_repaired(json, len, why, sizeof(why));
	const struct json *list = json_member(document, "sims");
	const struct json *sim = list != NULL && json_type_of(list) == JSON_ARRAY ? json_first(list) : document;

	take_sid(sid, sim, "sid", "HS");
	/* A part of a name would name another SIM. */
	if (!text_copy(unique_name, SIM_SIZE, json_text(json_member(sim, "unique_name"))))
		unique_name[0] = '\0';
	json_free(document);
	return sid[0] != '\0';
}

/* It becomes part of a header line: visible ASCII and nothing else. */
static bool token_is_sendable(const char *token)
{
	const char *at = token;

	while (*at > ' ' && *at <= '~')
		at++;
	return *token && !*at;
}

bool api_token_decode(struct api_token *ret, const char *json, size_t len, char *why, size_t why_size)
{
	enum { EXPIRES_DEFAULT_S = 300 };
	static const int64_t EXPIRES_MAX_S = 10LL * 366 * 86400;
	struct json *document = json_parse_repaired(json, len, why, why_size);

	*ret = (struct api_token){0};
	if (document == NULL)
		return false;
	const char *token = json_text(json_member(document, "access_token"));
	const struct json *expires = json_member(document, "expires_in");

	if (token_is_sendable(token)) {
		ret->access_token = memory_copied_text(token);
		if (!json_integer(expires, 1, EXPIRES_MAX_S, &ret->expires_in_s) &&
		    !text_to_int(json_text(expires), 1, EXPIRES_MAX_S, &ret->expires_in_s))
			ret->expires_in_s = EXPIRES_DEFAULT_S;
	} else {
		(void)text_format(why, why_size, "the answer has no access_token that a header can carry");
	}
	json_free(document);
	return ret->access_token != NULL;
}

/* ---- errors ---- */

static bool is_code(const char *text)
{
	static const char ALLOWED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(text);

	return len > 0 && len < ERROR_CODE_SIZE && strspn(text, ALLOWED) == len;
}

static void take_error(char code[ERROR_CODE_SIZE], char message[ERROR_TEXT_SIZE], const struct json *document)
{
	const struct json *nested = json_member(document, "error");
	const struct json *body = nested != NULL && json_type_of(nested) == JSON_OBJECT ? nested : document;
	const char *error = json_text(json_member(body, "error"));
	const char *text = json_text(json_member(body, "message"));

	take_code(code, json_member(body, "code"));
	if (!*text)
		text = json_text(json_member(body, "error_description"));
	clean_message(message, *text ? text : error);
	/* OAuth's `error` is a code; the gateway's is a sentence that says more than its `message`. */
	if (!*code && is_code(error)) {
		(void)text_copy(code, ERROR_CODE_SIZE, error);
	} else if (*text && *error) {
		char both[2 * ERROR_TEXT_SIZE];

		(void)text_format(both, sizeof(both), "%s (%s)", error, text);
		clean_message(message, both);
	}
}

void api_error_decode(char code[ERROR_CODE_SIZE], char message[ERROR_TEXT_SIZE], const char *body, size_t len)
{
	char why[WHY_SIZE];
	struct json *document = json_parse_repaired(body, len, why, sizeof(why));

	code[0] = '\0';
	message[0] = '\0';
	for (; len && strchr(" \t\r\n", body[0]) && body[0]; len--)
		body++;
	if (document != NULL)
		take_error(code, message, document);
	else if (len && body[0] != '<' && body[0] != '{') /* no page of HTML, no broken JSON */
		(void)text_copy_clean(message, ERROR_TEXT_SIZE, body, len);
	json_free(document);
}
