/* command_intake - decode, look up, store; every refusal is stored as an answer. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/command_intake.h"

#include <time.h>
#include <unistd.h>

#include "bridge/base/log.h"
#include "bridge/base/text.h"
#include "bridge/codec/command.h"
#include "bridge/codec/topic.h"
#include "bridge/edge/signature.h"

enum { ROOM_PATIENCE_MS = 250 };

bool command_intake_reply_topic_is_safe(const struct settings *settings, const char *topic)
{
	char why[WHY_SIZE], own[TOPIC_SIZE];
	if (!topic_name_is_valid(topic, why, sizeof(why)))
		return false;
	if (!text_format(own, sizeof(own), "%s/#", settings->topics_bridge))
		return false;
	const char *const ours[] = {settings->topics_command, settings->topics_status, settings->topics_up, own};
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (topic_matches(ours[i], topic))
			return false;
	return true;
}

/* Not returning is the only way to withhold a PUBACK. So a message that finds the disk full waits here;
 * when the process must end meanwhile, it ends with the message unacknowledged. */
static void wait_for_room(struct command_intake *intake)
{
	log_warn("", "intake waits: the disk is full", LOG_TEXT("spool", intake->settings->spool_path));
	while (!store_has_room(intake->store)) {
		if (atomic_load(&intake->stopping))
			_exit(0);
		nanosleep(&(struct timespec){.tv_nsec = ROOM_PATIENCE_MS * 1000000L}, NULL);
	}
	log_info("", "intake goes on: there is room again", LOG_TEXT("spool", intake->settings->spool_path));
}

static struct store_delivery delivery_of(const struct mqtt_message *message)
{
	return (struct store_delivery){
		.connection = message->connection,
		.packet_id = message->qos > 0 ? message->packet_id : 0,
		.dup = message->dup,
		.digest = signature_digest(message->topic, message->payload, message->len),
	};
}

static void reject(struct command_intake *intake, const struct mqtt_message *message, const char *device,
		   const struct command_fault *fault)
{
	bool answerable = command_intake_reply_topic_is_safe(intake->settings, message->reply_topic);
	const struct store_rejection rejection = {
		.delivery = delivery_of(message),
		.device = device,
		.id = fault->id,
		.payload = fault->payload,
		.code = fault->code,
		.message = fault->message,
		.reply_topic = answerable ? message->reply_topic : "",
		.correlation = message->correlation,
		.correlation_len = message->correlation_len,
	};
	while (!store_reject(intake->store, &rejection, timekeeper_now(intake->time)))
		wait_for_room(intake);
	counters_add(intake->counters, COUNT_MESSAGE_REJECTED);
	log_info(fault->id, "rejected", LOG_TEXT("device", device), LOG_TEXT("code", fault->code),
		 LOG_TEXT("why", fault->message));
}

static int64_t smaller_wait(int64_t wait_ms, int64_t seconds)
{
	return seconds > 0 && seconds * 1000 < wait_ms ? seconds * 1000 : wait_ms;
}

/* The time that a command may wait here: the smallest of max_age, its ttl and the MQTT 5 expiry. */
static int64_t max_wait(const struct command_intake *intake, const struct command *command,
			const struct mqtt_message *message)
{
	int64_t wait_ms = smaller_wait(intake->settings->limits_max_age_ms, command->ttl_s);
	return smaller_wait(wait_ms, message->expiry_s);
}

static void log_accepted(struct command_intake *intake, const struct mapped_device *mapped,
			 const struct command *command, const struct store_accepted *accepted)
{
	static const struct {
		const char *event;
		enum counter counter;
	} verdicts[] = {
		[STORE_ACCEPTED] = {"accepted", COUNT_MESSAGE_ACCEPTED},
		[STORE_REDELIVERED] = {"redelivered: known already", COUNT_MESSAGE_REDELIVERED},
		[STORE_REPEATED] = {"repeated: known already", COUNT_MESSAGE_REPEATED},
		[STORE_ID_CONFLICT] = {"rejected: id_conflict", COUNT_MESSAGE_REJECTED},
		[STORE_QUEUE_FULL] = {"rejected: queue_full", COUNT_MESSAGE_REJECTED},
		[STORE_OVER_BUDGET] = {"rejected: over_budget", COUNT_MESSAGE_REJECTED},
		[STORE_FULL] = {"not stored", COUNT_MESSAGE_UNUSABLE},
	};
	counters_add(intake->counters, verdicts[accepted->result].counter);
	log_info(accepted->id, verdicts[accepted->result].event, LOG_TEXT("device", mapped->device),
		 LOG_TEXT("sim", mapped->sim), LOG_BODY("payload", command->payload),
		 LOG_NUMBER("replaced", accepted->cancelled));
}

static void accept(struct command_intake *intake, const struct mqtt_message *message,
		   const struct mapped_device *mapped, const struct command *command)
{
	bool answerable = command_intake_reply_topic_is_safe(intake->settings, message->reply_topic);
	const struct store_new_command in = {
		.delivery = delivery_of(message),
		.device = mapped->device,
		.sim = mapped->sim,
		.command = command,
		.reply_topic = answerable ? message->reply_topic : "",
		.correlation = message->correlation,
		.correlation_len = message->correlation_len,
		.max_wait_ms = max_wait(intake, command, message),
	};
	struct store_accepted accepted;
	store_accept(intake->store, &in, timekeeper_now(intake->time), &accepted);
	while (accepted.result == STORE_FULL) {
		wait_for_room(intake);
		store_accept(intake->store, &in, timekeeper_now(intake->time), &accepted);
	}
	log_accepted(intake, mapped, command, &accepted);
}

static struct command_fault fault_of(const char *code, const char *message)
{
	struct command_fault fault = {0};
	text_copy(fault.code, sizeof(fault.code), code);
	text_copy(fault.message, sizeof(fault.message), message);
	return fault;
}

void command_intake_take(struct command_intake *intake, const struct mqtt_message *message)
{
	char device[DEVICE_SIZE], why[WHY_SIZE];
	if (!topic_extract(intake->settings->topics_command, message->topic, device) ||
	    !topic_device_is_valid(device, why, sizeof(why))) {
		/* No status topic can be made of such a name; the log is the only answer. */
		counters_add(intake->counters, COUNT_MESSAGE_UNUSABLE);
		log_warn("", "dropped: no valid device in the topic", LOG_TEXT("topic", message->topic));
		return;
	}
	struct command command = {0};
	struct command_fault fault = {0};
	struct mapped_device mapped;
	bool known = mapping_find(intake->mapping, device, &mapped);
	enum command_form form = known ? mapped.cmd : COMMAND_ANY;
	bool decoded = command_decode(&command, message->payload, message->len, form,
				      intake->settings->limits_strict_septets, &fault);
	if (message->retained || !known) {
		char id[COMMAND_ID_SIZE];
		text_copy(id, sizeof(id), decoded ? command.id : fault.id);
		fault = message->retained
				? fault_of("retained", "a retained message is not a new command; publish it without "
						       "retain, and clear the retained one with an empty message")
				: fault_of("unknown_device", "no mapping names this device; add it to the mapping file "
							     "and reload");
		text_copy(fault.id, sizeof(fault.id), id);
		text_copy(fault.payload, sizeof(fault.payload), decoded ? command.payload : "");
		decoded = false;
	}
	if (decoded)
		accept(intake, message, &mapped, &command);
	else
		reject(intake, message, device, &fault);
}
