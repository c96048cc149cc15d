// A callback: the last segment of its path in the first line, its form behind it.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/callback.h"
#include "tests/fuzz/input.h"

static void judge_token(const char *segment)
{
	struct callback_token token;
	char again[CALLBACK_TOKEN_SIZE];
	if (!callback_token_decode(&token, segment))
		return;
	callback_token_encode(again, &token);
	input_require(text_equal(segment, again), "one way to write a token");
}

static void judge_form(const char *text, size_t len)
{
	struct form form;
	char why[WHY_SIZE];
	if (!form_parse(&form, text, len, why, sizeof(why)))
		return;
	struct callback *callback = memory_zeroed(1, sizeof(*callback));
	if (callback_decode(callback, &form, why, sizeof(why))) {
		input_require(api_sid_is_valid(callback->sid, "HC"), "a sid");
		input_require(text_is_utf8(callback->payload, strlen(callback->payload)), "UTF-8");
	}
	free(callback);
	form_clear(&form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t rest;
	char *segment = input_part(data, size, '\n', &rest);
	judge_token(segment);
	free(segment);
	judge_form((const char *)data + rest, size - rest);
	return 0;
}
