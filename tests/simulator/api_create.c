// Creating an SMS Command, and the token that is needed for it.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/simulator/api.h"
#include "tests/simulator/form.h"
#include "tests/simulator/json_write.h"
#include "tests/simulator/misbehave.h"
#include "tests/simulator/reply.h"

/* A callback is tried twice within 15 s; whoever waits for it waits a little longer. */
enum { BEFORE_ANSWER_MS = 20000 };

static bool is_form(const char *content_type)
{
	static const char form[] = "application/x-www-form-urlencoded";
	size_t len = sizeof(form) - 1;
	return strncasecmp(content_type, form, len) == 0 && strchr("; ", content_type[len]) != NULL;
}

/* The token endpoint's own form of an error. */
static void token_error(struct reply *reply, const char *message)
{
	reply->status = 400;
	json_write_open(&reply->body, "", '{');
	json_write_number(&reply->body, "code", 400);
	json_write_text(&reply->body, "message", message);
	json_write_close(&reply->body, '}');
}

static void give_token(struct simulator *self, struct reply *reply)
{
	self->world.counters.tokens++;
	json_write_open(&reply->body, "", '{');
	json_write_text(&reply->body, "access_token", tokens_issue(&self->tokens, self->settings.token_lifetime_ms));
	json_write_number(&reply->body, "expires_in", self->settings.token_lifetime_ms / 1000);
	json_write_text(&reply->body, "token_type", "Bearer");
	json_write_text(&reply->body, "scope", "supersim.sms-commands");
	json_write_close(&reply->body, '}');
}

static void judge_client(struct simulator *self, const struct request *request, const struct form *form,
			 struct reply *reply)
{
	if (!is_form(request->content_type))
		token_error(reply, "Content-Type must be application/x-www-form-urlencoded");
	else if (form->malformed[0] != '\0')
		token_error(reply, form->malformed);
	else if (!text_equal(form_get(form, "grant_type"), "client_credentials"))
		token_error(reply, "grant_type must be client_credentials");
	else if (form_get(form, "client_id")[0] == '\0' || form_get(form, "client_secret")[0] == '\0')
		token_error(reply, "client_id and client_secret are required");
	else if (text_equal(form_get(form, "client_id"), self->options.client_id) &&
		 text_equal(form_get(form, "client_secret"), self->options.client_secret))
		give_token(self, reply);
	else {
		reply->status = 401;
		json_write_open(&reply->body, "", '{');
		json_write_text(&reply->body, "error", "unauthorized_client");
		json_write_text(&reply->body, "error_description", "Invalid client or Invalid client credentials");
		json_write_close(&reply->body, '}');
	}
}

void api_token(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	struct subject subject = {"", "", "", ""};
	struct form form;
	struct fault fault;
	(void)rest;
	form_read(&form, request->body, request->body_len);
	pthread_mutex_lock(&self->lock);
	self->world.counters.token_requests++;
	if (!misbehave_stopped(self, reply)) {
		faults_take(&self->faults, FAULT_TOKEN, &subject, &fault);
		if (!misbehave_before(self, &fault, reply)) {
			judge_client(self, request, &form, reply);
			misbehave_after(self, &fault, reply);
		}
		fault_clear(&fault);
	}
	pthread_mutex_unlock(&self->lock);
	form_clear(&form);
}

static size_t characters(const char *text)
{
	size_t count = 0;
	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

static bool is_url(const char *text)
{
	size_t scheme = text_starts_with(text, "https://") ? 8 : text_starts_with(text, "http://") ? 7 : 0;
	if (scheme == 0 || strcspn(text + scheme, "/?#") == 0)
		return false;
	for (const char *at = text; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || strchr("\"<>\\^`{|}", *at) != NULL)
			return false;
	return true;
}

/* What the reference refuses; 20001: a bad parameter, 20002: a missing one. True when it was. */
static bool is_refused(const struct form *form, struct reply *reply)
{
	static const char *const known[] = {"Sim", "Payload", "CallbackUrl", "CallbackMethod", NULL};
	const char *payload = form_get(form, "Payload");
	const char *url = form_get(form, "CallbackUrl");
	const char *method = form_get(form, "CallbackMethod");
	const char *unknown = form_unknown(form, known);
	int code = 20001;
	const char *why = "";
	if (form->malformed[0] != '\0')
		why = form->malformed;
	else if (unknown[0] != '\0')
		why = "there is a parameter besides Sim, Payload, CallbackUrl and CallbackMethod";
	else if (form_get(form, "Sim")[0] == '\0')
		code = 20002, why = "Missing required parameter Sim in the post body";
	else if (payload[0] == '\0')
		code = 20002, why = "Missing required parameter Payload in the post body";
	else if (characters(payload) > SMS_CHARACTERS)
		why = "Payload is longer than 160 characters";
	else if (url[0] != '\0' && !is_url(url))
		why = "CallbackUrl is not a URL";
	else if (method[0] != '\0' && !text_equal(method, "GET") && !text_equal(method, "POST"))
		why = "CallbackMethod must be GET or POST";
	if (why[0] != '\0')
		reply_error(reply, 400, code, why);
	return why[0] != '\0';
}

/* Carries the create out; NULL when it is refused, then the reply says why. */
static struct resource *create(struct simulator *self, const struct request *request, const struct form *form,
			       struct reply *reply)
{
	enum token_verdict verdict = tokens_judge(&self->tokens, request->authorization);
	if (verdict != TOKEN_GOOD) {
		reply_unauthorized(reply, verdict);
		return NULL;
	}
	if (!is_form(request->content_type)) {
		reply_error(reply, 415, 0, "Content-Type must be application/x-www-form-urlencoded");
		return NULL;
	}
	if (is_refused(form, reply))
		return NULL;
	struct sim *sim = sims_find(&self->world.sims, form_get(form, "Sim"));
	if (sim == NULL) {
		reply_error(reply, 404, 20404, "The Sim was not found");
		return NULL;
	}
	struct resource_plan plan = {.sim = sim,
				     .sim_given = form_get(form, "Sim"),
				     .payload = form_get(form, "Payload"),
				     .callback_url = form_get(form, "CallbackUrl"),
				     .is_callback_get = text_equal(form_get(form, "CallbackMethod"), "GET")};
	struct resource *resource = world_add(&self->world, &plan);
	life_later(self, LIFE_SENT, resource, self->settings.delay_sent_ms);
	reply->status = 201;
	reply->is_create = true;
	reply->epoch = self->world.epoch;
	reply->index = resource->index;
	reply_resource(&reply->body, "", resource, request->host);
	return resource;
}

/* Its callbacks go out and are answered while the create is not. */
static void call_back_at_once(struct simulator *self, struct resource *resource, bool until_final)
{
	uint32_t epoch = self->world.epoch;
	int64_t until = clock_mono_ms() + BEFORE_ANSWER_MS;
	for (int steps = until_final ? 2 : 1; steps > 0; steps--) {
		if (self->world.epoch == epoch)
			life_step_now(self, resource);
		while (!self->is_stopping && self->world.epoch == epoch && resource->open_callbacks > 0 &&
		       clock_mono_ms() < until)
			simulator_wait(self, &self->changed, 1000);
	}
}

static void carry_out(struct simulator *self, const struct request *request, const struct form *form,
		      struct reply *reply)
{
	const char *sim_given = form_get(form, "Sim");
	const struct sim *sim = sims_find(&self->world.sims, sim_given);
	struct subject subject = {sim != NULL ? sim->unique_name : sim_given, sim != NULL ? sim->sid : "",
				  form_get(form, "Payload"), ""};
	struct fault fault, at_once;
	faults_take(&self->faults, FAULT_CREATE, &subject, &fault);
	if (!misbehave_before(self, &fault, reply)) {
		struct resource *resource = create(self, request, form, reply);
		if (resource == NULL)
			self->world.counters.refused++;
		if (resource != NULL && faults_take(&self->faults, FAULT_AT_ONCE, &subject, &at_once)) {
			call_back_at_once(self, resource, at_once.before_answer_final);
			fault_clear(&at_once);
		}
		if (resource != NULL)
			misbehave_after(self, &fault, reply);
	}
	fault_clear(&fault);
}

void api_create(struct simulator *self, const struct request *request, const char *rest, struct reply *reply)
{
	struct form form;
	(void)rest;
	form_read(&form, request->body, request->body_len);
	pthread_mutex_lock(&self->lock);
	if (!misbehave_stopped(self, reply))
		carry_out(self, request, &form, reply);
	pthread_mutex_unlock(&self->lock);
	form_clear(&form);
}
