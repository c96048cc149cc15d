/* signing - the signatures of callbacks as the provider makes them.
 *
 * Written from the provider's pages with OpenSSL; shares nothing with the bridge's own verification.
 *
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_SIGNING_H
#define TESTS_HARNESS_SIGNING_H

#include <stddef.h>

enum { SIGNING_SIZE = 72 };

/* kore-signature: hex of SHA-256 over secret, method, URL without query, and body. */
void signing_kore(const char *secret, const char *method, const char *url, const char *body, char ret[SIGNING_SIZE]);

/* X-Twilio-Signature: base64 of HMAC-SHA1 over the URL with query and the POST's `names and values`, which the caller
 * gives sorted by name and without separators; "" for a GET. */
void signing_twilio(const char *token, const char *url, const char *names_and_values, char ret[SIGNING_SIZE]);

#endif
