// An administration request: the action in the first line, the payload behind it.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/codec/json.h"
#include "bridge/flow/admin_request.h"
#include "tests/fuzz/input.h"

/* It is put into the answer as it stands. */
static void judge_transaction(const char *transaction)
{
	char why[WHY_SIZE];
	if (transaction[0] == '\0')
		return;
	struct json *value = json_parse(transaction, strlen(transaction), why, sizeof(why));
	input_require(value != NULL, "a transaction is JSON");
	json_free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct admin_request request;
	char why[WHY_SIZE] = "";
	size_t rest;
	char *action = input_part(data, size, '\n', &rest);
	bool ok = admin_request_read(&request, action, data + rest, size - rest, why, sizeof(why));
	if (ok)
		input_require(request.limit >= 1 && request.limit <= ADMIN_LIMIT_MAX, "a limit");
	else
		input_require(why[0] != '\0', "a reason");
	judge_transaction(request.transaction);
	free(action);
	return 0;
}
