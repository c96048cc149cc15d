/* topic - topic names and templates with exactly one `+` that stands for the device. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/topic.h"

#include <stdint.h>
#include <string.h>

#include "bridge/base/text.h"

/* One level of a topic or filter: borrowed, not terminated. */
struct level {
	const char *text;
	size_t len;
};

/* The level at *at; *at moves to the next one, or becomes NULL behind the last. */
static struct level take_level(const char **at)
{
	struct level level = {*at, strcspn(*at, "/")};

	*at = level.text[level.len] ? level.text + level.len + 1 : NULL;
	return level;
}

static bool level_is(struct level level, const char *text)
{
	return level.len == strlen(text) && memcmp(level.text, text, level.len) == 0;
}

static bool is_wildcard(struct level level)
{
	return level_is(level, "+") || level_is(level, "#");
}

/* Brokers disconnect who uses such a character (MQTT 3.1.1 section 1.5.3): controls, noncharacters. */
static bool is_forbidden(uint32_t character)
{
	return character < 0x20 || (character >= 0x7F && character <= 0x9F) ||
	       (character >= 0xFDD0 && character <= 0xFDEF) || (character & 0xFFFE) == 0xFFFE;
}

/* What is wrong with the text as such, or NULL. */
static const char *text_fault(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len == 0)
		return "is empty";
	if (len > max)
		return "is too long";
	while (len) {
		uint32_t character;
		size_t step = text_next_utf8(text, len, &character);

		if (!step)
			return "is not UTF-8";
		if (is_forbidden(character))
			return "holds a control character or noncharacter";
		text += step;
		len -= step;
	}
	return NULL;
}

static bool report(const char *fault, const char *what, char *why, size_t why_size)
{
	if (fault != NULL)
		(void)text_format(why, why_size, "%s %s", what, fault);
	return fault == NULL;
}

bool topic_device_is_valid(const char *device, char *why, size_t why_size)
{
	const char *fault = text_fault(device, DEVICE_SIZE - 1);

	if (fault == NULL && strpbrk(device, "+#/"))
		fault = "holds +, # or /, which it may not";
	if (fault == NULL && device[0] == '$')
		fault = "starts with $, which brokers keep for themselves";
	return report(fault, "the device name", why, why_size);
}

static const char *template_fault(const char *text)
{
	/* The device takes the place of the one byte of the `+`. */
	const char *fault = text_fault(text, TOPIC_SIZE - 1 - (DEVICE_SIZE - 1) + 1);
	size_t plus_levels = 0;

	if (fault != NULL)
		return fault;
	if (text[0] == '$')
		return "starts with $, which brokers keep for themselves";
	if (strchr(text, '#'))
		return "holds #; use one + for the device";
	for (const char *at = text; at;) {
		struct level level = take_level(&at);

		if (level_is(level, "+"))
			plus_levels++;
		else if (memchr(level.text, '+', level.len))
			return "holds a + that is not a whole level";
	}
	return plus_levels == 1 ? NULL : "must hold exactly one level that is +, for the device";
}

bool topic_template_is_valid(const char *template_text, char *why, size_t why_size)
{
	return report(template_fault(template_text), "the topic template", why, why_size);
}

bool topic_name_is_valid(const char *topic, char *why, size_t why_size)
{
	const char *fault = text_fault(topic, TOPIC_SIZE - 1);

	if (fault == NULL && strpbrk(topic, "+#"))
		fault = "holds a wildcard (+ or #)";
	return report(fault, "the topic", why, why_size);
}

void topic_fill(char to[TOPIC_SIZE], const char *template_text, const char *device)
{
	size_t before = strcspn(template_text, "+");
	const char *after = template_text[before] ? template_text + before + 1 : "";

	(void)text_format(to, TOPIC_SIZE, "%.*s%s%s", (int)before, template_text, device, after);
}

bool topic_level(const char *template_text, const char *topic, char *to, size_t size)
{
	bool matches = true;
	const char *filter = template_text, *name = topic;

	while (filter != NULL && name != NULL && matches) {
		struct level want = take_level(&filter), have = take_level(&name);

		if (level_is(want, "+"))
			matches = text_copy_bytes(to, size, have.text, have.len);
		else
			matches = want.len == have.len && memcmp(want.text, have.text, want.len) == 0;
	}
	return filter == NULL && name == NULL && matches;
}

bool topic_matches(const char *filter, const char *topic)
{
	const char *want = filter, *have = topic;

	if (topic[0] == '$' && (filter[0] == '+' || filter[0] == '#'))
		return false;
	while (want != NULL && have != NULL) {
		struct level wanted = take_level(&want), level = take_level(&have);

		if (level_is(wanted, "#"))
			return true;
		if (!level_is(wanted, "+") &&
		    (wanted.len != level.len || memcmp(wanted.text, level.text, level.len) != 0))
			return false;
	}
	/* `a/#` matches `a` as well. */
	return have == NULL && (want == NULL || text_equal(want, "#"));
}

bool topic_overlaps(const char *filter_a, const char *filter_b)
{
	const char *a = filter_a, *b = filter_b;

	if ((filter_a[0] == '$' && (filter_b[0] == '+' || filter_b[0] == '#')) ||
	    (filter_b[0] == '$' && (filter_a[0] == '+' || filter_a[0] == '#')))
		return false;
	while (a != NULL && b != NULL) {
		struct level level_a = take_level(&a), level_b = take_level(&b);

		if (level_is(level_a, "#") || level_is(level_b, "#"))
			return true;
		if (!is_wildcard(level_a) && !is_wildcard(level_b) &&
		    (level_a.len != level_b.len || memcmp(level_a.text, level_b.text, level_a.len) != 0))
			return false;
	}
	return (a == NULL || text_equal(a, "#")) && (b == NULL || text_equal(b, "#"));
}
