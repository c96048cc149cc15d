// What the API answers to a create, to a question for a Sim, and to a request for a token.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/api_message.h"
#include "tests/fuzz/input.h"

static void judge_resource(const char *json, size_t size)
{
	char why[WHY_SIZE];
	struct api_resource *resource = memory_zeroed(1, sizeof(*resource));
	if (api_resource_decode(resource, json, size, why, sizeof(why))) {
		input_require(api_sid_is_valid(resource->sid, "HC"), "a sid");
		input_require(text_is_utf8(resource->payload, strlen(resource->payload)), "UTF-8");
	}
	free(resource);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *json = (const char *)data;
	char why[WHY_SIZE], sid[SID_SIZE], name[SIM_SIZE];
	struct api_token token;
	judge_resource(json, size);
	if (api_sim_decode(sid, name, json, size))
		input_require(api_sid_is_valid(sid, "HS"), "a Sim's sid");
	if (api_token_decode(&token, json, size, why, sizeof(why))) {
		input_require(token.access_token[0] != '\0' && token.expires_in_s > 0, "a token with a lifetime");
		free(token.access_token);
	}
	return 0;
}
