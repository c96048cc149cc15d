// signing - two digests.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/signing.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "bridge/base/buffer.h"
#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"

enum { SIGNED_MAX = 65536, SHA256_LEN = 32 };

void signing_kore(const char *secret, const char *method, const char *url, const char *body, char ret[SIGNING_SIZE])
{
	unsigned char digest[SHA256_LEN];
	struct buffer text;
	buffer_init(&text, SIGNED_MAX);
	buffer_append_format(&text, "%s%s%.*s%s", secret, method, (int)strcspn(url, "?#"), url, body);
	assert_false(text.overflow);
	assert_int_equal(EVP_Digest(buffer_text(&text), text.len, digest, NULL, EVP_sha256(), NULL), 1);
	text_to_hex(ret, digest, sizeof(digest));
	buffer_clear(&text);
}

void signing_twilio(const char *token, const char *url, const char *names_and_values, char ret[SIGNING_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	struct buffer text;
	buffer_init(&text, SIGNED_MAX);
	buffer_append_format(&text, "%s%s", url, names_and_values);
	assert_false(text.overflow);
	assert_non_null(HMAC(EVP_sha1(), token, (int)strlen(token), (const unsigned char *)buffer_text(&text), text.len,
			     digest, &len));
	EVP_EncodeBlock((unsigned char *)ret, digest, (int)len);
	buffer_clear(&text);
}
