/* Which addresses are taken, and as what? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/url.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"

struct row {
	const char *text;
	const char *want; /* NULL: refused */
	const char *want_why;
};

static const struct row MQTT[] = {
	{"mqtt://localhost", "mqtt://localhost:1883", ""},
	{"mqtt://localhost/", "mqtt://localhost:1883", ""},
	{"mqtts://broker.example.com", "mqtts://broker.example.com:8883", ""},
	{"mqtts://broker.example.com:443", "mqtts://broker.example.com:443", ""},
	{"ws://broker/mqtt", "ws://broker:80/mqtt", ""},
	{"wss://broker", "wss://broker:443", ""},
	{"wss://broker:8084/a/b", "wss://broker:8084/a/b", ""},
	{"mqtt://192.0.2.7:1884", "mqtt://192.0.2.7:1884", ""},
	{"mqtt://[2001:db8::1]", "mqtt://[2001:db8::1]:1883", ""},
	{"mqtts://[::1]:8883", "mqtts://[::1]:8883", ""},
	{"mqtt://mosquitto_1", "mqtt://mosquitto_1:1883", ""},
	{"tcp://broker", NULL, "use mqtt, mqtts, ws or wss"},
	{"http://broker", NULL, "use mqtt, mqtts, ws or wss"},
	{"broker:1883", NULL, "write it as mqtt://host:1883"},
	{"", NULL, "no scheme"},
	{"mqtt://", NULL, "host"},
	{"mqtt://:1883", NULL, "host"},
	{"mqtt://broker:", NULL, "port"},
	{"mqtt://broker:0", NULL, "port"},
	{"mqtt://broker:65536", NULL, "port"},
	{"mqtt://broker:18x3", NULL, "port"},
	{"mqtt://broker/path", NULL, "path"},
	{"mqtt://user:secret@broker", NULL, "use the settings for them"},
	{"mqtt://bro ker", NULL, "character"},
	{"ws://broker/?a=b", NULL, "character"},
	{"mqtt://2001:db8::1", NULL, "brackets"},
	{"mqtt://[2001:db8::zz]", NULL, "not a name or an address"},
	{"mqtt://[::1", NULL, "[::1]"},
	{"mqtt://[::1]x", NULL, "[::1]"},
};

static const struct row HTTP[] = {
	{"https://api.example.com/v1", "https://api.example.com/v1", ""},
	{"https://api.example.com/v1/", "https://api.example.com/v1", ""},
	{"https://api.example.com//", "https://api.example.com", ""},
	{"http://127.0.0.1:8080", "http://127.0.0.1:8080", ""},
	{"https://[2001:db8::1]:8443/sms", "https://[2001:db8::1]:8443/sms", ""},
	{"https://api.example.com/v1?x=1", NULL, "query"},
	{"https://api.example.com/#top", NULL, "query"},
	{"https://user@api.example.com", NULL, "use the settings for them"},
	{"ftp://api.example.com", NULL, "https or http"},
	{"api.example.com", NULL, "write it as https://host"},
	{"https:///v1", NULL, "host"},
};

static void check(const struct row *row, char *(*made_by)(const char *, char *))
{
	char why[WHY_SIZE] = "";
	char *got = made_by(row->text, why);

	if ((got == NULL) != (row->want == NULL) || (got != NULL && !text_equal(got, row->want)) ||
	    !strstr(why, row->want_why))
		fail_msg("`%s`: got `%s`, why: %s", row->text, got != NULL ? got : "(none)", why);
	assert_null(strstr(why, "secret@"));
	free(got);
}

static void a_broker_gets_its_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(MQTT) / sizeof(MQTT[0]); i++)
		check(&MQTT[i], url_for_mqtt);
}

static void a_web_address_has_no_slash_at_its_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(HTTP) / sizeof(HTTP[0]); i++)
		check(&HTTP[i], url_for_http);
}

static void only_this_machine_is_safe_without_tls(void **state)
{
	(void)state;
	assert_false(url_is_exposed("https://api.example.com"));
	assert_false(url_is_exposed("http://localhost:8080/v1"));
	assert_false(url_is_exposed("http://127.0.0.1"));
	assert_false(url_is_exposed("http://127.8.9.1:1"));
	assert_false(url_is_exposed("http://[::1]:8080"));
	assert_false(url_is_exposed(""));
	assert_true(url_is_exposed("http://api.example.com"));
	assert_true(url_is_exposed("http://127.example.com"));
	assert_true(url_is_exposed("http://127.0.0.1.example.com"));
	assert_true(url_is_exposed("http://localhost.example.com"));
	assert_true(url_is_exposed("http://128.0.0.1"));
	assert_true(url_is_exposed("http://[2001:db8::1]"));
}

static void a_listen_address_has_host_and_port(void **state)
{
	(void)state;
	char why[WHY_SIZE];

	assert_true(url_is_listen_address("0.0.0.0:8080", why));
	assert_true(url_is_listen_address("127.0.0.1:0", why));
	assert_true(url_is_listen_address("[::]:8080", why));
	assert_true(url_is_listen_address("localhost:9464", why));
	assert_false(url_is_listen_address("127.0.0.1", why));
	assert_non_null(strstr(why, "no port"));
	assert_false(url_is_listen_address(":8080", why));
	assert_non_null(strstr(why, "0.0.0.0 for every address"));
	assert_false(url_is_listen_address("8080", why));
	assert_false(url_is_listen_address("0.0.0.0:99999", why));
	assert_false(url_is_listen_address("::1:8080", why));
	assert_false(url_is_listen_address("http://0.0.0.0:8080", why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broker_gets_its_port),
		cmocka_unit_test(a_web_address_has_no_slash_at_its_end),
		cmocka_unit_test(only_this_machine_is_safe_without_tls),
		cmocka_unit_test(a_listen_address_has_host_and_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
