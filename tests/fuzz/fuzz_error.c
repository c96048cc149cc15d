// An error body of the API, whatever wrote it: what reaches logs and statuses is clean text.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "bridge/codec/api_message.h"
#include "tests/fuzz/input.h"

static void judge(const char *text)
{
	input_require(text_is_utf8(text, strlen(text)), "UTF-8");
	for (const char *at = text; *at != '\0'; at++)
		input_require((unsigned char)*at >= ' ' && *at != 0x7f, "no control character");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char code[ERROR_CODE_SIZE], message[ERROR_TEXT_SIZE];
	api_error_decode(code, message, (const char *)data, size);
	judge(code);
	judge(message);
	return 0;
}
