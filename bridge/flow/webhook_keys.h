/* webhook_keys - the keys that decide who may call the webhook, swapped whole by a reload.
 *
 * Threads:   any.
 * Ownership: keys are copied from the settings and wiped when they go. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_WEBHOOK_KEYS_H
#define BRIDGE_FLOW_WEBHOOK_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/codec/callback.h"
#include "bridge/codec/form.h"
#include "bridge/settings/settings.h"

struct webhook_keys;

struct webhook_keys *webhook_keys_create(const struct settings *settings);
void webhook_keys_destroy(struct webhook_keys *keys);
void webhook_keys_replace(struct webhook_keys *keys, const struct settings *settings);

/* The mac of a subject under the newest key; "" when there is no key. */
void webhook_keys_mac(struct webhook_keys *keys, char to[MAC_TEXT_SIZE], const char *subject);
bool webhook_keys_fit(struct webhook_keys *keys, const char *mac, const char *subject);

/* What a provider's signature is over. */
struct webhook_signed {
	const char *kore_signature, *twilio_signature; /* header values, "" for none */
	const char *method;
	const char *url;   /* as configured and given to the provider, without query */
	const char *query; /* of a GET, "" */
	const void *body;
	size_t body_len;
	const struct form *form; /* of a POST, parsed; NULL for GET */
};

/* True when no provider's secret is set, or one that is set fits. */
bool webhook_keys_provider_fits(struct webhook_keys *keys, const struct webhook_signed *what);

/* Is a provider's secret set, so that what nobody signed is refused? */
bool webhook_keys_has_provider(struct webhook_keys *keys);

#endif
