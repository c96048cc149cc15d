// chaos - does anything get lost, doubled or out of order when everything dies and misbehaves at random, under load?
//
//   chaos [--seconds N] [--seed S] [--rate R] [--broker stop|kill|both] [--callbacks yes|no]
//
// For N seconds (60) commands go in at R a second (60) while the bridge is killed (-9), the broker stopped or killed,
// the link between them cut, and the API answers with every fault that its simulator knows. Then all is well again, and
// within two minutes every command must have come to its one end. The seed (shown in each line) repeats the throws.
//
// Who is the judge: mosquitto, with the settings that config/mosquitto.conf advises, still loses some of what it
// acknowledged when it is killed by -9 (it saves after it has answered), in both directions. So
//  - statuses and SMS are counted by a tap between the bridge and the broker, once their PUBACK has come by;
//  - the sender is a careful one: of a command that the subscriber hears nothing about for five seconds it publishes
//    the same bytes with the same id again, and so it asks for ends that it has not heard. Every command counts;
//  - without callbacks the bridge learns everything by asking, as it does behind a NAT;
//  - with `--broker stop` the broker has no excuse: then nothing may be missing at the subscriber either.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/chaos/traffic.h"
#include "tests/chaos/trouble.h"
#include "tests/harness/load.h"

enum { TICK_MS = 10, PROGRESS_MS = 5000, DRAIN_MS = 120000, LINE_SIZE = 128, USAGE = 2 };

struct options {
	int64_t seconds, seed, rate;
	enum broker_end broker_end;
	bool callbacks;
};

static struct options options = {.seconds = 60, .rate = 60, .broker_end = BROKER_EITHER, .callbacks = true};

struct chaos {
	struct world *world;
	struct tap *tap;
	struct traffic *traffic;
	struct trouble *trouble;
	struct dice dice;
	int64_t begun_ms, progress_ms;
};

/* ---- the run ------------------------------------------------------------------------------------------ */

static void set_up(struct chaos *chaos, struct world *world)
{
	static const char *const lines[] = {"reconcile.interval: 2s", "reconcile.settle: 1s",
					    "reconcile.poll_after: 3s", "api.concurrency: 32", NULL};
	char *mapping = load_mapping(TRAFFIC_DEVICES);
	struct world_options with = {.lines = lines, .devices = mapping};
	char line[LINE_SIZE], url[URL_SIZE];
	world_prepare(world, &with);
	free(mapping);
	chaos->world = world;
	chaos->tap = tap_start(broker_port(world->broker));
	text_format(line, sizeof(line), "mqtt.url: mqtt://127.0.0.1:%d", tap_port(chaos->tap));
	bridge_set(world->bridge, line);
	if (options.callbacks) {
		bridge_fleet_url(world->bridge, url, sizeof(url));
		simulator_set_fleet(world->simulator, url);
	} else {
		bridge_set(world->bridge, "webhook.listen: \"\"");
		bridge_set(world->bridge, "webhook.public_url:");
	}
	bridge_launch(world->bridge, NULL);
	bridge_await_ready(world->bridge);
	chaos->dice.state = (uint64_t)options.seed;
	chaos->traffic = traffic_create(&(struct traffic_parts){world, chaos->tap, &chaos->dice, options.rate});
	chaos->trouble = trouble_create(&(struct trouble_parts){world, chaos->tap, &chaos->dice, options.broker_end});
	chaos->begun_ms = chaos->progress_ms = clock_mono_ms();
}

static void tell_progress(struct chaos *chaos, const char *what)
{
	struct traffic_counts traffic;
	struct trouble_counts trouble;
	int64_t now_ms = clock_mono_ms();
	if (now_ms < chaos->progress_ms)
		return;
	chaos->progress_ms = now_ms + PROGRESS_MS;
	traffic_count(chaos->traffic, &traffic);
	trouble_count(chaos->trouble, &trouble);
	printf("%4" PRId64 " s, seed %" PRId64
	       ", %s: %zu commands, %zu final; %zu kills of the bridge, %zu ends of the "
	       "broker, %zu cuts\n",
	       (now_ms - chaos->begun_ms) / 1000, options.seed, what, traffic.commands, traffic.final,
	       trouble.bridge_kills, trouble.broker_stops + trouble.broker_kills, trouble.cuts);
	fflush(stdout);
}

static void make_trouble(struct chaos *chaos)
{
	while (clock_mono_ms() - chaos->begun_ms < options.seconds * 1000) {
		traffic_tick(chaos->traffic, false);
		trouble_tick(chaos->trouble);
		tell_progress(chaos, "chaos");
		pause_ms(TICK_MS);
	}
}

static void drain(struct chaos *chaos)
{
	int64_t until_ms = clock_mono_ms() + patient(DRAIN_MS);
	trouble_end(chaos->trouble);
	while (clock_mono_ms() < until_ms && !traffic_is_complete(chaos->traffic)) {
		traffic_tick(chaos->traffic, true);
		trouble_watch(chaos->trouble);
		tell_progress(chaos, "draining");
		pause_ms(TICK_MS);
	}
}

/* ---- the table ---------------------------------------------------------------------------------------- */

static void row(const char *what, int64_t count)
{
	printf("  %-44s %8" PRId64 "\n", what, count);
}

static void judge(struct chaos *chaos)
{
	struct traffic_counts traffic;
	struct trouble_counts trouble;
	struct audit_verdict told;
	traffic_count(chaos->traffic, &traffic);
	trouble_count(chaos->trouble, &trouble);
	audit_judge(traffic_told(chaos->traffic), chaos->world->simulator, &told);
	size_t lost = told.unanswered + told.untold + told.unsent;
	printf("chaos: seed %" PRId64 ", %" PRId64 " s, %" PRId64 " commands a second\n", options.seed, options.seconds,
	       options.rate);
	row("commands", (int64_t)traffic.commands);
	row("published again by a sender who heard nothing", (int64_t)traffic.repeated);
	row("SMS from devices", (int64_t)traffic.messages);
	row("kills of the bridge (-9)", (int64_t)trouble.bridge_kills);
	row("stops of the broker (SIGTERM)", (int64_t)trouble.broker_stops);
	row("kills of the broker (-9)", (int64_t)trouble.broker_kills);
	row("cuts between them", (int64_t)trouble.cuts);
	row("times that the API fell silent", (int64_t)trouble.api_stops);
	trouble_tell_faults(chaos->trouble, row);
	row("ends that the broker lost", (int64_t)traffic.asked);
	row("SMS from devices that the broker lost", (int64_t)traffic.messages_unheard);
	row("lost", (int64_t)lost);
	row("duplicated", (int64_t)(told.doubled + told.denied));
	row("out of order", (int64_t)told.unordered);
	row("SMS from devices lost", (int64_t)told.messages_lost);
	row("unresolved", (int64_t)told.unfinished);
	fflush(stdout);
	bool broker_may_lose = trouble.broker_kills > 0;
	if (lost + told.doubled + told.denied + told.unordered + told.messages_lost + told.unfinished > 0)
		fail_msg("repeat it by --seed %" PRId64, options.seed);
	if (!broker_may_lose && traffic.messages_unheard > 0)
		fail_msg("a subscriber missed %zu SMS though the broker was never killed", traffic.messages_unheard);
}

static void everything_goes_wrong_at_random(struct world *world)
{
	struct chaos chaos = {.world = world};
	set_up(&chaos, world);
	make_trouble(&chaos);
	drain(&chaos);
	judge(&chaos);
	bridge_stop(world->bridge);
	trouble_destroy(chaos.trouble);
	traffic_destroy(chaos.traffic);
	tap_destroy(chaos.tap);
}

/* ---- the command line --------------------------------------------------------------------------------- */

static bool read_broker_end(const char *word)
{
	static const char *const words[] = {"stop", "kill", "both"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!text_equal(words[i], word))
			continue;
		options.broker_end = (enum broker_end)i;
		return true;
	}
	return false;
}

static bool read_option(const char *name, const char *value)
{
	if (text_equal(name, "--seconds"))
		return text_to_int(value, 1, 86400, &options.seconds);
	if (text_equal(name, "--seed"))
		return text_to_int(value, 0, INT64_MAX, &options.seed);
	if (text_equal(name, "--rate"))
		return text_to_int(value, 1, 1000, &options.rate);
	if (text_equal(name, "--callbacks")) {
		options.callbacks = text_equal(value, "yes");
		return options.callbacks || text_equal(value, "no");
	}
	return text_equal(name, "--broker") && read_broker_end(value);
}

int main(int argc, char **argv)
{
	static const struct world_test tests[] = {WORLD_TEST(everything_goes_wrong_at_random)};
	options.seed = clock_wall_ms() % 1000000;
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 < argc && read_option(argv[i], argv[i + 1]))
			continue;
		fputs("usage: chaos [--seconds N] [--seed S] [--rate R] [--broker stop|kill|both] "
		      "[--callbacks yes|no]\n",
		      stderr);
		return USAGE;
	}
	return WORLD_RUN(tests);
}
