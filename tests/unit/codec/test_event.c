/* Is what is published the JSON that was promised, member by member? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/event.h"

#include "tests/unit/table.h"

#define HC "HCaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HS "HSbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const int64_t TIME = 1795341600123; /* 2026-11-22T10:00:00.123Z */

static void a_status_has_its_members_in_the_promised_order(void **state)
{
	static const struct {
		const char *name;
		struct status_event event;
		const char *want;
	} ROW[] = {
		{"everything",
		 {"failed", "meter-001", "job-17", HC, HS, "reboot", "30008", "Unknown error", TIME, true, true},
		 "{\"event_type\":\"failed\",\"status\":\"failed\",\"device\":\"meter-001\",\"id\":\"job-17\","
		 "\"sid\":\"" HC "\",\"sim_sid\":\"" HS "\",\"payload\":\"reboot\","
		 "\"error\":{\"code\":\"30008\",\"message\":\"Unknown error\"},"
		 "\"time\":\"2026-11-22T10:00:00.123Z\",\"duplicate\":true,\"dry_run\":true}"},
		{"what is known at first",
		 {"accepted", "meter-001", "b3f9-17", "", "", "reboot", "", "", TIME, false, false},
		 "{\"event_type\":\"accepted\",\"status\":\"accepted\",\"device\":\"meter-001\",\"id\":\"b3f9-17\","
		 "\"payload\":\"reboot\",\"time\":\"2026-11-22T10:00:00.123Z\"}"},
		{"a code without a message",
		 {"rejected", "d", "", "", "", "", "payload_empty", "", TIME, false, false},
		 "{\"event_type\":\"rejected\",\"status\":\"rejected\",\"device\":\"d\",\"id\":\"\","
		 "\"payload\":\"\",\"error\":{\"code\":\"payload_empty\",\"message\":\"\"},"
		 "\"time\":\"2026-11-22T10:00:00.123Z\"}"},
		{"a message without a code",
		 {"failed", "d", "1", "", "", "", "", "why", 0, false, false},
		 "{\"event_type\":\"failed\",\"status\":\"failed\",\"device\":\"d\",\"id\":\"1\","
		 "\"payload\":\"\",\"error\":{\"code\":\"\",\"message\":\"why\"},"
		 "\"time\":\"1970-01-01T00:00:00.000Z\"}"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct buffer to;

		buffer_init(&to, 10000);
		event_status_encode(&to, &ROW[i].event);
		want_text(ROW[i].name, "event", buffer_text(&to), ROW[i].want);
		buffer_clear(&to);
	}
}

static void an_mo_sms_has_its_members_in_the_promised_order(void **state)
{
	static const struct {
		const char *name;
		struct up_event event;
		const char *want;
	} ROW[] = {
		{"everything",
		 {"meter-001", "T=21.5", HC, HS, "Meter-1", TIME},
		 "{\"event_type\":\"received\",\"device\":\"meter-001\",\"payload\":\"T=21.5\",\"sid\":\"" HC "\","
		 "\"sim_sid\":\"" HS "\",\"sim_unique_name\":\"Meter-1\",\"time\":\"2026-11-22T10:00:00.123Z\"}"},
		{"of a SIM that no mapping names",
		 {"", "T=21.5", HC, HS, "", TIME},
		 "{\"event_type\":\"received\",\"payload\":\"T=21.5\",\"sid\":\"" HC "\",\"sim_sid\":\"" HS "\","
		 "\"time\":\"2026-11-22T10:00:00.123Z\"}"},
		{"an empty text is still said",
		 {"d", "", HC, "", "", TIME},
		 "{\"event_type\":\"received\",\"device\":\"d\",\"payload\":\"\",\"sid\":\"" HC "\","
		 "\"time\":\"2026-11-22T10:00:00.123Z\"}"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct buffer to;

		buffer_init(&to, 10000);
		event_up_encode(&to, &ROW[i].event);
		want_text(ROW[i].name, "event", buffer_text(&to), ROW[i].want);
		buffer_clear(&to);
	}
}

static void whatever_a_sim_sends_becomes_valid_json(void **state)
{
	static const struct {
		const char *name, *payload, *want;
	} ROW[] = {
		{"emoji", "\xF0\x9F\x98\x80", "\"payload\":\"\xF0\x9F\x98\x80\","},
		{"right-to-left", "\xD7\xA9\xD7\x9C", "\"payload\":\"\xD7\xA9\xD7\x9C\","},
		{"controls", "a\x01\x1B\r\n", "\"payload\":\"a\\u0001\\u001b\\r\\n\","},
		{"a forged member", "\",\"status\":\"x", "\"payload\":\"\\\",\\\"status\\\":\\\"x\","},
		{"malformed", "\xFF", "\"payload\":\"\xEF\xBF\xBD\","},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(ROW); i++) {
		struct up_event event = {"d", ROW[i].payload, HC, "", "", TIME};
		struct buffer to;

		buffer_init(&to, 10000);
		event_up_encode(&to, &event);
		want_part(ROW[i].name, "event", buffer_text(&to), ROW[i].want);
		buffer_clear(&to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_has_its_members_in_the_promised_order),
		cmocka_unit_test(an_mo_sms_has_its_members_in_the_promised_order),
		cmocka_unit_test(whatever_a_sim_sends_becomes_valid_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
