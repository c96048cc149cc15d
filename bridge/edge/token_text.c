/* token_text - the Authorization header's two forms (RFC 6750 2.1, RFC 7617). */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/token_text.h"

#include <stdint.h>
#include <string.h>

#include "bridge/base/text.h"

bool token_text_bearer(char to[AUTHORIZATION_SIZE], const char *token)
{
	bool clean = *token;

	for (const char *at = token; *at; at++)
		clean = clean && *at > ' ' && *at <= '~';
	if (clean && text_format(to, AUTHORIZATION_SIZE, "Bearer %s", token))
		return true;
	explicit_bzero(to, AUTHORIZATION_SIZE);
	return false;
}

/* RFC 4648, section 4. */
static void base64(char *to, const char *text, size_t len)
{
	static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		size_t count = len - i < 3 ? len - i : 3;
		uint32_t group = 0;

		for (size_t j = 0; j < 3; j++)
			group = group << 8 | (j < count ? (unsigned char)text[i + j] : 0U);
		for (size_t j = 0; j < 4; j++)
			*to++ = j <= count ? DIGITS[group >> (18 - 6 * j) & 63] : '=';
	}
	*to = '\0';
}

bool token_text_basic(char to[AUTHORIZATION_SIZE], const char *username, const char *password)
{
	enum { PLAIN_SIZE = AUTHORIZATION_SIZE / 4 * 3 - 16 };
	static const char SCHEME[] = "Basic ";
	char plain[PLAIN_SIZE];
	bool whole = text_format(plain, sizeof(plain), "%s:%s", username, password);

	to[0] = '\0';
	if (whole) {
		memcpy(to, SCHEME, sizeof(SCHEME));
		base64(to + sizeof(SCHEME) - 1, plain, strlen(plain));
	}
	explicit_bzero(plain, sizeof(plain));
	return whole;
}
