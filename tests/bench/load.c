/* bench-load - puts load on a bridge (or a program that is compared with it) and measures at both ends.
 *
 * Publishes commands or calls a webhook, and counts what a subscriber sees of them. One line of JSON. The rate is
 * that of the middle: without the first fifth, and up to the end of sending. */
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "tests/bench/load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/meter.h"

static struct load_options given = {
	.publish = "devices/d%/cmd",
	.subscribe = "devices/+/status",
	.word = "",
	.devices = 200,
	.window = 500,
	.first = 1,
	.seconds = 3,
	.path = "/",
	.connections = 64,
	.grace_us = 20000000,
};

/* What was there at one moment. */
struct sample {
	int64_t at_us, sent, seen;
};

void load_fail(const char *what)
{
	fprintf(stderr, "bench-load: %s\n", what);
	exit(1);
}

static void read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{"broker", 1, NULL, 'b'},    {"publish", 1, NULL, 'p'},
		{"subscribe", 1, NULL, 's'}, {"word", 1, NULL, 'w'},
		{"devices", 1, NULL, 'd'},   {"window", 1, NULL, 'W'},
		{"rate", 1, NULL, 'r'},	     {"first", 1, NULL, 'f'},
		{"count", 1, NULL, 'n'},     {"seconds", 1, NULL, 't'},
		{"api", 1, NULL, 'a'},	     {"webhook", 1, NULL, 'h'},
		{"path", 1, NULL, 'u'},	     {"connections", 1, NULL, 'c'},
		{"grace", 1, NULL, 'g'},     {"wait", 0, NULL, 'x'},
		{NULL, 0, NULL, 0},
	};
	const char **const texts[128] = {
		['p'] = &given.publish, ['s'] = &given.subscribe, ['w'] = &given.word, ['u'] = &given.path};
	int *const ports[128] = {['b'] = &given.broker, ['a'] = &given.api, ['h'] = &given.webhook};
	int64_t *const numbers[128] = {['d'] = &given.devices, ['W'] = &given.window, ['r'] = &given.rate,
				       ['f'] = &given.first,   ['n'] = &given.count,  ['c'] = &given.connections};
	for (int c = getopt_long(argc, argv, "", known, NULL); c != -1; c = getopt_long(argc, argv, "", known, NULL)) {
		if (c == '?')
			load_fail("see load.c for its options");
		if (texts[c] != NULL)
			*texts[c] = optarg;
		else if (ports[c] != NULL)
			*ports[c] = (int)strtol(optarg, NULL, 10);
		else if (numbers[c] != NULL)
			*numbers[c] = strtoll(optarg, NULL, 10);
		else if (c == 'x')
			given.wait = true;
		else if (c == 'g')
			given.grace_us = (int64_t)(strtod(optarg, NULL) * 1e6);
		else
			given.seconds = strtod(optarg, NULL);
	}
	if (given.broker == 0 || given.devices < 1)
		load_fail("--broker PORT is needed");
}

static struct sample now(void)
{
	return (struct sample){meter_now_us(), meter_sent(), meter_seen()};
}

static void sleep_until(int64_t at_us)
{
	const struct timespec until = {(time_t)(at_us / 1000000), (long)(at_us % 1000000) * 1000};
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* One message when its time has come. False: the time is over. */
static bool publish_next(int64_t start_us, int64_t end_us)
{
	if (given.count > 0 && meter_sent() >= given.count)
		return false;
	if (given.rate > 0)
		sleep_until(start_us + meter_sent() * 1000000 / given.rate);
	if (!meter_wait(given.window - 1, end_us) || meter_now_us() >= end_us)
		return false;
	load_mqtt_publish(meter_send());
	return true;
}

static struct sample publish_all(int64_t start_us, int64_t warm_us, int64_t end_us)
{
	struct sample warm = {0};
	while (publish_next(start_us, end_us))
		if (warm.at_us == 0 && meter_now_us() >= warm_us)
			warm = now();
	return warm.at_us == 0 ? (struct sample){.at_us = start_us} : warm;
}

static struct sample call_all(int64_t warm_us, int64_t end_us)
{
	load_http_start(&given);
	sleep_until(warm_us);
	struct sample warm = now();
	sleep_until(end_us);
	return warm;
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	if (given.api != 0)
		load_api_start(&given);
	/* With --wait: until a line says that what is to be measured is up. */
	if (given.wait)
		(void)getchar();
	load_mqtt_start(&given);
	int64_t start_us = meter_now_us();
	int64_t length_us = (int64_t)(given.seconds * 1e6);
	int64_t warm_us = start_us + length_us / 5, end_us = start_us + length_us;
	struct sample warm = given.webhook != 0 ? call_all(warm_us, end_us) : publish_all(start_us, warm_us, end_us);
	if (given.count > 0)
		meter_wait(0, end_us + given.grace_us);
	struct sample end = now();
	if (given.webhook != 0)
		load_http_stop();
	bool all = meter_wait(0, meter_now_us() + given.grace_us);
	double seconds = (double)(end.at_us - warm.at_us) / 1e6;
	printf("{\"rate\":%.1f,\"sent\":%lld,\"seen\":%lld,\"duplicates\":%lld,\"failures\":%lld,\"all\":%s",
	       (double)(end.seen - warm.seen) / seconds, (long long)meter_sent(), (long long)meter_seen(),
	       (long long)meter_duplicates(), (long long)load_http_failures(), all ? "true" : "false");
	meter_print("seen", false);
	if (given.api != 0)
		meter_print("api", true);
	printf("}\n");
	return 0;
}
