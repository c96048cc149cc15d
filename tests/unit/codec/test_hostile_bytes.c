/* Do all decoders keep their promises for bytes that nobody would write? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"
#include "bridge/codec/api_message.h"
#include "bridge/codec/callback.h"
#include "bridge/codec/command.h"
#include "bridge/codec/form.h"
#include "bridge/codec/gsm7.h"
#include "bridge/codec/json.h"
#include "bridge/codec/topic.h"

#include "tests/unit/table.h"

enum { ROUNDS = 20000, LONGEST = 300 };

static const char *const SEEDS[] = {
	"{\"payload\":\"reboot\",\"id\":\"job-17\",\"ttl\":3600,\"replace\":true,\"priority\":\"high\"}",
	"{\"payload\":{\"a\":[1,2.5e3,null],\"b\":\"\\u20ac\\ud83d\\ude00\\\\\"}}",
	"{\"sms_commands\":[{\"sid\":\"HCaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"payload\":\"\\u0000\"}],\"meta\":{}}",
	"{\"code\":20404,\"message\":\"x\",\"access_token\":\"t\",\"expires_in\":1,\"sims\":[]}",
	"CommandSid=HCaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&Status=sent&Payload=%E2%82%AC+%7B&Direction=to_sim",
	"0a1b2c3d-17-0123456789abcdef0123456789abcdef",
	"devices/+/cmd/#",
	"2026-11-22T10:00:00.123Z",
	"\xEF\xBB\xBF{\"payload\":\"\xF0\x9F\x98\x80\xED\xA0\xBD\xC0\xAF\"}",
};

/* xorshift64*: the same bytes on every run. */
static uint64_t random_state = 0x9E3779B97F4A7C15;

static size_t random_below(size_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (size_t)((random_state * 0x2545F4914F6CDD1D) >> 33) % limit;
}

/* A seed with a few bytes changed, doubled or cut away. */
static size_t make(char bytes[LONGEST])
{
	static const char NASTY[] = "\"\\{}[]:,%&=+#/$\0\n\x1B\x80\xC0\xE2\xED\xF0\xFFu0e.-";
	const char *seed = SEEDS[random_below(ROWS(SEEDS))];
	size_t len = strlen(seed);

	memcpy(bytes, seed, len);
	for (size_t changes = random_below(6); changes > 0 && len > 0; changes--) {
		size_t at = random_below(len), count = 1 + random_below(len - at);

		switch (random_below(4)) {
		case 0:
			bytes[at] = NASTY[random_below(sizeof(NASTY) - 1)];
			break;
		case 1:
			bytes[at] = (char)random_below(256);
			break;
		case 2:
			memmove(bytes + at, bytes + at + count, len - at - count);
			len -= count;
			break;
		default:
			if (len + count <= LONGEST) {
				memmove(bytes + at + count, bytes + at, len - at);
				len += count;
			}
			break;
		}
	}
	return len;
}

static void try_command(const char *bytes, size_t len)
{
	struct command command;
	struct command_fault fault;

	for (int form = COMMAND_ANY; form <= COMMAND_ENVELOPE; form++) {
		bool decoded = command_decode(&command, bytes, len, (enum command_form)form, true, &fault);

		assert_int_equal(decoded, fault.code[0] == '\0');
		assert_int_equal(decoded, fault.message[0] == '\0');
		assert_true(text_is_utf8(fault.message, strlen(fault.message)));
		if (!decoded)
			continue;
		struct gsm7_measure measure = gsm7_measure(command.payload, strlen(command.payload));

		assert_true(measure.sendable && measure.septets >= 1 && measure.septets <= SMS_CHARACTERS);
	}
}

/* What was clean once prints to something clean that prints the same. */
static void try_json(const char *bytes, size_t len)
{
	char why[WHY_SIZE];
	struct json *document = json_parse(bytes, len, why, sizeof(why));

	if (document == NULL)
		return;
	struct buffer first, second;

	buffer_init(&first, (size_t)6 * LONGEST);
	buffer_init(&second, (size_t)6 * LONGEST);
	json_print(document, &first);
	assert_true(first.len <= len);
	struct json *again = json_parse(buffer_text(&first), first.len, why, sizeof(why));

	assert_non_null(again);
	json_print(again, &second);
	assert_string_equal(buffer_text(&first), buffer_text(&second));
	json_free(document);
	json_free(again);
	buffer_clear(&first);
	buffer_clear(&second);
}

static void try_answers(const char *bytes, size_t len)
{
	static struct api_resource resource;
	char why[WHY_SIZE], sid[SID_SIZE], unique_name[SIM_SIZE], code[ERROR_CODE_SIZE], message[ERROR_TEXT_SIZE];
	struct api_page page;
	struct api_token token;

	if (api_resource_decode(&resource, bytes, len, why, sizeof(why)))
		assert_true(api_sid_is_valid(resource.sid, "HC"));
	if (api_page_decode(&page, bytes, len, why, sizeof(why)))
		api_page_clear(&page);
	if (api_token_decode(&token, bytes, len, why, sizeof(why)))
		free(token.access_token);
	(void)api_sim_decode(sid, unique_name, bytes, len);
	api_error_decode(code, message, bytes, len);
	assert_true(text_is_utf8(message, strlen(message)));
}

static void try_form(const char *bytes, size_t len)
{
	static struct callback callback;
	char why[WHY_SIZE];
	struct form form;

	if (!form_parse(&form, bytes, len, why, sizeof(why)))
		return;
	for (size_t i = 0; i < form.count; i++)
		assert_ptr_equal(form_value(&form, form.fields[i].name), form.fields[i].value);
	if (callback_decode(&callback, &form, why, sizeof(why)))
		assert_true(text_is_utf8(callback.payload, strlen(callback.payload)));
	form_clear(&form);
}

static void try_names(const char *text)
{
	char why[WHY_SIZE], device[DEVICE_SIZE], topic[TOPIC_SIZE];
	struct callback_token token;

	(void)callback_token_decode(&token, text);
	(void)topic_name_is_valid(text, why, sizeof(why));
	(void)topic_matches(text, "devices/meter/cmd");
	assert_int_equal(topic_overlaps(text, "devices/+/cmd"), topic_overlaps("devices/+/cmd", text));
	(void)topic_level("devices/+/cmd", text, device, sizeof(device));
	(void)topic_device_is_valid(text, why, sizeof(why));
	if (topic_template_is_valid(text, why, sizeof(why))) {
		topic_fill(topic, text, "meter");
		assert_true(topic_matches(text, topic));
		assert_true(topic_level(text, topic, device, sizeof(device)));
		assert_string_equal(device, "meter");
	}
}

static void no_bytes_break_a_promise(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		char bytes[LONGEST + 1];
		size_t len = make(bytes);
		char *exact = exact_copy(bytes, len);

		try_command(exact, len);
		try_json(exact, len);
		try_answers(exact, len);
		try_form(exact, len);
		bytes[len] = '\0';
		try_names(bytes);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_bytes_break_a_promise)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
