/* options - the command line.
 *
 * Threads: main. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_OPTIONS_H
#define BRIDGE_SETTINGS_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

enum options_task {
	TASK_RUN,
	TASK_TEST_CONFIG,
	TASK_PRINT_CONFIG,
	TASK_PRINT_URLS,
	TASK_RECOVER,
	TASK_VERSION,
	TASK_HELP,
	TASK_USAGE
};

struct options {
	enum options_task task;
	const char *config; /* borrowed from argv */
	bool dry_run;
};

#define OPTIONS_DEFAULT_CONFIG "/etc/mqtt-sms-bridge/bridge.yaml"

/* TASK_USAGE: it was not understood, and getopt has said why on stderr. */
struct options options_read(int argc, char **argv);
void options_print_help(FILE *to);

#endif
