// What tests tell the simulator.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/control.h"

#include <stdlib.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/simulator/callbacks.h"
#include "tests/simulator/json_read.h"
#include "tests/simulator/json_write.h"
#include "tests/simulator/reply.h"

/* Does what `body` says, under the lock; false with the reason. It may write an answer. */
typedef bool command_function(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE]);

static void perform(struct simulator *self, const struct request *request, struct reply *reply,
		    command_function *command)
{
	char why[WHY_SIZE] = "the body is no JSON object or list";
	struct json *body = json_read(request->body);
	bool is_done = false;
	if (json_read_is_object(body) || json_read_is_array(body)) {
		pthread_mutex_lock(&self->lock);
		is_done = command(self, body, reply, why);
		pthread_cond_broadcast(&self->changed);
		pthread_mutex_unlock(&self->lock);
	}
	if (!is_done)
		reply_error(reply, 400, 0, why);
	else if (reply->body.len == 0)
		buffer_append_text(&reply->body, "{}");
	json_read_free(body);
}

static bool only(const struct json *body, const char *const *known, char why[WHY_SIZE])
{
	const char *unknown = json_read_unknown(body, known);
	if (unknown[0] == '\0')
		return true;
	text_format(why, WHY_SIZE, "unknown member %s", unknown);
	return false;
}

static bool set_faults(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE])
{
	(void)reply;
	return faults_set(&self->faults, body, why);
}

void control_set_faults(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, set_faults);
}

static bool clear_faults(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE])
{
	(void)body, (void)reply, (void)why;
	faults_clear(&self->faults);
	return true;
}

void control_clear_faults(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, clear_faults);
}

static bool add_outcome(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE])
{
	(void)reply;
	return faults_add_outcomes(&self->faults, body, why);
}

void control_add_outcome(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, add_outcome);
}

static bool clear_outcomes(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE])
{
	(void)body, (void)reply, (void)why;
	faults_clear_outcomes(&self->faults);
	return true;
}

void control_clear_outcomes(struct simulator *self, const struct request *request, const char *rest,
			    struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, clear_outcomes);
}

static bool receive_mo(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE])
{
	static const char *const known[] = {"sim", "payload", "callback", NULL};
	if (!only(body, known, why))
		return false;
	struct sim *sim = sims_find(&self->world.sims, json_read_text(body, "sim", ""));
	if (sim == NULL) {
		text_copy(why, WHY_SIZE, "sim names no SIM");
		return false;
	}
	const char *payload = json_read_text(body, "payload", "");
	const struct resource *resource = life_receive(self, sim, payload, json_read_bool(body, "callback", true));
	json_write_open(&reply->body, "", '{');
	json_write_text(&reply->body, "sid", resource->sid);
	json_write_text(&reply->body, "sim_sid", sim->sid);
	json_write_close(&reply->body, '}');
	return true;
}

void control_mo(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, receive_mo);
}

/* A person moves the resource: its own life stops here. */
static bool move(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE])
{
	static const char *const known[] = {"sid", "status", "error_code", "error_message", "callback", NULL};
	struct resource *resource = world_find(&self->world, json_read_text(body, "sid", ""));
	enum status status = status_from_text(json_read_text(body, "status", ""));
	if (!only(body, known, why))
		return false;
	if (resource == NULL || status == STATUS_COUNT) {
		text_copy(why, WHY_SIZE, resource != NULL ? "status is not known" : "sid is not known");
		return false;
	}
	resource->generation++;
	if (status == STATUS_FAILED)
		world_fail(resource, json_read_text(body, "error_code", ""), json_read_text(body, "error_message", ""));
	else
		world_move(resource, status);
	if (json_read_bool(body, "callback", true))
		callbacks_raise(self, resource, status);
	reply_resource(&reply->body, "", resource, "simulator");
	return true;
}

void control_status(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, move);
}

static void replace(char **field, const char *text)
{
	char *copy = memory_copied_text(text);
	free(*field);
	*field = copy;
}

static bool set_fleet(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE])
{
	static const char *const known[] = {"sms_commands_url", "method", NULL};
	(void)reply;
	if (!only(body, known, why))
		return false;
	replace(&self->settings.fleet_url, json_read_text(body, "sms_commands_url", ""));
	self->settings.is_fleet_get = text_equal(json_read_text(body, "method", "POST"), "GET");
	return true;
}

void control_fleet(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, set_fleet);
}

static bool set_settings(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE])
{
	static const char *const known[] = {"order",	     "list_lag_ms",
					    "delay_sent_ms", "delay_delivered_ms",
					    "delay_echo_ms", "token_lifetime_ms",
					    "echo",	     "kore_secret",
					    "twilio_token",  NULL};
	static const char *const orders[ORDER_COUNT] = {"newest", "oldest", "random"};
	struct settings *settings = &self->settings;
	const char *order = json_read_text(body, "order", orders[settings->order]);
	unsigned i = 0;
	(void)reply;
	while (i < ORDER_COUNT && !text_equal(orders[i], order))
		i++;
	if (i == ORDER_COUNT)
		text_copy(why, WHY_SIZE, "order must be newest, oldest or random");
	if (i == ORDER_COUNT || !only(body, known, why))
		return false;
	settings->order = (enum list_order)i;
	settings->list_lag_ms = json_read_number(body, "list_lag_ms", settings->list_lag_ms);
	settings->delay_sent_ms = json_read_number(body, "delay_sent_ms", settings->delay_sent_ms);
	settings->delay_delivered_ms = json_read_number(body, "delay_delivered_ms", settings->delay_delivered_ms);
	settings->delay_echo_ms = json_read_number(body, "delay_echo_ms", settings->delay_echo_ms);
	settings->token_lifetime_ms = json_read_number(body, "token_lifetime_ms", settings->token_lifetime_ms);
	settings->echo = json_read_bool(body, "echo", settings->echo);
	replace(&settings->kore_secret, json_read_text(body, "kore_secret", settings->kore_secret));
	replace(&settings->twilio_token, json_read_text(body, "twilio_token", settings->twilio_token));
	return true;
}

void control_settings(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, set_settings);
}

static bool change_tokens(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE])
{
	static const char *const known[] = {"expire", "forget", NULL};
	(void)reply;
	if (!only(body, known, why))
		return false;
	if (json_read_bool(body, "expire", false))
		tokens_expire(&self->tokens);
	if (json_read_bool(body, "forget", false))
		tokens_forget(&self->tokens);
	return true;
}

void control_tokens(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, change_tokens);
}

static bool reset(struct simulator *self, const struct json *body, struct reply *reply, char why[WHY_SIZE])
{
	(void)body, (void)reply, (void)why;
	simulator_reset(self);
	return true;
}

void control_reset(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	(void)rest;
	perform(self, request, reply, reset);
}
