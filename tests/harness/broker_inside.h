/* broker_inside - what broker.c and the files of the single brokers share. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_BROKER_INSIDE_H
#define TESTS_HARNESS_BROKER_INSIDE_H

#include <stdbool.h>

#include "tests/harness/broker.h"
#include "tests/harness/process.h"

enum { BROKER_FOLDER_SIZE = 256, BROKER_PATH_SIZE = 300 };

struct broker_kind {
	const char *name;
	bool gifts[BROKER_GIFTS];
	/* Chooses port and folder, writes the configuration. */
	void (*prepare)(struct broker *broker, const char *lines);
	/* Starts the process and waits until it serves; fails the test when it does not. */
	struct process *(*launch)(struct broker *broker);
	/* Ends what outlives a broker; NULL: nothing does. */
	void (*finish)(void);
};

struct broker {
	const struct broker_kind *kind;
	int port;
	char folder[BROKER_FOLDER_SIZE], file[BROKER_PATH_SIZE];
	struct process *process;
	struct process **shared; /* where the process of the whole program is kept; NULL: it is this broker's own */
};

extern const struct broker_kind broker_mosquitto, broker_nats, broker_rabbitmq;

/* Waits until the port accepts connections or the process has ended; false: it does not serve. */
bool broker_comes_up(struct process *process, int port);

/* The text of config/<name> with each `from` replaced by its `to`; a NULL pair at the end. Yours to free. Fails the
 * test when one of them is not there, so that what is shipped is what is tested. */
struct broker_change {
	const char *from, *to;
};
char *broker_shipped(const char *name, const struct broker_change *changes);

#endif
