/* callback - what a status callback or an MO SMS says, and the token in the path that it came by. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/callback.h"

#include <string.h>

#include "bridge/base/text.h"

enum { EPOCH_DIGITS = EPOCH_SIZE - 1, MAC_DIGITS = MAC_TEXT_SIZE - 1 };

static const char LOWER_HEX[] = "0123456789abcdef";

static const char *value_of(const struct form *form, const char *name)
{
	const char *value = form_value(form, name);

	return value != NULL ? value : "";
}

/* A sid, where it is given: of its form or refused. */
static bool take_sid(char to[SID_SIZE], const struct form *form, const char *name, const char *prefix)
{
	const char *value = value_of(form, name);

	if (*value && !api_sid_is_valid(value, prefix))
		return false;
	return text_copy(to, SID_SIZE, value);
}

static bool take_direction(struct callback *ret, const struct form *form)
{
	const char *value = value_of(form, "Direction");

	ret->direction = text_equal(value, "to_sim")	 ? API_TO_SIM
			 : text_equal(value, "from_sim") ? API_FROM_SIM
							 : API_NO_DIRECTION;
	return !*value || ret->direction != API_NO_DIRECTION;
}

/* Needs the direction. What comes from a SIM is always `received`, also where nobody says so. */
static bool take_status(struct callback *ret, const struct form *form)
{
	const char *value = value_of(form, "Status");

	ret->status = !*value && ret->direction == API_FROM_SIM ? API_RECEIVED : api_status_of(value);
	return ret->status != API_OTHER;
}

/* What is wrong with the properties that have a strict form, or NULL. */
static const char *take_strict(struct callback *ret, const struct form *form)
{
	if (!take_sid(ret->sid, form, "CommandSid", "HC") || !ret->sid[0])
		return "CommandSid must be HC and 32 hex digits";
	if (!take_sid(ret->sim_sid, form, "SimSid", "HS"))
		return "SimSid must be HS and 32 hex digits";
	if (!take_sid(ret->account_sid, form, "AccountSid", "AC"))
		return "AccountSid must be AC and 32 hex digits";
	if (!take_direction(ret, form))
		return "Direction must be to_sim or from_sim";
	if (!take_status(ret, form))
		return "Status must be queued, sent, delivered, received or failed";
	return NULL;
}

static void take_clean(char *to, size_t size, const struct form *form, const char *name)
{
	const char *value = value_of(form, name);

	(void)text_copy_clean(to, size, value, strlen(value));
}

bool callback_decode(struct callback *ret, const struct form *form, char *why, size_t why_size)
{
	*ret = (struct callback){.status = API_OTHER, .direction = API_NO_DIRECTION};
	const char *fault = take_strict(ret, form);

	if (fault != NULL) {
		(void)text_format(why, why_size, "the callback's %s", fault);
		return false;
	}
	(void)text_copy(ret->payload, sizeof(ret->payload), value_of(form, "Payload"));
	take_clean(ret->sim_unique_name, sizeof(ret->sim_unique_name), form, "SimUniqueName");
	take_clean(ret->error_code, sizeof(ret->error_code), form, "ErrorCode");
	take_clean(ret->error_message, sizeof(ret->error_message), form, "ErrorMessage");
	return true;
}

bool callback_names_are_known(const struct form *form)
{
	static const char *const NAMES[] = {"AccountSid",  "CommandSid", "SimSid", "SimUniqueName", "Payload",
					    "PayloadType", "Direction",	 "Status", "ErrorCode",	    "ErrorMessage"};
	size_t known = 0;

	/* No name is there twice. */
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		known += form_value(form, NAMES[i]) != NULL;
	return known == form->count;
}

bool callback_token_decode(struct callback_token *ret, const char *text)
{
	char seq[20];
	const char *after_epoch = text + strspn(text, LOWER_HEX);

	if (after_epoch - text != EPOCH_DIGITS || *after_epoch != '-')
		return false;
	const char *digits = after_epoch + 1;
	size_t count = strspn(digits, "0123456789");

	/* One spelling for one number: no leading zero. 19 digits are the most of an int64_t. */
	if (count == 0 || count >= sizeof(seq) || (count > 1 && digits[0] == '0') || digits[count] != '-')
		return false;
	const char *mac = digits + count + 1;

	if (strlen(mac) != MAC_DIGITS || strspn(mac, LOWER_HEX) != MAC_DIGITS)
		return false;
	(void)text_copy_bytes(seq, sizeof(seq), digits, count);
	if (!text_to_int(seq, 0, INT64_MAX, &ret->seq))
		return false;
	return text_copy_bytes(ret->epoch, sizeof(ret->epoch), text, EPOCH_DIGITS) &&
	       text_copy(ret->mac, sizeof(ret->mac), mac);
}

void callback_token_encode(char to[CALLBACK_TOKEN_SIZE], const struct callback_token *token)
{
	(void)text_format(to, CALLBACK_TOKEN_SIZE, "%s-%lld-%s", token->epoch, (long long)token->seq, token->mac);
}

void callback_token_subject(char to[64], const char *epoch, int64_t seq)
{
	(void)text_format(to, 64, "v1:status:%s-%lld", epoch, (long long)seq);
}
