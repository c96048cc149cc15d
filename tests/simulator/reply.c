// Answers in the API's shapes.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/reply.h"

#include "bridge/base/clock.h"
#include "bridge/base/text.h"
#include "tests/simulator/json_write.h"
#include "tests/simulator/simulator.h"

void reply_error(struct reply *reply, int status, int code, const char *message)
{
	char more[128];
	reply->status = status;
	reply->content_type = "application/json";
	buffer_reset(&reply->body);
	json_write_open(&reply->body, "", '{');
	json_write_number(&reply->body, "status", status);
	json_write_text(&reply->body, "message", message);
	if (code != 0) {
		text_format(more, sizeof(more), "https://docs.korewireless.com/errors/%d", code);
		json_write_number(&reply->body, "code", code);
		json_write_text(&reply->body, "more_info", more);
	}
	json_write_close(&reply->body, '}');
}

void reply_unauthorized(struct reply *reply, enum token_verdict verdict)
{
	if (verdict != TOKEN_EXPIRED) {
		reply_error(reply, 401, 20003,
			    verdict == TOKEN_MISSING ? "Authorization is missing" : "Authorization is not known");
		return;
	}
	/* The gateway speaks another dialect than the API behind it. */
	reply->status = 403;
	json_write_open(&reply->body, "", '{');
	json_write_text(&reply->body, "message",
			"User is not authorized to access this resource with an explicit deny");
	json_write_text(&reply->body, "error", "Invalid or expired token");
	json_write_close(&reply->body, '}');
}

static void write_time(struct buffer *out, const char *name, int64_t wall_ms)
{
	char text[CLOCK_TEXT_SIZE];
	clock_to_text(wall_ms, text);
	json_write_text(out, name, text);
}

static void write_url(struct buffer *out, const char *host, const char *path, const char *sid)
{
	char url[URL_SIZE];
	text_format(url, sizeof(url), "http://%s%s%s", host, path, sid);
	json_write_text(out, "url", url);
}

void reply_resource(struct buffer *out, const char *name, const struct resource *resource, const char *host)
{
	json_write_open(out, name, '{');
	json_write_text(out, "sid", resource->sid);
	json_write_text(out, "account_sid", simulator_account());
	json_write_text(out, "sim_sid", resource->sim->sid);
	json_write_text(out, "payload", resource->payload);
	json_write_text(out, "status", status_to_text(resource->status));
	json_write_text(out, "direction", resource->is_from_sim ? "from_sim" : "to_sim");
	write_time(out, "date_created", resource->created_ms);
	write_time(out, "date_updated", resource->updated_ms);
	write_url(out, host, "/v1/SmsCommands/", resource->sid);
	json_write_close(out, '}');
}

void reply_sim(struct buffer *out, const char *name, const struct sim *sim, const char *host)
{
	json_write_open(out, name, '{');
	json_write_text(out, "sid", sim->sid);
	if (sim->unique_name[0] == '\0')
		json_write_null(out, "unique_name");
	else
		json_write_text(out, "unique_name", sim->unique_name);
	json_write_text(out, "account_sid", simulator_account());
	json_write_text(out, "status", sim->status);
	write_time(out, "date_created", sim->created_ms);
	write_time(out, "date_updated", sim->created_ms);
	write_url(out, host, "/v1/Sims/", sim->sid);
	json_write_close(out, '}');
}
