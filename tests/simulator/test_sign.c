// The signatures, against the vendors' published examples.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "tests/harness/cmocka.h"
#include "tests/simulator/sign.h"

static void kore_signature_is_that_of_the_vendors_page(void **state)
{
	char signature[SIGN_KORE_SIZE];
	(void)state;
	sign_kore("12345", "POST", "https://testendpoint.com", "field1=value1&field2=value2", signature);
	assert_string_equal(signature, "f562d3959f68b5a30fc7a63f8bbf40987f633575f4231ffceb4f76dd154ea3ce");
}

static void kore_signature_leaves_query_and_fragment_out(void **state)
{
	char plain[SIGN_KORE_SIZE], longer[SIGN_KORE_SIZE];
	(void)state;
	sign_kore("s", "GET", "https://h/p", "", plain);
	sign_kore("s", "GET", "https://h/p?a=b#c", "", longer);
	assert_string_equal(plain, longer);
	sign_kore("", "GET", "https://h/p", "", plain);
	assert_string_equal(plain, "");
}

static void twilio_signature_is_that_of_the_vendors_page(void **state)
{
	static const char body[] = "To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234"
				   "&From=%2B14158675309";
	char signature[SIGN_TWILIO_SIZE];
	struct form form;
	(void)state;
	form_read(&form, body, strlen(body));
	sign_twilio("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", &form, signature);
	form_clear(&form);
	assert_string_equal(signature, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}

static void basic_credentials_are_those_of_the_standard(void **state)
{
	char *header = sign_basic("Aladdin:open sesame"); /* RFC 7617, section 2 */
	(void)state;
	assert_string_equal(header, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	free(header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kore_signature_is_that_of_the_vendors_page),
		cmocka_unit_test(kore_signature_leaves_query_and_fragment_out),
		cmocka_unit_test(twilio_signature_is_that_of_the_vendors_page),
		cmocka_unit_test(basic_credentials_are_those_of_the_standard),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
