/* mo_intake - an MO SMS, from a callback or from a list, to store: the device it is from, the topic it goes to.
 *
 * Threads:   any; blocks until the commit.
 * Promise:   once for each sid, wherever it came from; of a SIM that no mapping names it goes to `unmapped`.
 * Failure:   MO_FULL: the disk has no room; not stored. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_MO_INTAKE_H
#define BRIDGE_FLOW_MO_INTAKE_H

#include <stdint.h>

#include "bridge/edge/store.h"
#include "bridge/flow/mapping.h"
#include "bridge/flow/recent.h"
#include "bridge/settings/settings.h"

/* All borrowed. */
struct mo_intake {
	const struct settings *settings;
	struct store *store;
	struct mapping *mapping;
	struct recent *recent; /* NULL: nobody looks */
};

struct mo_sms {
	const char *sid, *sim_sid, *sim_unique_name; /* the name "" when the source does not tell it */
	const char *payload;
	int64_t time_ms; /* when it was sent */
	int64_t now_ms;	 /* now: its sid is remembered for the retention from here on */
};

enum mo_result { MO_NEW, MO_KNOWN, MO_FULL };

enum mo_result mo_intake_take(struct mo_intake *intake, const struct mo_sms *sms);

/* The same in two steps, for one that is stored together with others: made ready in place, since it points into itself
 * and into `sms`, then stored, then concluded, which also frees. */
struct mo_ready {
	struct mo_sms sms;
	struct mapped_device mapped; /* its device "": none */
	char topic[TOPIC_SIZE], name[SIM_SIZE];
	struct buffer payload;
	struct store_mo mo; /* to be stored */
};
void mo_intake_prepare(struct mo_intake *intake, const struct mo_sms *sms, struct mo_ready *ret);
enum mo_result mo_intake_conclude(struct mo_intake *intake, struct mo_ready *ready, enum store_reported result);

/* The device of a SIM, by sid, by the name told, or by a name learnt before. */
bool mo_intake_find(struct mo_intake *intake, const char *sim_sid, const char *unique_name, struct mapped_device *ret,
		    char ret_name[SIM_SIZE]);

#endif
