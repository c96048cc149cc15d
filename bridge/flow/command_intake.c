/* command_intake - decode, look up, store; every refusal is stored as an answer. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/command_intake.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bridge/base/crash.h"
#include "bridge/base/log.h"
#include "bridge/base/text.h"
#include "bridge/codec/command.h"
#include "bridge/codec/topic.h"
#include "bridge/edge/signature.h"

enum { ROOM_PATIENCE_MS = 250 };

bool command_intake_reply_topic_is_safe(const struct settings *settings, const char *topic)
{
	char why[WHY_SIZE], own[TOPIC_SIZE], discovery[TOPIC_SIZE];
	/* What begins with $ is the broker's own: its control topics among them. */
	if (!topic_name_is_valid(topic, why, sizeof(why)) || topic[0] == '$')
		return false;
	if (!text_format(own, sizeof(own), "%s/#", settings->topics_bridge) ||
	    !text_format(discovery, sizeof(discovery), "%s/#", settings->homeassistant_prefix))
		return false;
	const char *const ours[] = {settings->topics_command, settings->topics_status, settings->topics_up, own,
				    discovery};
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (topic_matches(ours[i], topic))
			return false;
	return true;
}

/* The rest of the process stops in its order, and the spool may be gone any moment. */
static _Noreturn void wait_for_the_end(void)
{
	for (;;)
		pause();
}

/* Not returning is the only way to withhold a PUBACK. So a message that finds the disk full waits here; when the
 * process must end meanwhile, it waits for that, unacknowledged. */
static void wait_for_room(struct command_intake *intake)
{
	log_warn("", "intake waits: the disk is full", LOG_TEXT("spool", intake->settings->spool_path));
	while (!store_has_room(intake->store)) {
		if (atomic_load(&intake->stopping))
			wait_for_the_end();
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

/* How a message is handled, and what became of it. */
struct handling {
	struct command_intake *intake;
	const struct mqtt_message *message;
	bool patient; /* a full disk is waited for */
	struct command_verdict verdict;
};

static void set_refusal(struct command_verdict *verdict, const char *code, const char *message)
{
	text_copy(verdict->code, sizeof(verdict->code), code);
	text_copy(verdict->message, sizeof(verdict->message), message);
}

/* A full disk: waits for room. False: nobody wants to. */
static bool has_patience(struct handling *handling)
{
	if (handling->patient)
		wait_for_room(handling->intake);
	else
		set_refusal(&handling->verdict, "disk_full", "the disk of the spool is full; free some space");
	return handling->patient;
}

static void note_refusal(struct command_intake *intake, const char *device, const struct command_fault *fault)
{
	struct recent_command refused = {0};
	text_copy(refused.id, sizeof(refused.id), fault->id);
	text_copy(refused.device, sizeof(refused.device), device);
	text_copy(refused.payload, sizeof(refused.payload), fault->payload);
	text_copy(refused.error_code, sizeof(refused.error_code), fault->code);
	text_copy(refused.error_message, sizeof(refused.error_message), fault->message);
	recent_note_refusal(intake->recent, &refused, timekeeper_now(intake->time));
}

static void reject(struct handling *handling, const char *device, const struct command_fault *fault)
{
	struct command_intake *intake = handling->intake;
	const struct mqtt_message *message = handling->message;
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
	set_refusal(&handling->verdict, fault->code, fault->message);
	while (!store_reject(intake->store, &rejection, timekeeper_now(intake->time)))
		if (!has_patience(handling))
			return;
	counters_add(intake->counters, COUNT_MESSAGE_REJECTED);
	note_refusal(intake, device, fault);
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

static struct command_fault fault_of(const char *code, const char *message)
{
	struct command_fault fault = {0};
	text_copy(fault.code, sizeof(fault.code), code);
	text_copy(fault.message, sizeof(fault.message), message);
	return fault;
}

static const struct {
	const char *event, *code, *message; /* code "" : it is, or was, accepted */
	enum counter counter;
} outcomes[] = {
	[STORE_ACCEPTED] = {"accepted", "", "", COUNT_MESSAGE_ACCEPTED},
	[STORE_REDELIVERED] = {"redelivered: known already", "", "", COUNT_MESSAGE_REDELIVERED},
	[STORE_REPEATED] = {"repeated: known already", "", "", COUNT_MESSAGE_REPEATED},
	[STORE_ID_CONFLICT] = {"rejected: id_conflict", "id_conflict", "another command had this id already",
			       COUNT_MESSAGE_REJECTED},
	[STORE_QUEUE_FULL] = {"rejected: queue_full", "queue_full", "too many commands wait already",
			      COUNT_MESSAGE_REJECTED},
	[STORE_OVER_BUDGET] = {"rejected: over_budget", "over_budget", "the budget of this day is spent",
			       COUNT_MESSAGE_REJECTED},
	[STORE_FULL] = {"not stored", "disk_full", "the disk of the spool is full", COUNT_MESSAGE_UNUSABLE},
};

static void tell_outcome(struct handling *handling, const struct mapped_device *mapped, const struct command *command,
			 const struct store_accepted *accepted)
{
	struct command_intake *intake = handling->intake;
	enum store_accept result = accepted->result;
	bool refused = outcomes[result].code[0] != '\0';
	counters_add(intake->counters, outcomes[result].counter);
	log_info(accepted->id, outcomes[result].event, LOG_TEXT("device", mapped->device), LOG_TEXT("sim", mapped->sim),
		 LOG_BODY("payload", command->payload), LOG_NUMBER("replaced", accepted->cancelled));
	handling->verdict.accepted = !refused;
	text_copy(handling->verdict.id, sizeof(handling->verdict.id), accepted->id);
	if (!refused)
		return;
	struct command_fault fault = fault_of(outcomes[result].code, outcomes[result].message);
	text_copy(fault.id, sizeof(fault.id), command->id);
	text_copy(fault.payload, sizeof(fault.payload), command->payload);
	set_refusal(&handling->verdict, fault.code, fault.message);
	note_refusal(intake, mapped->device, &fault);
}

static void accept(struct handling *handling, const struct mapped_device *mapped, const struct command *command)
{
	struct command_intake *intake = handling->intake;
	const struct mqtt_message *message = handling->message;
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
	while (accepted.result == STORE_FULL && has_patience(handling))
		store_accept(intake->store, &in, timekeeper_now(intake->time), &accepted);
	tell_outcome(handling, mapped, command, &accepted);
}

/* What stands for the device in the topic. Also a name that no device can have (too long, say, or none at all) gets its
 * answer, where a status topic can be made of it; false where not. */
static bool find_device(const struct settings *settings, const char *topic, char device[TOPIC_SIZE])
{
	char status[TOPIC_SIZE], why[WHY_SIZE];
	if (!topic_level(settings->topics_command, topic, device, TOPIC_SIZE) ||
	    strlen(settings->topics_status) + strlen(device) > TOPIC_SIZE)
		return false;
	topic_fill(status, settings->topics_status, device);
	return topic_name_is_valid(status, why, sizeof(why)) && status[0] != '$';
}

/* Why a message is none that is ever sent, whatever it says: "" when it is not so. */
static struct command_fault fault_before_all(const struct mqtt_message *message, const char *device, bool known)
{
	char why[WHY_SIZE];
	if (!topic_device_is_valid(device, why, sizeof(why)))
		return fault_of("unknown_device", why);
	if (message->retained)
		return fault_of("retained", "a retained message is not a new command; publish it without retain, and "
					    "clear the retained one with an empty message");
	if (!known)
		return fault_of("unknown_device",
				"no mapping names this device; add it to the mapping file and reload");
	return (struct command_fault){0};
}

static void handle(struct handling *handling)
{
	struct command_intake *intake = handling->intake;
	const struct mqtt_message *message = handling->message;
	char device[TOPIC_SIZE];
	if (!find_device(intake->settings, message->topic, device)) {
		/* The log is the only answer. */
		counters_add(intake->counters, COUNT_MESSAGE_UNUSABLE);
		log_warn("", "dropped: no valid device in the topic", LOG_TEXT("topic", message->topic));
		return;
	}
	struct command command = {0};
	struct command_fault fault = {0};
	struct mapped_device mapped;
	bool known = mapping_find(intake->mapping, device, &mapped); /* false for what is no device's name */
	enum command_form form = known ? mapped.cmd : COMMAND_ANY;
	bool decoded = command_decode(&command, message->payload, message->len, form,
				      intake->settings->limits_strict_septets, &fault);
	struct command_fault before = fault_before_all(message, device, known);
	if (before.code[0] != '\0') {
		text_copy(before.id, sizeof(before.id), decoded ? command.id : fault.id);
		text_copy(before.payload, sizeof(before.payload), decoded ? command.payload : "");
		fault = before;
		decoded = false;
	}
	if (decoded)
		accept(handling, &mapped, &command);
	else
		reject(handling, device, &fault);
}

void command_intake_take(struct command_intake *intake, const struct mqtt_message *message)
{
	struct handling handling = {.intake = intake, .message = message, .patient = true};
	handle(&handling);
	crash_point("intake-before-puback");
}

void command_intake_offer(struct command_intake *intake, const struct mqtt_message *message,
			  struct command_verdict *ret)
{
	struct handling handling = {.intake = intake, .message = message, .patient = false};
	handle(&handling);
	*ret = handling.verdict;
}
