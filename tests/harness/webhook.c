// webhook - the form fields that the API documents for callbacks.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/webhook.h"

#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/ledger.h"

void webhook_path_of(const char *url, char ret[WEBHOOK_PATH_SIZE])
{
	const char *authority = strstr(url, "://");
	const char *path = authority != NULL ? strchr(authority + 3, '/') : NULL;
	text_copy(ret, WEBHOOK_PATH_SIZE, path != NULL ? path : "");
}

void webhook_path(struct simulator *simulator, const char *payload, char ret[WEBHOOK_PATH_SIZE])
{
	char url[WEBHOOK_PATH_SIZE];
	ledger_pick(simulator, payload, "callback_url", url, sizeof(url));
	webhook_path_of(url, ret);
}

void webhook_status_body(const char *sid, const char *sim_sid, const char *status, char ret[WEBHOOK_BODY_SIZE])
{
	text_format(ret, WEBHOOK_BODY_SIZE,
		    "AccountSid=AC00000000000000000000000000000001&CommandSid=%s&SimSid=%s&SimUniqueName=a+meter"
		    "&Payload=x&PayloadType=text&Direction=to_sim&Status=%s",
		    sid, sim_sid, status);
}
