/* reload - mappings and secrets again, as a whole: a broken file changes nothing.
 *
 * Threads: any; one reload at a time. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_RELOAD_H
#define BRIDGE_FLOW_RELOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "bridge/edge/mqtt.h"
#include "bridge/edge/token.h"
#include "bridge/flow/account.h"
#include "bridge/flow/counters.h"
#include "bridge/flow/discovery.h"
#include "bridge/flow/mapping.h"
#include "bridge/flow/webhook_keys.h"

/* All borrowed. */
struct reload {
	const char *config_path;
	const struct settings *settings; /* in use */
	struct mapping *mapping;
	struct webhook_keys *keys;
	struct token *token;
	struct account *account;
	struct mqtt *mqtt;
	struct counters *counters;
	struct discovery *discovery;  /* NULL: off */
	_Atomic bool *greet;	      /* the info topic is due again */
	_Atomic bool certificate_due; /* the webhook's is to be read again: by main, who started the listener */
	pthread_mutex_t lock;
};

/* Logs what is doubtful in a configuration that was taken. */
void reload_tell_notes(const struct settings_faults *faults);

/* True and, in `why`, what is in use now; false and the first faults (also logged, each with file and line). */
bool reload_run(struct reload *reload, char *why, size_t why_size);

#endif
