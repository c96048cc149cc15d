/* devices_draft - what a device of the file may be; the same for both readers. */
// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <string.h>

#include "bridge/base/text.h"
#include "bridge/codec/topic.h"
#include "bridge/settings/devices_table.h"
#include "bridge/settings/suggest.h"

enum { SID_HEX_DIGITS = 32, SID_DIGITS_LEFT = 24, SHOWN_MAX = 80 };

enum field { FIELD_SIM, FIELD_NAME, FIELD_CMD, FIELD_UP, FIELD_COUNT };

static const char *const FIELD_NAMES[FIELD_COUNT] = {"sim", "name", "cmd", "up"};

static bool slice_is(struct slice slice, const char *text)
{
	return strlen(text) == slice.len && memcmp(slice.text, text, slice.len) == 0;
}

static int shown(struct slice slice)
{
	return slice.len < SHOWN_MAX ? (int)slice.len : SHOWN_MAX;
}

static void fault(struct devices_loading *loading, struct device_draft *draft, size_t line, const char *why)
{
	draft->failed = true;
	settings_fault(loading->faults, loading->path, line, "device %s: %s", draft->name, why);
}

void device_begin(struct devices_loading *loading, struct device_draft *draft, struct slice name, size_t line)
{
	char why[WHY_SIZE];

	*draft = (struct device_draft){.line = line, .cmd = COMMAND_ANY, .up = UP_JSON};
	if (!text_copy_bytes(draft->name, sizeof(draft->name), name.text, name.len))
		fault(loading, draft, line, "the name is longer than 128 bytes; shorten it");
	else if (!topic_device_is_valid(draft->name, why, sizeof(why)))
		fault(loading, draft, line, why);
}

/* Names may begin with HS too (HSV-gate). What consists of letters and digits only is held for a sid with a slip in
 * it, and so is what still has most of a sid's digits: sent as a name, it would be refused at each SMS. */
static bool is_malformed_sid(const char *sim)
{
	size_t len = 0, hex = 0, word = 0;

	if (!text_starts_with(sim, "HS"))
		return false;
	for (const char *at = sim + 2; *at; at++) {
		len++;
		hex += isxdigit((unsigned char)*at) != 0;
		word += isalnum((unsigned char)*at) != 0;
	}
	return (word == len || hex >= SID_DIGITS_LEFT) && !(len == SID_HEX_DIGITS && hex == len);
}

static bool has_control_character(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

static const char *wrong_with_sim(const struct device_draft *draft)
{
	if (draft->sim[0] == '\0')
		return "has no SIM; write its sid or unique_name";
	if (has_control_character(draft->sim))
		return "a control character in the SIM's name; leave it out";
	if (is_malformed_sid(draft->sim))
		return "a malformed sid; a SIM's sid is HS and 32 hex digits (of a SIM whose unique_name begins "
		       "with HS, write the sid)";
	return NULL;
}

static const char *take_sim(struct device_draft *draft, struct slice value)
{
	if (!text_copy_bytes(draft->sim, sizeof(draft->sim), value.text, value.len))
		return "the SIM's name is longer than 128 bytes; write its sid or unique_name";
	return wrong_with_sim(draft);
}

static const char *take_label(struct device_draft *draft, struct slice value)
{
	if (!text_copy_bytes(draft->label, sizeof(draft->label), value.text, value.len))
		return "name is longer than 128 bytes; shorten it";
	return has_control_character(draft->label) ? "a control character in name; leave it out" : NULL;
}

static const char *take_cmd(struct device_draft *draft, struct slice value)
{
	if (!slice_is(value, "text") && !slice_is(value, "envelope"))
		return "cmd is neither text nor envelope; leave it out to allow both";
	draft->cmd = slice_is(value, "text") ? COMMAND_TEXT : COMMAND_ENVELOPE;
	return NULL;
}

static const char *take_up(struct device_draft *draft, struct slice value)
{
	if (!slice_is(value, "text") && !slice_is(value, "json"))
		return "up is neither json nor text; leave it out for json";
	draft->up = slice_is(value, "text") ? UP_TEXT : UP_JSON;
	return NULL;
}

/* Each returns what is wrong, or NULL. */
static const char *(*const TAKE[FIELD_COUNT])(struct device_draft *, struct slice) = {
	[FIELD_SIM] = take_sim,
	[FIELD_NAME] = take_label,
	[FIELD_CMD] = take_cmd,
	[FIELD_UP] = take_up,
};

static void fault_unknown(struct devices_loading *loading, struct device_draft *draft, struct slice key, size_t line)
{
	char word[SUGGEST_SIZE];

	text_copy_bytes(word, sizeof(word), key.text, key.len);
	struct suggestion near = suggestion_for(word);

	for (size_t i = 0; i < FIELD_COUNT; i++)
		suggestion_offer(&near, FIELD_NAMES[i]);
	draft->failed = true;
	settings_fault(loading->faults, loading->path, line, "device %s: %.*s is not known here; %s%s%s", draft->name,
		       shown(key), key.text, near.best[0] ? "did you mean " : "use sim, name, cmd, up", near.best,
		       near.best[0] ? "?" : "");
}

void device_field(struct devices_loading *loading, struct device_draft *draft, struct slice key, struct slice value,
		  size_t line)
{
	size_t field = 0;

	while (field < FIELD_COUNT && !slice_is(key, FIELD_NAMES[field]))
		field++;
	if (field == FIELD_COUNT) {
		fault_unknown(loading, draft, key, line);
		return;
	}
	const char *wrong = draft->fields & 1U << field ? "one of its settings is given twice; keep one"
							: TAKE[field](draft, value);

	draft->fields |= 1U << field;
	if (wrong != NULL)
		fault(loading, draft, line, wrong);
}

static void fault_clash(struct devices_loading *loading, const struct device_draft *draft, enum devices_clash clash,
			size_t other_line)
{
	if (clash == CLASH_NAME)
		settings_fault(loading->faults, loading->path, draft->line,
			       "device %s stands here a second time; keep this line or line %zu", draft->name,
			       other_line);
	else
		settings_fault(loading->faults, loading->path, draft->line,
			       "device %s: the SIM %s belongs to another device already, on line %zu; keep one",
			       draft->name, draft->sim, other_line);
}

void device_end(struct devices_loading *loading, const struct device_draft *draft)
{
	size_t other_line;

	if (draft->failed)
		return;
	if (!(draft->fields & 1U << FIELD_SIM)) {
		settings_fault(loading->faults, loading->path, draft->line,
			       "device %s: has no SIM; write sim: with its sid or unique_name", draft->name);
		return;
	}
	if (devices_count(loading->devices) == DEVICES_MAX) {
		settings_fault(loading->faults, loading->path, draft->line, "more than %d devices; use a second bridge",
			       DEVICES_MAX);
		return;
	}
	enum devices_clash clash = devices_add(loading->devices, draft, &other_line);

	if (clash != CLASH_NONE)
		fault_clash(loading, draft, clash, other_line);
}

void devices_set_unlisted(struct devices_loading *loading, struct slice value, size_t line)
{
	if (slice_is(value, "unique_name"))
		devices_choose_unlisted(loading->devices, UNLISTED_UNIQUE_NAME);
	else if (!slice_is(value, "reject"))
		settings_fault(loading->faults, loading->path, line,
			       "unlisted: `%.*s` is neither reject nor unique_name", shown(value), value.text);
}
