/* broker - a real mosquitto with a configuration of its own, on a free port, keeping its state on disk.
 *
 * Threads:   the test's main thread only.
 * Promise:   accepts connections when broker_start() or broker_restart() returns; the port stays the same.
 * Ownership: a broker is yours to destroy. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_BROKER_H
#define TESTS_HARNESS_BROKER_H

struct broker;
struct process;

/* `lines` are added to the configuration; "" for none. Fails the test when it does not come up. */
struct broker *broker_start(const char *folder, const char *lines);
void broker_destroy(struct broker *broker);

int broker_port(const struct broker *broker);

/* Its process, borrowed, for signals. */
struct process *broker_process(struct broker *broker);

/* SIGTERM: mosquitto saves its state. Waits for its end. */
void broker_stop(struct broker *broker);

/* kill -9: what it had not saved is lost. */
void broker_kill(struct broker *broker);

/* Starts it again on the same port with the same state. */
void broker_restart(struct broker *broker);

#endif
