/* callback - what a status callback or an MO SMS says (both carry the same properties), and the
 * capability token in the path that it came by.
 *
 *   status: /callback/status/<epoch>-<seq>-<mac>     epoch 8 hex, seq decimal, mac 32 hex
 *   MO:     /callback/sms/<mac>                      mac 32 hex
 *
 * The mac is the first 128 bits of HMAC-SHA256(webhook secret, "v1:status:<epoch>-<seq>") or of
 * "v1:sms"; it is computed in edge/signature. Here is only the text.
 *
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_CODEC_CALLBACK_H
#define BRIDGE_CODEC_CALLBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/base/limits.h"
#include "bridge/codec/api_message.h"
#include "bridge/codec/form.h"

enum { EPOCH_SIZE = 9, MAC_TEXT_SIZE = 33, CALLBACK_TOKEN_SIZE = 8 + 1 + 20 + 1 + 32 + 1 };

struct callback {
	char account_sid[SID_SIZE], sid[SID_SIZE], sim_sid[SID_SIZE];
	char sim_unique_name[SIM_SIZE];
	char payload[MO_SIZE];
	enum api_direction direction;
	enum api_status status;
	char error_code[ERROR_CODE_SIZE], error_message[ERROR_TEXT_SIZE];
};

struct callback_token {
	char epoch[EPOCH_SIZE];
	int64_t seq;
	char mac[MAC_TEXT_SIZE];
};

/* From the parsed form: CommandSid (HC…) and Status (of what comes from a SIM not even that) are
 * required, known keys have strict formats, unknown keys are ignored. A Payload longer than MO_SIZE is cut at a
 * character. */
bool callback_decode(struct callback *ret, const struct form *form, char *why, size_t why_size);

/* Has every field a name that the API documents for its callbacks? A signature that joins names and values without
 * anything between them says nothing of where a name ends: `Payload=x` and `Payloadx=` are one to it. */
bool callback_names_are_known(const struct form *form);

/* The last path segment of a status callback; false when it has not exactly that form. */
bool callback_token_decode(struct callback_token *ret, const char *text);
void callback_token_encode(char to[CALLBACK_TOKEN_SIZE], const struct callback_token *token);

/* What the mac is over, without the mac: `v1:status:<epoch>-<seq>`. */
void callback_token_subject(char to[64], const char *epoch, int64_t seq);
#define CALLBACK_SMS_SUBJECT "v1:sms"

#endif
