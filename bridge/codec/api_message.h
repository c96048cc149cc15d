/* api_message - requests to and answers from the SMS Commands API, text to struct and back.
 *
 * Source: the SMSCommand resource page and OpenAPI of Super SIM. Every resource field is
 * nullable there, so a missing or null one is "". Answers are judged by what they hold; their
 * error bodies come in four shapes and sometimes as HTML.
 *
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_CODEC_API_MESSAGE_H
#define BRIDGE_CODEC_API_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/buffer.h"
#include "bridge/base/limits.h"
#include "bridge/codec/json.h"

/* A status of the API. */
enum api_status { API_QUEUED, API_SENT, API_DELIVERED, API_RECEIVED, API_FAILED, API_OTHER };
enum api_direction { API_TO_SIM, API_FROM_SIM, API_NO_DIRECTION };

struct api_resource {
	char sid[SID_SIZE], account_sid[SID_SIZE], sim_sid[SID_SIZE];
	char payload[MO_SIZE];
	enum api_status status;
	enum api_direction direction;
	int64_t created_ms, updated_ms; /* wall time; -1: not given */
	/* "" for none: the page promises an error code on a failed resource, and its schema names no member for it. */
	char error_code[ERROR_CODE_SIZE], error_message[ERROR_TEXT_SIZE];
};

struct api_page {
	struct api_resource *resources; /* yours to free with api_page_clear() */
	const struct json **given;	/* each of them as it came; likewise */
	struct json *document;		/* where `given` points to */
	size_t count, skipped;		/* skipped: entries without a usable sid */
	char next_page_url[URL_SIZE];	/* "" at the end */
};

struct api_token {
	char *access_token; /* yours to free; a secret */
	int64_t expires_in_s;
};

enum api_status api_status_of(const char *text);
const char *api_status_text(enum api_status status);
bool api_sid_is_valid(const char *sid, const char *prefix);

/* The form body of a create. `callback_url` "" for none; `method` "POST" or "GET". */
void api_create_body(struct buffer *to, const char *sim, const char *payload, const char *callback_url,
		     const char *method);

/* One resource; false and why when it is not JSON or has no valid HC sid. */
bool api_resource_decode(struct api_resource *ret, const char *json, size_t len, char *why, size_t why_size);

/* A list page; false and why when it has no `sms_commands` array. */
bool api_page_decode(struct api_page *ret, const char *json, size_t len, char *why, size_t why_size);
void api_page_clear(struct api_page *page);

/* A Sim resource's or its list's (`sims`) first sid and unique_name; false when there is none. */
bool api_sim_decode(char sid[SID_SIZE], char unique_name[SIM_SIZE], const char *json, size_t len);

/* The token endpoint's answer; false and why without an access_token. A missing or odd expires_in is 300. */
bool api_token_decode(struct api_token *ret, const char *json, size_t len, char *why, size_t why_size);

/* Any error body: {status,message,code,more_info}, {message,error}, {error,error_description},
 * {code,message}, or no JSON at all. Both are filled with "" where nothing is to be learnt; text
 * is cut and stripped of control characters. */
void api_error_decode(char code[ERROR_CODE_SIZE], char message[ERROR_TEXT_SIZE], const char *body, size_t len);

#endif
