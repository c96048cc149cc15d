/* bridge - the daemon under test as a real process, with its files in the test's folder.
 *
 * Threads:   the test's main thread only.
 * Promise:   ports, configuration and spool stay the same over bridge_launch() again: a restart.
 * Ownership: a bridge is yours to destroy. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_BRIDGE_H
#define TESTS_HARNESS_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/harness/process.h"

/* The SIMs of the default mapping, and the bearer token that the simulator is given. */
#define METER_1_SIM  "HS00000000000000000000000000000001"
#define METER_2_SIM  "HS00000000000000000000000000000002"
#define METER_3_SIM  "HS00000000000000000000000000000003"
#define FRONT_GATE   "Gate-Controller-7"		  /* front-gate: a unique_name, cmd and up as text */
#define STRICT_SIM   "HS00000000000000000000000000000005" /* strict: envelopes only */
#define BEARER_TOKEN "bearer-token-of-the-tests"

struct bridge;

struct bridge_options {
	const char *folder;
	int broker_port, api_port;
	const char *const *lines; /* settings to change, see bridge_config.h; NULL at the end; NULL: none */
	const char *devices;	  /* the whole mapping file; NULL: the SIMs above */
};

/* Chooses ports, writes bridge.yaml, devices.yaml and webhook.secret; starts nothing. */
struct bridge *bridge_create(const struct bridge_options *options);
void bridge_destroy(struct bridge *bridge);

/* Starts the daemon; `env` is NULL or "NAME=value" …, NULL. Does not wait. */
void bridge_launch(struct bridge *bridge, const char *const *env);

/* Waits until /readyz says 200; fails the test when it does not. */
void bridge_await_ready(struct bridge *bridge);

/* Changes a setting for the next launch. */
void bridge_set(struct bridge *bridge, const char *line);

/* Is it running? Its process, borrowed, for signals and waits; NULL before the first launch. */
bool bridge_is_running(struct bridge *bridge);
struct process *bridge_process(struct bridge *bridge);

/* SIGTERM; fails the test unless it ends with 0 in time. */
void bridge_stop(struct bridge *bridge);

/* SIGHUP; waits until mappings and secrets are loaded again. Fails the test when the reload is refused. */
void bridge_reload(struct bridge *bridge);

/* kill -9 and reap. */
void bridge_kill(struct bridge *bridge);

/* Runs the program to its end with these arguments behind `-c FILE` (both may be NULL: no -c at all). */
int bridge_run(const char *folder, const char *config, const char *const *args, struct process_output *ret);

/* The program's path, for tests that start it in a way of their own. */
const char *bridge_program(void);

int bridge_port(const struct bridge *bridge);
int bridge_admin_port(const struct bridge *bridge);
const char *bridge_config_path(const struct bridge *bridge);

/* The URL that --print-urls gives for MO SMS. */
void bridge_fleet_url(struct bridge *bridge, char *ret, size_t size);

/* A metric of /metrics, by its full name with labels; -1 when it is not there. */
int64_t bridge_metric(struct bridge *bridge, const char *name);

#endif
