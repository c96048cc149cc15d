// Carries out a fault on a request.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/misbehave.h"

#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/simulator/reply.h"
#include "tests/simulator/simulator.h"

enum { LONG_MS = 60000 };

static void hold(struct simulator *self, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;
	for (int64_t now = clock_mono_ms(); !self->is_stopping && now < until; now = clock_mono_ms())
		simulator_wait(self, &self->changed, until - now);
}

/* Silence until control changes the faults; who was held is never answered and never carried out. */
static void hold_for_good(struct simulator *self, struct reply *reply)
{
	uint32_t generation = self->faults.generation;
	while (!self->is_stopping && generation == self->faults.generation)
		simulator_wait(self, &self->changed, LONG_MS);
	reply->end = REPLY_CLOSE;
}

bool misbehave_stopped(struct simulator *self, struct reply *reply)
{
	if (!self->faults.is_stopped)
		return false;
	hold_for_good(self, reply);
	return true;
}

static void write_html(struct reply *reply)
{
	reply->content_type = "text/html";
	buffer_reset(&reply->body);
	buffer_append_text(&reply->body, "<html><body><h1>This is a gateway's page</h1></body></html>\n");
}

static void write_status(const struct fault *fault, struct reply *reply)
{
	text_copy(reply->retry_after, sizeof(reply->retry_after), fault->retry_after);
	reply_error(reply, fault->status, fault->status == 429 ? 20429 : 0, "the simulator was told to answer this");
	if (fault->manner == MANNER_HTML)
		write_html(reply);
	if (fault->body[0] == '\0')
		return;
	buffer_reset(&reply->body);
	buffer_append_text(&reply->body, fault->body);
	if (fault->body[0] != '{' && fault->body[0] != '[')
		reply->content_type = "text/plain";
}

bool misbehave_before(struct simulator *self, const struct fault *fault, struct reply *reply)
{
	if (fault->manner == MANNER_STOP) {
		hold_for_good(self, reply);
		return true;
	}
	bool is_closed = fault->manner == MANNER_CLOSE_BEFORE;
	bool is_refused = fault->status != 0 && !fault->accept;
	if (!is_closed && !is_refused)
		return false;
	hold(self, fault->hold_ms);
	if (is_closed)
		reply->end = REPLY_CLOSE;
	else
		write_status(fault, reply);
	return true;
}

/* The sid is the first member of every resource. */
static void cut_sid(struct reply *reply)
{
	const char *body = buffer_text(&reply->body);
	if (!text_starts_with(body, "{\"sid\":"))
		return;
	size_t len = strcspn(body, ",");
	memmove(reply->body.data + 1, body + len + 1, reply->body.len - len);
	reply->body.len -= len;
}

static void spoil(const struct fault *fault, struct reply *reply)
{
	switch (fault->manner) {
	case MANNER_USUAL:
	case MANNER_STOP:
	case MANNER_CLOSE_BEFORE:
	case MANNER_COUNT:
		return;
	case MANNER_ACCEPT_THEN_CLOSE:
		reply->end = REPLY_CLOSE;
		return;
	case MANNER_ACCEPT_THEN_RESET:
		reply->end = REPLY_RESET;
		return;
	case MANNER_TRUNCATE:
		reply->end = REPLY_TRUNCATE;
		return;
	case MANNER_NO_SID:
		cut_sid(reply);
		return;
	case MANNER_HTML:
		write_html(reply);
		return;
	}
}

void misbehave_after(struct simulator *self, const struct fault *fault, struct reply *reply)
{
	hold(self, fault->hold_ms);
	if (fault->status != 0)
		write_status(fault, reply);
	spoil(fault, reply);
}
