/* polling - two intervals and their caps. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/polling.h"

bool polling_only(const struct settings *settings)
{
	return settings->webhook_public_url[0] == '\0' || settings->webhook_listen[0] == '\0';
}

static int64_t capped(const struct settings *settings, int64_t interval_ms)
{
	return polling_only(settings) && interval_ms > POLLING_ONLY_MS ? POLLING_ONLY_MS : interval_ms;
}

int64_t polling_poll_after_ms(const struct settings *settings)
{
	return capped(settings, settings->reconcile_poll_after_ms);
}

int64_t polling_interval_ms(const struct settings *settings)
{
	return capped(settings, settings->reconcile_interval_ms);
}
