/* Does a form come through only when it is unambiguous? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/form.h"

#include "bridge/base/limits.h"
#include "tests/unit/table.h"

static bool parse(struct form *form, const char *text, size_t len, char why[WHY_SIZE])
{
	char *bytes = exact_copy(text, len);
	bool parsed;

	why[0] = '\0';
	parsed = form_parse(form, bytes, len, why, WHY_SIZE);
	free(bytes);
	return parsed;
}

static void a_callback_is_decoded_field_by_field(void **state)
{
	static const char BODY[] = "AccountSid=AC1&Payload=T%3D21.5+%E2%82%AC%0A&Empty=&Bare&%53tatus=sent&e=a=b";
	char why[WHY_SIZE];
	struct form form;
	(void)state;
	assert_true(parse(&form, BODY, strlen(BODY), why));
	assert_int_equal(form.count, 6);
	assert_string_equal(form_value(&form, "AccountSid"), "AC1");
	assert_string_equal(form_value(&form, "Payload"), "T=21.5 \xE2\x82\xAC\n");
	assert_string_equal(form_value(&form, "Empty"), "");
	assert_string_equal(form_value(&form, "Bare"), "");
	assert_string_equal(form_value(&form, "Status"), "sent");
	assert_string_equal(form_value(&form, "e"), "a=b");
	assert_null(form_value(&form, "payload"));
	assert_null(form_value(&form, ""));
	assert_string_equal(form.fields[1].name, "Payload");
	form_clear(&form);
	form_clear(&form);
	assert_int_equal(form.count, 0);
}

static void values_are_decoded_as_the_standard_says(void **state)
{
	static const struct {
		const char *name, *body, *want;
	} ROW[] = {
		{"plus is a space", "v=a+b", "a b"},
		{"%20 is a space", "v=a%20b", "a b"},
		{"%2B is a plus", "v=a%2Bb", "a+b"},
		{"lower-case hex", "v=%c3%a9", "\xC3\xA9"},
		{"mixed-case hex", "v=%C3%a9", "\xC3\xA9"},
		{"an encoded ampersand", "v=a%26b%3Dc", "a&b=c"},
		{"an encoded percent sign is not decoded again", "v=%2541", "%41"},
		{"four bytes", "v=%F0%9F%98%80", "\xF0\x9F\x98\x80"},
		{"JSON with its braces raw", "v={%22a%22:1}", "{\"a\":1}"},
		{"only spaces", "v=+++", "   "},
		{"encoded line end", "v=a%0D%0Ab", "a\r\nb"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char why[WHY_SIZE];
		struct form form;

		want_bool(ROW[i].name, "result", parse(&form, ROW[i].body, strlen(ROW[i].body), why), true);
		want_text(ROW[i].name, "value", form_value(&form, "v"), ROW[i].want);
		form_clear(&form);
	}
}

static void what_is_ambiguous_or_malformed_is_refused(void **state)
{
	static const struct {
		const char *name, *body;
		size_t len; /* 0: of the text */
		const char *want_why;
	} ROW[] = {
		{"a name twice", "a=1&b=2&a=1", 0, "twice"},
		{"a name twice by its encoding", "a=1&%61=2", 0, "twice"},
		{"encoded NUL", "a=x%00y", 0, "NUL"},
		{"encoded NUL in a name", "a%00=x", 0, "NUL"},
		{"raw NUL", "a=x\0y", 5, "never part of form encoding"},
		{"0x80, the first byte of SHA-256 padding", "a=x\x80", 0, "never part of form encoding"},
		{"raw UTF-8", "a=\xC3\xA9", 0, "never part of form encoding"},
		{"raw space", "a=x y", 0, "never part of form encoding"},
		{"raw line end", "a=x\r\n", 0, "never part of form encoding"},
		{"raw tab", "a=\t", 0, "never part of form encoding"},
		{"DEL", "a=\x7F", 0, "never part of form encoding"},
		{"percent at the end", "a=%", 0, "two hex digits"},
		{"percent and one digit at the end", "a=%4", 0, "two hex digits"},
		{"percent and no hex", "a=%zz", 0, "two hex digits"},
		{"percent before an ampersand", "a=%4&b=1", 0, "two hex digits"},
		{"percent and a sign", "a=%-1", 0, "two hex digits"},
		{"malformed UTF-8", "a=%FF", 0, "not UTF-8"},
		{"overlong slash", "a=%C0%AF", 0, "not UTF-8"},
		{"encoded surrogate", "a=%ED%A0%BD", 0, "not UTF-8"},
		{"a cut character", "a=%E2%82", 0, "not UTF-8"},
		{"malformed UTF-8 in a name", "%FF=1", 0, "not UTF-8"},
		{"no name", "=1", 0, "without a name"},
		{"empty pair between", "a=1&&b=2", 0, "without a name"},
		{"empty pair first", "&a=1", 0, "without a name"},
		{"empty pair last", "a=1&", 0, "without a name"},
		{"JSON", "{\"Status\": \"sent\"}", 0, "never part of form encoding"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		char why[WHY_SIZE];
		struct form form;
		size_t len = ROW[i].len ? ROW[i].len : strlen(ROW[i].body);

		want_bool(ROW[i].name, "result", parse(&form, ROW[i].body, len, why), false);
		want_part(ROW[i].name, "why", why, ROW[i].want_why);
	}
}

static void nothing_is_a_form_without_fields(void **state)
{
	char why[WHY_SIZE];
	struct form form;
	(void)state;
	assert_true(form_parse(&form, NULL, 0, why, sizeof(why)));
	assert_int_equal(form.count, 0);
	form_clear(&form);
}

static void fields_and_bytes_have_their_limits(void **state)
{
	struct buffer body;
	char why[WHY_SIZE];
	struct form form;
	(void)state;
	buffer_init(&body, 100000);
	for (int i = 0; i < FORM_FIELDS_MAX; i++)
		assert_true(buffer_append_format(&body, "%sn%d=%d", i ? "&" : "", i, i));
	assert_true(parse(&form, buffer_text(&body), body.len, why));
	assert_string_equal(form_value(&form, "n31"), "31");
	form_clear(&form);
	assert_true(buffer_append_text(&body, "&more=1"));
	assert_false(parse(&form, buffer_text(&body), body.len, why));
	want_part("33 fields", "why", why, "too many fields");
	buffer_reset(&body);
	for (int i = 0; i < 10000; i++)
		assert_true(buffer_append_format(&body, "n%d&", i));
	assert_false(parse(&form, buffer_text(&body), body.len, why));
	buffer_reset(&body);
	assert_true(buffer_append_text(&body, "key"));
	while (body.len < FORM_BODY_MAX)
		assert_true(buffer_append_text(&body, "k"));
	assert_true(parse(&form, buffer_text(&body), body.len, why));
	form_clear(&form);
	assert_true(buffer_append_text(&body, "k"));
	assert_false(parse(&form, buffer_text(&body), body.len, why));
	want_part("too long", "why", why, "more bytes");
	buffer_clear(&body);
}

static void encoding_keeps_only_the_unreserved_of_rfc_3986(void **state)
{
	struct buffer to;
	(void)state;
	buffer_init(&to, 1000);
	form_put(&to, "Sim", "Gate-Controller_7.a~");
	form_put(&to, "Payload", "{\"a\":1} +&=%\xE2\x82\xAC\n");
	assert_string_equal(buffer_text(&to),
			    "Sim=Gate-Controller_7.a~&Payload=%7B%22a%22%3A1%7D%20%2B%26%3D%25%E2%82%AC%0A");
	buffer_reset(&to);
	assert_true(buffer_append_text(&to, "https://api.example/v1/SmsCommands?"));
	form_put(&to, "Sim", "a/b?");
	form_put(&to, "PageSize", "50");
	assert_string_equal(buffer_text(&to), "https://api.example/v1/SmsCommands?Sim=a%2Fb%3F&PageSize=50");
	buffer_reset(&to);
	form_percent_encode(&to, "../x y");
	assert_string_equal(buffer_text(&to), "..%2Fx%20y");
	buffer_clear(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_callback_is_decoded_field_by_field),
		cmocka_unit_test(values_are_decoded_as_the_standard_says),
		cmocka_unit_test(what_is_ambiguous_or_malformed_is_refused),
		cmocka_unit_test(nothing_is_a_form_without_fields),
		cmocka_unit_test(fields_and_bytes_have_their_limits),
		cmocka_unit_test(encoding_keeps_only_the_unreserved_of_rfc_3986),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
