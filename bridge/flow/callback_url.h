/* callback_url - the addresses that we give to the provider, and whether a path is one of them.
 *
 * Threads: any; pure but for the keyed hash.
 * Promise: only who knows the webhook secret can make a path that callback_url_read() accepts. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_CALLBACK_URL_H
#define BRIDGE_FLOW_CALLBACK_URL_H

#include <stdbool.h>

#include "bridge/base/limits.h"
#include "bridge/codec/callback.h"
#include "bridge/flow/webhook_keys.h"
#include "bridge/settings/settings.h"

/* {public_url}/callback/status/{token}; "" when only polling. Of `command` epoch and seq count. */
void callback_url_status(char to[URL_SIZE], const struct settings *settings, struct webhook_keys *keys,
			 const struct callback_token *command);

/* {public_url}/callback/sms/{token}; "" when only polling. */
void callback_url_sms(char to[URL_SIZE], const struct settings *settings, struct webhook_keys *keys);

enum callback_kind { CALLBACK_NONE, CALLBACK_STATUS, CALLBACK_SMS };

/* What a request's raw path is, by its form alone; with or without the path of public_url in front (a proxy
 * may have taken it off). *ret_token: the last segment (borrowed from `path`). */
enum callback_kind callback_url_kind(const struct settings *settings, const char *path, const char **ret_token);

/* The URL as the provider was given it: from the configuration, never from Host or X-Forwarded-*. */
void callback_url_given(char to[URL_SIZE], const struct settings *settings, enum callback_kind kind, const char *token);

/* Is the token authentic under one of the webhook's keys? For a status fills *ret. */
bool callback_url_read(struct webhook_keys *keys, enum callback_kind kind, const char *token,
		       struct callback_token *ret);

#endif
