/* command - what a message on a command topic asks for. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/command.h"

#include <string.h>

#include "bridge/base/text.h"
#include "bridge/codec/gsm7.h"
#include "bridge/codec/json.h"

static const int64_t TTL_MAX_S = 2592000;

static bool refuse(struct command_fault *fault, const char *code)
{
	(void)text_copy(fault->code, sizeof(fault->code), code);
	return false;
}

/* ---- the members of an envelope ---- */

static bool read_payload(struct command *ret, const struct json *value)
{
	(void)ret; /* the text is taken when all members are known to be well */
	enum json_type type = json_type_of(value);

	return type == JSON_STRING || type == JSON_OBJECT || type == JSON_ARRAY;
}

static bool id_is_valid(const char *id)
{
	static const char ALLOWED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
	size_t len = strlen(id);

	return len >= 1 && len < COMMAND_ID_SIZE && strspn(id, ALLOWED) == len;
}

static bool read_id(struct command *ret, const struct json *value)
{
	const char *id = json_text(value);

	return id_is_valid(id) && text_copy(ret->id, sizeof(ret->id), id);
}

static bool read_ttl(struct command *ret, const struct json *value)
{
	return json_integer(value, 1, TTL_MAX_S, &ret->ttl_s);
}

static bool read_replace(struct command *ret, const struct json *value)
{
	return json_bool(value, &ret->replace);
}

static bool read_priority(struct command *ret, const struct json *value)
{
	static const struct {
		const char *name;
		enum command_priority priority;
	} NAMES[] = {{"high", PRIORITY_HIGH}, {"normal", PRIORITY_NORMAL}, {"low", PRIORITY_LOW}};

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		if (text_equal(json_text(value), NAMES[i].name)) {
			ret->priority = NAMES[i].priority;
			return true;
		}
	}
	return false;
}

static const struct member {
	const char *name;
	bool (*read)(struct command *ret, const struct json *value);
	const char *must_be;
} MEMBERS[] = {
	{"payload", read_payload, "a string, an object or an array"},
	{"id", read_id, "a string of 1 to 64 characters of A-Z a-z 0-9 . _ : -"},
	{"ttl", read_ttl, "a whole number of seconds from 1 to 2592000"},
	{"replace", read_replace, "true or false"},
	{"priority", read_priority, "\"low\", \"normal\" or \"high\""},
};

static const struct member *member_of(const char *name)
{
	for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++)
		if (text_equal(MEMBERS[i].name, name))
			return &MEMBERS[i];
	return NULL;
}

static bool read_members(struct command *ret, const struct json *envelope, struct command_fault *fault)
{
	for (const struct json *value = json_first(envelope); value != NULL; value = json_next(value)) {
		const struct member *member = member_of(json_name(value));
		char name[32];

		if (member != NULL && member->read(ret, value))
			continue;
		(void)text_copy_clean(name, sizeof(name), json_name(value), strlen(json_name(value)));
		if (member != NULL)
			(void)text_format(fault->message, sizeof(fault->message), "\"%s\" must be %s", name,
					  member->must_be);
		else
			(void)text_format(
				fault->message, sizeof(fault->message),
				"an envelope has no member \"%s\": payload, id, ttl, replace and priority are known",
				name);
		return refuse(fault, "bad_envelope");
	}
	return true;
}

/* ---- what can be sent ---- */

/* Shows a character in a message, unless it would show as nothing or change what stands around it. */
static bool is_showable(uint32_t character)
{
	return character > 0x20 && (character < 0x7F || character > 0xA0) && character != 0xAD &&
	       !(character >= 0x300 && character <= 0x36F) && !(character >= 0x2000 && character <= 0x206F) &&
	       character != 0x61C && character != 0xFEFF && character < 0xE0000;
}

static void describe_offender(struct command_fault *fault, const char *text, size_t len, struct gsm7_measure measure)
{
	size_t step = 0;
	uint32_t character = 0;

	for (size_t i = 0; i < measure.offender_position; i++) {
		text += step;
		len -= step;
		step = text_next_utf8(text, len, &character);
	}
	if (is_showable(measure.offender))
		(void)text_format(fault->message, sizeof(fault->message),
				  "character %zu, \"%.*s\" (U+%04X), is not in the SMS alphabet (GSM 03.38)",
				  measure.offender_position, (int)step, text, (unsigned)measure.offender);
	else
		(void)text_format(fault->message, sizeof(fault->message),
				  "character %zu, U+%04X, is not in the SMS alphabet (GSM 03.38)",
				  measure.offender_position, (unsigned)measure.offender);
}

static bool check_bytes(const char *text, size_t len, struct command_fault *fault)
{
	size_t done = 0;
	uint32_t character = 0;

	while (done < len) {
		size_t step = text_next_utf8(text + done, len - done, &character);

		if (step == 0 || character == 0) {
			(void)text_format(fault->message, sizeof(fault->message),
					  "byte %zu is %s: an SMS holds text only", done + 1,
					  step ? "NUL" : "not UTF-8");
			return refuse(fault, "payload_charset");
		}
		done += step;
	}
	return true;
}

/* Takes the text when an SMS can carry it. */
static bool take_text(struct command *ret, const char *text, size_t len, bool strict_septets,
		      struct command_fault *fault)
{
	(void)text_copy_bytes(fault->payload, sizeof(fault->payload), text, len);
	if (len == 0) {
		(void)text_copy(fault->message, sizeof(fault->message), "the text is empty; an SMS needs a character");
		return refuse(fault, "payload_empty");
	}
	if (!check_bytes(text, len, fault))
		return false;
	struct gsm7_measure measure = gsm7_measure(text, len);

	if (!measure.sendable) {
		describe_offender(fault, text, len, measure);
		return refuse(fault, "payload_charset");
	}
	if (measure.characters > SMS_CHARACTERS) {
		(void)text_format(fault->message, sizeof(fault->message),
				  "the text has %zu characters; an SMS holds %d", measure.characters, SMS_CHARACTERS);
		return refuse(fault, "payload_too_long");
	}
	if (strict_septets && measure.septets > SMS_CHARACTERS) {
		(void)text_format(
			fault->message, sizeof(fault->message),
			"the text needs %zu septets, an SMS holds %d: ^ { } \\ [ ~ ] | and the euro sign count twice",
			measure.septets, SMS_CHARACTERS);
		return refuse(fault, "payload_too_long");
	}
	return text_copy_bytes(ret->payload, sizeof(ret->payload), text, len);
}

/* ---- text or envelope ---- */

static bool decode_envelope(struct command *ret, const struct json *envelope, bool strict_septets,
			    struct command_fault *fault)
{
	const struct json *payload = json_member(envelope, "payload");
	const char *id = json_text(json_member(envelope, "id"));
	struct buffer compact;
	bool taken = false;

	buffer_init(&compact, MQTT_PAYLOAD_MAX); /* compact is never longer than what came */
	if (json_type_of(payload) == JSON_STRING)
		(void)buffer_append_text(&compact, json_text(payload));
	else
		json_print(payload, &compact);
	if (id_is_valid(id))
		(void)text_copy(fault->id, sizeof(fault->id), id);
	(void)text_copy(fault->payload, sizeof(fault->payload), buffer_text(&compact));
	if (read_members(ret, envelope, fault))
		taken = take_text(ret, buffer_text(&compact), compact.len, strict_septets, fault);
	buffer_clear(&compact);
	return taken;
}

/* The length of the string at `text`, quotes included; 0 when it does not end. */
static size_t string_length(const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (text[i] == '"')
			return i + 1;
		i += text[i] == '\\';
	}
	return 0;
}

static size_t space_length(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && text[i] && strchr(" \t\r\n", text[i]))
		i++;
	return i;
}

/* Is the JSON string at `text` exactly this one, escapes or not? */
static bool string_is(const char *text, size_t len, const char *want)
{
	char why[WHY_SIZE];
	struct json *string = json_parse(text, len, why, sizeof(why));
	bool same = text_equal(json_text(string), want);

	json_free(string);
	return same;
}

/* The id in a broken envelope: taken when its string is whole and well. */
static void glimpse_id(const char *text, size_t len, struct command_fault *fault)
{
	char why[WHY_SIZE];
	size_t length = len && *text == '"' ? string_length(text, len) : 0;
	struct json *string = json_parse(text, length, why, sizeof(why));

	if (id_is_valid(json_text(string)))
		(void)text_copy(fault->id, sizeof(fault->id), json_text(string));
	json_free(string);
}

/* One string on the top level of a broken object: a name when a colon follows. True for `payload`. */
static bool glimpse_name(const char *text, size_t length, size_t len, struct command_fault *fault)
{
	size_t colon = length + space_length(text + length, len - length);

	if (colon >= len || text[colon] != ':')
		return false;
	colon++;
	colon += space_length(text + colon, len - colon);
	if (string_is(text, length, "id"))
		glimpse_id(text + colon, len - colon, fault);
	return string_is(text, length, "payload");
}

/* Reads what can still be read of a text that is no clean JSON: is it an object with `payload` on
 * its top level, so that somebody meant an envelope? Fills fault->id on the way. */
static bool is_meant_as_envelope(const char *text, size_t len, struct command_fault *fault)
{
	size_t at = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	size_t depth = 0;
	bool meant = false;

	at += space_length(text + at, len - at);
	if (at >= len || text[at] != '{')
		return false;
	for (; at < len; at++) {
		if (text[at] == '{' || text[at] == '[')
			depth++;
		if ((text[at] == '}' || text[at] == ']') && --depth == 0)
			break;
		if (text[at] != '"')
			continue;
		size_t length = string_length(text + at, len - at);

		if (length == 0)
			break;
		if (depth == 1 && glimpse_name(text + at, length, len - at, fault))
			meant = true;
		at += length - 1;
	}
	return meant;
}

static bool refuse_unreadable(struct command_fault *fault, const char *why)
{
	(void)text_format(fault->message, sizeof(fault->message), "the envelope cannot be read: %s", why);
	return refuse(fault, "bad_envelope");
}

bool command_decode(struct command *ret, const void *payload, size_t len, enum command_form form, bool strict_septets,
		    struct command_fault *fault)
{
	const char *text = len ? payload : "";
	char why[WHY_SIZE];
	bool decoded;

	*ret = (struct command){.priority = PRIORITY_NORMAL};
	*fault = (struct command_fault){0};
	if (len > MQTT_PAYLOAD_MAX) {
		(void)text_format(fault->message, sizeof(fault->message), "the message has %zu bytes; %d are the most",
				  len, MQTT_PAYLOAD_MAX);
		return refuse(fault, "payload_too_long");
	}
	if (form == COMMAND_TEXT || (form == COMMAND_ANY && len == 0))
		return take_text(ret, text, len, strict_septets, fault);
	struct json *document = json_parse(text, len, why, sizeof(why));

	if (document != NULL && json_member(document, "payload") != NULL)
		decoded = decode_envelope(ret, document, strict_septets, fault);
	else if (document != NULL && form == COMMAND_ENVELOPE)
		decoded = refuse_unreadable(fault, "it is not an object with the member \"payload\"");
	else if (document == NULL && (is_meant_as_envelope(text, len, fault) || form == COMMAND_ENVELOPE))
		decoded = refuse_unreadable(fault, why);
	else
		decoded = take_text(ret, text, len, strict_septets, fault);
	json_free(document);
	return decoded;
}
