/* mo_intake - mapping, rendering, storing. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/mo_intake.h"

#include <string.h>

#include "bridge/base/log.h"
#include "bridge/base/text.h"
#include "bridge/codec/event.h"
#include "bridge/codec/topic.h"

bool mo_intake_find(struct mo_intake *intake, const char *sim_sid, const char *unique_name, struct mapped_device *ret,
		    char ret_name[SIM_SIZE])
{
	text_copy(ret_name, SIM_SIZE, unique_name);
	if (mapping_find_sim(intake->mapping, sim_sid, unique_name, ret))
		return true;
	if (unique_name[0] != '\0' || !store_sim_name(intake->store, sim_sid, ret_name))
		return false;
	return mapping_find_sim(intake->mapping, sim_sid, ret_name, ret);
}

static void render(struct mo_ready *ready, bool known)
{
	if (known && ready->mapped.up == UP_TEXT) {
		buffer_append_text(&ready->payload, ready->sms.payload);
		return;
	}
	const struct up_event event = {
		.device = ready->mapped.device,
		.payload = ready->sms.payload,
		.sid = ready->sms.sid,
		.sim_sid = ready->sms.sim_sid,
		.sim_unique_name = ready->name,
		.time_ms = ready->sms.time_ms,
	};
	event_up_encode(&ready->payload, &event);
}

void mo_intake_prepare(struct mo_intake *intake, const struct mo_sms *sms, struct mo_ready *ret)
{
	ret->sms = *sms;
	bool known = mo_intake_find(intake, sms->sim_sid, sms->sim_unique_name, &ret->mapped, ret->name);
	if (known) {
		topic_fill(ret->topic, intake->settings->topics_up, ret->mapped.device);
	} else {
		ret->mapped.device[0] = '\0';
		text_format(ret->topic, sizeof(ret->topic), "%s/unmapped", intake->settings->topics_bridge);
	}
	buffer_init(&ret->payload, 8 * MO_SIZE); /* every character may need six bytes as JSON */
	render(ret, known);
	ret->mo = (struct store_mo){.sid = sms->sid,
				    .topic = ret->topic,
				    .payload = buffer_text(&ret->payload),
				    .payload_len = ret->payload.len,
				    .sim_sid = sms->sim_sid,
				    .unique_name = sms->sim_unique_name};
}

static void note(struct mo_intake *intake, const struct mo_ready *ready)
{
	const struct mo_sms *sms = &ready->sms;
	struct recent_message message = {.at_ms = sms->time_ms};
	text_copy(message.device, sizeof(message.device), ready->mapped.device);
	text_copy(message.sim, sizeof(message.sim), sms->sim_sid);
	text_copy(message.sid, sizeof(message.sid), sms->sid);
	text_copy(message.payload, sizeof(message.payload), sms->payload);
	recent_note_message(intake->recent, &message);
}

static void tell(const struct mo_ready *ready)
{
	const char *device = ready->mapped.device;
	log_info("", device[0] != '\0' ? "MO SMS stored" : "MO SMS of a SIM that no mapping names",
		 LOG_TEXT("device", device), LOG_TEXT("sid", ready->sms.sid), LOG_TEXT("sim", ready->sms.sim_sid),
		 LOG_BODY("payload", ready->sms.payload));
}

enum mo_result mo_intake_conclude(struct mo_intake *intake, struct mo_ready *ready, enum store_reported result)
{
	buffer_clear(&ready->payload);
	if (result == STORE_REPORT_FULL)
		return MO_FULL;
	if (result != STORE_NEWS)
		return MO_KNOWN;
	note(intake, ready);
	tell(ready);
	return MO_NEW;
}

enum mo_result mo_intake_take(struct mo_intake *intake, const struct mo_sms *sms)
{
	struct mo_ready ready;
	mo_intake_prepare(intake, sms, &ready);
	return mo_intake_conclude(intake, &ready, store_mo(intake->store, &ready.mo, sms->now_ms));
}
