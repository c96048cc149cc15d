/* token_fetch - one request for an access token: OAuth2 client credentials (RFC 6749, section 4.4). */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/token_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/buffer.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/api_message.h"
#include "bridge/codec/form.h"
#include "bridge/edge/token_text.h"

enum { TIMEOUT_MS = 15000, CONNECT_TIMEOUT_MS = 10000, ANSWER_MAX = 65536, BODY_MAX = 16384, PATIENCE_MS = 1000 };

struct token_fetch {
	struct http_client *client;
	char *secret; /* to keep it out of what the other side says */
	struct token_fetched result;
	bool over;
};

struct http_client *token_fetch_client(const char *ca_file)
{
	return http_client_create(&(struct http_client_options){.ca_file = ca_file,
								.timeout_ms = TIMEOUT_MS,
								.connect_timeout_ms = CONNECT_TIMEOUT_MS,
								.max_answer = ANSWER_MAX,
								.max_connections = 1});
}

static void take_token(struct token_fetch *fetch, const struct http_result *answer)
{
	struct token_fetched *result = &fetch->result;
	struct api_token token;
	char why[WHY_SIZE / 2];

	if (!api_token_decode(&token, answer->body, answer->len, why, sizeof(why))) {
		text_format(result->why, sizeof(result->why), "the token endpoint's answer is of no use: %s", why);
		return;
	}
	if (!token_text_bearer(result->header, token.access_token))
		text_format(result->why, sizeof(result->why),
			    "the token endpoint's token does not fit into a header: more than %d characters",
			    AUTHORIZATION_SIZE - 8);
	result->lifetime_ms = token.expires_in_s * 1000;
	explicit_bzero(token.access_token, strlen(token.access_token));
	free(token.access_token);
}

static void explain_refusal(struct token_fetch *fetch, const struct http_result *answer)
{
	struct token_fetched *result = &fetch->result;
	char code[ERROR_CODE_SIZE], message[ERROR_TEXT_SIZE];

	api_error_decode(code, message, answer->body, answer->len);
	text_conceal(code, strlen(code), fetch->secret);
	text_conceal(message, strlen(message), fetch->secret);
	result->refused = answer->status == 400 || answer->status == 401 || answer->status == 403;
	text_format(result->why, sizeof(result->why), "the token endpoint answered %d%s%s%s%s%s", answer->status,
		    code[0] ? " " : "", code, message[0] ? ": " : "", message,
		    result->refused ? "; check api.client_id and api.client_secret" : "");
}

static void on_answer(void *ctx, const struct http_result *answer)
{
	struct token_fetch *fetch = ctx;

	fetch->over = true;
	fetch->result.retry_after_ms = answer->retry_after_ms;
	if (answer->status >= 200 && answer->status <= 299)
		take_token(fetch, answer);
	else if (answer->status)
		explain_refusal(fetch, answer);
	else
		text_format(fetch->result.why, sizeof(fetch->result.why), "the token endpoint gives no answer: %s",
			    answer->error);
}

struct token_fetch *token_fetch_begin(struct http_client *client, const char *url, const char *client_id,
				      const char *client_secret)
{
	static const char ZEROES[BODY_MAX / 2];
	struct token_fetch *fetch = memory_zeroed(1, sizeof(*fetch));
	struct buffer body;

	fetch->client = client;
	fetch->secret = memory_copied_text(client_secret);
	buffer_init(&body, BODY_MAX);
	/* Its memory at once: growing would leave copies of the secret behind. */
	(void)buffer_append(&body, ZEROES, sizeof(ZEROES));
	buffer_reset(&body);
	form_put(&body, "grant_type", "client_credentials");
	form_put(&body, "client_id", client_id);
	form_put(&body, "client_secret", client_secret);
	const struct http_request_out request = {.method = "POST",
						 .url = url,
						 .authorization = "",
						 .username = "",
						 .password = "",
						 .body = buffer_text(&body),
						 .body_len = body.len};

	http_client_start(client, &request, on_answer, fetch);
	explicit_bzero(body.data, body.len);
	buffer_clear(&body);
	return fetch;
}

bool token_fetch_go_on(struct token_fetch *fetch, struct token_fetched *ret)
{
	http_client_poll(fetch->client, PATIENCE_MS);
	if (fetch->over)
		*ret = fetch->result;
	return fetch->over;
}

void token_fetch_end(struct token_fetch *fetch)
{
	explicit_bzero(fetch->secret, strlen(fetch->secret));
	free(fetch->secret);
	explicit_bzero(fetch, sizeof(*fetch));
	free(fetch);
}
