// Which callbacks leave, what they say, and when they are tried again.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/callbacks.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/simulator/form.h"
#include "tests/simulator/sign.h"
#include "tests/simulator/simulator.h"

/* The provider's proxy: 15 s for all tries of one event together. */
enum { TOTAL_MS = 15000 };

struct delivery *delivery_create(const struct world *world, const struct resource *resource, enum status status)
{
	struct delivery *delivery = memory_zeroed(1, sizeof(*delivery));
	unsigned char random[16];
	char hex[33];
	delivery->epoch = world->epoch;
	delivery->index = resource->index;
	delivery->status = status;
	clock_random(random, sizeof(random));
	text_to_hex(hex, random, sizeof(random));
	text_format(delivery->token, sizeof(delivery->token), "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		    hex + 16, hex + 20);
	return delivery;
}

void delivery_free(struct delivery *delivery)
{
	while (delivery != NULL) {
		struct delivery *then = delivery->then;
		free(delivery);
		delivery = then;
	}
}

void callbacks_raise(struct simulator *self, struct resource *resource, enum status status)
{
	struct subject subject = simulator_subject(resource, status);
	struct fault fault;
	if (resource->callback_url[0] == '\0')
		return;
	faults_take(&self->faults, FAULT_CALLBACK, &subject, &fault);
	if (fault.reorder && status == STATUS_SENT) {
		resource->is_sent_held = true;
	} else if (!fault.lose) {
		struct delivery *delivery = delivery_create(&self->world, resource, status);
		delivery->repeats = fault.repeat;
		if (resource->is_sent_held && status != STATUS_SENT) {
			delivery->then = delivery_create(&self->world, resource, STATUS_SENT);
			resource->is_sent_held = false;
		}
		resource->open_callbacks++;
		if (fault.delay_ms > 0)
			life_deliver_later(self, delivery, fault.delay_ms);
		else
			sender_push(self->sender, delivery);
	}
	fault_clear(&fault);
}

static void write_fields(struct buffer *out, const struct resource *resource, enum status status)
{
	form_add(out, "AccountSid", simulator_account());
	form_add(out, "CommandSid", resource->sid);
	form_add(out, "SimSid", resource->sim->sid);
	form_add(out, "SimUniqueName", resource->sim->unique_name);
	form_add(out, "Payload", resource->payload);
	form_add(out, "PayloadType", "text");
	form_add(out, "Direction", resource->is_from_sim ? "from_sim" : "to_sim");
	form_add(out, "Status", status_to_text(status));
	if (status != STATUS_FAILED || resource->failure == NULL)
		return;
	if (resource->failure->code[0] != '\0')
		form_add(out, "ErrorCode", resource->failure->code);
	if (resource->failure->message[0] != '\0')
		form_add(out, "ErrorMessage", resource->failure->message);
}

static void add_header(struct call *call, const char *name, const char *value)
{
	char line[512];
	unsigned i = 0;
	while (call->headers[i] != NULL)
		i++;
	/* libcurl's way to say "this header, with no value" is a semicolon. */
	if (value[0] == '\0')
		text_format(line, sizeof(line), "%s;", name);
	else
		text_format(line, sizeof(line), "%s: %s", name, value);
	call->headers[i] = memory_copied_text(line);
}

static void add_headers(const struct settings *settings, const struct delivery *delivery, struct call *call)
{
	char date[CLOCK_TEXT_SIZE], kore[SIGN_KORE_SIZE], twilio[SIGN_TWILIO_SIZE], seconds[CLOCK_TEXT_SIZE];
	struct form form;
	form_read(&form, call->body, strlen(call->body));
	sign_kore(settings->kore_secret, call->is_get ? "GET" : "POST", call->url, call->body, kore);
	sign_twilio(settings->twilio_token, call->url, &form, twilio);
	form_clear(&form);
	clock_to_text(clock_wall_ms(), date);
	text_format(seconds, sizeof(seconds), "%.19sZ", date);
	add_header(call, "kore-idempotency-token", delivery->token);
	add_header(call, "kore-signature", kore);
	add_header(call, "date", seconds);
	if (twilio[0] != '\0')
		add_header(call, "X-Twilio-Signature", twilio);
}

/* POST: the fields are the body. GET: they are added to the URL's query. */
static void write_call(const struct simulator *self, const struct resource *resource, const struct delivery *delivery,
		       struct call *ret)
{
	struct buffer fields, url;
	buffer_init(&fields, SIZE_MAX / 4);
	buffer_init(&url, SIZE_MAX / 4);
	write_fields(&fields, resource, delivery->status);
	buffer_append(&url, resource->callback_url, strcspn(resource->callback_url, "#"));
	ret->is_get = resource->is_callback_get;
	if (ret->is_get) {
		buffer_append_text(&url, strchr(buffer_text(&url), '?') == NULL ? "?" : "&");
		buffer_append_text(&url, buffer_text(&fields));
	}
	ret->url = buffer_take(&url);
	ret->body = memory_copied_text(ret->is_get ? "" : buffer_text(&fields));
	buffer_clear(&fields);
	add_headers(&self->settings, delivery, ret);
}

static bool prepare(void *context, struct delivery *delivery, struct call *ret)
{
	struct simulator *self = context;
	int64_t now = clock_mono_ms();
	if (delivery->deadline_ms == 0)
		delivery->deadline_ms = now + TOTAL_MS;
	ret->timeout_ms = delivery->deadline_ms > now ? delivery->deadline_ms - now : 1;
	pthread_mutex_lock(&self->lock);
	bool is_alive = delivery->epoch == self->world.epoch;
	if (is_alive)
		write_call(self, self->world.all[delivery->index], delivery, ret);
	pthread_mutex_unlock(&self->lock);
	return is_alive;
}

/* What comes after a try: the same event again, or NULL when it has ended. */
static struct delivery *again(struct delivery *delivery, unsigned http_status)
{
	bool is_worth = http_status == 408 || http_status == 423 || (http_status >= 500 && http_status <= 599);
	if (is_worth && !delivery->is_retried && clock_mono_ms() < delivery->deadline_ms) {
		delivery->is_retried = true;
		return delivery;
	}
	if (delivery->repeats <= 0)
		return NULL;
	delivery->repeats--;
	delivery->is_retried = false;
	delivery->deadline_ms = 0;
	return delivery;
}

/* Under the lock. The resource may be of an earlier epoch: then all is over. */
static void settle(struct simulator *self, struct delivery *delivery, unsigned http_status)
{
	struct resource *resource = self->world.all[delivery->index];
	world_log_try(&self->world, &(struct callback_try){.at_ms = clock_wall_ms(),
							   .index = delivery->index,
							   .http_status = (uint16_t)http_status,
							   .attempt = (uint8_t)delivery->attempt,
							   .status = (uint8_t)delivery->status});
	struct delivery *next = again(delivery, http_status);
	if (next == NULL) {
		next = delivery->then;
		delivery->then = NULL;
		resource->open_callbacks--;
		if (next != NULL)
			resource->open_callbacks++;
		delivery_free(delivery);
	}
	if (next != NULL)
		sender_push(self->sender, next);
}

static void finished(void *context, struct delivery *delivery, unsigned http_status)
{
	struct simulator *self = context;
	delivery->attempt++;
	pthread_mutex_lock(&self->lock);
	if (delivery->epoch == self->world.epoch)
		settle(self, delivery, http_status);
	else
		delivery_free(delivery);
	pthread_cond_broadcast(&self->changed);
	pthread_mutex_unlock(&self->lock);
}

struct sender_hooks callbacks_hooks(struct simulator *self)
{
	return (struct sender_hooks){.context = self, .prepare = prepare, .finished = finished};
}
