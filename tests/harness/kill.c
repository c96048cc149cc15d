// kill - the same traffic for every point; what the daemon did not acknowledge is said again, as its peers would.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/kill.h"

#include <signal.h>
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/audit.h"
#include "tests/harness/webhook.h"

enum { TEXT_SIZE = 256, FAULTS_SIZE = 1024, SLOW_MS = 1500 };

/* The commands of a round, by their numbers. */
enum part { PLAIN, BARE, UNSENDABLE, UNANSWERED, BEHIND, SILENT, DOOMED, GATE, SLOW, VICTIM, PARTS };

static const struct {
	const char *device;
	bool has_id;
} parts[PARTS] = {
	[PLAIN] = {"meter-001", true},	    [BARE] = {"meter-001", false},   [UNSENDABLE] = {"meter-001", true},
	[UNANSWERED] = {"meter-002", true}, [BEHIND] = {"meter-002", false}, [SILENT] = {"meter-003", true},
	[DOOMED] = {"meter-003", true},	    [GATE] = {"front-gate", false},  [SLOW] = {"strict", true},
	[VICTIM] = {"strict", true},
};

struct round {
	struct world *world;
	struct audit *audit;
	size_t number, first; /* of this round, and of its first command */
	char fleet_path[WEBHOOK_PATH_SIZE];
	char stranger_sid[SID_SIZE];
};

/* ---- traffic ------------------------------------------------------------------------------------------ */

static void set_faults(struct round *round)
{
	char unanswered[AUDIT_TEXT_SIZE], silent[AUDIT_TEXT_SIZE], doomed[AUDIT_TEXT_SIZE], slow[AUDIT_TEXT_SIZE];
	char text[FAULTS_SIZE];
	audit_text(round->first + UNANSWERED, unanswered);
	audit_text(round->first + SILENT, silent);
	audit_text(round->first + DOOMED, doomed);
	audit_text(round->first + SLOW, slow);
	text_format(text, sizeof(text),
		    "[{\"on\":\"create\",\"match\":{\"payload\":\"%s\"},\"action\":\"accept_then_close\"},"
		    "{\"on\":\"create\",\"match\":{\"payload\":\"%s\"},\"action\":{\"hold_ms\":%d}},"
		    "{\"on\":\"callback\",\"match\":{\"payload\":\"%s\"},\"times\":-1,\"action\":\"lose\"},"
		    "{\"on\":\"callback\",\"match\":{\"payload\":\"%s\"},\"times\":-1,\"action\":\"lose\"},"
		    "{\"on\":\"callback\",\"match\":{\"payload\":\"unheard %zu\"},\"times\":-1,\"action\":\"lose\"}]",
		    unanswered, slow, SLOW_MS, unanswered, silent, round->number);
	simulator_fault(round->world->simulator, text);
	text_format(text, sizeof(text),
		    "{\"match\":{\"payload\":\"%s\"},\"status\":\"failed\",\"error_code\":\"30008\"}", doomed);
	simulator_outcome(round->world->simulator, text);
}

static void publish(struct round *round, const char *topic, const char *payload)
{
	struct client_publish publish = {.topic = topic, .payload = payload, .len = strlen(payload), .qos = 1};
	client_send(round->world->client, &publish);
}

static void send_part(struct round *round, enum part part)
{
	char topic[TEXT_SIZE], payload[TEXT_SIZE], text[AUDIT_TEXT_SIZE], id[AUDIT_TEXT_SIZE];
	audit_text(round->first + part, text);
	audit_id(round->first + part, id);
	text_format(topic, sizeof(topic), "devices/%s/cmd", parts[part].device);
	if (parts[part].has_id)
		text_format(payload, sizeof(payload), "{\"payload\":\"%s%s\",\"id\":\"%s\"}", text,
			    part == UNSENDABLE ? " \xe2\x98\x83" : "", id); /* no snowmen in GSM 03.38 */
	else
		text_copy(payload, sizeof(payload), text);
	publish(round, topic, payload);
}

static void cancel(struct round *round)
{
	char request[TEXT_SIZE], id[AUDIT_TEXT_SIZE];
	audit_id(round->first + VICTIM, id);
	text_format(request, sizeof(request), "{\"id\":\"%s\",\"device\":\"strict\"}", id);
	publish(round, "mqtt-sms-bridge/request/cancel", request);
}

static void inject_sms(struct round *round, const char *what)
{
	char text[TEXT_SIZE], sid[SID_SIZE];
	text_format(text, sizeof(text), "%s %zu", what, round->number);
	simulator_mo(round->world->simulator, METER_1_SIM, text, sid, sizeof(sid));
	audit_add_message(round->audit, sid);
}

static bool victim_is_known_or_gone(void *ctx)
{
	struct round *round = ctx;
	audit_read(round->audit, round->world->client);
	return audit_is_answered(round->audit, round->first + VICTIM) || !bridge_is_running(round->world->bridge);
}

/* Where the request may overtake the command that it is about, it is not sent before that is known. */
static void cancel_in_order(struct round *round)
{
	if (*broker_lacks(BROKER_ORDERS) != '\0')
		await(victim_is_known_or_gone, round, STEP_MS);
	cancel(round);
}

/* Another program's status: true when it was acknowledged. */
static bool tell_stranger(struct round *round)
{
	char body[WEBHOOK_BODY_SIZE];
	webhook_status_body(round->stranger_sid, METER_1_SIM, "sent", body);
	return http_status(bridge_port(round->world->bridge), "POST", round->fleet_path, body) == 204;
}

static bool start_traffic(struct round *round)
{
	while (audit_add(round->audit) < round->first + PARTS - 1) {
	}
	set_faults(round);
	for (int part = 0; part < PARTS; part++)
		send_part(round, (enum part)part);
	cancel_in_order(round);
	send_part(round, PLAIN); /* a repeat */
	inject_sms(round, "heard");
	inject_sms(round, "unheard");
	text_format(round->stranger_sid, sizeof(round->stranger_sid), "HCffffffff%024zx", round->number);
	audit_add_message(round->audit, round->stranger_sid);
	return tell_stranger(round);
}

/* ---- lives -------------------------------------------------------------------------------------------- */

static bool is_up_or_gone(void *ctx)
{
	struct bridge *bridge = ctx;
	return !bridge_is_running(bridge) || http_status(bridge_admin_port(bridge), "GET", "/readyz", "") == 200;
}

static void expect_death(struct round *round, const struct kill_point *point)
{
	int code = process_wait(bridge_process(round->world->bridge), STEP_MS);
	if (code != -SIGKILL)
		fail_msg("the bridge did not die at the crash point %s (%d)", point->at, code);
}

/* The life that ends; true when the stranger's status was acknowledged in it. */
static bool die(struct round *round, const struct kill_point *point)
{
	char variable[TEXT_SIZE], slow[AUDIT_TEXT_SIZE];
	const char *const env[] = {variable, NULL};
	struct bridge *bridge = round->world->bridge;
	text_format(variable, sizeof(variable), "BRIDGE_CRASH_AT=%s", point->at);
	bridge_launch(bridge, point->while_start ? NULL : env);
	await(is_up_or_gone, bridge, STEP_MS);
	bool told = start_traffic(round);
	if (point->while_start) {
		audit_text(round->first + SLOW, slow);
		ledger_await(round->world->simulator, slow, 1); /* under way until its answer comes */
		bridge_kill(bridge);
		bridge_launch(bridge, env);
	}
	expect_death(round, point);
	return told;
}

static bool is_complete(void *ctx)
{
	struct round *round = ctx;
	audit_read(round->audit, round->world->client);
	return audit_is_complete(round->audit);
}

/* Its own record agrees: nothing waits, is unresolved or has still to be told. */
static bool is_at_rest(void *ctx)
{
	struct bridge *bridge = ctx;
	return bridge_metric(bridge, "mqtt_sms_bridge_queue_depth") == 0 &&
	       bridge_metric(bridge, "mqtt_sms_bridge_commands_unresolved") == 0 &&
	       bridge_metric(bridge, "mqtt_sms_bridge_events_waiting") == 0;
}

static void play(struct round *round, const struct kill_point *point)
{
	print_message("killed at %s\n", point->at);
	round->number++;
	round->first += round->number > 1 ? PARTS : 0;
	bool told = die(round, point);
	bridge_launch(round->world->bridge, NULL);
	bridge_await_ready(round->world->bridge);
	if (!told && !tell_stranger(round))
		fail_msg("the webhook does not take a status after the death at %s", point->at);
	assert_true(client_flush(round->world->client, STEP_MS));
	await(is_complete, round, 2 * STEP_MS);
	audit_expect_clean(round->audit, round->world->simulator);
	if (!await(is_at_rest, round->world->bridge, STEP_MS))
		fail_msg("after the death at %s the spool has something open that all was told of", point->at);
	bridge_stop(round->world->bridge);
}

void kill_at_each(struct world *world, const struct kill_point *points, size_t count)
{
	static const char *const lines[] = {"reconcile.poll_after: 1s", NULL};
	struct world_options options = {.lines = lines};
	char url[URL_SIZE];
	if (!world_has_crash_points())
		skip();
	struct round round = {.world = world};
	world_prepare(world, &options);
	bridge_fleet_url(world->bridge, url, sizeof(url));
	simulator_set_fleet(world->simulator, url);
	webhook_path_of(url, round.fleet_path);
	bridge_launch(world->bridge, NULL); /* makes the spool, and the session at the broker */
	bridge_await_ready(world->bridge);
	bridge_stop(world->bridge);
	round.audit = audit_create();
	for (size_t i = 0; i < count; i++)
		play(&round, &points[i]);
	audit_destroy(round.audit);
}
