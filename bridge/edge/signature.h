/* signature - who may call the webhook: capability tokens of our own and the provider's signatures.
 *
 * Sources: RFC 2104 (HMAC); KORE "Validate webhook signatures" (plain SHA-256 over secret + METHOD + URL
 *          without query + raw body, lower-case hex); Twilio "Webhooks security" (base64 HMAC-SHA1 over the
 *          full URL and the sorted POST parameters).
 * Threads: any; no state. The only file that includes OpenSSL.
 * Promise: comparisons take the same time whatever differs. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_SIGNATURE_H
#define BRIDGE_EDGE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/codec/callback.h"
#include "bridge/codec/form.h"

/* The first 128 bits of HMAC-SHA256(key, subject) as lower-case hex. */
void signature_mac(char to[MAC_TEXT_SIZE], const char *key, const char *subject);

/* Does `mac` fit `subject` under one of up to two keys? */
bool signature_mac_fits(const char *mac, const char *subject, char *const *keys, size_t key_count);

/* kore-signature of a request. `url`: as configured, without query and fragment. */
bool signature_kore_fits(const char *header, const char *method, const char *url, const void *body, size_t len,
			 char *const *keys, size_t key_count);

/* X-Twilio-Signature. `url`: as configured with the query of a GET; tried with and without the
 * standard port. `form` may be NULL (GET). */
bool signature_twilio_fits(const char *header, const char *url, const struct form *form, char *const *keys,
			   size_t key_count);

/* A 64-bit digest of topic and payload, to recognise a redelivery (SHA-256, cut). */
uint64_t signature_digest(const char *topic, const void *payload, size_t len);

#endif
