/* Is a device found in its topic, and does no bad name become one? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/topic.h"

#include <stdio.h>

#include "tests/unit/table.h"

static void fill(char *to, size_t len)
{
	memset(to, 'd', len);
	to[len] = '\0';
}

static void device_names_are_one_level_without_wildcards(void **state)
{
	static const struct {
		const char *name, *device;
		bool want;
		const char *want_why;
	} ROW[] = {
		{"plain", "meter-001", true, ""},
		{"one character", "m", true, ""},
		{"letters of the world, spaces, a dollar inside", "caf\xC3\xA9 n\xC2\xB0 1 $", true, ""},
		{"empty", "", false, "is empty"},
		{"plus", "a+b", false, "holds +, # or /"},
		{"hash", "#", false, "holds +, # or /"},
		{"slash", "a/b", false, "holds +, # or /"},
		{"starts with a dollar", "$SYS", false, "starts with $"},
		{"line end", "a\nb", false, "control character"},
		{"DEL", "a\x7F", false, "control character"},
		{"C1 control", "a\xC2\x85", false, "control character"},
		{"noncharacter, for which brokers disconnect", "a\xEF\xBF\xBF", false, "noncharacter"},
		{"noncharacter of the block", "\xEF\xB7\x90", false, "noncharacter"},
		{"malformed UTF-8", "a\xFF", false, "not UTF-8"},
		{"overlong slash", "a\xC0\xAF", false, "not UTF-8"},
		{"raw surrogate", "\xED\xA0\xBD", false, "not UTF-8"},
	};
	char why[WHY_SIZE], device[200];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		why[0] = '\0';
		want_bool(ROW[i].name, "valid", topic_device_is_valid(ROW[i].device, why, sizeof(why)), ROW[i].want);
		want_part(ROW[i].name, "why", why, ROW[i].want_why);
	}
	fill(device, 128);
	assert_true(topic_device_is_valid(device, why, sizeof(why)));
	fill(device, 129);
	assert_false(topic_device_is_valid(device, why, sizeof(why)));
}

static void templates_hold_exactly_one_plus_level(void **state)
{
	static const struct {
		const char *name, *text;
		bool want;
	} ROW[] = {
		{"the default", "devices/+/cmd", true},
		{"plus alone", "+", true},
		{"plus first", "+/cmd", true},
		{"plus last", "a/b/+", true},
		{"empty levels", "/+//", true},
		{"no plus", "devices/cmd", false},
		{"two of them", "+/+", false},
		{"plus inside a level", "devices/a+/cmd", false},
		{"plus inside and as a level", "a+/+", false},
		{"hash", "devices/+/#", false},
		{"starts with a dollar", "$share/g/+", false},
		{"empty", "", false},
		{"line end", "a/+\n", false},
		{"malformed UTF-8", "\xFF/+", false},
	};
	char why[WHY_SIZE], text[600];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++)
		want_bool(ROW[i].name, "valid", topic_template_is_valid(ROW[i].text, why, sizeof(why)), ROW[i].want);
	/* 512 bytes with a device of 128 in the place of the plus. */
	fill(text, 385);
	text[383] = '/';
	text[384] = '+';
	assert_true(topic_template_is_valid(text, why, sizeof(why)));
	fill(text, 386);
	text[384] = '/';
	text[385] = '+';
	assert_false(topic_template_is_valid(text, why, sizeof(why)));
}

static void topics_to_publish_on_hold_no_wildcard(void **state)
{
	char why[WHY_SIZE], text[600];
	(void)state;
	assert_true(topic_name_is_valid("reply/to/me", why, sizeof(why)));
	assert_true(topic_name_is_valid("/", why, sizeof(why)));
	assert_false(topic_name_is_valid("", why, sizeof(why)));
	assert_false(topic_name_is_valid("a/+/b", why, sizeof(why)));
	assert_false(topic_name_is_valid("a/#", why, sizeof(why)));
	assert_false(topic_name_is_valid("a\x01", why, sizeof(why)));
	assert_false(topic_name_is_valid("a\xFF", why, sizeof(why)));
	fill(text, 512);
	assert_true(topic_name_is_valid(text, why, sizeof(why)));
	fill(text, 513);
	assert_false(topic_name_is_valid(text, why, sizeof(why)));
}

static void the_longest_device_fills_the_longest_template(void **state)
{
	char text[600], device[DEVICE_SIZE], topic[TOPIC_SIZE], found[DEVICE_SIZE];
	(void)state;
	fill(text, 385);
	text[0] = '+';
	text[1] = '/';
	fill(device, 128);
	topic_fill(topic, text, device);
	assert_int_equal(strlen(topic), 512);
	assert_true(topic_level(text, topic, found, sizeof(found)));
	assert_string_equal(found, device);
	topic_fill(topic, "devices/+/status", "meter-001");
	assert_string_equal(topic, "devices/meter-001/status");
}

static void a_device_is_extracted_from_a_matching_topic_only(void **state)
{
	static const struct {
		const char *name, *text, *topic, *want; /* want NULL: no match */
	} ROW[] = {
		{"the default", "devices/+/cmd", "devices/meter-001/cmd", "meter-001"},
		{"plus alone", "+", "x", "x"},
		{"plus last", "a/+", "a/x", "x"},
		{"another literal", "devices/+/cmd", "devices/meter-001/status", NULL},
		{"a longer literal", "devices/+/cmd", "devices/meter-001/cmds", NULL},
		{"a shorter literal", "devices/+/cmd", "devices/meter-001/cm", NULL},
		{"another case", "devices/+/cmd", "Devices/meter-001/cmd", NULL},
		{"a level more", "devices/+/cmd", "devices/meter-001/cmd/x", NULL},
		{"a level less", "devices/+/cmd", "devices/meter-001", NULL},
		{"an empty level behind", "devices/+/cmd", "devices/meter-001/cmd/", NULL},
		{"an empty level in front", "devices/+/cmd", "/devices/meter-001/cmd", NULL},
		/* Whether that can be a device is another question. */
		{"an empty level", "devices/+/cmd", "devices//cmd", ""},
		{"a dollar first", "+/cmd", "$SYS/cmd", "$SYS"},
		{"what is no UTF-8", "devices/+/cmd", "devices/\xFF/cmd", "\xFF"},
		{"a wildcard", "devices/+/cmd", "devices/+/cmd", "+"},
	};
	char device[DEVICE_SIZE], topic[TOPIC_SIZE];
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		bool matches = topic_level(ROW[i].text, ROW[i].topic, device, sizeof(device));
		want_bool(ROW[i].name, "match", matches, ROW[i].want != NULL);
		if (matches)
			want_text(ROW[i].name, "device", device, ROW[i].want);
	}
	fill(topic, 129);
	assert_false(topic_level("+", topic, device, sizeof(device)));
}

/* MQTT 3.1.1 sections 4.7.1 and 4.7.2, with their own examples. */
static void filters_match_as_mqtt_says(void **state)
{
	static const struct {
		const char *filter, *topic;
		bool want;
	} ROW[] = {
		{"sport/tennis/player1/#", "sport/tennis/player1", true},
		{"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
		{"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
		{"sport/tennis/player1/#", "sport/tennis/player2", false},
		{"sport/#", "sport", true},
		{"#", "a/b", true},
		{"sport/tennis/+", "sport/tennis/player1", true},
		{"sport/tennis/+", "sport/tennis/player1/ranking", false},
		{"sport/+", "sport", false},
		{"sport/+", "sport/", true},
		{"+/+", "/finance", true},
		{"/+", "/finance", true},
		{"+", "/finance", false},
		{"+/tennis/#", "sport/tennis", true},
		{"#", "$SYS/x", false},
		{"+/monitor/Clients", "$SYS/monitor/Clients", false},
		{"$SYS/#", "$SYS/x", true},
		{"$SYS/monitor/+", "$SYS/monitor/Clients", true},
		{"a/b", "a/b", true},
		{"a/b", "A/b", false},
		{"a/b", "a", false},
		{"a", "a/b", false},
		{"a/+/c", "a//c", true},
		{"a/b/#", "a", false},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char name[100];

		(void)snprintf(name, sizeof(name), "%s %s", ROW[i].filter, ROW[i].topic);
		want_bool(name, "match", topic_matches(ROW[i].filter, ROW[i].topic), ROW[i].want);
		/* A topic name is a filter that only it matches. */
		want_bool(name, "overlap", topic_overlaps(ROW[i].filter, ROW[i].topic), ROW[i].want);
	}
}

static void filters_overlap_when_some_topic_matches_both(void **state)
{
	static const struct {
		const char *a, *b;
		bool want;
	} ROW[] = {
		{"devices/+/cmd", "devices/+/status", false},
		{"devices/+/cmd", "devices/+/cmd", true},
		{"devices/+/cmd", "+/meter/cmd", true},
		{"devices/+/cmd", "devices/#", true},
		{"devices/+/cmd", "devices/+/cmd/#", true},
		{"devices/+/cmd", "devices/+/+", true},
		{"devices/+/cmd", "devices/+", false},
		{"devices/+/cmd", "other/#", false},
		{"#", "+/+/+", true},
		{"#", "$SYS/x", false},
		{"+/x", "$SYS/x", false},
		{"$SYS/#", "$SYS/+/y", true},
		{"a/#", "a", true},
		{"a/b/#", "a/+", true},
		{"a/b/#", "+", false},
		{"a/#", "a/#", true},
		{"a/+/c", "a/b/+", true},
		{"a/+/c", "a/b/d", false},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char name[100];

		(void)snprintf(name, sizeof(name), "%s %s", ROW[i].a, ROW[i].b);
		want_bool(name, "overlap", topic_overlaps(ROW[i].a, ROW[i].b), ROW[i].want);
		want_bool(name, "the other way", topic_overlaps(ROW[i].b, ROW[i].a), ROW[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_names_are_one_level_without_wildcards),
		cmocka_unit_test(templates_hold_exactly_one_plus_level),
		cmocka_unit_test(topics_to_publish_on_hold_no_wildcard),
		cmocka_unit_test(the_longest_device_fills_the_longest_template),
		cmocka_unit_test(a_device_is_extracted_from_a_matching_topic_only),
		cmocka_unit_test(filters_match_as_mqtt_says),
		cmocka_unit_test(filters_overlap_when_some_topic_matches_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
