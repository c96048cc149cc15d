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

static void render(struct buffer *payload, const struct mo_sms *sms, const struct mapped_device *mapped,
		   const char *unique_name)
{
	if (mapped != NULL && mapped->up == UP_TEXT) {
		buffer_append_text(payload, sms->payload);
		return;
	}
	const struct up_event event = {
		.device = mapped == NULL ? "" : mapped->device,
		.payload = sms->payload,
		.sid = sms->sid,
		.sim_sid = sms->sim_sid,
		.sim_unique_name = unique_name,
		.time_ms = sms->time_ms,
	};
	event_up_encode(payload, &event);
}

static void note(struct mo_intake *intake, const struct mo_sms *sms, const char *device)
{
	struct recent_message message = {.at_ms = sms->time_ms};
	text_copy(message.device, sizeof(message.device), device);
	text_copy(message.sim, sizeof(message.sim), sms->sim_sid);
	text_copy(message.sid, sizeof(message.sid), sms->sid);
	text_copy(message.payload, sizeof(message.payload), sms->payload);
	recent_note_message(intake->recent, &message);
}

enum mo_result mo_intake_take(struct mo_intake *intake, const struct mo_sms *sms)
{
	struct mapped_device mapped;
	struct buffer payload;
	char topic[TOPIC_SIZE], name[SIM_SIZE];
	bool known = mo_intake_find(intake, sms->sim_sid, sms->sim_unique_name, &mapped, name);
	if (known)
		topic_fill(topic, intake->settings->topics_up, mapped.device);
	else
		text_format(topic, sizeof(topic), "%s/unmapped", intake->settings->topics_bridge);
	buffer_init(&payload, 8 * MO_SIZE); /* every character may need six bytes as JSON */
	render(&payload, sms, known ? &mapped : NULL, name);
	const struct store_mo mo = {
		.sid = sms->sid, .topic = topic, .payload = buffer_text(&payload), .payload_len = payload.len};
	enum store_reported result = store_mo(intake->store, &mo, sms->now_ms);
	if (result == STORE_NEWS) {
		if (sms->sim_unique_name[0] != '\0' && sms->sim_sid[0] != '\0')
			store_learn_sim(intake->store, sms->sim_unique_name, sms->sim_sid);
		note(intake, sms, known ? mapped.device : "");
		log_info("", known ? "MO SMS stored" : "MO SMS of a SIM that no mapping names",
			 LOG_TEXT("device", known ? mapped.device : ""), LOG_TEXT("sid", sms->sid),
			 LOG_TEXT("sim", sms->sim_sid), LOG_BODY("payload", sms->payload));
	}
	buffer_clear(&payload);
	if (result == STORE_REPORT_FULL)
		return MO_FULL;
	return result == STORE_NEWS ? MO_NEW : MO_KNOWN;
}
