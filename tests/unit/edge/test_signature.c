/* signature: the providers' own examples, and what must not pass. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char key_12345[] = "12345", key_other[] = "another key";
static char *const RIGHT[] = {key_12345};
static char *const WRONG[] = {key_other};
static char *const ROTATING[] = {key_other, key_12345};

static void repeat(char *to, int byte, size_t count)
{
	memset(to, byte, count);
	to[count] = '\0';
}

/* RFC 4231, section 4: test cases 1, 2, 3 and 6, the first 128 bits. */
static void the_mac_is_hmac_sha256(void **state)
{
	char zero_b[21], aa[21], dd[51], aa_131[132], mac[MAC_TEXT_SIZE];

	(void)state;
	repeat(zero_b, 0x0b, 20);
	repeat(aa, 0xaa, 20);
	repeat(dd, 0xdd, 50);
	repeat(aa_131, 0xaa, 131);
	const struct {
		const char *name, *key, *subject, *want;
	} ROWS[] = {
		{"case 1", zero_b, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b"},
		{"case 2", "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c7"},
		{"case 3", aa, dd, "773ea91e36800e46854db8ebd09181a7"},
		{"case 6", aa_131, "Test Using Larger Than Block-Size Key - Hash Key First",
		 "60e431591ee0b67f0d8a26aacbf5b77f"},
	};

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		print_message("  %s\n", ROWS[i].name);
		signature_mac(mac, ROWS[i].key, ROWS[i].subject);
		assert_string_equal(mac, ROWS[i].want);
	}
}

static void a_mac_fits_only_whole_and_only_its_subject(void **state)
{
	static char jefe[] = "Jefe";
	static char *const KEYS[] = {key_other, jefe};
	static const char SUBJECT[] = "what do ya want for nothing?", MAC[] = "5bdcc146bf60754e6a042426089575c7";
	static const char *const BAD[] = {"",
					  "5",
					  "5bdcc146bf60754e6a042426089575c",
					  "5bdcc146bf60754e6a042426089575c70",
					  "5bdcc146bf60754e6a042426089575c8",
					  "4bdcc146bf60754e6a042426089575c7",
					  "5BDCC146BF60754E6A042426089575C7",
					  "00000000000000000000000000000000"};

	(void)state;
	assert_true(signature_mac_fits(MAC, SUBJECT, KEYS, 2));
	assert_false(signature_mac_fits(MAC, SUBJECT, KEYS, 1));
	assert_false(signature_mac_fits(MAC, SUBJECT, KEYS, 0));
	assert_false(signature_mac_fits(MAC, "v1:sms", KEYS, 2));
	for (size_t i = 0; i < COUNT(BAD); i++)
		assert_false(signature_mac_fits(BAD[i], SUBJECT, KEYS, 2));
}

/* docs.korewireless.com, "Validate webhook signatures": its example. */
static void kore_own_example_fits(void **state)
{
	static const char SIGNATURE[] = "f562d3959f68b5a30fc7a63f8bbf40987f633575f4231ffceb4f76dd154ea3ce";
	static const char URL[] = "https://testendpoint.com", BODY[] = "field1=value1&field2=value2";
	char changed[sizeof(SIGNATURE)];

	(void)state;
	assert_true(signature_kore_fits(SIGNATURE, "POST", URL, BODY, strlen(BODY), RIGHT, 1));
	assert_true(signature_kore_fits(SIGNATURE, "POST", URL, BODY, strlen(BODY), ROTATING, 2));
	assert_false(signature_kore_fits(SIGNATURE, "POST", URL, BODY, strlen(BODY), WRONG, 1));
	assert_false(signature_kore_fits(SIGNATURE, "POST", URL, BODY, strlen(BODY), RIGHT, 0));
	assert_false(signature_kore_fits(SIGNATURE, "GET", URL, BODY, strlen(BODY), RIGHT, 1));
	assert_false(signature_kore_fits(SIGNATURE, "POST", "https://testendpoint.com/", BODY, strlen(BODY), RIGHT, 1));
	assert_false(signature_kore_fits(SIGNATURE, "POST", URL, BODY, strlen(BODY) - 1, RIGHT, 1));
	assert_false(signature_kore_fits("", "POST", URL, BODY, strlen(BODY), RIGHT, 1));
	for (size_t i = 0; i + 1 < sizeof(SIGNATURE); i++) {
		memcpy(changed, SIGNATURE, sizeof(SIGNATURE));
		changed[i] = changed[i] == '0' ? '1' : '0';
		assert_false(signature_kore_fits(changed, "POST", URL, BODY, strlen(BODY), RIGHT, 1));
		changed[i] = '\0';
		assert_false(signature_kore_fits(changed, "POST", URL, BODY, strlen(BODY), RIGHT, 1));
	}
}

/* github.com/twilio/twilio-python, tests/unit/test_request_validator.py: token, parameters, URLs and signatures. */
static const struct form CALL = {.count = 5,
				 .fields = {{"CallSid", "CA1234567890ABCDE"},
					    {"Digits", "1234"},
					    {"From", "+14158675309"},
					    {"To", "+18005551212"},
					    {"Caller", "+14158675309"}}};
static const struct form REPEATED = {
	.count = 5,
	.fields = {
		{"Sid", "CA123"}, {"SidAccount", "AC123"}, {"Digits", "5678"}, {"Digits", "1234"}, {"Digits", "1234"}}};

struct twilio {
	const char *name, *url;
	const struct form *form;
	const char *signature;
	bool want;
};

static const struct twilio TWILIO[] = {
	{"as is", "https://mycompany.com/myapp.php?foo=1&bar=2", &CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", true},
	{"signed with 443, asked without", "https://mycompany.com/myapp.php?foo=1&bar=2", &CALL,
	 "kvajT1Ptam85bY51eRf/AJRuM3w=", true},
	{"signed with 443, asked with", "https://mycompany.com:443/myapp.php?foo=1&bar=2", &CALL,
	 "kvajT1Ptam85bY51eRf/AJRuM3w=", true},
	{"signed without, asked with 443", "https://mycompany.com:443/myapp.php?foo=1&bar=2", &CALL,
	 "RSOYDt4T1cUTdK1PDd93/VVr8B8=", true},
	{"http, 80 added", "http://mycompany.com/myapp.php?foo=1&bar=2", &CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4=", true},
	{"http, 1234", "http://mycompany.com:1234/myapp.php?foo=1&bar=2", &CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", true},
	{"repeated names", "https://mycompany.com/myapp.php?foo=1&bar=2", &REPEATED,
	 "IK+Dwps556ElfBT0I3Rgjkr1wJU=", true},
	{"no parameters, body's digest in the query",
	 "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256="
	 "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
	 NULL, "a9nBmqA0ju/hNViExpshrM61xv4=", true},
	{"another port is another URL", "http://mycompany.com:1235/myapp.php?foo=1&bar=2", &CALL,
	 "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", false},
	{"another scheme", "http://mycompany.com/myapp.php?foo=1&bar=2", &CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
	{"another query", "https://mycompany.com/myapp.php?foo=1&bar=3", &CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
	{"no parameters", "https://mycompany.com/myapp.php?foo=1&bar=2", NULL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
	{"other parameters", "https://mycompany.com/myapp.php?foo=1&bar=2", &REPEATED,
	 "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
	{"one character", "https://mycompany.com/myapp.php?foo=1&bar=2", &CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B9=", false},
	{"cut", "https://mycompany.com/myapp.php?foo=1&bar=2", &CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8", false},
	{"empty", "https://mycompany.com/myapp.php?foo=1&bar=2", &CALL, "", false},
	{"no URL", "", &CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
	{"a URL that ends early", "https://", &CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
};

static void twilio_own_examples_fit_and_others_do_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(TWILIO); i++) {
		const struct twilio *row = &TWILIO[i];

		print_message("  %s\n", row->name);
		assert_int_equal(signature_twilio_fits(row->signature, row->url, row->form, RIGHT, 1), row->want);
		assert_int_equal(signature_twilio_fits(row->signature, row->url, row->form, ROTATING, 2), row->want);
		assert_false(signature_twilio_fits(row->signature, row->url, row->form, WRONG, 1));
		assert_false(signature_twilio_fits(row->signature, row->url, row->form, RIGHT, 0));
	}
}

/* By `printf 'devices/a/cmd\0reboot' | sha256sum`. */
static void a_digest_is_the_front_of_sha256(void **state)
{
	(void)state;
	assert_true(signature_digest("devices/a/cmd", "reboot", 6) == UINT64_C(0xb4c986802db145df));
	assert_true(signature_digest("", "", 0) == UINT64_C(0x6e340b9cffb37a98));
	assert_true(signature_digest("devices/a/cmd", "reboot", 5) != signature_digest("devices/a/cmd", "reboot", 6));
	assert_true(signature_digest("ab", "c", 1) != signature_digest("a", "bc", 2));
	assert_true(signature_digest("a", "b\0c", 3) != signature_digest("a", "b\0d", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mac_is_hmac_sha256),
		cmocka_unit_test(a_mac_fits_only_whole_and_only_its_subject),
		cmocka_unit_test(kore_own_example_fits),
		cmocka_unit_test(twilio_own_examples_fit_and_others_do_not),
		cmocka_unit_test(a_digest_is_the_front_of_sha256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
