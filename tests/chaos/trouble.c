// trouble - five kinds of it, each with a clock of its own.
// SPDX-License-Identifier: Apache-2.0
#include "tests/chaos/trouble.h"

#include <stdlib.h>

#include "bridge/base/buffer.h"
#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"

enum { RULES_TEXT_MAX = 4096, PATH_SIZE = 64, LATENCY_MS = 80, DOWN_MAX_MS = 1500 };

struct trouble {
	struct trouble_parts parts;
	struct trouble_counts counts;
	int64_t due_ms[5]; /* monotonic, by the table of strikes */
	int64_t launch_ms; /* the bridge is dead until then; 0: it runs */
	int64_t resume_ms; /* the API is stopped until then; 0: it answers */
};

/* ---- the API ------------------------------------------------------------------------------------------ */

struct rule {
	const char *name, *action;
	int most; /* uses */
};

static const struct rule create_rules[] = {
	{"429", "{\"status\":429,\"retry_after\":\"1\"}", 1},
	{"503 retry-after", "{\"status\":503,\"retry_after\":\"1\"}", 1},
	{"500", "{\"status\":500}", 3},
	{"502 html", "{\"status\":502,\"html\":true}", 3},
	{"500 accepted", "{\"accept\":true,\"status\":500}", 4},
	{"504 accepted", "{\"accept\":true,\"status\":504,\"html\":true}", 4},
	{"hold", "{\"hold_ms\":1500}", 4},
	{"hold past timeout", "{\"hold_ms\":7000}", 2},
	{"accepted, closed", "\"accept_then_close\"", 5},
	{"accepted, reset", "\"accept_then_reset\"", 5},
	{"closed before", "\"close_before\"", 5},
	{"truncated", "\"truncate\"", 5},
	{"no sid", "\"no_sid\"", 5},
	{"html", "\"html\"", 5},
};

static const struct rule ask_rules[] = {
	{"asked: 500", "{\"status\":500}", 2},	 {"asked: 429", "{\"status\":429,\"retry_after\":\"1\"}", 1},
	{"asked: truncated", "\"truncate\"", 3}, {"asked: reset", "\"accept_then_reset\"", 3},
	{"asked: hold", "{\"hold_ms\":800}", 2},
};

static const struct rule callback_rules[] = {
	{"callback lost", "\"lose\"", 8},
	{"callback repeated", "{\"repeat\":2}", 8},
	{"callback delayed", "{\"delay_ms\":2500}", 8},
	{"callback reordered", "\"reorder\"", 8},
	{"callback first", "\"before_answer\"", 4},
	{"delivered first", "{\"before_answer\":\"delivered\"}", 4},
};

static void add_rule(struct trouble *trouble, struct buffer *text, const char *on, const struct rule *rules,
		     size_t count)
{
	struct dice *dice = trouble->parts.dice;
	const struct rule *rule = &rules[dice_throw(dice, 0, (int64_t)count - 1)];
	buffer_append_format(text, "%s{\"on\":\"%s\",\"name\":\"%s\",\"times\":%d,\"action\":%s}",
			     text->len > 1 ? "," : "", on, rule->name, (int)dice_throw(dice, 1, rule->most),
			     rule->action);
}

#define ADD_RULE(trouble, text, on, rules) add_rule(trouble, text, on, rules, sizeof(rules) / sizeof((rules)[0]))

static void misbehave(struct trouble *trouble)
{
	struct buffer text;
	if (trouble->resume_ms != 0)
		return;
	buffer_init(&text, RULES_TEXT_MAX);
	buffer_append_text(&text, "[");
	ADD_RULE(trouble, &text, "create", create_rules);
	ADD_RULE(trouble, &text, "create", create_rules);
	ADD_RULE(trouble, &text, "callback", callback_rules);
	ADD_RULE(trouble, &text, "callback", callback_rules);
	ADD_RULE(trouble, &text, dice_chance(trouble->parts.dice, 50) ? "list" : "fetch", ask_rules);
	/* Otherwise it takes its time, so that something is under way whenever somebody dies. */
	buffer_append_format(&text, ",{\"on\":\"create\",\"times\":-1,\"action\":{\"hold_ms\":%d}}]", LATENCY_MS);
	simulator_fault(trouble->parts.world->simulator, buffer_text(&text));
	buffer_clear(&text);
}

static void stop_api(struct trouble *trouble)
{
	simulator_fault(trouble->parts.world->simulator, "{\"stop\":true}");
	trouble->resume_ms = clock_mono_ms() + dice_throw(trouble->parts.dice, 200, 2500);
	trouble->counts.api_stops++;
}

/* ---- processes and the link --------------------------------------------------------------------------- */

static void kill_bridge(struct trouble *trouble)
{
	if (trouble->launch_ms != 0)
		return;
	bridge_kill(trouble->parts.world->bridge);
	trouble->counts.bridge_kills++;
	trouble->launch_ms = clock_mono_ms() + dice_throw(trouble->parts.dice, 0, DOWN_MAX_MS);
}

static void end_broker(struct trouble *trouble)
{
	struct broker *broker = trouble->parts.world->broker;
	enum broker_end how = trouble->parts.broker_end;
	if (how == BROKER_EITHER)
		how = dice_chance(trouble->parts.dice, 50) ? BROKER_STOPPED : BROKER_KILLED;
	if (how == BROKER_STOPPED)
		broker_stop(broker);
	else
		broker_kill(broker);
	trouble->counts.broker_stops += how == BROKER_STOPPED;
	trouble->counts.broker_kills += how == BROKER_KILLED;
	broker_restart(broker);
}

static void cut_link(struct trouble *trouble)
{
	tap_cut(trouble->parts.tap);
	trouble->counts.cuts++;
}

static const struct {
	int64_t least_ms, most_ms;
	void (*strike)(struct trouble *trouble);
} strikes[] = {
	{2000, 7000, kill_bridge}, {5000, 12000, end_broker}, {3000, 9000, cut_link},
	{500, 1000, misbehave},	   {8000, 16000, stop_api},
};
enum { STRIKES = sizeof(strikes) / sizeof(strikes[0]) };

static void schedule(struct trouble *trouble, size_t which)
{
	trouble->due_ms[which] =
		clock_mono_ms() + dice_throw(trouble->parts.dice, strikes[which].least_ms, strikes[which].most_ms);
}

struct trouble *trouble_create(const struct trouble_parts *parts)
{
	struct trouble *trouble = memory_zeroed(1, sizeof(*trouble));
	trouble->parts = *parts;
	for (size_t i = 0; i < STRIKES; i++)
		schedule(trouble, i);
	return trouble;
}

void trouble_destroy(struct trouble *trouble)
{
	free(trouble);
}

void trouble_watch(struct trouble *trouble)
{
	struct bridge *bridge = trouble->parts.world->bridge;
	if (trouble->launch_ms == 0 && !bridge_is_running(bridge))
		fail_msg("the bridge ended by itself with %d", process_wait(bridge_process(bridge), 0));
}

void trouble_tick(struct trouble *trouble)
{
	trouble_watch(trouble);
	if (trouble->launch_ms != 0 && clock_mono_ms() >= trouble->launch_ms) {
		bridge_launch(trouble->parts.world->bridge, NULL);
		trouble->launch_ms = 0;
	}
	if (trouble->resume_ms != 0 && clock_mono_ms() >= trouble->resume_ms) {
		simulator_heal(trouble->parts.world->simulator);
		trouble->resume_ms = 0;
	}
	for (size_t i = 0; i < STRIKES; i++) {
		if (clock_mono_ms() < trouble->due_ms[i])
			continue;
		strikes[i].strike(trouble);
		schedule(trouble, i);
	}
}

void trouble_end(struct trouble *trouble)
{
	simulator_heal(trouble->parts.world->simulator);
	kill_bridge(trouble);
	bridge_launch(trouble->parts.world->bridge, NULL);
	trouble->launch_ms = trouble->resume_ms = 0;
}

static void tell_uses(const struct json_view *uses, const struct rule *rules, size_t count,
		      void (*tell)(const char *what, int64_t count))
{
	char path[PATH_SIZE];
	for (size_t i = 0; i < count; i++) {
		text_format(path, sizeof(path), "uses.%s", rules[i].name);
		int64_t used = json_view_int(uses, path);
		tell(rules[i].name, used > 0 ? used : 0);
	}
}

#define TELL_USES(uses, rules, tell) tell_uses(uses, rules, sizeof(rules) / sizeof((rules)[0]), tell)

void trouble_tell_faults(const struct trouble *trouble, void (*tell)(const char *what, int64_t count))
{
	char *answer = simulator_control(trouble->parts.world->simulator, "GET", "faults", "");
	struct json_view *uses = json_view_open(answer);
	TELL_USES(uses, create_rules, tell);
	TELL_USES(uses, ask_rules, tell);
	TELL_USES(uses, callback_rules, tell);
	json_view_close(uses);
	free(answer);
}

void trouble_count(const struct trouble *trouble, struct trouble_counts *ret)
{
	*ret = trouble->counts;
}
