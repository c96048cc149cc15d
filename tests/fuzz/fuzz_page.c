// A page of the API's list.
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/api_message.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_page page = {0};
	char why[WHY_SIZE] = "";
	if (!api_page_decode(&page, (const char *)data, size, why, sizeof(why))) {
		input_require(why[0] != '\0', "a reason");
		return 0;
	}
	for (size_t i = 0; i < page.count; i++)
		input_require(api_sid_is_valid(page.resources[i].sid, "HC"), "a sid");
	api_page_clear(&page);
	return 0;
}
