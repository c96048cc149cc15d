/* signature - who may call the webhook: capability tokens of our own and the provider's signatures. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/signature.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "bridge/base/buffer.h"
#include "bridge/base/limits.h"
#include "bridge/base/log.h"
#include "bridge/base/text.h"

enum { SHA1_LEN = 20, SHA256_LEN = 32, MAC_LEN = 16, BASE64_SIZE = 4 * ((SHA1_LEN + 2) / 3) + 1 };
enum { SIGNED_MAX = 2 * URL_SIZE + 2 * FORM_BODY_MAX };

/* No memory, or a libcrypto that lacks SHA: nothing that a caller could handle. */
static void must(bool done)
{
	if (!done)
		log_fatal("libcrypto cannot compute a digest", "no memory, or the algorithm is disabled");
}

static void hmac(unsigned char *to, const EVP_MD *algorithm, const char *key, const void *bytes, size_t len)
{
	unsigned to_len = 0;

	must(HMAC(algorithm, key, (int)strlen(key), bytes, len, to, &to_len) != NULL);
}

/* Lengths are no secret; the content takes the same time whatever differs. */
static bool same(const char *a, const char *b)
{
	size_t len = strlen(a);

	return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}

void signature_mac(char to[MAC_TEXT_SIZE], const char *key, const char *subject)
{
	unsigned char digest[SHA256_LEN];

	hmac(digest, EVP_sha256(), key, subject, strlen(subject));
	text_to_hex(to, digest, MAC_LEN);
}

bool signature_mac_fits(const char *mac, const char *subject, char *const *keys, size_t key_count)
{
	char want[MAC_TEXT_SIZE];
	bool fits = false;

	for (size_t i = 0; i < key_count; i++) {
		signature_mac(want, keys[i], subject);
		fits |= same(mac, want);
	}
	return fits;
}

struct piece {
	const void *bytes;
	size_t len;
};

static void sha256(unsigned char to[SHA256_LEN], const struct piece *pieces, size_t count)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL));
	for (size_t i = 0; i < count; i++)
		must(EVP_DigestUpdate(context, pieces[i].bytes, pieces[i].len));
	must(EVP_DigestFinal_ex(context, to, NULL));
	EVP_MD_CTX_free(context);
}

bool signature_kore_fits(const char *header, const char *method, const char *url, const void *body, size_t len,
			 char *const *keys, size_t key_count)
{
	unsigned char digest[SHA256_LEN];
	char want[2 * SHA256_LEN + 1];
	bool fits = false;

	for (size_t i = 0; i < key_count; i++) {
		const struct piece pieces[] = {
			{keys[i], strlen(keys[i])}, {method, strlen(method)}, {url, strlen(url)}, {body, len}};

		sha256(digest, pieces, sizeof(pieces) / sizeof(pieces[0]));
		text_to_hex(want, digest, sizeof(digest));
		fits |= same(header, want);
	}
	return fits;
}

static int compare_fields(const struct form_field *a, const struct form_field *b)
{
	int by_name = strcmp(a->name, b->name);

	return by_name ? by_name : strcmp(a->value, b->value);
}

/* Name and value of every field, sorted by name, then by value; the same pair twice counts once. */
static void put_fields(struct buffer *to, const struct form *form)
{
	struct form_field sorted[FORM_FIELDS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < form->count; i++) {
		size_t at = count++;

		for (; at && compare_fields(&sorted[at - 1], &form->fields[i]) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = form->fields[i];
	}
	for (size_t i = 0; i < count; i++) {
		if (i && !compare_fields(&sorted[i], &sorted[i - 1]))
			continue;
		(void)buffer_append_text(to, sorted[i].name);
		(void)buffer_append_text(to, sorted[i].value);
	}
}

static bool twilio_fits_url(const char *header, const char *url, const struct form *form, char *const *keys,
			    size_t key_count)
{
	unsigned char digest[SHA1_LEN];
	unsigned char want[BASE64_SIZE];
	struct buffer text;
	bool fits = false;

	buffer_init(&text, SIGNED_MAX);
	(void)buffer_append_text(&text, url);
	if (form != NULL)
		put_fields(&text, form);
	for (size_t i = 0; i < key_count && !text.overflow; i++) {
		hmac(digest, EVP_sha1(), keys[i], buffer_text(&text), text.len);
		(void)EVP_EncodeBlock(want, digest, sizeof(digest));
		fits |= same(header, (const char *)want);
	}
	buffer_clear(&text);
	return fits;
}

/* The URL with its scheme's port, if it has none, or without it, if it has that; false when it has another. */
static bool other_port(struct buffer *to, const char *url)
{
	static const struct {
		const char *scheme, *port;
	} STANDARD[] = {{"https://", ":443"}, {"http://", ":80"}};

	for (size_t i = 0; i < sizeof(STANDARD) / sizeof(STANDARD[0]); i++) {
		if (!text_starts_with(url, STANDARD[i].scheme))
			continue;
		const char *host = url + strlen(STANDARD[i].scheme);
		const char *end = host + strcspn(host, "/?#");
		const char *bracket = memchr(host, ']', (size_t)(end - host)); /* [IPv6] holds colons of its own */
		const char *from = bracket != NULL ? bracket : host;
		const char *colon = memchr(from, ':', (size_t)(end - from));
		size_t port_len = strlen(STANDARD[i].port);
		bool standard = colon != NULL && (size_t)(end - colon) == port_len &&
				memcmp(colon, STANDARD[i].port, port_len) == 0;

		(void)buffer_append(to, url, (size_t)((standard ? colon : end) - url));
		if (colon == NULL)
			(void)buffer_append_text(to, STANDARD[i].port);
		return buffer_append_text(to, end) && (standard || colon == NULL);
	}
	return false;
}

bool signature_twilio_fits(const char *header, const char *url, const struct form *form, char *const *keys,
			   size_t key_count)
{
	struct buffer other;
	bool fits = twilio_fits_url(header, url, form, keys, key_count);

	buffer_init(&other, SIGNED_MAX);
	if (!fits && other_port(&other, url))
		fits = twilio_fits_url(header, buffer_text(&other), form, keys, key_count);
	buffer_clear(&other);
	return fits;
}

uint64_t signature_digest(const char *topic, const void *payload, size_t len)
{
	unsigned char digest[SHA256_LEN];
	/* The topic's NUL divides the two: no other pair reads the same. */
	const struct piece pieces[] = {{topic, strlen(topic) + 1}, {payload, len}};
	uint64_t ret = 0;

	sha256(digest, pieces, sizeof(pieces) / sizeof(pieces[0]));
	for (size_t i = 0; i < sizeof(ret); i++)
		ret = ret << 8 | digest[i];
	return ret;
}
