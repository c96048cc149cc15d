/* Can anything from outside end a log line, hide in it or grow it? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/log_line.h"

#include "tests/unit/table.h"

static const int64_t NOW = 1795341600123; /* 2026-11-22T10:00:00.123Z */
static const struct log_style TEXT = {.format = LOG_AS_TEXT}, JSON = {.format = LOG_AS_JSON};

static const char *write_line(struct log_style style, const char *id, const struct log_field *fields, size_t count)
{
	static struct log_line line;
	static char text[LOG_LINE_SIZE + 1];

	log_line_write(&line, style, NOW, LOG_INFO, id, "accepted", fields, count);
	memcpy(text, line.text, line.len);
	text[line.len] = '\0';
	return text;
}

static void a_text_line_is_time_level_id_event_and_fields(void **state)
{
	const struct log_field fields[] = {LOG_TEXT("device", "meter-001"), LOG_NUMBER("bytes", 12)};
	(void)state;
	assert_string_equal(write_line(TEXT, "b3f9-17", fields, 2),
			    "2026-11-22T10:00:00.123Z info b3f9-17 accepted device=meter-001 bytes=12\n");
	assert_string_equal(write_line(TEXT, "", fields, 1),
			    "2026-11-22T10:00:00.123Z info - accepted device=meter-001\n");
}

static void a_json_line_is_one_object(void **state)
{
	const struct log_field fields[] = {LOG_TEXT("device", "meter-001"), LOG_NUMBER("bytes", -12)};
	(void)state;
	assert_string_equal(write_line(JSON, "b3f9-17", fields, 2),
			    "{\"time\":\"2026-11-22T10:00:00.123Z\",\"level\":\"info\",\"id\":\"b3f9-17\","
			    "\"event\":\"accepted\",\"device\":\"meter-001\",\"bytes\":-12}\n");
	assert_string_equal(write_line(JSON, "", NULL, 0), "{\"time\":\"2026-11-22T10:00:00.123Z\",\"level\":\"info\","
							   "\"id\":\"\",\"event\":\"accepted\"}\n");
}

static void the_journal_gets_a_priority_and_no_second_time(void **state)
{
	struct log_style text = TEXT, json = JSON;
	const struct log_field field = LOG_NUMBER("n", 1);
	(void)state;
	text.to_journal = json.to_journal = true;
	assert_string_equal(write_line(text, "", &field, 1), "<6>info - accepted n=1\n");
	want_part("json", "line", write_line(json, "", &field, 1), "<6>{\"time\":\"2026-11-22T10:00:00.123Z\"");
}

static void what_could_be_misread_is_quoted_and_escaped(void **state)
{
	static const struct {
		const char *name, *value, *want_text, *want_json;
	} ROW[] = {
		{"plain", "meter-001", "v=meter-001\n", "\"v\":\"meter-001\"}\n"},
		{"empty", "", "v=\"\"\n", "\"v\":\"\"}\n"},
		{"space", "a b", "v=\"a b\"\n", "\"v\":\"a b\"}\n"},
		{"forged field", "x level=error", "v=\"x level=error\"\n", "\"v\":\"x level=error\"}\n"},
		{"equals sign", "a=b", "v=\"a=b\"\n", "\"v\":\"a=b\"}\n"},
		{"forged line", "a\r\nb\tc", "v=\"a\\r\\nb\\tc\"\n", "\"v\":\"a\\r\\nb\\tc\"}\n"},
		{"quote and backslash", "\"\\", "v=\"\\\"\\\\\"\n", "\"v\":\"\\\"\\\\\"}\n"},
		{"ANSI escape", "\x1B[2J", "v=\"\\u001b[2J\"\n", "\"v\":\"\\u001b[2J\"}\n"},
		{"DEL", "\x7F", "v=\"\\u007f\"\n", "\"v\":\"\\u007f\"}\n"},
		{"C1 control", "\xC2\x9B", "v=\"\\u009b\"\n", "\"v\":\"\\u009b\"}\n"},
		{"line separator", "\xE2\x80\xA8", "v=\"\\u2028\"\n", "\"v\":\"\\u2028\"}\n"},
		{"paragraph separator", "\xE2\x80\xA9", "v=\"\\u2029\"\n", "\"v\":\"\\u2029\"}\n"},
		{"right-to-left override", "\xE2\x80\xAE", "v=\"\\u202e\"\n", "\"v\":\"\\u202e\"}\n"},
		{"isolate", "\xE2\x81\xA6", "v=\"\\u2066\"\n", "\"v\":\"\\u2066\"}\n"},
		{"Arabic letter mark", "\xD8\x9C", "v=\"\\u061c\"\n", "\"v\":\"\\u061c\"}\n"},
		{"tag character", "\xF3\xA0\x81\x81", "v=\"\\udb40\\udc41\"\n", "\"v\":\"\\udb40\\udc41\"}\n"},
		{"malformed byte", "a\xFFz", "v=\"a\\xffz\"\n", "\"v\":\"a\\ufffdz\"}\n"},
		{"cut character", "a\xE2\x82", "v=\"a\\xe2\\x82\"\n", "\"v\":\"a\\ufffd\\ufffd\"}\n"},
		{"format directives", "%n%s", "v=%n%s\n", "\"v\":\"%n%s\"}\n"},
		{"letters of the world stay", "\xC3\xA9\xE2\x82\xAC", "v=\xC3\xA9\xE2\x82\xAC\n",
		 "\"v\":\"\xC3\xA9\xE2\x82\xAC\"}\n"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		const struct log_field field = LOG_TEXT("v", ROW[i].value);

		want_part(ROW[i].name, "text", write_line(TEXT, "", &field, 1), ROW[i].want_text);
		want_part(ROW[i].name, "json", write_line(JSON, "", &field, 1), ROW[i].want_json);
	}
}

static void an_id_from_outside_cannot_forge_a_line_either(void **state)
{
	(void)state;
	assert_string_equal(write_line(TEXT, "a\nb", NULL, 0), "2026-11-22T10:00:00.123Z info \"a\\nb\" accepted\n");
	assert_string_equal(write_line(TEXT, "-", NULL, 0), "2026-11-22T10:00:00.123Z info \"-\" accepted\n");
}

static void bodies_are_masked_unless_asked_for(void **state)
{
	const struct log_field field = LOG_BODY("payload", "T=21.5 \xE2\x82\xAC ok!!");
	struct log_style open = TEXT;
	(void)state;
	want_part("masked", "line", write_line(TEXT, "", &field, 1), "payload=\"<13 characters>\"\n");
	open.show_bodies = true;
	want_part("shown", "line", write_line(open, "", &field, 1), "payload=\"T=21.5 \xE2\x82\xAC ok!!\"\n");
}

static void a_long_value_is_cut_and_the_line_stays_whole(void **state)
{
	char value[5000];
	const struct log_field fields[] = {LOG_TEXT("long", value), LOG_TEXT("after", "x")};
	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	const char *line = write_line(TEXT, "", fields, 2);

	assert_true(strlen(line) < 700);
	want_part("text", "line", line, "aaa\xE2\x80\xA6 after=x\n");
	want_part("json", "line", write_line(JSON, "", fields, 2), "aaa\xE2\x80\xA6\",\"after\":\"x\"}\n");
}

static void no_line_passes_its_cap_whatever_the_fields(void **state)
{
	char value[3000];
	struct log_field fields[16];
	(void)state;
	for (size_t i = 0; i < ROWS(fields); i++)
		fields[i] = LOG_TEXT("key", value);
	for (size_t len = 0; len < sizeof(value); len += 7) {
		memset(value, len % 2 ? '\x1B' : 'b', len);
		value[len] = '\0';
		const char *text = write_line(TEXT, value, fields, ROWS(fields));

		assert_true(strlen(text) <= LOG_LINE_SIZE);
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		const char *json = write_line(JSON, value, fields, ROWS(fields));

		assert_true(strlen(json) <= LOG_LINE_SIZE);
		assert_string_equal(json + strlen(json) - 2, "}\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_line_is_time_level_id_event_and_fields),
		cmocka_unit_test(a_json_line_is_one_object),
		cmocka_unit_test(the_journal_gets_a_priority_and_no_second_time),
		cmocka_unit_test(what_could_be_misread_is_quoted_and_escaped),
		cmocka_unit_test(an_id_from_outside_cannot_forge_a_line_either),
		cmocka_unit_test(bodies_are_masked_unless_asked_for),
		cmocka_unit_test(a_long_value_is_cut_and_the_line_stays_whole),
		cmocka_unit_test(no_line_passes_its_cap_whatever_the_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
