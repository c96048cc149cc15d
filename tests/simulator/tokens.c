// Who may call the API.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/simulator/sign.h"

struct issued_token {
	char text[128];
	int64_t expires_ms; /* monotonic */
	struct issued_token *older;
};

void tokens_init(struct tokens *tokens, const char *bearer, const char *user_password)
{
	char header[512];
	text_format(header, sizeof(header), "Bearer %s", bearer);
	*tokens = (struct tokens){0};
	tokens->bearer = memory_copied_text(bearer[0] == '\0' ? "" : header);
	tokens->basic = user_password[0] == '\0' ? memory_copied_text("") : sign_basic(user_password);
}

void tokens_forget(struct tokens *tokens)
{
	table_clear(&tokens->by_text);
	while (tokens->newest != NULL) {
		struct issued_token *older = tokens->newest->older;
		free(tokens->newest);
		tokens->newest = older;
	}
}

void tokens_clear(struct tokens *tokens)
{
	tokens_forget(tokens);
	free(tokens->bearer);
	free(tokens->basic);
}

const char *tokens_issue(struct tokens *tokens, int64_t lifetime_ms)
{
	struct issued_token *token = memory_zeroed(1, sizeof(*token));
	unsigned char random[32];
	char hex[65];
	clock_random(random, sizeof(random));
	text_to_hex(hex, random, sizeof(random));
	/* Three parts like the provider's JWT; nobody but us can say what they mean. */
	text_format(token->text, sizeof(token->text), "eyJhbGciOiJSUzI1NiJ9.%.32s.%s", hex, hex + 32);
	token->expires_ms = clock_mono_ms() + lifetime_ms;
	token->older = tokens->newest;
	tokens->newest = token;
	table_put(&tokens->by_text, token->text, token);
	return token->text;
}

void tokens_expire(struct tokens *tokens)
{
	for (struct issued_token *token = tokens->newest; token != NULL; token = token->older)
		token->expires_ms = 0;
}

enum token_verdict tokens_judge(const struct tokens *tokens, const char *authorization)
{
	if (authorization[0] == '\0')
		return TOKEN_MISSING;
	if (text_equal(authorization, tokens->bearer) || text_equal(authorization, tokens->basic))
		return TOKEN_GOOD;
	if (!text_starts_with(authorization, "Bearer "))
		return TOKEN_UNKNOWN;
	const struct issued_token *token = table_get(&tokens->by_text, authorization + strlen("Bearer "));
	if (token == NULL)
		return TOKEN_UNKNOWN;
	return clock_mono_ms() < token->expires_ms ? TOKEN_GOOD : TOKEN_EXPIRED;
}
