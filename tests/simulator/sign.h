/* sign - the signatures of callbacks and other digests.
 *
 * Threads:   any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_SIGN_H
#define SIMULATOR_SIGN_H

#include "bridge/base/limits.h"
#include "tests/simulator/form.h"

#include <stddef.h>

enum { SIGN_KORE_SIZE = 65, SIGN_TWILIO_SIZE = 29 };

/* kore-signature: lower-case hex of SHA-256 over secret, method, URL (without query and
 * fragment) and raw body; "" when the secret is "". */
void sign_kore(const char *secret, const char *method, const char *url, const char *body, char to[SIGN_KORE_SIZE]);

/* X-Twilio-Signature: base64 of HMAC-SHA1 over the URL and the form's fields sorted by name;
 * "" when the token is "". */
void sign_twilio(const char *token, const char *url, const struct form *body, char to[SIGN_TWILIO_SIZE]);

/* A SIM's sid from its unique name: HS and the first 32 hex digits of the name's SHA-256. */
void sign_sim_sid(const char *unique_name, char to[SID_SIZE]);

/* The value of the header `Authorization` for `user:password`; yours to free. */
char *sign_basic(const char *user_password);

#endif
