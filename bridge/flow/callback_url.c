/* callback_url - paths with a capability in their last segment. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/callback_url.h"

#include <string.h>

#include "bridge/base/text.h"
#include "bridge/flow/polling.h"

#define STATUS_PATH "/callback/status/"
#define SMS_PATH    "/callback/sms/"

void callback_url_status(char to[URL_SIZE], const struct settings *settings, struct webhook_keys *keys,
			 const struct callback_token *command)
{
	struct callback_token token = *command;
	char subject[64], text[CALLBACK_TOKEN_SIZE];
	to[0] = '\0';
	if (polling_only(settings))
		return;
	callback_token_subject(subject, token.epoch, token.seq);
	webhook_keys_mac(keys, token.mac, subject);
	callback_token_encode(text, &token);
	text_format(to, URL_SIZE, "%s" STATUS_PATH "%s", settings->webhook_public_url, text);
}

void callback_url_sms(char to[URL_SIZE], const struct settings *settings, struct webhook_keys *keys)
{
	char mac[MAC_TEXT_SIZE];
	to[0] = '\0';
	if (polling_only(settings))
		return;
	webhook_keys_mac(keys, mac, CALLBACK_SMS_SUBJECT);
	text_format(to, URL_SIZE, "%s" SMS_PATH "%s", settings->webhook_public_url, mac);
}

/* The path of a URL without a query: what follows scheme and authority; "" for none. */
static const char *path_of(const char *url)
{
	const char *authority = strstr(url, "://");
	const char *slash = authority != NULL ? strchr(authority + 3, '/') : NULL;
	return slash != NULL ? slash : "";
}

enum callback_kind callback_url_kind(const struct settings *settings, const char *path, const char **ret_token)
{
	static const struct {
		const char *prefix;
		enum callback_kind kind;
	} kinds[] = {{STATUS_PATH, CALLBACK_STATUS}, {SMS_PATH, CALLBACK_SMS}};
	const char *base = path_of(settings->webhook_public_url);
	if (base[0] != '\0' && text_starts_with(path, base))
		path += strlen(base);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!text_starts_with(path, kinds[i].prefix))
			continue;
		*ret_token = path + strlen(kinds[i].prefix);
		return (*ret_token)[0] != '\0' && strchr(*ret_token, '/') == NULL ? kinds[i].kind : CALLBACK_NONE;
	}
	return CALLBACK_NONE;
}

void callback_url_given(char to[URL_SIZE], const struct settings *settings, enum callback_kind kind, const char *token)
{
	text_format(to, URL_SIZE, "%s%s%s", settings->webhook_public_url, kind == CALLBACK_SMS ? SMS_PATH : STATUS_PATH,
		    token);
}

bool callback_url_read(struct webhook_keys *keys, enum callback_kind kind, const char *token,
		       struct callback_token *ret)
{
	char subject[64];
	if (kind == CALLBACK_SMS)
		return webhook_keys_fit(keys, token, CALLBACK_SMS_SUBJECT);
	if (kind != CALLBACK_STATUS || !callback_token_decode(ret, token))
		return false;
	callback_token_subject(subject, ret->epoch, ret->seq);
	return webhook_keys_fit(keys, ret->mac, subject);
}
