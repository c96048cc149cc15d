// The signatures of callbacks and other digests (OpenSSL).
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"

static void sha256(const struct buffer *text, unsigned char digest[32])
{
	if (EVP_Digest(buffer_text(text), text->len, digest, NULL, EVP_sha256(), NULL) != 1)
		log_fatal("sha256", "OpenSSL refused");
}

void sign_kore(const char *secret, const char *method, const char *url, const char *body, char to[SIGN_KORE_SIZE])
{
	unsigned char digest[32];
	struct buffer text;
	to[0] = '\0';
	if (secret[0] == '\0')
		return;
	buffer_init(&text, SIZE_MAX / 4);
	buffer_append_text(&text, secret);
	buffer_append_text(&text, method);
	buffer_append(&text, url, strcspn(url, "?#"));
	buffer_append_text(&text, body);
	sha256(&text, digest);
	text_to_hex(to, digest, sizeof(digest));
	buffer_clear(&text);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct form_field *)a)->name, ((const struct form_field *)b)->name);
}

void sign_twilio(const char *token, const char *url, const struct form *body, char to[SIGN_TWILIO_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	struct form_field sorted[FORM_FIELDS_MAX];
	struct buffer text;
	to[0] = '\0';
	if (token[0] == '\0')
		return;
	memcpy(sorted, body->fields, sizeof(sorted));
	qsort(sorted, body->count, sizeof(*sorted), by_name);
	buffer_init(&text, SIZE_MAX / 4);
	buffer_append(&text, url, strcspn(url, "#"));
	for (size_t i = 0; i < body->count; i++) {
		buffer_append_text(&text, sorted[i].name);
		buffer_append_text(&text, sorted[i].value);
	}
	if (HMAC(EVP_sha1(), token, (int)strlen(token), (const unsigned char *)buffer_text(&text), text.len, digest,
		 &len) == NULL)
		log_fatal("hmac", "OpenSSL refused");
	EVP_EncodeBlock((unsigned char *)to, digest, (int)len);
	buffer_clear(&text);
}

void sign_sim_sid(const char *unique_name, char to[SID_SIZE])
{
	unsigned char digest[32];
	struct buffer text;
	buffer_init(&text, SIZE_MAX / 4);
	buffer_append_text(&text, unique_name);
	sha256(&text, digest);
	to[0] = 'H';
	to[1] = 'S';
	text_to_hex(to + 2, digest, 16);
	buffer_clear(&text);
}

char *sign_basic(const char *user_password)
{
	static const char scheme[] = "Basic ";
	size_t len = strlen(user_password);
	char *header = memory_zeroed(sizeof(scheme) + 4 * (len / 3 + 1) + 1, 1);
	memcpy(header, scheme, sizeof(scheme) - 1);
	EVP_EncodeBlock((unsigned char *)header + sizeof(scheme) - 1, (const unsigned char *)user_password, (int)len);
	return header;
}
