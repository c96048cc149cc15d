/* spool - from settings to store options. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/spool.h"

#include "bridge/base/clock.h"
#include "bridge/base/log.h"
#include "bridge/flow/polling.h"

struct store *spool_open(const struct settings *settings, bool recover, char *why, size_t why_size)
{
	const struct store_options options = {
		.path = settings->spool_path,
		.fsync = settings->spool_durability == DURABILITY_POWER,
		.max_commands = settings->spool_max_commands,
		.per_device_per_day = settings->limits_per_device_per_day,
		.per_day = settings->limits_per_day,
		.retention_ms = settings->spool_retention_ms,
		.settle_ms = settings->reconcile_settle_ms,
		.watch_ms = polling_poll_after_ms(settings),
		.min_free_bytes = settings->spool_min_free_bytes,
		.ballast_bytes = settings->spool_ballast_bytes,
		.fit_min_free = settings->spool_min_free_bytes == SPOOL_MIN_FREE_DEFAULT,
		.fit_ballast = settings->spool_ballast_bytes == SPOOL_BALLAST_DEFAULT,
		.topic_status = settings->topics_status,
		.retain_status = settings->topics_retain_status,
		.dry_run = settings->api_dry_run,
		.recover = recover,
	};
	struct store *store = store_open(&options, clock_wall_ms(), why, why_size);
	if (store != NULL && store_was_cut(store))
		log_error("",
			  "the end of the spool is gone: what waits in it is looked up at the API, not sent blindly",
			  LOG_TEXT("spool", settings->spool_path), LOG_NUMBER("commands", store_doubted(store)),
			  LOG_TEXT("why", "its -wal was deleted, or an older copy was put in its place"));
	return store;
}

bool spool_recover(const struct settings *settings, FILE *to, char *why, size_t why_size)
{
	struct store *store = spool_open(settings, true, why, why_size);
	if (store == NULL)
		return false;
	fprintf(to, "%s: %lld commands that wait will be looked up at the API; what it does not have is held\n",
		settings->spool_path, (long long)store_doubted(store));
	store_close(store);
	return true;
}
