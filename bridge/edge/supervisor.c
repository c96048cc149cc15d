/* supervisor - whoever started us: systemd's notifications and watchdog (libsystemd). */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/supervisor.h"

#include <inttypes.h>
#include <time.h>

#include <systemd/sd-daemon.h>

void supervisor_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

/* Type=notify-reload wants the moment (CLOCK_MONOTONIC) with it; others ignore it. */
void supervisor_reloading(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void supervisor_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

/* Half of the time after which systemd acts, as sd_watchdog_enabled(3) recommends. */
int64_t supervisor_watchdog_ms(void)
{
	uint64_t limit_us = 0;

	if (sd_watchdog_enabled(0, &limit_us) <= 0)
		return 0;
	return limit_us < 4000 ? 1 : (int64_t)(limit_us / 2000);
}

void supervisor_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}
